/**
 * Keeps the busiest of all flow records that pass by, in bounded memory: the greatest by octets of both directions, and
 * of equal ones the earlier. A binary heap with the least busy record on top, so most records cost one comparison.
 */
import {
  ENTRY_DOUBLES,
  ENTRY_WORDS,
  FLOW_FIRST_NS,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  OCTETS,
  REVERSE_DOUBLE,
} from '../records/flow-layout.ts';

import { hasApplications, hasHealth, hasNetworks } from '../records/record-sections.ts';
import { lostSegments, roundTripMeanUs } from '../records/round-trip.ts';
import { applicationCell } from './application-cell.ts';
import { networkCell } from './network-cell.ts';

const CAPACITY_FIRST = 64;

export class BusiestFlows {
  /** Records kept: ENTRY_WORDS each, in no order. */
  words = new Int32Array(0);
  doubles = new Float64Array(0);
  /** Application and name of the server of each, as a cell; none where payload is not inspected. */
  readonly applications: string[] = [];
  /** Networks of the initiator and of the responder of each, as cells; none where nothing is known of any. */
  readonly networks: (readonly [string, string])[] = [];
  /** Mean round trip of each in microseconds, and segments that the network lost; NaN where not known, none without path health. */
  readonly roundTripsUs: number[] = [];
  readonly lostSegments: number[] = [];
  count = 0;
  /** Unix seconds that the records' times count from. */
  timeBaseSeconds = 0;
  /** All records that passed by. */
  seen = 0;
  readonly #countMax: number;
  /** Places of records, the least busy one first; a heap once `count` has reached its maximum. */
  #heap = new Int32Array(0);

  /** @param countMax records to keep; 0 for all */
  constructor(countMax: number) {
    this.#countMax = countMax === 0 ? Number.POSITIVE_INFINITY : countMax;
    this.#grow();
  }

  /** Looks at every record of a batch and copies those worth keeping. */
  add(batch: FlowRecordBatch): void {
    const { count, stride, doubles } = batch;
    this.timeBaseSeconds = batch.timeBaseSeconds;
    this.seen += count;
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      if (this.count < this.#countMax) {
        if (this.count * ENTRY_WORDS === this.words.length) this.#grow();
        this.#keep(batch, at, this.count);
        this.#heap[this.count] = this.count;
        this.count++;
        if (this.count === this.#countMax) this.#makeHeap();
        continue;
      }
      const least = this.#heap[0]!;
      const octets = doubles[at / 2 + FORWARD_DOUBLE + OCTETS]! + doubles[at / 2 + REVERSE_DOUBLE + OCTETS]!;
      const leastOctets = this.#octets(least);
      if (octets < leastOctets) continue;
      const isLater =
        doubles[at / 2 + FLOW_FIRST_NS]! >= this.doubles[least * ENTRY_DOUBLES + FLOW_FIRST_NS]!;
      if (octets === leastOctets && isLater) continue;
      this.#keep(batch, at, least);
      this.#sink(0);
    }
  }

  /** Copies the record that begins at word `at` to a place. */
  #keep(batch: FlowRecordBatch, at: number, place: number): void {
    this.words.set(batch.words.subarray(at, at + ENTRY_WORDS), place * ENTRY_WORDS);
    if (hasApplications(batch)) this.applications[place] = applicationCell(batch.words, at);
    if (hasNetworks(batch)) {
      const [a, b] = [false, true].map((isResponder) => networkCell(batch.words, at, isResponder));
      this.networks[place] = [a!, b!];
    }
    if (!hasHealth(batch)) return;
    this.roundTripsUs[place] = roundTripMeanUs(batch.words, at);
    this.lostSegments[place] = lostSegments(batch.words, at);
  }

  /** Places of the kept records, the busiest first. */
  sorted(): number[] {
    const places = Array.from({ length: this.count }, (_, place) => place);
    return places.sort((a, b) => this.#compare(b, a));
  }

  #octets(place: number): number {
    const at = place * ENTRY_DOUBLES;
    return this.doubles[at + FORWARD_DOUBLE + OCTETS]! + this.doubles[at + REVERSE_DOUBLE + OCTETS]!;
  }

  /** Below 0: record `a` is less busy than `b`. Words break ties, so that the order never depends on arrival. */
  #compare(a: number, b: number): number {
    const byOctets = this.#octets(a) - this.#octets(b);
    if (byOctets !== 0) return byOctets;
    const first = (place: number) => this.doubles[place * ENTRY_DOUBLES + FLOW_FIRST_NS]!;
    const byTime = first(b) - first(a);
    if (byTime !== 0) return byTime;
    for (let w = 0; w < ENTRY_WORDS; w++) {
      const byWord = this.words[b * ENTRY_WORDS + w]! - this.words[a * ENTRY_WORDS + w]!;
      if (byWord !== 0) return byWord;
    }
    return 0;
  }

  #grow(): void {
    const wanted = this.count === 0 ? CAPACITY_FIRST : this.count * 2;
    const capacity = Math.min(wanted, this.#countMax);
    const words = new Int32Array(capacity * ENTRY_WORDS);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
    const heap = new Int32Array(capacity);
    heap.set(this.#heap);
    this.#heap = heap;
  }

  #makeHeap(): void {
    for (let node = (this.count >> 1) - 1; node >= 0; node--) this.#sink(node);
  }

  /** Lets the record at a heap's node sink to where no child is less busy. */
  #sink(start: number): void {
    const heap = this.#heap;
    const place = heap[start]!;
    let node = start;
    for (;;) {
      let child = 2 * node + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && this.#compare(heap[child + 1]!, heap[child]!) < 0) child++;
      if (this.#compare(heap[child]!, place) >= 0) break;
      heap[node] = heap[child]!;
      node = child;
    }
    heap[node] = place;
  }
}
