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
import { touchHealth } from './path-health/path-health.ts';
import type { FlowTable } from './table/flow-table.ts';
import type { HealthTable } from './table/path-health-table.ts';
import type { TimingWheel } from './timing-wheel.ts';

const NS_PER_MS = 1e6;

/** Whether the engine measures path health of common packets: all packets are metered, and its state lies there. */
function isInEngine(health: HealthTable | undefined, engine: Engine): boolean {
  return (
    health !== undefined &&
    !health.isSampled &&
    health.hot.buffer === engine.buffer &&
    Number.isInteger(health.intervalNs / NS_PER_MS)
  );
}

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
  /** Of which words are touched here; undefined where the engine does that. */
  readonly #health: HealthTable | undefined;
  /** Keeps the touched words alive in the eyes of the compiler. */
  touched = 0;

  constructor(engine: Engine, table: FlowTable, wheel: TimingWheel, batchCapacity: number) {
    this.#engine = engine;
    this.#health = isInEngine(table.health, engine) ? undefined : table.health;
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
    at[engineWords.TABLE_SCHEDULE] = table.schedule.byteOffset;
    at[engineWords.TABLE_LINK] = table.link.byteOffset;
    at[engineWords.TABLE_WHEEL_HEAD] = wheel.head.byteOffset;
    at[engineWords.TABLE_WHEEL_OCCUPIED] = wheel.occupied.byteOffset;
    at[engineWords.TABLE_WHEEL_TICKS] = wheel.ticks.byteOffset;
    at[engineWords.TABLE_CLOCK] = this.clock.byteOffset;
    at[engineWords.TABLE_SUMS] = this.sums.byteOffset;
    at[engineWords.TABLE_HAS_EXTENSION] = table.keyExtension === undefined ? 0 : 1;
    const { health } = table;
    const isHealthInEngine = health !== undefined && this.#health === undefined;
    at[engineWords.TABLE_HAS_MORE] = table.encapsulation === undefined && this.#health === undefined ? 0 : 1;
    // Of path health, what is rare about a packet is added on this side.
    at[engineWords.TABLE_STOPS_AT_EACH] = health === undefined ? 0 : 1;
    if (isHealthInEngine) {
      at[engineWords.TABLE_HEALTH_HOT] = health.hot.byteOffset;
      at[engineWords.TABLE_HEALTH_LINES] = health.lines.byteOffset;
      at[engineWords.TABLE_HEALTH_RARE] = health.loss.byteOffset;
      at[engineWords.TABLE_HEALTH_WIDE] = health.octets.byteOffset;
      at[engineWords.TABLE_HEALTH_PLACES] = int32Array(
        this.#engine.allocate,
        engineWords.TOUCHED_AT_ONCE,
      ).byteOffset;
      at[engineWords.TABLE_HEALTH_POOLS] = health.pools.byteOffset;
      at[engineWords.TABLE_HEALTH_INTERVAL_MS] = health.intervalNs / NS_PER_MS;
    }
    at[engineWords.TABLE_POINT_MASK] = table.seeds.multipliers[HASH_POINT_MASK]!;
    at[engineWords.TABLE_INSPECTION] = this.inspectionList?.byteOffset ?? 0;
    // Flows are named by DNS when payload of theirs is looked into, whatever it says.
    const looksFirst = table.applications !== undefined && table.applications.names === undefined;
    at[engineWords.TABLE_FIRST_LOOK] = looksFirst ? table.applications.firstLook.byteOffset : 0;
    this.#engine.useTable(at.byteOffset);
  }

  setTimeouts({ idleNs, activeNs, tcpEndDelayNs }: Timeouts): void {
    this.#engine.setTimeouts(idleNs, activeNs, tcpEndDelayNs);
  }

  /** Loads what the batch will need of the index, and of path health that is measured outside the engine. */
  touch(batch: PreparedBatch): void {
    this.#engine.touchIndex(batch.words.byteOffset, batch.count, this.found.byteOffset);
    this.touched = touchHealth(this.#health, batch.count, this.found);
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
    const { buffer } = this.#engine;
    const frames = view.buffer === buffer ? view.byteOffset : 0;
    const headers = offsets !== undefined && offsets.buffer === buffer ? offsets.byteOffset : 0;
    return this.#engine.meter(
      words.byteOffset,
      timeNs.byteOffset,
      found,
      count,
      from,
      firstSlot,
      frames,
      headers,
    );
  }
}
