/** Pauses between attempts: they double, and vary, so that many probes do not all come back at the same moment. */

const FIRST_MS = 500;

export class Backoff {
  readonly #maxMs: number;
  #nextMs = FIRST_MS;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** Milliseconds until the next attempt: from half to one and a half of the pause. */
  next(random: () => number = Math.random): number {
    const pauseMs = Math.min(this.#nextMs, this.#maxMs);
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs);
    return pauseMs * (0.5 + random());
  }

  /** After success. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
