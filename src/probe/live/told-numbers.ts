/**
 * Which EtherTypes and link types a live probe tells of: each that was once among the most frequent ones is told from
 * then on, so that its count only grows, and there are so few that metrics may have a label for each.
 */
import type { DecodeCounters } from '../../decode/counters.ts';
import { NUMBERS_TOLD, type RefusedNumber, refusedNumbers } from '../../decode/refused-numbers.ts';

/** Numbers of one reason that are told in all; what comes later stays in the reason's own count. */
export const NUMBERS_EVER_TOLD = 32;

export class ToldNumbers {
  readonly #told = new Map<number, Set<number>>();

  /** The numbers of a reason that are told, the most frequent one first. @param counters are added up */
  of(reason: number, counters: readonly DecodeCounters[]): RefusedNumber[] {
    const rows = refusedNumbers(reason, counters, Number.POSITIVE_INFINITY);
    if (rows.length === 0) return rows;
    const told = this.#told.get(reason) ?? new Set();
    this.#told.set(reason, told);
    for (const { number } of rows.slice(0, NUMBERS_TOLD)) {
      if (told.size < NUMBERS_EVER_TOLD) told.add(number);
    }
    return rows.filter(({ number }) => told.has(number));
  }
}
