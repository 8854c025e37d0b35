/**
 * The interfaces' own loss counters since the probe started: an interface that goes and comes back counts from 0 again,
 * so what is kept here only grows.
 */
import {
  interfaceLosses,
  LOSS_COUNTERS,
  type LossCounter,
  type LossCounts,
} from '../../sys/interface-statistics.ts';

interface Growth {
  last: number;
  sum: number;
}

export class InterfaceLosses {
  readonly #read: () => LossCounts;
  readonly #growth = new Map<LossCounter, Growth>();

  /** @param read the counts now; for tests */
  constructor(name: string, read: () => LossCounts = () => interfaceLosses(name)) {
    this.#read = read;
    const now = read();
    for (const counter of LOSS_COUNTERS) this.#growth.set(counter, { last: now[counter], sum: 0 });
  }

  /** Packets lost since the start; NaN for a counter that was never readable. */
  counts(): Record<LossCounter, number> {
    const now = this.#read();
    const entries = LOSS_COUNTERS.map((counter) => {
      const growth = this.#growth.get(counter)!;
      const value = now[counter];
      if (!Number.isNaN(value)) {
        // Smaller than before: another interface by this name, which began with 0.
        const before = Number.isNaN(growth.last) ? value : growth.last;
        growth.sum += value >= before ? value - before : value;
        growth.last = value;
      }
      return [counter, Number.isNaN(growth.last) ? Number.NaN : growth.sum];
    });
    return Object.fromEntries(entries) as Record<LossCounter, number>;
  }
}
