/**
 * The direct path from the direct records of a capture to prepared keys, in the engine (engine/assembly/direct.ts): what
 * reading, decoding and preparing a batch do one after the other, for each record at once. It takes only what the common
 * path takes (fast-path.ts), and stops at anything else.
 */
import type { DirectRecords } from '../capture/source.ts';
import type { Engine } from '../engine/engine.ts';
import type { DecodedBatch } from '../records/decoded-batch.ts';
import {
  DIRECT_DOUBLES,
  DIRECT_IS_LATE,
  DIRECT_LAST_NS,
  DIRECT_PLACE,
  DIRECT_RECORDS,
} from '../records/engine-words.ts';
import { float64Array } from '../records/memory.ts';
import type { Decoder } from './decoder.ts';
import * as link from './link.ts';

export class DirectPath {
  /** What the last records taken add up to: DIRECT_… of records/engine-words.ts. */
  readonly totals: Float64Array;
  readonly #engine: Engine;
  readonly #decoder: Decoder;
  readonly #out: DecodedBatch;
  readonly #multipliers: Int32Array;
  readonly #worker: number;
  readonly #workers: number;

  /**
   * @param engine in whose memory everything lies
   * @param out overwritten by each `take`
   * @param multipliers of the flow key's hash
   * @param share which of how many meters gets its packets; without it there is one
   */
  constructor(
    engine: Engine,
    decoder: Decoder,
    out: DecodedBatch,
    multipliers: Int32Array,
    { worker, workers } = { worker: 0, workers: 1 },
  ) {
    this.totals = float64Array(engine.allocate, DIRECT_DOUBLES);
    this.#engine = engine;
    this.#decoder = decoder;
    this.#out = out;
    this.#multipliers = multipliers;
    this.#worker = worker;
    this.#workers = workers;
  }

  /** Whether a record that is taken like this is all that the decoder would leave in `out`. */
  static isFor({ state, fastPath }: Decoder, out: DecodedBatch): boolean {
    return fastPath && state.tunnels === 0 && out.encapsulation === undefined && out.offsets === undefined;
  }

  /**
   * Takes records until the batch is full, or one is not for it; the batch's `count` says how many of them are its own.
   * Counts nothing: `totals` has what is to be counted.
   * @returns how many it took
   */
  take(records: DirectRecords, timeBaseSeconds: number): number {
    if (records.linkType !== link.LINKTYPE_ETHERNET) return 0;
    const out = this.#out;
    const { window, order } = records;
    const { tosMask, vlanMask } = this.#decoder.state;
    const count = this.#engine.takeDirect(
      window.view.byteOffset,
      window.start,
      window.end,
      records.capturedMax,
      timeBaseSeconds,
      records.unitNs,
      order === undefined ? Number.NaN : order.latestNs,
      order === undefined ? Number.POSITIVE_INFINITY : order.untilNs,
      records.interfaceIndex,
      tosMask,
      vlanMask,
      out.timeNs.byteOffset,
      out.timeNs.length,
      this.#multipliers.byteOffset,
      this.totals.byteOffset,
      this.#worker,
      this.#workers,
    );
    const taken = this.totals[DIRECT_RECORDS]!;
    out.count = count;
    out.hasFragments = false;
    if (order !== undefined) {
      if (this.totals[DIRECT_IS_LATE] !== 0) {
        // It may belong before some of those that were taken: they are all taken again, in order.
        order.isLate = true;
        out.count = 0;
        return 0;
      }
      if (taken > 0) order.latestNs = this.totals[DIRECT_LAST_NS]!;
    }
    if (taken > 0) window.start = this.totals[DIRECT_PLACE]!;
    return taken;
  }
}
