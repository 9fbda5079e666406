/*
 * JSON-RPC 2.0 over a port (manifest/protocol/ has the schemas). A port is whatever has
 * postMessage(object), onMessage(callback), onClose(callback) and close().
 */

/** The DOMException that W3C gives for each reason; what is not here is an OperationError. */
const EXCEPTIONS = {
  'invalid-state': 'InvalidStateError', 'unknown-peer': 'InvalidStateError', 'unknown-channel': 'InvalidStateError',
  'invalid-sdp': 'OperationError', 'invalid-candidate': 'OperationError', 'not-supported': 'NotSupportedError',
  'not-allowed': 'NotAllowedError', 'type-error': 'TypeError', 'invalid-params': 'TypeError', 'message-too-large': 'TypeError',
};

/** An error reply as the exception that the W3C method would throw; `reason` and `path` are those of the reply. */
export function toException(error) {
  const data = error.data || {};
  const name = data.exception || EXCEPTIONS[data.reason] || 'OperationError';
  const made = name === 'TypeError' ? new TypeError(error.message) : new DOMException(error.message, name);
  made.reason = data.reason;
  made.path = data.path;
  return made;
}

export class RpcClient {
  #port;
  #next = 1;
  #waiting = new Map();
  #closed = null;

  /** onNotification(method, params) is called for each; onClose(why) once, after every waiting call has failed. */
  constructor(port, { onNotification, onClose }) {
    this.#port = port;
    port.onMessage((message) => this.#take(message, onNotification));
    port.onClose((why) => this.#end(why, onClose));
  }

  /** onResult runs before anything that the call causes is told. Rejects with toException(). */
  request(method, params = {}, onResult = null) {
    if (this.#closed) return Promise.reject(new DOMException(this.#closed, 'InvalidStateError'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onResult });
      this.#port.postMessage({ jsonrpc: '2.0', id, method, params });
    });
  }

  close() {
    this.#port.close();
  }

  #take(message, onNotification) {
    if (message.method) {
      onNotification(message.method, message.params);
      return;
    }
    const call = this.#waiting.get(message.id);
    if (!call) return;
    this.#waiting.delete(message.id);
    if (message.error) {
      call.reject(toException(message.error));
      return;
    }
    if (call.onResult) call.onResult(message.result);
    call.resolve(message.result);
  }

  #end(why, onClose) {
    if (this.#closed) return;
    this.#closed = why;
    for (const call of this.#waiting.values()) call.reject(new DOMException(why, 'OperationError'));
    this.#waiting.clear();
    onClose(why);
  }
}
