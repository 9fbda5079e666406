/*
 * What an extension's author uses:
 *
 *   import { Senso } from './senso.js';
 *   const senso = new Senso(chrome);
 *   await senso.ready;                       // senso.engine is 'native' or 'browser'
 *   const pc = new senso.RTCPeerConnection({ iceServers: [] }, { name: 'Ms Example' });
 */

import { Backoff } from './backoff.js';
import { managedConfiguration } from './config.js';
import { Target } from './events.js';
import { browserPort, nativePort } from './ports.js';
import { Session } from './session.js';

const CLIENT = { name: 'senso-extension' };

/** What the browser says of an end, and the engine's last words. */
function reasonOf(said, session) {
  return session.goodbye ? `${said} (${session.goodbye})` : said;
}

export class Senso extends Target {
  #api;
  #ports;
  #session = null;
  #backoff;
  #heard = false; /* a hello was answered once: the engine is there, and worth coming back for */
  #engine = null;
  #why = 'waiting for managed configuration';
  #stopped = false;

  /** api: `chrome`. engine: 'auto', 'native' or 'browser', unless managed configuration says. ports, backoff: for tests. */
  constructor(api, { engine = 'auto', ports = { native: nativePort, browser: browserPort }, backoff = new Backoff() } = {}) {
    super();
    this.#api = api;
    this.#ports = ports;
    this.#backoff = backoff;
    /** Resolves when an engine is in use; rejects when there is none to be had. */
    this.ready = this.#start(engine);
    this.ready.catch(() => 0);
  }

  /** 'native', 'browser', or null while there is none. */
  get engine() { return this.#engine; }
  /** Why there is no engine, or why it is not the native one; '' when there is nothing to say. */
  get why() { return this.#why; }
  get peers() { return this.#session ? this.#session.peers : []; }
  get session() { return this.#session; }

  get RTCPeerConnection() {
    if (!this.#engine) throw new DOMException(`no engine: ${this.#why}`, 'InvalidStateError');
    return this.#session.RTCPeerConnection;
  }

  /** Ends the engine and every connection. */
  stop() {
    this.#stopped = true;
    if (this.#session) this.#session.close();
    this.#gone('stopped');
  }

  async #start(wanted) {
    this.policy = await managedConfiguration(this.#api);
    const engine = this.policy.engine ?? wanted;
    if (engine === 'browser') return this.#open('browser', '');
    try {
      return await this.#open('native', '');
    } catch (error) {
      if (engine === 'native') {
        this.#changed(error.message);
        throw error;
      }
      return this.#open('browser', `native: ${error.message}`);
    }
  }

  async #open(kind, why) {
    const port = await this.#ports[kind](this.#api);
    const session = new Session(port, {
      policy: this.policy,
      onChange: () => this.tell('change'),
      onClose: (reason) => this.#lost(kind, session, reason),
    });
    this.#session = session;
    await session.hello({ ...CLIENT, version: this.#api.runtime.getManifest().version }).catch((error) => {
      throw new DOMException(reasonOf(error.message, session), error.name);
    });
    this.#heard = true;
    this.#backoff.reset();
    this.#engine = kind;
    this.#changed(why);
    return kind;
  }

  #changed(why) {
    this.#why = why;
    this.tell('change');
  }

  #gone(why) {
    this.#engine = null;
    this.#session = null;
    this.#changed(why);
  }

  #lost(kind, session, reason) {
    if (session !== this.#session || this.#stopped) return;
    this.#gone(`the ${kind} engine ended: ${reasonOf(reason, session)}`);
    if (this.#heard) this.ready = this.#again(kind);
  }

  async #again(kind) {
    while (!this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, this.#backoff.next()));
      try {
        return await this.#open(kind, '');
      } catch (error) {
        this.#gone(`the ${kind} engine does not come back: ${error.message}`);
      }
    }
    return null;
  }
}
Senso.handles('change');
