/** Numbers of entries in the order of when they are over, a fixed number of them: a binary heap that knows where each is. */

export class ExpiryHeap {
  /** When each entry is over. */
  readonly #untilNs: Float64Array;
  /** Entries, the one that is over first on top; behind `size` those that are free. */
  readonly #order: Int32Array;
  readonly #places: Int32Array;
  size = 0;
  #touched = 0;

  /** @param capacity entries at most; they have numbers from 0 on */
  constructor(capacity: number) {
    this.#untilNs = new Float64Array(capacity);
    this.#order = new Int32Array(capacity);
    this.#places = new Int32Array(capacity);
  }

  get isFull(): boolean {
    return this.size === this.#order.length;
  }

  /** The entry that is over first; there must be one. */
  get first(): number {
    return this.#order[0]!;
  }

  untilNs(entry: number): number {
    return this.#untilNs[entry]!;
  }

  /** Adds a free entry; the heap must not be full. @returns its number */
  add(untilNs: number): number {
    const place = this.size++;
    if (place === this.#touched) this.#order[place] = this.#touched++;
    const entry = this.#order[place]!;
    this.#untilNs[entry] = untilNs;
    this.#rise(place, entry);
    return entry;
  }

  move(entry: number, untilNs: number): void {
    const isEarlier = untilNs < this.#untilNs[entry]!;
    this.#untilNs[entry] = untilNs;
    if (isEarlier) this.#rise(this.#places[entry]!, entry);
    else this.#sink(this.#places[entry]!, entry);
  }

  /** The entry is free. */
  remove(entry: number): void {
    const place = this.#places[entry]!;
    const last = this.#order[--this.size]!;
    this.#order[this.size] = entry;
    this.#places[entry] = this.size;
    if (last === entry) return;
    if (this.#untilNs[last]! < this.#untilNs[entry]!) this.#rise(place, last);
    else this.#sink(place, last);
  }

  #put(place: number, entry: number): void {
    this.#order[place] = entry;
    this.#places[entry] = place;
  }

  #rise(from: number, entry: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#order[parent]!;
      if (this.#untilNs[above]! <= this.#untilNs[entry]!) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, entry);
  }

  #sink(from: number, entry: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.size) break;
      if (
        child + 1 < this.size &&
        this.#untilNs[this.#order[child + 1]!]! < this.#untilNs[this.#order[child]!]!
      )
        child++;
      const below = this.#order[child]!;
      if (this.#untilNs[below]! >= this.#untilNs[entry]!) break;
      this.#put(place, below);
      place = child;
    }
    this.#put(place, entry);
  }
}
