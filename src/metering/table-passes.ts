/**
 * The passes of a batch through the flow table, which the engine makes (engine/assembly/meter.ts), and what it shares
 * with the metering process for them. One table for each engine.
 */
import type { Engine } from '../engine/engine.ts';
import { float64Array, int32Array } from '../engine/memory.ts';
import type { Timeouts } from './expiry.ts';
import type { FlowTable } from './flow-table.ts';
import type { PreparedBatch } from './key-preparer.ts';
import { createPacketClock } from './packet-clock.ts';

export class TablePasses {
  /** The packet clock: packet-clock.ts has its places. */
  readonly clock: Float64Array;
  /** IP octets, and octets of frames, that have been added; who reads them sets them to 0. */
  readonly sums: Float64Array;
  /** Index word of each packet, as `touch` found it; of a packet that `add` stopped at, what engine/places.ts says. */
  readonly found: Int32Array;
  readonly #engine: Engine;

  constructor(engine: Engine, table: FlowTable, batchCapacity: number) {
    const { words, index, tcpEndNs, keyExtension, health } = table;
    this.#engine = engine;
    this.clock = createPacketClock(engine.allocate);
    this.sums = float64Array(engine.allocate, 2);
    this.found = int32Array(engine.allocate, batchCapacity);
    engine.useTable(
      words.byteOffset,
      index.byteOffset,
      Math.log2(index.length),
      tcpEndNs.byteOffset,
      this.clock.byteOffset,
      this.sums.byteOffset,
      keyExtension === undefined ? 0 : 1,
      // Path health is added to, packet by packet, on this side.
      health === undefined ? 0 : 1,
    );
  }

  setTimeouts({ idleNs, activeNs, tcpEndDelayNs }: Timeouts): void {
    this.#engine.setTimeouts(idleNs, activeNs, tcpEndDelayNs);
  }

  /** Loads what the batch will need of index and entries, all at once. */
  touch(batch: PreparedBatch): void {
    const found = this.found.byteOffset;
    this.#engine.touchIndex(batch.words.byteOffset, batch.count, found);
    this.#engine.touchEntries(batch.count, found);
  }

  /**
   * Adds packets to their flows, from number `from` on.
   * @param slotOfFirst what is known of the first of them
   * @returns why it stopped, and where (engine/places.ts)
   */
  add(batch: PreparedBatch, from: number, slotOfFirst: number): number {
    const { words, timeNs, count } = batch;
    const found = this.found.byteOffset;
    return this.#engine.meter(words.byteOffset, timeNs.byteOffset, found, count, from, slotOfFirst);
  }
}
