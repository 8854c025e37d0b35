/**
 * Quantiles of positive values in bounded memory: values are counted in buckets each 1 % wider than the one before, so a
 * quantile is right within half a percent.
 */

const GROWTH = 1.01;
const LOG_GROWTH = Math.log(GROWTH);
/** Values below count as this one: a microsecond, where values are milliseconds. */
const VALUE_MIN = 1e-3;
/** Values above count as this one: a day. */
const VALUE_MAX = 86_400e3;

export class LogHistogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;

  add(value: number): void {
    const bounded = Math.min(VALUE_MAX, Math.max(VALUE_MIN, value));
    const bucket = Math.floor(Math.log(bounded / VALUE_MIN) / LOG_GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
  }

  /** @param share 0.5 for the median. @returns NaN of no values */
  quantile(share: number): number {
    // The nearest rank: the least value that as many are below or equal to.
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const bucket of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      seen += this.#buckets.get(bucket)!;
      // The geometric middle of the bucket.
      if (seen >= rank) return VALUE_MIN * GROWTH ** (bucket + 0.5);
    }
    return Number.NaN;
  }
}
