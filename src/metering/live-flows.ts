/**
 * The flows that are in the table now, for whoever asks: finds the greatest by a measure, a little at a time, and copies
 * them. It changes nothing in the table, and what it takes of the thread is up to its caller: a table that is longer than
 * one turn allows is gone through in several.
 */

import type { FlowRecordBatch } from '../records/flow-layout.ts';
import * as layout from '../records/flow-layout.ts';
import { FLOW_RATE_MS_MIN, FLOWS_TOP_MAX, type FlowQuery } from '../records/flow-query.ts';
import { isInNetwork } from '../records/network.ts';
import { recordStride } from '../records/record-sections.ts';
import { lostDownstream } from './path-health/record-parts.ts';
import { scaleCounters } from './scaling.ts';
import type { FlowTable } from './table/flow-table.ts';
import type { HealthTable } from './table/path-health-table.ts';
import * as side from './table/path-health-table.ts';
import { writeRecord } from './write-record.ts';

/** Slots between looks at the clock: a few microseconds. */
const SLOTS_PER_LOOK = 64;
const NS_PER_MS = 1e6;

export interface LiveFlowsOptions {
  readonly table: FlowTable;
  readonly encapsulation: boolean;
  /** Counters are multiplied by this, as those of records are. */
  readonly scale: number;
}

export class LiveFlows {
  readonly #table: FlowTable;
  readonly #options: LiveFlowsOptions;
  /** The greatest so far, a heap whose first is the least of them. */
  readonly #slots = new Int32Array(FLOWS_TOP_MAX);
  readonly #measures = new Float64Array(FLOWS_TOP_MAX);
  #count = 0;
  #query: FlowQuery | undefined;
  /** Where the next look begins: goes on through all questions, so that each part of a long table has its turn. */
  #slot = 0;
  #looked = 0;

  constructor(options: LiveFlowsOptions) {
    this.#table = options.table;
    this.#options = options;
  }

  /** Slots that this question has looked at. */
  get looked(): number {
    return this.#looked;
  }

  /** Begins with a question. */
  begin(query: FlowQuery): void {
    this.#query = query;
    this.#count = 0;
    this.#looked = 0;
  }

