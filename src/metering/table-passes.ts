/**
 * The passes of a batch through the flow table, which the engine makes (engine/assembly/meter.ts), and what it shares
 * with the metering process for them. One table for each engine.
 */
import type { Engine } from '../engine/engine.ts';
import { HASH_POINT_MASK } from '../records/decoded-words.ts';
import * as engineWords from '../records/engine-words.ts';
import { float64Array, int32Array } from '../records/memory.ts';
import type { Timeouts } from './expiry.ts';
import type { PreparedBatch } from './key-preparer.ts';
import { createPacketClock } from './packet-clock.ts';
import type { FlowTable } from './table/flow-table.ts';
import type { TimingWheel } from './timing-wheel.ts';

export class TablePasses {
  /** The packet clock: table-words.ts has its places. */
  readonly clock: Float64Array;
  /** Sums of the packets added (SUMS_… of records/engine-words.ts); the reader sets them to 0. */
  readonly sums: Float64Array;
  /**
   * Index word of each packet, as `touch` found it; of a packet that `add` stopped at, what records/engine-words.ts
   * says.
   */
  readonly found: Int32Array;
  /** Packets whose payload is to be looked into: INSPECTION_… of records/engine-words.ts. */
  readonly inspectionList: Int32Array | undefined;
  readonly #engine: Engine;

  constructor(engine: Engine, table: FlowTable, wheel: TimingWheel, batchCapacity: number) {
    this.#engine = engine;
    this.clock = createPacketClock(engine.allocate);
    this.sums = float64Array(engine.allocate, engineWords.SUMS_DOUBLES);
    this.found = int32Array(engine.allocate, batchCapacity);
    if (table.applications !== undefined) {
      const words = engineWords.INSPECTION_HEAD_WORDS + batchCapacity * engineWords.INSPECTION_PAIR_WORDS;
      this.inspectionList = int32Array(engine.allocate, words);
    }
    this.#useTable(table, wheel);
  }

  #useTable(table: FlowTable, wheel: TimingWheel): void {
    const at = int32Array(this.#engine.allocate, engineWords.TABLE_PLACES);
    at[engineWords.TABLE_ENTRIES] = table.words.byteOffset;
    at[engineWords.TABLE_INDEX] = table.index.byteOffset;
    at[engineWords.TABLE_INDEX_BITS] = Math.log2(table.index.length);
    at[engineWords.TABLE_CAPACITY] = table.capacity;
    at[engineWords.TABLE_STATE] = table.state.byteOffset;
    at[engineWords.TABLE_TCP_ENDS] = table.tcpEndNs.byteOffset;
    at[engineWords.TABLE_LINK] = table.link.byteOffset;
    at[engineWords.TABLE_WHEEL_NEXT] = table.wheelNext.byteOffset;
    at[engineWords.TABLE_WHEEL_PREVIOUS] = table.wheelPrevious.byteOffset;
    at[engineWords.TABLE_WHEEL_HEAD] = wheel.head.byteOffset;
    at[engineWords.TABLE_WHEEL_OCCUPIED] = wheel.occupied.byteOffset;
    at[engineWords.TABLE_WHEEL_TICKS] = wheel.ticks.byteOffset;
    at[engineWords.TABLE_CLOCK] = this.clock.byteOffset;
    at[engineWords.TABLE_SUMS] = this.sums.byteOffset;
    at[engineWords.TABLE_HAS_EXTENSION] = table.keyExtension === undefined ? 0 : 1;
    at[engineWords.TABLE_HAS_MORE] = table.encapsulation === undefined && table.health === undefined ? 0 : 1;
    // Path health is added to, packet by packet, on this side.
    at[engineWords.TABLE_STOPS_AT_EACH] = table.health === undefined ? 0 : 1;
    at[engineWords.TABLE_POINT_MASK] = table.seeds.multipliers[HASH_POINT_MASK]!;
    at[engineWords.TABLE_INSPECTION] = this.inspectionList?.byteOffset ?? 0;
    this.#engine.useTable(at.byteOffset);
  }

  setTimeouts({ idleNs, activeNs, tcpEndDelayNs }: Timeouts): void {
    this.#engine.setTimeouts(idleNs, activeNs, tcpEndDelayNs);
  }

  /** Loads what the batch will need of the index, all at once. */
  touch(batch: PreparedBatch): void {
    this.#engine.touchIndex(batch.words.byteOffset, batch.count, this.found.byteOffset);
  }

  /**
   * Adds packets to their flows, from number `from` on.
   * @param firstSlot what is known of the first of them
   * @param view the memory that their frames lie in
   * @returns why it stopped, and where (records/engine-words.ts)
   */
  add(batch: PreparedBatch, from: number, firstSlot: number, view: DataView): number {
    const { words, timeNs, count, offsets } = batch;
    const found = this.found.byteOffset;
    const frames = view.buffer === this.#engine.buffer ? view.byteOffset : 0;
    return this.#engine.meter(
      words.byteOffset,
      timeNs.byteOffset,
      found,
      count,
      from,
      firstSlot,
      frames,
      offsets?.byteOffset ?? 0,
    );
  }
}
