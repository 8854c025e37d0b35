/**
 * Prepared batches on their way from the thread that reads and decodes a capture to the one that meters it: a ring of them
 * in the memory that the engines of both share. Nothing is copied: a batch is prepared where it is metered from, and frames
 * stay where they were read until the meter is done with them (`FramesInUse`).
 *
 *     header   HANDED, ENDED, WANTED: written by the reader; DONE, WAITS: by the meter
 *     batch    notes on it (BATCH_… below), then its arrays
 *
 * Both sides sleep where there is nothing to do. Waking a thread costs tens of microseconds, so each is woken once for half
 * a ring of batches, or where the other one is about to wait itself.
 */
import type { FramesInUse } from '../../capture/source.ts';
import { FRAGMENTS_HELD_MAX } from '../../metering/held-fragments.ts';
import { createPreparedBatch, type PreparedBatch } from '../../metering/key-preparer.ts';
import { type FlowKeyExtension, KEY_EXTENSION_WORDS } from '../../metering/table/flow-key.ts';
import { DECODED_WORDS, ENCAPSULATION_WORDS, OFFSET_WORDS } from '../../records/decoded-words.ts';
import { TIME_OCTETS } from '../../records/engine-words.ts';
import { type AllocateMemory, float64Array, int32Array } from '../../records/memory.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import { besides } from './batches.ts';

/** Batches of a ring. */
export const RING_BATCHES = 32;

/** Batches handed over since the start (wraps at 2^32); 1 when no more will come; how many are to be done with when the reader is woken. */
const HANDED = 0;
const ENDED = 1;
const WANTED = 2;
const IS_WANTED = 3;
/** Batches done with since the start; 1 while the meter waits. On a cache line of their own. */
const DONE = 16;
const WAITS = 17;
const HEADER_WORDS = 32;

/** Packets; where the memory of the frames begins, or -1 - n for the n-th that was posted; messages posted before it. */
const BATCH_COUNT = 0;
const BATCH_VIEW = 1;
const BATCH_MESSAGES = 2;
/** The latest packet by then, in nanoseconds since the time base, and that in Unix seconds. */
const BATCH_LATEST_NS = 3;
const BATCH_TIME_BASE = 4;
const BATCH_DOUBLES = 8;

/** How long a thread sleeps at most before it looks whether it is to stop. */
const WAIT_MS = 50;

export interface BatchRingOptions {
  /** Packets of a batch. */
  readonly capacity: number;
  readonly flowKey: FlowKeyExtension;
  readonly sections: RecordSections;
}

/** Notes on a batch, besides its packets. */
export interface HandedNotes {
  /** Octets from the start of the shared memory; or -1 - n: the n-th memory that was posted. */
  view: number;
  messages: number;
  latestNs: number;
  timeBaseSeconds: number;
}

interface Slot {
  readonly prepared: PreparedBatch;
  readonly notes: Float64Array;
}

/** The ring as both sides see it: each allocates it first in the same part of the memory. */
class BatchRing {
  protected readonly header: Int32Array<ArrayBuffer>;
  protected readonly slots: readonly Slot[];

  constructor(allocate: AllocateMemory, { capacity, flowKey, sections }: BatchRingOptions) {
    this.header = int32Array(allocate, HEADER_WORDS);
    this.slots = Array.from({ length: RING_BATCHES }, () => ({
      notes: float64Array(allocate, BATCH_DOUBLES),
      prepared: createPreparedBatch(capacity, flowKey, { allocate }, besides(sections)),
    }));
  }
}

/** Octets of an engine's memory that a ring takes; where something is kept beside its records, as much as there can be. */
export function batchRingOctets({ capacity }: BatchRingOptions): number {
  const words = DECODED_WORDS + ENCAPSULATION_WORDS + OFFSET_WORDS + KEY_EXTENSION_WORDS;
  return RING_BATCHES * (capacity + FRAGMENTS_HELD_MAX) * (TIME_OCTETS + words * 4);
}

/** The reader's end. */
export class BatchRingWriter extends BatchRing implements FramesInUse {
  #handed = 0;
  readonly #isStopped: () => boolean;
  readonly #whileWaiting: () => void;

  /**
   * @param isStopped it is to read no further: it waits for no more than what it must have
   * @param whileWaiting called several times a second, since the thread's event loop has no turn then
   */
  constructor(
    allocate: AllocateMemory,
    options: BatchRingOptions,
    isStopped: () => boolean,
    whileWaiting: () => void,
  ) {
    super(allocate, options);
    this.#isStopped = isStopped;
    this.#whileWaiting = whileWaiting;
  }