  /**
   * Goes on looking.
   * @param untilMs on performance's clock
   * @returns true when the whole table has been looked at
   */
  look(untilMs: number): boolean {
    const { slotsTouched } = this.#table;
    for (;;) {
      for (let looks = 0; looks < SLOTS_PER_LOOK; looks++) {
        if (this.#looked >= slotsTouched) return true;
        if (this.#slot >= slotsTouched) this.#slot = 0;
        if (this.#passes(this.#slot)) this.#take(this.#slot);
        this.#slot++;
        this.#looked++;
      }
      if (performance.now() >= untilMs) return false;
    }
  }

  /**
   * Copies what was found, the greatest first, in new memory. Flows that have ended since then are left out; one that has
   * taken the place of such a flow is in if it passes the filter.
   */
  allocateCopy(timeBaseSeconds: number, clockNs: number): FlowRecordBatch {
    const { encapsulation, scale } = this.#options;
    const table = this.#table;
    const stride = recordStride({
      encapsulation,
      health: table.health !== undefined,
      applications: table.applications !== undefined,
      networks: true,
    });
    const memory = new ArrayBuffer(this.#count * stride * 4);
    const words = new Int32Array(memory);
    const doubles = new Float64Array(memory);
    const batch: FlowRecordBatch = { count: 0, stride, words, doubles, timeBaseSeconds, clockNs };
    const found = this.#count;
    // The least comes off first, so places are filled from behind.
    for (let left = found; left > 0; left--) {
      const slot = this.#slots[0]!;
      this.#removeLeast();
      this.#slots[left - 1] = slot;
    }
    for (let i = 0; i < found; i++) {
      if (!this.#passes(this.#slots[i]!)) continue;
      writeRecord(batch, batch.count, table, this.#slots[i]!, 0);
      if (scale !== 1) scaleCounters(doubles, (batch.count * stride) / 2, scale);
      batch.count++;
    }
    this.#query = undefined;
    return batch;
  }

  #passes(slot: number): boolean {
    const { words } = this.#table;
    const at = slot * layout.ENTRY_WORDS;
    if ((words[at + layout.FLOW_STATE]! & layout.STATE_IN_USE) === 0) return false;
    const { filter } = this.#query!;
    const { networks, ports, protocols, points } = filter;
    if (protocols.length > 0 && !protocols.includes(words[at + layout.FLOW_PROTOCOL]! & 0xff)) return false;
    if (points.length > 0 && !points.includes(words[at + layout.FLOW_OBSERVATION_POINT]! & 0xffff))
      return false;
    if (ports.length > 0) {
      const both = words[at + layout.FLOW_PORTS]!;
      if (!ports.includes(both >>> 16) && !ports.includes(both & 0xffff)) return false;
    }
    return networks.length === 0 || this.#isIn(at);
  }

  #isIn(at: number): boolean {
    const { words } = this.#table;
    const { networks } = this.#query!.filter;
    const isIPv6 = ((words[at + layout.FLOW_PROTOCOL]! >>> 8) & 0xf) === 6;
    for (let i = 0; i < networks.length; i++) {
      const network = networks[i]!;
      if (network.isIPv6 !== isIPv6) continue;
      if (
        isInNetwork(network, words, at + layout.ADDRESS_A) ||
        isInNetwork(network, words, at + layout.ADDRESS_B)
      )
        return true;
    }
    return false;
  }

  #measure(slot: number): number {
    const { doubles } = this.#table;
    const { sort } = this.#query!;
    const at = slot * layout.ENTRY_DOUBLES;
    if (sort === 'start') return doubles[at + layout.FLOW_FIRST_NS]!;
    if (sort === 'packets')
      return (
        doubles[at + layout.FORWARD_DOUBLE + layout.PACKETS]! +
        doubles[at + layout.REVERSE_DOUBLE + layout.PACKETS]!
      );
    if (sort === 'loss') return this.#lost(slot, 0) + this.#lost(slot, 1);
    if (sort === 'rtt') return this.#roundTripNs(slot, 0) + this.#roundTripNs(slot, 1);
    const octets =
      doubles[at + layout.FORWARD_DOUBLE + layout.OCTETS]! +
      doubles[at + layout.REVERSE_DOUBLE + layout.OCTETS]!;
    if (sort === 'octets') return octets;
    const ns = doubles[at + layout.FLOW_LAST_NS]! - doubles[at + layout.FLOW_FIRST_NS]!;
    return octets / Math.max(ns, FLOW_RATE_MS_MIN * NS_PER_MS);
  }

  /** Segments of a direction that the network lost; 0 where nobody knows. */
  #lost(slot: number, isReverse: number): number {
    const { health } = this.#table;
    if (health === undefined || !has(health, slot, isReverse, side.SEQUENCE_USED)) return 0;
    const line = slot * 2 + isReverse;
    return health.loss[side.lossAt(health, line) + side.SEQUENCE_UPSTREAM]! + lostDownstream(health, line);
  }

  /** Mean time to a direction's acknowledgement; 0 where nobody knows. */
  #roundTripNs(slot: number, isReverse: number): number {
    const { health } = this.#table;
    if (health === undefined) return 0;
    const at = side.samplesAt(health, slot * 2 + isReverse) + side.ACK_TIMES;
    const samples = health.lines[at + side.SAMPLES]!;
    return samples === 0 ? 0 : health.lineDoubles[(at + side.SUM_NS) >>> 1]! / samples;
  }

  /** Keeps the flow in `slot` if it is one of the greatest so far. */
  #take(slot: number): void {
    const measure = this.#measure(slot);
    if (this.#count === this.#query!.top) {
      if (measure <= this.#measures[0]!) return;
      this.#sink(slot, measure);
      return;
    }
    let place = this.#count++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#measures[parent]! <= measure) break;
      this.#put(place, this.#slots[parent]!, this.#measures[parent]!);
      place = parent;
    }
    this.#put(place, slot, measure);
  }

  #removeLeast(): void {
    const last = --this.#count;
    this.#sink(this.#slots[last]!, this.#measures[last]!);
  }

  /** Puts a flow in the place of the least one. */
  #sink(slot: number, measure: number): void {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && this.#measures[child + 1]! < this.#measures[child]!) child++;
      if (this.#measures[child]! >= measure) break;
      this.#put(place, this.#slots[child]!, this.#measures[child]!);
      place = child;
    }
    this.#put(place, slot, measure);
  }

  #put(place: number, slot: number, measure: number): void {
    this.#slots[place] = slot;
    this.#measures[place] = measure;
  }
}

/** Whether a bit of a direction's path health is set. */
function has({ hot }: HealthTable, slot: number, isReverse: number, bit: number): boolean {
  const block = slot * side.HOT_WORDS + (isReverse === 1 ? side.HOT_REVERSE : side.HOT_FORWARD);
  return (hot[block + side.BITS]! & bit) !== 0;
}
