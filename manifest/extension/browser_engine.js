/*
 * The protocol of senso-host (manifest/protocol/) answered by a browser's own RTCPeerConnection, as far as that goes: an
 * engine that needs nothing installed. Without credit: W3C has no back-pressure for incoming messages.
 */

const CODES = { 'unknown-method': -32601, 'not-hello': 1000, 'unknown-peer': 1002, 'unknown-channel': 1003,
  'invalid-state': 1004, 'operation-error': 1008, 'type-error': 1009, 'not-supported': 1011 };

const REASONS = { InvalidStateError: 'invalid-state', TypeError: 'type-error', SyntaxError: 'type-error',
  InvalidAccessError: 'type-error', RangeError: 'type-error', NotSupportedError: 'not-supported' };

class Refusal extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

function toError(error) {
  const reason = error.reason ?? REASONS[error.name] ?? 'operation-error';
  const data = { reason };
  if (reason === 'type-error' && error.name !== 'TypeError') data.exception = error.name;
  return { code: CODES[reason], message: error.message || reason, data };
}

const plain = (description) => description && { type: description.type, sdp: description.sdp };

const METHOD_OF = { host: 'host', prflx: 'host', srflx: 'srflx', relay: 'relay' };

export class BrowserEngine {
  #send;
  #platform;
  #greeted = false;
  #nextPeer = 1;
  #nextChannel = 1;
  #peers = new Map();
  #channels = new Map();

  /** send(message) carries a frame to the client. platform: RTCPeerConnection, fromBase64, toBase64. */
  constructor(send, platform) {
    this.#send = send;
    this.#platform = platform;
  }

  get peers() {
    return this.#peers.size;
  }

  /** A frame that says nothing, for a port that is closed when it is quiet. */
  keepAlive() {
    this.#notify('log', { level: 'debug', message: 'still here', fields: {} });
  }

  /** The client is gone. */
  end() {
    for (const pc of this.#peers.values()) pc.close();
    this.#peers.clear();
    this.#channels.clear();
  }

  async take({ id, method, params = {} }) {
    try {
      const handler = METHODS[method];
      if (!handler) throw new Refusal('unknown-method', `no method ${method}`);
      if (!this.#greeted && method !== 'hello') throw new Refusal('not-hello', 'the first call must be hello');
      this.#send({ jsonrpc: '2.0', id, result: await handler.call(this, params) });
    } catch (error) {
      this.#send({ jsonrpc: '2.0', id, error: toError(error) });
    }
  }

  #notify(method, params) {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  hello() {
    if (this.#greeted) throw new Refusal('invalid-state', 'hello was said before');
    this.#greeted = true;
    const limits = { maxFrameIn: 64 << 20, maxFrameOut: 64 << 20, maxMessageSize: 262144, maxPeers: 500,
      maxChannels: 1024, maxBufferedAmount: 16 << 20 };
    return { server: { name: 'browser', version: navigator.userAgent }, protocol: 1, features: ['data-channels'], limits,
      engine: 'browser' };
  }

  pc({ peer }) {
    const pc = this.#peers.get(peer);
    if (!pc) throw new Refusal('unknown-peer', `no peer ${peer}`);
    return pc;
  }

  channel({ channel }) {
    const dc = this.#channels.get(channel);
    if (!dc) throw new Refusal('unknown-channel', `no channel ${channel}`);
    return dc;
  }

  create({ configuration = {} }) {
    const { udpPortRange, interfaces, networkTypes, loopback, mdns, proxy, sctp, ...rest } = configuration;
    const pc = new this.#platform.RTCPeerConnection(rest);
    const peer = this.#nextPeer++;
    this.#peers.set(peer, pc);
    this.#listen(peer, pc);
    return { peer };
  }

  #listen(peer, pc) {
    const state = (event, property) => {
      pc[`on${event}`] = () => this.#notify(`peer.${event}`, { peer, state: pc[property] });
    };
    state('signalingstatechange', 'signalingState');
    state('icegatheringstatechange', 'iceGatheringState');
    state('iceconnectionstatechange', 'iceConnectionState');
    pc.onconnectionstatechange = () => {
      this.#notify('peer.connectionstatechange', { peer, state: pc.connectionState });
      if (pc.connectionState === 'connected') this.#tellPath(peer, pc).catch(() => 0);
    };
    pc.onnegotiationneeded = () => this.#notify('peer.negotiationneeded', { peer });
    pc.onicecandidate = ({ candidate }) => {
      if (candidate && !candidate.candidate) return;
      this.#notify('peer.icecandidate', { peer, candidate: candidate ? candidate.toJSON() : null });
    };
    pc.onicecandidateerror = (e) => this.#notify('peer.icecandidateerror',
      { peer, address: e.address, port: e.port, url: e.url, errorCode: e.errorCode, errorText: e.errorText });
    pc.ondatachannel = ({ channel }) => this.#incoming(peer, channel);
  }

