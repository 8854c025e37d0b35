/**
 * Octets by interval of both directions of a transfer, added up from its records. Intervals are multiples of their
 * length since the time base, and each length is another doubled, so a finer one folds into a coarser one exactly.
 */

/** Intervals kept of a transfer; beyond, each doubles. */
const INTERVALS_MAX = 512;

/** Adds pairs together that make up an interval of twice the length. @param first number of the first one */
function fold(octets: readonly number[], first: number): number[] {
  const folded: number[] = [];
  const base = Math.floor(first / 2);
  for (const [i, value] of octets.entries()) {
    const place = Math.floor((first + i) / 2) - base;
    folded[place] = (folded[place] ?? 0) + value;
  }
  return folded;
}

export class IntervalSum {
  /** NaN while there is none. */
  lengthMs = Number.NaN;
  /** Number of the first interval: it begins at `first` × `lengthMs` since the time base. */
  first = 0;
  forward: readonly number[] = [];
  reverse: readonly number[] = [];

  /** Adds one record's intervals. @param first number of its first interval of `lengthMs` */
  add(lengthMs: number, first: number, forward: readonly number[], reverse: readonly number[]): void {
    if (!(lengthMs > 0) || forward.length === 0) return;
    if (Number.isNaN(this.lengthMs)) {
      this.lengthMs = lengthMs;
      this.first = first;
    }
    let [number, there, back] = [first, forward, reverse];
    for (let length = lengthMs; length < this.lengthMs; length *= 2) {
      there = fold(there, number);
      back = fold(back, number);
      number = Math.floor(number / 2);
    }
    while (this.lengthMs < lengthMs) this.#double();
    for (;;) {
      const end = Math.max(this.first + this.forward.length, number + there.length);
      if (end - Math.min(this.first, number) <= INTERVALS_MAX) break;
      this.#double();
      there = fold(there, number);
      back = fold(back, number);
      number = Math.floor(number / 2);
    }
    const start = Math.min(this.first, number);
    this.forward = this.#merged(this.forward, there, start, number);
    this.reverse = this.#merged(this.reverse, back, start, number);
    this.first = start;
  }

  #double(): void {
    this.forward = fold(this.forward, this.first);
    this.reverse = fold(this.reverse, this.first);
    this.first = Math.floor(this.first / 2);
    this.lengthMs *= 2;
  }

  #merged(mine: readonly number[], added: readonly number[], start: number, number: number): number[] {
    const length = Math.max(this.first + mine.length, number + added.length) - start;
    const octets = new Array<number>(length).fill(0);
    for (const [i, value] of mine.entries()) octets[this.first - start + i]! += value;
    for (const [i, value] of added.entries()) octets[number - start + i]! += value;
    return octets;
  }
}
