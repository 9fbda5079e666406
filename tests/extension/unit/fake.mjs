/* What the modules need of the browser, scripted. What they send is kept in the file SENSO_FRAMES, to be checked against
 * the protocol's schemas. */
import { appendFileSync } from 'node:fs';

export class FakePort {
  sent = [];
  #message;
  #close;

  postMessage(message) {
    this.sent.push(message);
    if (process.env.SENSO_FRAMES) appendFileSync(process.env.SENSO_FRAMES, `${JSON.stringify(message)}\n`);
    if (this.onsend) this.onsend(message);
  }

  onMessage(callback) { this.#message = callback; }
  onClose(callback) { this.#close = callback; }
  close() { this.closed = true; }
  say(message) { this.#message({ jsonrpc: '2.0', ...message }); }
  tell(method, params) { this.say({ method, params }); }
  end(why) { this.#close(why); }

  /** Answers requests from a table: a result, or a function of the params. */
  answer(table) {
    this.onsend = ({ id, method, params }) => {
      if (!(method in table)) return;
      const answer = table[method];
      const result = typeof answer === 'function' ? answer(params) : answer;
      queueMicrotask(() => this.say({ id, result }));
    };
    return this;
  }

  of(method) {
    return this.sent.filter((message) => message.method === method).map((message) => message.params);
  }
}

export const HELLO = {
  server: { name: 'fake', version: '0' }, protocol: 1, features: [], engine: 'native',
  limits: { maxFrameIn: 4 << 20, maxFrameOut: 1 << 20, maxMessageSize: 1 << 20, maxPeers: 8, maxChannels: 8,
    maxBufferedAmount: 16 << 20 },
};

export function fakeChrome({ managed = [{}], installType = 'development' } = {}) {
  const listeners = new Set();
  let at = 0;
  return {
    runtime: { getManifest: () => ({ version: '9' }) },
    management: { getSelf: (callback) => callback({ installType }) },
    storage: {
      managed: { get: async () => managed[Math.min(at, managed.length - 1)] },
      onChanged: { addListener: (l) => listeners.add(l), removeListener: (l) => listeners.delete(l) },
    },
    /** The browser has the policy now. */
    policyArrives() {
      at++;
      for (const l of listeners) l({ engine: {} }, 'managed');
    },
    listeners,
  };
}

/** Lets all that is ready to run do so. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