  async #tellPath(peer, pc) {
    const stats = await pc.getStats();
    const transport = [...stats.values()].find((s) => s.type === 'transport');
    const pair = stats.get(transport?.selectedCandidatePairId);
    if (!pair) return;
    const end = (id) => {
      const c = stats.get(id);
      return { type: c.candidateType, address: c.address ?? '', port: c.port ?? 0, protocol: c.protocol };
    };
    const [local, remote] = [end(pair.localCandidateId), end(pair.remoteCandidateId)];
    const worse = [local, remote].find((c) => c.type === 'relay') ?? [local, remote].find((c) => c.type === 'srflx') ?? local;
    this.#notify('peer.path', { peer, method: METHOD_OF[worse.type], local, remote,
      rtt: (pair.currentRoundTripTime ?? 0) * 1000, since: Date.now(), why: [] });
  }

  #incoming(peer, dc) {
    const init = { ordered: dc.ordered, protocol: dc.protocol, id: dc.id };
    if (dc.maxRetransmits !== null) init.maxRetransmits = dc.maxRetransmits;
    if (dc.maxPacketLifeTime !== null) init.maxPacketLifeTime = dc.maxPacketLifeTime;
    const channel = this.#adopt(dc);
    this.#notify('peer.datachannel', { peer, channel, label: dc.label, init });
  }

  #adopt(dc) {
    const channel = this.#nextChannel++;
    this.#channels.set(channel, dc);
    dc.binaryType = 'arraybuffer';
    dc.onopen = () => this.#notify('channel.open', { channel, id: dc.id });
    dc.onclosing = () => this.#notify('channel.closing', { channel });
    dc.onclose = () => this.#notify('channel.closed', { channel });
    dc.onbufferedamountlow = () => this.#notify('channel.bufferedamountlow', { channel });
    dc.onerror = ({ error }) =>
      this.#notify('channel.error', { channel, reason: 'operation-error', message: error?.message || 'the channel failed' });
    let seq = 0;
    dc.onmessage = ({ data }) => this.#notify('channel.message', { channel, seq: seq++, ...this.#payload(data) });
    return channel;
  }

  #payload(data) {
    return typeof data === 'string' ? { text: data } : { base64: this.#platform.toBase64(new Uint8Array(data)) };
  }

  createChannel(params) {
    return { channel: this.#adopt(this.pc(params).createDataChannel(params.label, params.init ?? {})) };
  }

  /** Pieces wait in the channel's `pieces` for the last one. */
  send(params) {
    const dc = this.channel(params);
    const piece = 'text' in params ? params.text : this.#platform.fromBase64(params.base64);
    const pieces = [...(dc.pieces ?? []), piece];
    dc.pieces = params.more ? pieces : [];
    if (!params.more) dc.send(pieces.length === 1 ? piece : this.#joined(pieces));
    return { bufferedAmount: dc.bufferedAmount };
  }

  #joined(pieces) {
    return typeof pieces[0] === 'string' ? pieces.join('') : new Blob(pieces);
  }

  async close(params) {
    this.pc(params).close();
    this.#peers.delete(params.peer);
    return {};
  }

  async stats(params) {
    const stats = {};
    (await this.pc(params).getStats()).forEach((value, key) => { stats[key] = value; });
    return { stats };
  }

  view(params) {
    const pc = this.pc(params);
    const view = { peer: params.peer, signalingState: pc.signalingState, connectionState: pc.connectionState,
      iceConnectionState: pc.iceConnectionState, iceGatheringState: pc.iceGatheringState };
    for (const slot of ['localDescription', 'remoteDescription', 'currentLocalDescription', 'pendingLocalDescription',
      'currentRemoteDescription', 'pendingRemoteDescription']) view[slot] = plain(pc[slot]);
    return view;
  }

  async setLocal(params) {
    const pc = this.pc(params);
    await (params.description ? pc.setLocalDescription(params.description) : pc.setLocalDescription());
    return plain(pc.localDescription);
  }
}

const METHODS = {
  hello() { return this.hello(); },
  ping() { return {}; },
  'peer.create'(p) { return this.create(p); },
  async 'peer.createOffer'(p) { return plain(await this.pc(p).createOffer(p.iceRestart ? { iceRestart: true } : {})); },
  async 'peer.createAnswer'(p) { return plain(await this.pc(p).createAnswer()); },
  'peer.setLocalDescription'(p) { return this.setLocal(p); },
  async 'peer.setRemoteDescription'(p) { await this.pc(p).setRemoteDescription(p.description); return {}; },
  async 'peer.addIceCandidate'(p) { await this.pc(p).addIceCandidate(p.candidate ?? undefined); return {}; },
  'peer.restartIce'(p) { this.pc(p).restartIce(); return {}; },
  'peer.setConfiguration'(p) { this.pc(p).setConfiguration(p.configuration); return {}; },
  'peer.getStats'(p) { return this.stats(p); },
  'peer.get'(p) { return this.view(p); },
  'peer.close'(p) { return this.close(p); },
  'channel.create'(p) { return this.createChannel(p); },
  'channel.send'(p) { return this.send(p); },
  'channel.credit'(p) { this.channel(p); return {}; },
  'channel.setBufferedAmountLowThreshold'(p) { this.channel(p).bufferedAmountLowThreshold = p.bytes; return {}; },
  'channel.close'(p) { this.channel(p).close(); return {}; },
};
