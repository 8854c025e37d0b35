/** Limits messages to a rate, with small bursts. */

/** Messages that may go out at once whatever the rate. */
const BURST_MIN = 32;
/** Timers wake up about this late, so a burst must hold what the rate allows in the meantime. */
const TIMER_MS = 2;

export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs = Number.NaN;

  /** @param rate messages a second; Infinity for no limit */
  constructor(rate: number) {
    this.#perMs = rate / 1000;
    this.#burst = Math.max(BURST_MIN, Math.ceil(this.#perMs * TIMER_MS));
    this.#tokens = this.#burst;
  }

  /** Whole messages that may be sent now. @param nowMs a monotonic clock */
  available(nowMs: number): number {
    if (this.#perMs === Number.POSITIVE_INFINITY) return Number.MAX_SAFE_INTEGER;
    if (!Number.isNaN(this.#lastMs)) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#lastMs) * this.#perMs);
    }
    this.#lastMs = nowMs;
    return Math.floor(this.#tokens);
  }

  /** Takes one. */
  take(): void {
    this.#tokens--;
  }
}
