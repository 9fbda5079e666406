/* EventTarget with on... properties, as DOM interfaces have them. */

export class Target extends EventTarget {
  #handlers = new Map();

  /** Defines the on... properties of these event types. */
  static handles(...types) {
    for (const type of types) {
      Object.defineProperty(this.prototype, `on${type}`, {
        get() { return this.#handler(type); },
        set(value) { this.#setHandler(type, value); },
        enumerable: true, configurable: true,
      });
    }
  }

  #handler(type) {
    const held = this.#handlers.get(type);
    return held ? held.value : null;
  }

  #setHandler(type, value) {
    const held = this.#handlers.get(type);
    const callable = typeof value === 'function';
    if (held) {
      held.value = callable ? value : null;
    } else if (callable) {
      const made = { value };
      this.#handlers.set(type, made);
      this.addEventListener(type, (event) => made.value && made.value.call(this, event));
    }
  }

  /** Dispatches an event of this type with more properties. */
  tell(type, more = {}) {
    const event = new Event(type);
    for (const [key, value] of Object.entries(more)) Object.defineProperty(event, key, { value, enumerable: true });
    this.dispatchEvent(event);
  }
}
