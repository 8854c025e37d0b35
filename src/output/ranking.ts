/**
 * Adds up what each of many names used, in bounded memory: Space-Saving (Metwally, Agrawal and El Abbadi, "Efficient
 * computation of frequent and top-k elements in data streams", ICDT 2005) by octets. As long as there are no more names
 * than rows, every figure is exact. After that a new name takes the row of the one with the least octets, whose figures go
 * to `evicted`: the sum of all rows and `evicted` is always what was added. A row has what was seen of its name since it
 * came to the row, and MISSED_MAX: the most octets that may have gone by before that.
 */

// Figures of a row.
export const OCTETS = 0;
export const PACKETS = 1;
export const FLOWS = 2;
export const SENT_OCTETS = 3;
export const SENT_PACKETS = 4;
export const RECEIVED_OCTETS = 5;
export const RECEIVED_PACKETS = 6;
/** TCP segments with payload, and of these lost in the network, where path health is measured. */
export const SEGMENTS = 7;
export const LOST_SEGMENTS = 8;
/** All before it are sums. */
export const FIRST_OTHER = 9;
/** Least round trip in ms; infinite where none is known. */
export const ROUND_TRIP_MIN_MS = 9;
/** Octets of the name that its row lacks at most. */
export const MISSED_MAX = 10;
export const FIGURES = 11;

/** What a flow record adds to a row: FIGURES of them, MISSED_MAX is not read. */
export type Added = Float64Array;

export function createAdded(): Added {
  return new Float64Array(FIGURES);
}

export class Ranking {
  /** FIGURES for each row. */
  #figures: Float64Array;
  /** Names of the rows. */
  readonly #names: string[] = [];
  readonly #rows = new Map<string, number>();
  readonly #capacity: number;
  /** Once all rows are taken: rows, the one with the least octets on top; and where each stands. */
  #heap: Int32Array | undefined;
  readonly #places: Int32Array;
  /** Figures of names that had to leave; FIGURES of them. */
  readonly evicted = createAdded();
  /** Times that a name had to leave. */
  evictions = 0;

  /** @param capacity names at a time, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#figures = new Float64Array(Math.min(capacity, 64) * FIGURES);
    this.#places = new Int32Array(capacity);
    this.evicted[ROUND_TRIP_MIN_MS] = Number.POSITIVE_INFINITY;
  }

  add(name: string, added: Added): void {
    const row = this.#rows.get(name) ?? this.#takeRow(name);
    addTo(this.#figures, row * FIGURES, added, 0);
    if (this.#heap !== undefined) this.#sink(this.#places[row]!);
  }

  /** Names and figures of all rows, the greatest first; a row's figures are a view that is valid until the next `add`. */
  sorted(): { readonly name: string; readonly figures: Float64Array }[] {
    const rows = this.#names.map((name, row) => ({
      name,
      figures: this.#figures.subarray(row * FIGURES, (row + 1) * FIGURES),
    }));
    return rows.sort(
      (a, b) =>
        b.figures[OCTETS]! - a.figures[OCTETS]! ||
        b.figures[PACKETS]! - a.figures[PACKETS]! ||
        (a.name < b.name ? -1 : 1),
    );
  }

  /** The row of a new name. */
  #takeRow(name: string): number {
    const { length } = this.#names;
    let row = length;
    if (row < this.#capacity) {
      if ((row + 1) * FIGURES > this.#figures.length) this.#grow();
      this.#figures[row * FIGURES + ROUND_TRIP_MIN_MS] = Number.POSITIVE_INFINITY;
      this.#names.push(name);
    } else row = this.#evict(name);
    this.#rows.set(name, row);
    return row;
  }

  #grow(): void {
    const figures = new Float64Array(Math.min(this.#capacity * FIGURES, this.#figures.length * 2));
    figures.set(this.#figures);
    this.#figures = figures;
  }

  /** Gives the row with the least octets to another name. */
  #evict(name: string): number {
    this.#heap ??= this.#createHeap();
    const row = this.#heap[0]!;
    const at = row * FIGURES;
    const octets = this.#octetsMax(row);
    addTo(this.evicted, 0, this.#figures, at);
    this.evictions++;
    this.#rows.delete(this.#names[row]!);
    this.#figures.fill(0, at, at + FIGURES);
    this.#figures[at + ROUND_TRIP_MIN_MS] = Number.POSITIVE_INFINITY;
    this.#figures[at + MISSED_MAX] = octets;
    this.#names[row] = name;
    return row;
  }

  /** The most octets that the name of a row may have. */
  #octetsMax(row: number): number {
    return this.#figures[row * FIGURES + OCTETS]! + this.#figures[row * FIGURES + MISSED_MAX]!;
  }

  #createHeap(): Int32Array {
    const order = Int32Array.from(this.#names, (_, row) => row);
    order.sort((a, b) => this.#octetsMax(a) - this.#octetsMax(b));
    for (const [place, row] of order.entries()) this.#places[row] = place;
    return order;
  }

  /** Moves the row at a place of the heap, whose octets have grown, to where no row below it has fewer. */
  #sink(start: number): void {
    const heap = this.#heap!;
    const row = heap[start]!;
    const octets = this.#octetsMax(row);
    let place = start;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#octetsMax(heap[child + 1]!) < this.#octetsMax(heap[child]!))
        child++;
      if (this.#octetsMax(heap[child]!) >= octets) break;
      heap[place] = heap[child]!;
      this.#places[heap[place]!] = place;
      place = child;
    }
    heap[place] = row;
    this.#places[row] = place;
  }
}

/** Adds figures at `from` to those at `to`; MISSED_MAX stays. */
export function addTo(sums: Float64Array, to: number, added: Float64Array, from: number): void {
  for (let figure = 0; figure < FIRST_OTHER; figure++) sums[to + figure]! += added[from + figure]!;
  const least = to + ROUND_TRIP_MIN_MS;
  if (added[from + ROUND_TRIP_MIN_MS]! < sums[least]!) sums[least] = added[from + ROUND_TRIP_MIN_MS]!;
}
