/* One engine's session: hello, then peers and their channels by their numbers. */

import { RTCPeerConnection } from './connection.js';
import { RpcClient } from './rpc.js';

const PROTOCOL = 1;

/** A standing window for every channel: more than a round trip to the engine needs, less than would be felt. */
const AUTO_CREDIT = 1024 * 1024;

export class Session {
  #rpc;
  #peers = new Map();
  #channels = new Map();
  #handles = new Map();
  #open = new Set();
  #policy;
  #onChange;

  /**
   * policy: managed configuration, which wins over what peers ask for. onChange() is called when what a person
   * should see has changed, onClose(why) once when the engine is gone.
   */
  constructor(port, { policy = {}, onChange = () => 0, onClose = () => 0 }) {
    this.#policy = policy;
    this.#onChange = onChange;
    this.#rpc = new RpcClient(port, {
      onNotification: (method, params) => this.#notify(method, params),
      onClose: (why) => this.#end(why, onClose),
    });
    this.goodbye = null;
    const session = this;
    /** The W3C interface, bound to this session. The second argument is ours: {name}, who is at the other end. */
    this.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration, ours) {
        super(session, configuration, ours);
      }
    };
  }

  async hello(client) {
    const said = await this.#rpc.request('hello', { client, protocol: PROTOCOL, autoCredit: AUTO_CREDIT });
    this.server = said.server;
    this.limits = said.limits;
    this.features = said.features;
    this.engine = said.engine;
    return said;
  }

  request(method, params, onResult) {
    return this.#rpc.request(method, params, onResult);
  }

  close() {
    this.#rpc.close();
  }

  /** The connections that are open, oldest first. */
  get peers() {
    return [...this.#open];
  }

  /** What managed configuration leaves of a configuration. */
  restrict(configuration) {
    const { iceTransportPolicy, udpPortRange } = this.#policy;
    const left = { ...configuration };
    if (iceTransportPolicy === 'relay') left.iceTransportPolicy = 'relay';
    if (udpPortRange) left.udpPortRange = udpPortRange;
    return left;
  }

  watch(peer) {
    this.#open.add(peer);
    this.#onChange();
  }

  adopt(peer, handle) {
    this.#peers.set(handle, peer);
  }

  adoptChannel(channel, handle) {
    this.#channels.set(handle, channel);
    this.#handles.set(channel, handle);
  }

  forget(channel) {
    this.#channels.delete(this.#handles.get(channel));
    this.#handles.delete(channel);
  }

  release(peer, handle) {
    this.#peers.delete(handle);
    this.#open.delete(peer);
    this.#onChange();
  }

  changed() {
    this.#onChange();
  }

  #notify(method, params) {
    if (method === 'goodbye') this.goodbye = params.reason;
    const [kind, event] = method.split('.');
    const peer = kind === 'peer' ? this.#peers.get(params.peer) : null;
    const channel = kind === 'channel' ? this.#channels.get(params.channel) : null;
    if (peer) peer.take(method, params);
    if (!channel) return;
    if (event === 'closed') this.forget(channel);
    channel.take(event, params);
  }

  #end(why, onClose) {
    const error = new DOMException(why, 'OperationError');
    for (const peer of this.peers) peer.end(error);
    onClose(why);
  }
}
