/**
 * When the next frames may go: a clock that counts how many packets, or bits, are due. Late ones are made up for in a
 * burst while it is a short one; a long delay is not made up for, so that a stall of the machine does not become a flood.
 */
import type { Rate } from './recipe.ts';

/** Most that is made up for. */
const LATE_MS_MAX = 50;

export class Pacer {
  readonly #inBits: boolean;
  readonly #perMs: number;
  #startMs: number;
  #spent = 0;
  /** Packets, or bits, of a frame on average. */
  #mean: number;
  #frames = 0;

  /** @param meanOctets of a frame, until some have been sent */
  constructor(rate: Rate, meanOctets: number, nowMs: number) {
    this.#inBits = rate.unit === 'bits';
    this.#perMs = rate.perSecond / 1000;
    this.#mean = this.#inBits ? meanOctets * 8 : 1;
    this.#startMs = nowMs;
  }

  /** Frames that may go now; the first one goes at once. */
  allowance(nowMs: number): number {
    let due = (nowMs - this.#startMs) * this.#perMs - this.#spent;
    const most = Math.max(LATE_MS_MAX * this.#perMs, this.#mean);
    if (due > most) {
      this.#startMs += (due - most) / this.#perMs;
      due = most;
    }
    return due < 0 ? 0 : Math.floor(due / this.#mean) + 1;
  }

  /** Takes note of what went. */
  spend(frames: number, octets: number): void {
    this.#frames += frames;
    this.#spent += this.#inBits ? octets * 8 : frames;
    if (this.#inBits && this.#frames > 0) this.#mean = this.#spent / this.#frames;
  }

  /** Milliseconds until the next frame may go; 0 when it may now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#startMs + this.#spent / this.#perMs - nowMs);
  }
}
