/**
 * The past of a probe in memory that is fixed at the start: each series of numbers for the last 24 hours in steps of ten
 * seconds, and for the last week in steps of a minute. It knows neither what the numbers are nor who asks for them.
 */

/** How fine the past is kept, and how much of it. */
export interface Tier {
  readonly stepSeconds: number;
  readonly steps: number;
}

const DAY_SECONDS = 86_400;
const DAYS_PER_WEEK = 7;
/** The finest first. */
export const TIERS: readonly Tier[] = [
  { stepSeconds: 10, steps: DAY_SECONDS / 10 },
  { stepSeconds: 60, steps: (DAYS_PER_WEEK * DAY_SECONDS) / 60 },
];

/** A stretch of the past. */
export interface Past {
  /** When the first step began, on the clock that `look` is given. */
  readonly startMs: number;
  readonly stepSeconds: number;
  /** The oldest first; NaN: nothing is known of that step. */
  readonly values: Float32Array;
}

/** How fast a count grows in a second. A collector that was exchanged counts from 0 again. */
export function rateOf(before: number, now: number, seconds: number): number {
  return (now >= before ? now - before : now) / seconds;
}

/** One tier of all series. Single precision: seven digits of a rate are enough. */
class Ring {
  readonly tier: Tier;
  readonly #isRate: readonly boolean[];
  /** The steps of each series one after the other. */
  readonly #values: Float32Array;
  /** Counts and time at the end of the last step that is complete. */
  readonly #counts: Float64Array;
  #sinceMs = Number.NaN;
  /** Number of the step that has begun, since the clock's 0, and of the first one ever. */
  #step = 0;
  #firstStep = 0;

  constructor(tier: Tier, isRate: readonly boolean[]) {
    this.tier = tier;
    this.#isRate = isRate;
    this.#values = new Float32Array(isRate.length * tier.steps).fill(Number.NaN);
    this.#counts = new Float64Array(isRate.length);
  }

  look(counts: Float64Array, nowMs: number): void {
    const step = Math.floor(nowMs / (this.tier.stepSeconds * 1e3));
    if (Number.isNaN(this.#sinceMs)) {
      this.#firstStep = step;
      this.#begin(step, counts, nowMs);
    } else if (step > this.#step) {
      this.#complete(step, counts, nowMs);
      this.#begin(step, counts, nowMs);
    }
  }

  /** The last `count` steps that are complete, or as many as there are. */
  read(series: number, count: number): Past {
    const { stepSeconds, steps } = this.tier;
    const known = Math.min(count, steps, this.#step - this.#firstStep);
    const first = this.#step - known;
    const values = Float32Array.from(
      { length: known },
      (_, i) => this.#values[this.#place(series, first + i)]!,
    );
    return { startMs: first * stepSeconds * 1e3, stepSeconds, values };
  }

  #begin(step: number, counts: Float64Array, nowMs: number): void {
    this.#step = step;
    this.#counts.set(counts);
    this.#sinceMs = nowMs;
  }

  /** Fills the steps up to `step`. A look that came late has the mean in each of those that it passed. */
  #complete(step: number, counts: Float64Array, nowMs: number): void {
    const seconds = (nowMs - this.#sinceMs) / 1e3;
    const first = Math.max(this.#step, step - this.tier.steps);
    for (const [series, isRate] of this.#isRate.entries()) {
      const now = counts[series]!;
      const value = isRate ? rateOf(this.#counts[series]!, now, seconds) : now;
      for (let at = first; at < step; at++) this.#values[this.#place(series, at)] = value;
    }
  }

  #place(series: number, step: number): number {
    return series * this.tier.steps + (step % this.tier.steps);
  }
}

export class History {
  readonly #rings: readonly Ring[];

  /** @param isRate for each series, whether its numbers are counts whose growth in a second is kept */
  constructor(isRate: readonly boolean[], tiers: readonly Tier[] = TIERS) {
    this.#rings = tiers.map((tier) => new Ring(tier, isRate));
  }

  /** Call this about every second. @param nowMs from any fixed point, never less than before */
  look(counts: Float64Array, nowMs: number): void {
    for (const ring of this.#rings) ring.look(counts, nowMs);
  }

  /**
   * A copy of the last complete steps.
   * @param stepSeconds of one of the tiers
   * @param count of steps at most
   */
  read(series: number, stepSeconds: number, count = Number.POSITIVE_INFINITY): Past {
    return this.#rings.find(({ tier }) => tier.stepSeconds === stepSeconds)!.read(series, count);
  }
}

/** Octets that so many series take. */
export function historyOctets(series: number, tiers: readonly Tier[] = TIERS): number {
  return tiers.reduce((sum, { steps }) => sum + series * steps * Float32Array.BYTES_PER_ELEMENT, 0);
}
