/* Growing, jittered waits (full jitter: anything from half the bound to the bound). */

const FIRST_MS = 500;
const MOST_MS = 60000;

export class Backoff {
  #bound = FIRST_MS;

  constructor(random = Math.random) {
    this.random = random;
  }

  /** How long to wait before the next try. */
  next() {
    const ms = this.#bound * (0.5 + this.random() / 2);
    this.#bound = Math.min(this.#bound * 2, MOST_MS);
    return ms;
  }

  reset() {
    this.#bound = FIRST_MS;
  }
}
