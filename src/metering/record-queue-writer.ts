/** The meter's end of a record queue (record-queue.ts): writes flows of a table as records into its batches. */
import * as layout from '../records/flow-layout.ts';
import type { FlowSink } from './expiry.ts';
import {
  type BatchView,
  batchViews,
  CLOSED,
  HEADER_WORDS,
  type RecordQueueMemory,
  TAKEN,
  WRITTEN,
  wakeReader,
} from './record-queue.ts';
import * as counting from './table/counters.ts';
import type { FlowTable } from './table/flow-table.ts';
import { writeRecord } from './write-record.ts';

const ROOM_WAIT_MS = 100;

export interface RecordQueueWriterOptions {
  /** Records that find room once `hasRoom` has said that there is some: all of a step's, for a writer that loses none. */
  readonly recordsPerStep: number;
  /** The metering process's counters, for what is dropped. */
  readonly counters: Float64Array;
  /** Unix time in whole seconds that times count from, asked for at each handover. */
  readonly timeBaseSeconds: () => number;
  /** The metering process's clock, asked for at each handover. */
  readonly clockNs: () => number;
}

/** The worker's end: a FlowSink that fills batches. */
export class RecordQueueWriter implements FlowSink {
  readonly #header: Int32Array;
  readonly #views: BatchView[];
  readonly #options: RecordQueueWriterOptions;
  readonly #recordsPerBatch: number;
  /** Batches that may be waiting when a step begins, and those that room is waited for until they wait. */
  readonly #waitingMax: number;
  readonly #waitingLow: number;
  #written = 0;
  #current: BatchView | undefined;
  #count = 0;

  /** @throws Error where a step's records do not fit into the queue at all */
  constructor(memory: RecordQueueMemory, options: RecordQueueWriterOptions) {
    // One more, since what is there already may be handed over half full.
    const batchesPerStep = Math.ceil(options.recordsPerStep / memory.recordsPerBatch) + 1;
    this.#waitingMax = memory.batches - batchesPerStep - 1;
    if (this.#waitingMax < 0)
      throw new Error(`${options.recordsPerStep} records do not fit into ${memory.batches} batches`);
    this.#waitingLow = Math.min(memory.batches >> 1, this.#waitingMax);
    this.#header = new Int32Array(memory.buffer, 0, HEADER_WORDS);
    this.#views = batchViews(memory);
    this.#recordsPerBatch = memory.recordsPerBatch;
    this.#options = options;
  }

  emit(table: FlowTable, slot: number, endReason: number): void {
    const batch = this.#current ?? this.#nextBatch();
    if (batch === undefined) {
      this.#countDropped(table, slot);
      return;
    }
    writeRecord(batch, this.#count, table, slot, endReason);
    if (++this.#count === this.#recordsPerBatch) this.flush();
  }

  /** Whether a step's records find room. */
  get hasRoom(): boolean {
    return ((this.#written - Atomics.load(this.#header, TAKEN)) | 0) <= this.#waitingMax;
  }

  /**
   * Waits until half of the batches are free, or for a moment, without keeping the thread from other things, nor alive.
   * @returns whether there is room now
   */
  async room(): Promise<boolean> {
    const taken = Atomics.load(this.#header, TAKEN);
    if (((this.#written - taken) | 0) > this.#waitingLow) {
      const wait = Atomics.waitAsync(this.#header, TAKEN, taken, ROOM_WAIT_MS);
      if (wait.async) await wait.value;
    }
    return this.hasRoom;
  }

  /** Hands over what is there, full or not. */
  flush(): void {
    const batch = this.#current;
    if (batch === undefined || this.#count === 0) return;
    batch.header[0] = this.#count;
    batch.headerDoubles[1] = this.#options.timeBaseSeconds();
    batch.headerDoubles[2] = this.#options.clockNs();
    this.#current = undefined;
    this.#count = 0;
    this.#written = (this.#written + 1) | 0;
    Atomics.store(this.#header, WRITTEN, this.#written);
    wakeReader(this.#header);
  }

  /** Hands over the rest and says that it is the last. */
  close(): void {
    this.flush();
    Atomics.store(this.#header, CLOSED, 1);
    wakeReader(this.#header);
  }

  #nextBatch(): BatchView | undefined {
    const taken = Atomics.load(this.#header, TAKEN);
    if (((this.#written - taken) | 0) >= this.#views.length) return undefined;
    this.#current = this.#views[(this.#written >>> 0) % this.#views.length]!;
    return this.#current;
  }

  #countDropped(table: FlowTable, slot: number): void {
    const { counters } = this.#options;
    const at = slot * layout.ENTRY_DOUBLES;
    const { doubles } = table;
    counters[counting.RECORDS_DROPPED]!++;
    counters[counting.RECORDS_DROPPED_PACKETS]! +=
      doubles[at + layout.FORWARD_DOUBLE + layout.PACKETS]! +
      doubles[at + layout.REVERSE_DOUBLE + layout.PACKETS]!;
    counters[counting.RECORDS_DROPPED_OCTETS]! +=
      doubles[at + layout.FORWARD_DOUBLE + layout.OCTETS]! +
      doubles[at + layout.REVERSE_DOUBLE + layout.OCTETS]!;
  }
}
