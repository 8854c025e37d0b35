/**
 * Flow records on their way from a meter worker to the exporting process: a ring of batches in shared memory.
 *
 *     header  WRITTEN, TAKEN: batches handed over and given back since the start (wrap at 2^32)
 *             CLOSED: 1 when no more will come
 *             SIGNAL: changes whenever one of the others does that the reader waits for
 *     batch   count, then records of `stride` words (flow-layout.ts)
 *
 * The number of batches is the credit. A meter that must lose nothing looks for room before each step, and waits
 * for it where there is none (`hasRoom`, `room`); a record without room is dropped and counted.
 *
 * The writer's end is record-queue-writer.ts: an export thread, which only reads, loads nothing of the flow table.
 */

import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { type RecordSections, recordStride } from '../records/record-sections.ts';

/** Records in a batch and batches in the ring: about 3.7 MB with the smallest stride. */
export const RECORDS_PER_BATCH = 512;
export const BATCHES = 32;
/** The reader is woken when there is something to read: this is for a writer that died in the middle of saying so. */
const NEXT_WAIT_MS = 1000;

export const WRITTEN = 0;
export const TAKEN = 1;
export const CLOSED = 2;
const SIGNAL = 3;
export const HEADER_WORDS = 16;
/** Count, time base (double at word 2), clock (double at word 4). */
const BATCH_HEADER_WORDS = 16;

/** What both sides need to see the queue; it can be posted to a worker. */
export interface RecordQueueMemory {
  readonly buffer: SharedArrayBuffer;
  readonly stride: number;
  readonly recordsPerBatch: number;
  readonly batches: number;
}

/** @param sections that records carry */
export function createRecordQueue(
  sections: RecordSections,
  options: { readonly recordsPerBatch?: number; readonly batches?: number } = {},
): RecordQueueMemory {
  const { recordsPerBatch = RECORDS_PER_BATCH, batches = BATCHES } = options;
  const stride = recordStride(sections);
  const words = HEADER_WORDS + batches * (BATCH_HEADER_WORDS + recordsPerBatch * stride);
  return { buffer: new SharedArrayBuffer(words * 4), stride, recordsPerBatch, batches };
}

/** The batch's place in the ring as its reader and writer see it. */
export interface BatchView extends FlowRecordBatch {
  readonly header: Int32Array;
  readonly headerDoubles: Float64Array;
}

/** The batches of a queue, for either end. */
export function batchViews(memory: RecordQueueMemory): BatchView[] {
  const { buffer, stride, recordsPerBatch } = memory;
  const batchOctets = (BATCH_HEADER_WORDS + recordsPerBatch * stride) * 4;
  return Array.from({ length: memory.batches }, (_, i) => {
    const start = HEADER_WORDS * 4 + i * batchOctets;
    const records = start + BATCH_HEADER_WORDS * 4;
    return {
      count: 0,
      stride,
      words: new Int32Array(buffer, records, recordsPerBatch * stride),
      doubles: new Float64Array(buffer, records, (recordsPerBatch * stride) / 2),
      timeBaseSeconds: 0,
      clockNs: 0,
      header: new Int32Array(buffer, start, BATCH_HEADER_WORDS),
      headerDoubles: new Float64Array(buffer, start, BATCH_HEADER_WORDS / 2),
    };
  });
}

/** Tells the reader that there is something new, wherever it is between looking and waiting. */
export function wakeReader(header: Int32Array): void {
  Atomics.add(header, SIGNAL, 1);
  Atomics.notify(header, SIGNAL);
}

/** Main's end: hands out batches in order, one at a time. */
export class RecordQueueReader {
  readonly #header: Int32Array;
  readonly #views: BatchView[];
  #taken = 0;

  constructor(memory: RecordQueueMemory) {
    this.#header = new Int32Array(memory.buffer, 0, HEADER_WORDS);
    this.#views = batchViews(memory);
  }

  /** Resolves with the next batch, or undefined after the last. It is the caller's until `release`. */
  async next(): Promise<FlowRecordBatch | undefined> {
    for (;;) {
      // Read before what it stands for, so that nothing comes unnoticed between looking and waiting.
      const signal = Atomics.load(this.#header, SIGNAL);
      if (Atomics.load(this.#header, WRITTEN) !== this.#taken) break;
      // CLOSED is set after the last WRITTEN: seen together with nothing new, nothing will come.
      if (Atomics.load(this.#header, CLOSED) === 1 && Atomics.load(this.#header, WRITTEN) === this.#taken)
        return undefined;
      const wait = Atomics.waitAsync(this.#header, SIGNAL, signal, NEXT_WAIT_MS);
      if (wait.async) await wait.value;
    }
    const batch = this.#views[(this.#taken >>> 0) % this.#views.length]!;
    batch.count = batch.header[0]!;
    batch.timeBaseSeconds = batch.headerDoubles[1]!;
    batch.clockNs = batch.headerDoubles[2]!;
    return batch;
  }

  /** Batches that are filled and not yet given back. */
  get pending(): number {
    return (Atomics.load(this.#header, WRITTEN) - this.#taken) | 0;
  }

  /** The writer is gone without having closed the queue: what it handed over is the last there is. */
  abandon(): void {
    Atomics.store(this.#header, CLOSED, 1);
    wakeReader(this.#header);
  }

  /** Gives the batch of the last `next` back to the writer. */
  release(): void {
    this.#taken = (this.#taken + 1) | 0;
    Atomics.store(this.#header, TAKEN, this.#taken);
    // Waking a thread costs tens of microseconds: once for half of the batches is enough.
    const waiting = (Atomics.load(this.#header, WRITTEN) - this.#taken) | 0;
    if (waiting <= this.#views.length >> 1) Atomics.notify(this.#header, TAKEN);
  }
}