  get handed(): number {
    return this.#handed;
  }

  isDone(handed: number): boolean {
    return ((Atomics.load(this.header, DONE) - handed) | 0) >= 0;
  }

  waitFor(handed: number): void {
    this.#wait(handed, handed);
  }

  /** The next batch, to be prepared; waits until there is one. */
  next(): PreparedBatch {
    // Woken for one batch, it would be woken for each.
    this.#wait((this.#handed - RING_BATCHES + 1) | 0, (this.#handed - (RING_BATCHES >> 1)) | 0);
    return this.#slot.prepared;
  }

  /** Hands over the batch of the last `next`. */
  hand(notes: HandedNotes): void {
    const { notes: at, prepared } = this.#slot;
    at[BATCH_COUNT] = prepared.count;
    at[BATCH_VIEW] = notes.view;
    at[BATCH_MESSAGES] = notes.messages;
    at[BATCH_LATEST_NS] = notes.latestNs;
    at[BATCH_TIME_BASE] = notes.timeBaseSeconds;
    this.#handed = (this.#handed + 1) | 0;
    Atomics.store(this.header, HANDED, this.#handed);
    const waiting = (this.#handed - Atomics.load(this.header, DONE)) | 0;
    if (waiting >= RING_BATCHES >> 1) this.flush();
  }

  /** Wakes the meter, however little there is. */
  flush(): void {
    if (Atomics.exchange(this.header, WAITS, 0) === 1) Atomics.notify(this.header, HANDED);
  }

  /** No more will come. */
  end(): void {
    Atomics.store(this.header, ENDED, 1);
    Atomics.store(this.header, WAITS, 0);
    Atomics.notify(this.header, HANDED);
  }

  get #slot(): Slot {
    return this.slots[(this.#handed >>> 0) % RING_BATCHES]!;
  }

  /**
   * Waits until `needed` batches are done with, and sleeps until `wanted` are, or no longer than it must where it is to stop.
   * Nothing that is in use is given out: what has been handed over is metered all the same.
   */
  #wait(needed: number, wanted: number): void {
    if (this.isDone(needed)) return;
    this.flush();
    for (;;) {
      const end = this.#isStopped() ? needed : wanted;
      Atomics.store(this.header, WANTED, end);
      Atomics.store(this.header, IS_WANTED, 1);
      const done = Atomics.load(this.header, DONE);
      if (((done - end) | 0) >= 0) break;
      Atomics.wait(this.header, DONE, done, WAIT_MS);
      this.#whileWaiting();
    }
    Atomics.store(this.header, IS_WANTED, 0);
  }
}

/** The meter's end. */
export class BatchRingReader extends BatchRing {
  #done = 0;
  readonly notes: HandedNotes = { view: 0, messages: 0, latestNs: Number.NaN, timeBaseSeconds: Number.NaN };

  /** The next batch, with its `notes`, or undefined where none is at hand. It is the caller's until `release`. */
  take(): PreparedBatch | undefined {
    if (Atomics.load(this.header, HANDED) === this.#done) return undefined;
    const { notes: at, prepared } = this.slots[(this.#done >>> 0) % RING_BATCHES]!;
    const { notes } = this;
    prepared.count = at[BATCH_COUNT]!;
    notes.view = at[BATCH_VIEW]!;
    notes.messages = at[BATCH_MESSAGES]!;
    notes.latestNs = at[BATCH_LATEST_NS]!;
    notes.timeBaseSeconds = at[BATCH_TIME_BASE]!;
    return prepared;
  }

  /** Gives the batch of the last `take` back: nothing of it, nor of its frames, is read any more. */
  release(): void {
    this.#done = (this.#done + 1) | 0;
    Atomics.store(this.header, DONE, this.#done);
    if (Atomics.load(this.header, IS_WANTED) === 0) return;
    if (((this.#done - Atomics.load(this.header, WANTED)) | 0) >= 0) Atomics.notify(this.header, DONE);
  }

  /** Whether all that will ever come has been taken and given back. */
  get isEnded(): boolean {
    // ENDED is set after the last HANDED.
    return Atomics.load(this.header, ENDED) === 1 && Atomics.load(this.header, HANDED) === this.#done;
  }

  /** Sleeps until there are batches, or for a moment, keeping the thread from everything else. */
  wait(): void {
    Atomics.store(this.header, WAITS, 1);
    const handed = Atomics.load(this.header, HANDED);
    if (handed === this.#done && Atomics.load(this.header, ENDED) === 0)
      Atomics.wait(this.header, HANDED, handed, WAIT_MS);
    Atomics.store(this.header, WAITS, 0);
  }
}
