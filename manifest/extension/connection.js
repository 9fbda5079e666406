/* RTCPeerConnection (webrtc-pc section 4.4) over the protocol's peer.* methods. Data channels only. */

import { RTCIceCandidate, RTCSessionDescription, withLine } from './candidate.js';
import { RTCDataChannel, checkInit } from './channel.js';
import { Target } from './events.js';

/** What is media's, and is not done here. */
const MEDIA = ['addTrack', 'removeTrack', 'addTransceiver', 'getSenders', 'getReceivers', 'getTransceivers',
  'addStream', 'removeStream', 'getLocalStreams', 'getRemoteStreams'];

const STATES = {
  'peer.signalingstatechange': ['signalingState', 'signalingstatechange'],
  'peer.icegatheringstatechange': ['iceGatheringState', 'icegatheringstatechange'],
  'peer.iceconnectionstatechange': ['iceConnectionState', 'iceconnectionstatechange'],
  'peer.connectionstatechange': ['connectionState', 'connectionstatechange'],
};

const DESCRIPTIONS = ['localDescription', 'remoteDescription', 'currentLocalDescription', 'pendingLocalDescription',
  'currentRemoteDescription', 'pendingRemoteDescription'];

/** a=max-message-size (RFC 8841 section 6.1): 65,536 without the line, 0 means any. */
function remoteLimit(sdp) {
  const m = /^a=max-message-size:(\d+)/m.exec(sdp || '');
  const value = m ? Number(m[1]) : 65536;
  return value === 0 ? Infinity : value;
}

/** Made by Session.RTCPeerConnection, which supplies the session. */
export class RTCPeerConnection extends Target {
  #session;
  #peer = null;
  #ready; /* resolves when the engine has the peer */
  #tail; /* operations run one after the other (webrtc-pc section 4.4.1.2) */
  #channels = new Map();
  #configuration;
  #state = { signalingState: 'stable', iceGatheringState: 'new', iceConnectionState: 'new', connectionState: 'new' };
  #descriptions = {};
  #path = null;

