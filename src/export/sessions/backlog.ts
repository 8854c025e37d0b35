/**
 * Batches of flow records on their way to a collector that acknowledges: they are kept, in order, until they are
 * confirmed, and are sent again when a session ends before that. A bounded number is kept in memory; with a spool every
 * batch is on disk as well, so that it outlives the process, and only there when memory is full.
 */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { BatchBuffer } from '../contract/batch-buffer.ts';
import { type FlowVolume, LostFlows, volumeOf } from '../contract/lost-flows.ts';
import { frameOctets } from '../spool/segment.ts';
import type { Spool } from '../spool/spool.ts';

/** Batches in memory that wait to be sent, and that are sent but not confirmed. */
const MEMORY_BATCHES = 64;
export const IN_FLIGHT_MAX = 64;
/** Least size of a buffer, so that buffers fit other batches too. */
const BUFFER_RECORDS = 512;

export interface BacklogEntry {
  readonly batch: FlowRecordBatch;
  /** Data records that the batch becomes, for counters. */
  readonly dataRecords: number;
  /** Times that it has been handed out. */
  readonly attempts: number;
}

interface Entry extends BacklogEntry {
  readonly number: number;
  readonly batch: BatchBuffer;
  attempts: number;
  /** Where it is in the spool, up to what is confirmed with it; undefined: it is in memory alone. */
  readonly spooled: { readonly start: number; end: number } | undefined;
}

/** A batch that was handed out: acknowledged, it may be on disk alone, and its memory another's. */
interface InFlight {
  readonly entry: Entry;
  hasMemory: boolean;
}

function place(end: number, batch: FlowRecordBatch): Entry['spooled'] {
  return { start: end - frameOctets(batch), end };
}

/** Why a batch was not taken. */
export type OfferRefusal = 'full' | 'spoolFull' | 'spoolFailed';

export class Backlog {
  readonly #spool: Spool | undefined;
  /** In memory, not yet handed out, by number. */
  #waiting: Entry[] = [];
  /** Handed out, not yet confirmed. */
  #inFlight: InFlight[] = [];
  #inFlightInMemory = 0;
  readonly #free: BatchBuffer[] = [];
  /** Numbers: of the next batch that is taken, and of the next one that is handed out. */
  #accepted: number;
  #cursor = 0;
  /** Batches with lower numbers were handed out before. */
  #repeatedBefore = 0;
  #waiters: (() => void)[] = [];
  #pendingRecords: number;
  #spooledRecords: number;
  /** Data records that could be read back no more, as far as it is known how many, and octets of the spool. */
  damagedRecords: number;
  damagedOctets: number;
  /** Data records that an earlier run left in the spool, with those that are damaged. */
  readonly recoveredRecords: number;

  /** @param spool with what an earlier run left, which comes first */
  constructor(spool?: Spool) {
    this.#spool = spool;
    this.#accepted = spool?.recovered.batches ?? 0;
    this.#pendingRecords = this.#spooledRecords = spool?.recovered.dataRecords ?? 0;
    const lost = spool === undefined ? [] : [spool.recovered.damaged, spool.recovered.torn];
    this.damagedRecords = lost.reduce((sum, { dataRecords }) => sum + dataRecords, 0);
    this.damagedOctets = lost.reduce((sum, { octets }) => sum + octets, 0);
    this.recoveredRecords = this.#pendingRecords + this.damagedRecords;
  }

  /** What the disk lost; nobody knows more than how many records it were. */
  get damaged(): FlowVolume {
    const unknown = this.damagedOctets === 0 ? 0 : Number.NaN;
    return { records: this.damagedRecords, packets: unknown, octets: unknown };
  }

  /** Data records not yet confirmed, and those of them that a crash would not lose. */
  get pendingRecords(): number {
    return this.#pendingRecords;
  }

  get spooledRecords(): number {
    return this.#spooledRecords;
  }

  get isEmpty(): boolean {
    return this.#cursor === this.#accepted && this.#inFlight.length === 0;
  }

  /** Whether `next` would have a batch. */
  get hasNext(): boolean {
    return this.#cursor < this.#accepted && this.#inFlightInMemory < IN_FLIGHT_MAX;
  }

  /** Whether there are batches that `next` does not hand out before earlier ones are acknowledged. */
  get isWaiting(): boolean {
    return this.#cursor < this.#accepted && this.#inFlightInMemory >= IN_FLIGHT_MAX;
  }

  /** Batches handed out and not confirmed. */
  get inFlight(): number {
    return this.#inFlight.length;
  }

  /**
   * Whether memory is short, and some of it belongs to the earliest batches that were acknowledged: those had better be
   * confirmed soon. Batches that are on disk are not among them; they give their memory back when they are acknowledged.
   */
  isPressed(acknowledged: number): boolean {
    const isFull = this.#waiting.length >= MEMORY_BATCHES || this.#inFlightInMemory >= IN_FLIGHT_MAX;
    return isFull && this.#inFlight.slice(0, acknowledged).some(({ hasMemory }) => hasMemory);
  }

  /** Takes a copy of a batch. @returns undefined, or why there is no room for it */
  offer(batch: FlowRecordBatch, dataRecords: number): OfferRefusal | undefined {
    const hasMemory = this.#waiting.length < MEMORY_BATCHES;
    const written = this.#spool?.append(batch, dataRecords);
    const spoolEnd = typeof written === 'number' ? written : undefined;
    if (spoolEnd === undefined && !hasMemory) {
      if (written === 'full') return 'spoolFull';
      return written === 'failed' ? 'spoolFailed' : 'full';
    }
    const number = this.#accepted++;
    this.#pendingRecords += dataRecords;
    if (spoolEnd !== undefined) this.#spooledRecords += dataRecords;
    if (hasMemory) {
      const copy = this.#buffer(batch.stride, batch.count);
      copy.append(batch, 0, batch.count);
      const spooled = spoolEnd === undefined ? undefined : place(spoolEnd, batch);
      this.#waiting.push({ number, batch: copy, dataRecords, spooled, attempts: 0 });
    }
    return undefined;
  }

