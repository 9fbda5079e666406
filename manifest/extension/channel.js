/* RTCDataChannel (webrtc-pc section 6.2) over the protocol's channel.* methods. */

import { cutBytes, cutText, fromBase64, join, toBase64, utf8Size } from './bytes.js';
import { Target } from './events.js';

/** Bytes of one piece: six times as much in JSON still is a frame (limits.maxFrameIn is 4 MiB at least). */
const PIECE = 512 * 1024;

function unsignedOrNull(value, name, most) {
  if (value === undefined || value === null) return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > most) throw new TypeError(`${name} must be from 0 to ${most}`);
  return number;
}

/** RTCDataChannelInit as the protocol takes it; throws as createDataChannel() does. */
export function checkInit(init) {
  const checked = { ordered: init.ordered === undefined ? true : Boolean(init.ordered) };
  for (const [name, most] of [['maxPacketLifeTime', 65535], ['maxRetransmits', 65535], ['id', 65534]]) {
    const value = unsignedOrNull(init[name], name, most);
    if (value !== null) checked[name] = value;
  }
  if ('maxPacketLifeTime' in checked && 'maxRetransmits' in checked)
    throw new TypeError('maxPacketLifeTime and maxRetransmits cannot be given together');
  if (init.protocol !== undefined) checked.protocol = String(init.protocol).toWellFormed();
  if (init.priority !== undefined) checked.priority = String(init.priority);
  if (init.negotiated) checked.negotiated = true;
  if (checked.negotiated && !('id' in checked)) throw new TypeError('a negotiated channel needs an id');
  if (!checked.negotiated) delete checked.id;
  return checked;
}

export class RTCDataChannel extends Target {
  #peer;
  #handle = null;
  #label;
  #init;
  #state = 'connecting';
  #binaryType = 'arraybuffer';
  #threshold = 0;
  #watched = 0; /* the threshold that the engine knows */
  #posted = 0; /* bytes of sends without an answer */
  #held = 0; /* what the last answer said is buffered */
  #pieces = [];

  /** For RTCPeerConnection alone. */
  constructor(peer, label, init) {
    super();
    this.#peer = peer;
    this.#label = label;
    this.#init = init;
  }

  get label() { return this.#label; }
  get ordered() { return this.#init.ordered; }
  get maxPacketLifeTime() { return this.#init.maxPacketLifeTime ?? null; }
  get maxRetransmits() { return this.#init.maxRetransmits ?? null; }
  get protocol() { return this.#init.protocol ?? ''; }
  get negotiated() { return Boolean(this.#init.negotiated); }
  get priority() { return this.#init.priority ?? 'low'; }
  get id() { return this.#init.id ?? null; }
  get readyState() { return this.#state; }
  get bufferedAmount() { return this.#posted + this.#held; }

  get binaryType() { return this.#binaryType; }
  set binaryType(value) { if (value === 'blob' || value === 'arraybuffer') this.#binaryType = value; }

  get bufferedAmountLowThreshold() { return this.#threshold; }
  set bufferedAmountLowThreshold(value) {
    this.#threshold = Math.max(0, Number(value) || 0);
    this.#watch(this.#threshold);
  }

  send(data) {
    if (this.#state !== 'open') throw new DOMException(`the channel is ${this.#state}`, 'InvalidStateError');
    if (typeof data === 'string') this.#sendText(data.toWellFormed());
    else if (data instanceof ArrayBuffer) this.#sendBytes(new Uint8Array(data));
    else if (ArrayBuffer.isView(data)) this.#sendBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else if (data instanceof Blob) throw new DOMException('a Blob is to be read first', 'NotSupportedError');
    else this.#sendText(String(data).toWellFormed());
  }

  close() {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#peer.whenReady(() => this.#call('channel.close'));
  }

  #call(method, params = {}, onResult = null) {
    if (this.#handle === null) return Promise.resolve();
    return this.#peer.request(method, { channel: this.#handle, ...params }, onResult);
  }

  #check(size) {
    const most = this.#peer.maxMessageSize;
    if (size > most) throw new TypeError(`a message of ${size} bytes; the most is ${most}`);
    if (this.bufferedAmount + size > this.#peer.maxBufferedAmount)
      throw new DOMException('too much is buffered: wait for bufferedamountlow', 'OperationError');
  }

  #sendText(text) {
    const size = utf8Size(text);
    this.#check(size);
    const pieces = [...cutText(text, PIECE)];
    pieces.forEach((piece, i) => this.#post({ text: piece }, i + 1 < pieces.length, i === 0 ? size : 0));
  }

  #sendBytes(bytes) {
    this.#check(bytes.length);
    const pieces = [...cutBytes(bytes, PIECE)];
    pieces.forEach((piece, i) =>
      this.#post({ base64: toBase64(piece) }, i + 1 < pieces.length, i === 0 ? bytes.length : 0));
  }

  #post(params, more, size) {
    this.#posted += size;
    if (this.bufferedAmount > this.#threshold) this.#watch(this.#threshold);
    const done = (result) => {
      this.#posted -= size;
      if (!more) this.#held = result.bufferedAmount;
    };
    this.#call('channel.send', more ? { ...params, more: true } : params, done).catch((error) => {
      this.#posted -= size;
      if (this.#state !== 'closed') this.tell('error', { error });
    });
  }

  #watch(threshold) {
    if (threshold === this.#watched) return;
    this.#watched = threshold;
    this.#call('channel.setBufferedAmountLowThreshold', { bytes: threshold }).catch(() => 0);
  }

  /* --- told by the connection --- */

  /** The engine's number of this channel. */
  attach(handle) {
    this.#handle = handle;
    if (this.#threshold !== 0) {
      this.#watched = 0;
      this.#watch(this.#threshold);
    }
  }

  take(event, params) {
    const taken = {
      open: () => this.#opened(params.id),
      message: () => this.#message(params),
      bufferedamountlow: () => this.#low(),
      closing: () => this.#closing(),
      closed: () => this.end(null),
      error: () => this.tell('error', { error: new DOMException(params.message, 'OperationError') }),
    }[event];
    if (taken) taken();
  }

  /** It is over; error: why, if it did not end as asked. */
  end(error) {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (error) this.tell('error', { error });
    this.tell('close');
  }

  #opened(id) {
    this.#init = { ...this.#init, id };
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.tell('open');
  }

  #closing() {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    this.tell('closing');
  }

  #low() {
    const wanted = this.#watched === this.#threshold;
    this.#held = Math.min(this.#held, this.#watched);
    if (this.#watched > 0) this.#watch(0); /* to learn when all is gone */
    if (wanted) this.tell('bufferedamountlow');
  }

  #message(params) {
    this.#pieces.push('text' in params ? params.text : fromBase64(params.base64));
    if (params.more) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.tell('message', { data: 'text' in params ? pieces.join('') : this.#binary(pieces) });
  }

  #binary(pieces) {
    const { buffer } = pieces.length === 1 ? pieces[0] : join(pieces);
    return this.#binaryType === 'blob' ? new Blob([buffer]) : buffer;
  }
}
RTCDataChannel.handles('open', 'message', 'bufferedamountlow', 'closing', 'close', 'error');