  constructor(session, configuration = {}, { name = '' } = {}) {
    super();
    this.#session = session;
    this.#configuration = { ...configuration };
    /** Who is at the other end, in words for the person at this device. */
    this.name = String(name);
    this.#ready = session.request('peer.create', { configuration: session.restrict(configuration) }, (result) => {
      this.#peer = result.peer;
      session.adopt(this, result.peer);
    });
    this.#ready.catch((error) => this.end(error));
    this.#tail = this.#ready;
    session.watch(this);
  }

  get signalingState() { return this.#state.signalingState; }
  get iceGatheringState() { return this.#state.iceGatheringState; }
  get iceConnectionState() { return this.#state.iceConnectionState; }
  get connectionState() { return this.#state.connectionState; }
  get canTrickleIceCandidates() { return this.#descriptions.remoteDescription ? true : null; }
  get localDescription() { return this.#descriptions.localDescription ?? null; }
  get remoteDescription() { return this.#descriptions.remoteDescription ?? null; }
  get currentLocalDescription() { return this.#descriptions.currentLocalDescription ?? null; }
  get pendingLocalDescription() { return this.#descriptions.pendingLocalDescription ?? null; }
  get currentRemoteDescription() { return this.#descriptions.currentRemoteDescription ?? null; }
  get pendingRemoteDescription() { return this.#descriptions.pendingRemoteDescription ?? null; }
  get sctp() { return this.#descriptions.remoteDescription ? { maxMessageSize: this.maxMessageSize } : null; }
  /** The engine's peer.path: which method is in use, and why no better one; null before there is one. */
  get path() { return this.#path; }

  get maxMessageSize() {
    return Math.min(this.#session.limits.maxMessageSize, remoteLimit(this.#descriptions.remoteDescription?.sdp));
  }

  get maxBufferedAmount() { return this.#session.limits.maxBufferedAmount ?? 16 * 1024 * 1024; }

  createOffer(options = {}) {
    return this.#chain(async () =>
      new RTCSessionDescription(await this.#call('peer.createOffer', options.iceRestart ? { iceRestart: true } : {})));
  }

  createAnswer() {
    return this.#chain(async () => new RTCSessionDescription(await this.#call('peer.createAnswer')));
  }

  setLocalDescription(description) {
    const given = description && (description.type || description.sdp);
    const params = given ? { description: { type: description.type, sdp: description.sdp ?? '' } } : {};
    return this.#chain(async () => {
      await this.#call('peer.setLocalDescription', params);
      await this.#refresh();
    });
  }

  setRemoteDescription(description) {
    if (!description || !description.type) return Promise.reject(new TypeError('a description with a type is needed'));
    const { type, sdp = '' } = description;
    return this.#chain(async () => {
      await this.#call('peer.setRemoteDescription', { description: { type, sdp } });
      await this.#refresh();
    });
  }

  addIceCandidate(candidate = null) {
    const end = !candidate || candidate.candidate === '' || candidate.candidate === undefined;
    if (!end && (candidate.sdpMid ?? null) === null && (candidate.sdpMLineIndex ?? null) === null)
      return Promise.reject(new TypeError('sdpMid or sdpMLineIndex must be given'));
    const { candidate: line, sdpMid, sdpMLineIndex, usernameFragment } = candidate ?? {};
    const init = end ? null : { candidate: line, sdpMid, sdpMLineIndex, usernameFragment };
    return this.#chain(async () => { await this.#call('peer.addIceCandidate', { candidate: init }); });
  }

  restartIce() {
    if (this.#isClosed()) return;
    this.#chain(() => this.#call('peer.restartIce')).catch(() => 0);
  }

  getConfiguration() {
    return { ...this.#configuration };
  }

  setConfiguration(configuration = {}) {
    this.#throwIfClosed();
    this.#configuration = { ...configuration };
    this.#chain(() => this.#call('peer.setConfiguration', { configuration: this.#session.restrict(configuration) }))
      .catch((error) => this.tell('error', { error }));
  }

  async getStats() {
    await this.#ready;
    const { stats } = await this.#call('peer.getStats');
    return new Map(Object.entries(stats));
  }

  createDataChannel(label, init = {}) {
    this.#throwIfClosed();
    const text = String(label).toWellFormed();
    const checked = checkInit(init);
    const channel = new RTCDataChannel(this, text, checked);
    this.whenReady(() => this.request('channel.create', { peer: this.#peer, label: text, init: checked },
      (result) => this.#adopt(channel, result.channel)))
      .catch((error) => channel.end(error));
    return channel;
  }

  close() {
    if (this.#isClosed()) return;
    this.whenReady(() => this.request('peer.close', { peer: this.#peer })).catch(() => 0);
    this.end(null);
  }

  /* --- for the channels and the session --- */

  request(method, params, onResult) {
    return this.#session.request(method, params, onResult);
  }

  /** Runs the action at once, or as soon as the engine has the peer. */
  whenReady(action) {
    return this.#peer !== null ? action() : this.#ready.then(action);
  }

  take(method, params) {
    if (this.#isClosed()) return;
    if (STATES[method]) this.#stateChanged(...STATES[method], params.state);
    else if (method === 'peer.icecandidate') this.#candidate(params.candidate);
    else if (method === 'peer.datachannel') this.#incoming(params);
    else if (method === 'peer.path') this.#pathChanged(params);
    else this.tell(method.slice('peer.'.length), params);
  }

  /** Nothing comes from the engine any more. error: why, unless it was closed as asked. */
  end(error) {
    if (this.#isClosed()) return;
    for (const channel of this.#channels.values()) {
      this.#session.forget(channel);
      channel.end(error);
    }
    this.#channels.clear();
    this.#session.release(this, this.#peer);
    Object.assign(this.#state, { signalingState: 'closed', iceConnectionState: 'closed', connectionState: 'closed' });
    if (!error) return;
    for (const type of ['signalingstatechange', 'iceconnectionstatechange', 'connectionstatechange']) this.tell(type);
  }

  /* --- */

  #isClosed() {
    return this.#state.signalingState === 'closed';
  }

  #throwIfClosed() {
    if (this.#isClosed()) throw new DOMException('the connection is closed', 'InvalidStateError');
  }

  #call(method, params = {}) {
    return this.#session.request(method, { peer: this.#peer, ...params });
  }

  #chain(operation) {
    if (this.#isClosed()) return Promise.reject(new DOMException('the connection is closed', 'InvalidStateError'));
    const result = this.#tail.then(operation);
    this.#tail = result.catch(() => 0);
    return result;
  }

  async #refresh() {
    const view = await this.#call('peer.get');
    for (const slot of DESCRIPTIONS)
      this.#descriptions[slot] = view[slot] ? new RTCSessionDescription(view[slot]) : null;
  }

  #stateChanged(property, type, state) {
    this.#state[property] = state;
    this.tell(type);
    this.#session.changed();
  }

  #candidate(init) {
    if (!init) {
      this.tell('icecandidate', { candidate: null });
      return;
    }
    const candidate = new RTCIceCandidate(init);
    for (const slot of ['localDescription', 'currentLocalDescription', 'pendingLocalDescription']) {
      const held = this.#descriptions[slot];
      if (held && !held.sdp.includes(init.candidate)) held.sdp = withLine(held.sdp, init.sdpMLineIndex ?? 0, init.candidate);
    }
    this.tell('icecandidate', { candidate });
  }

  #incoming({ channel: handle, label, init }) {
    const channel = new RTCDataChannel(this, label, init);
    this.#adopt(channel, handle);
    this.tell('datachannel', { channel });
  }

  #adopt(channel, handle) {
    this.#channels.set(handle, channel);
    this.#session.adoptChannel(channel, handle);
    channel.attach(handle);
  }

  #pathChanged(params) {
    this.#path = params;
    this.tell('path', { path: params });
    this.#session.changed();
  }
}
RTCPeerConnection.handles('negotiationneeded', 'icecandidate', 'icecandidateerror', 'signalingstatechange',
  'iceconnectionstatechange', 'icegatheringstatechange', 'connectionstatechange', 'datachannel', 'path', 'stalled');

for (const name of [...MEDIA]) {
  RTCPeerConnection.prototype[name] = function refuse() {
    throw new DOMException(`${name}: data channels only, no media`, 'NotSupportedError');
  };
}
RTCPeerConnection.handles('track');