  /** Resolves when something has been confirmed, so that there may be room. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Wakes everybody who waits for a change. */
  wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  /** Hands out the next batch, which stays valid until it is confirmed. Undefined where there is none for now. */
  next(): BacklogEntry | undefined {
    while (this.hasNext) {
      const entry = this.#isNextInMemory() ? this.#fromMemory() : this.#fromSpool();
      if (entry === undefined) continue;
      entry.attempts++;
      this.#cursor = entry.number + 1;
      this.#inFlight.push({ entry, hasMemory: true });
      this.#inFlightInMemory++;
      return entry;
    }
    return undefined;
  }

  /** So many of the earliest batches have been acknowledged: those on disk need no memory until they are confirmed. */
  acknowledge(count: number): void {
    for (let i = 0; i < count; i++) {
      const one = this.#inFlight[i]!;
      if (one.hasMemory && one.entry.spooled !== undefined) this.#freeMemory(one);
    }
  }

  /** The earliest batch that was handed out has arrived. @returns its data records */
  confirm(): number {
    const one = this.#inFlight.shift()!;
    const { entry } = one;
    this.#pendingRecords -= entry.dataRecords;
    if (entry.spooled !== undefined) {
      this.#spooledRecords -= entry.dataRecords;
      this.#spool!.commit(entry.spooled.end);
    }
    if (one.hasMemory) this.#freeMemory(one);
    this.wake();
    return entry.dataRecords;
  }

  /** Hands out again the batches that were handed out and not confirmed. */
  rewind(): void {
    const [first] = this.#inFlight;
    if (first === undefined) return;
    const inMemory: Entry[] = [];
    for (const { entry, hasMemory } of this.#inFlight.reverse()) {
      if (entry.spooled !== undefined) this.#spool!.unread(entry.spooled.start, entry.dataRecords);
      if (hasMemory) inMemory.unshift(entry);
      // It counts as sent once more although its memory, and with it the count of attempts, is gone.
      else this.#repeatedBefore = Math.max(this.#repeatedBefore, entry.number + 1);
    }
    this.#waiting = [...inMemory, ...this.#waiting];
    this.#inFlight = [];
    this.#inFlightInMemory = 0;
    this.#cursor = first.entry.number;
  }

  /**
   * Every second: writes down what is confirmed. @param isAway the batches wait, so they had better be safe on the disk
   */
  save(isAway: boolean): void {
    this.#spool?.save();
    if (isAway) this.#spool?.sync();
  }

  /** Gives up what is in memory alone. Nothing is handed out afterwards. @returns what is lost with it */
  forgetUnspooled(): FlowVolume {
    const lost = new LostFlows();
    for (const entry of [...this.#waiting, ...this.#inFlight.map((one) => one.entry)]) {
      const { batch, dataRecords, spooled } = entry;
      if (spooled === undefined) lost.add(volumeOf(batch, 0, batch.count, dataRecords));
    }
    this.#pendingRecords = this.#spooledRecords;
    this.#waiting = [];
    this.#inFlight = [];
    this.#inFlightInMemory = 0;
    this.#accepted = this.#cursor;
    this.wake();
    return lost.total;
  }

  /** Closes the spool. */
  close(): void {
    this.#spool?.close();
  }

  /** A batch that is on disk as well stands where the disk has it: damage leaves doubt about numbers. */
  #isNextInMemory(): boolean {
    const first = this.#waiting[0];
    if (first?.spooled === undefined) return first?.number === this.#cursor;
    return !this.#spool!.hasBefore(first.spooled.start);
  }

  #fromMemory(): Entry {
    const entry = this.#waiting.shift()!;
    if (entry.spooled !== undefined) this.#spool!.skipTo(entry.spooled.end, entry.dataRecords);
    return entry;
  }

  /** Undefined where a part of the spool cannot be read: the cursor has moved behind it. */
  #fromSpool(): Entry | undefined {
    const read = this.#spool!.read(this.#free.pop(), this.#waiting);
    const nextInMemory = this.#waiting[0]?.number ?? this.#accepted;
    if (read === undefined) {
      this.#cursor = nextInMemory;
      return undefined;
    }
    if ('batch' in read) {
      const { batch, dataRecords, end } = read;
      const attempts = this.#cursor < this.#repeatedBefore ? 1 : 0;
      return { number: this.#cursor, batch, dataRecords, spooled: place(end, batch), attempts };
    }
    const { end, batches, dataRecords, octets } = read.damaged;
    this.#cursor = Math.min(this.#cursor + batches, nextInMemory);
    this.damagedRecords += dataRecords;
    this.damagedOctets += octets;
    this.#pendingRecords -= dataRecords;
    this.#spooledRecords -= dataRecords;
    // It is done with when all before it has arrived.
    const before = this.#inFlight.findLast(({ entry }) => entry.spooled !== undefined)?.entry.spooled;
    if (before === undefined) this.#spool!.commit(end);
    else before.end = end;
    return undefined;
  }

  #freeMemory(one: InFlight): void {
    one.hasMemory = false;
    this.#inFlightInMemory--;
    one.entry.batch.clear();
    if (this.#free.length < MEMORY_BATCHES) this.#free.push(one.entry.batch);
  }

  #buffer(stride: number, count: number): BatchBuffer {
    const free = this.#free.pop();
    if (free !== undefined && free.stride === stride && free.capacity >= count) return free;
    return new BatchBuffer(stride, Math.max(count, BUFFER_RECORDS));
  }
}
