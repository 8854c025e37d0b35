/**
 * Frames that wait to be handed out in the order of time: a packet batch that is emptied at the front and sorted as
 * frames come. Nearly all come in order, so that sorting is a comparison each.
 */
import type { AllocateMemory } from '../../records/memory.ts';
import { createPacketBatch, type PacketBatch } from '../../records/packet-batch.ts';

/** Whether no frame of the batch is earlier than one before it, or than `latestNs`. */
export function isInOrder({ count, timeNs }: PacketBatch, latestNs: number): boolean {
  for (let i = 0, beforeNs = latestNs; i < count; i++) {
    const ns = timeNs[i]!;
    if (ns < beforeNs) return false;
    beforeNs = ns;
  }
  return true;
}

export class FrameList {
  /** Frames from `next` to its count wait; whoever fills it adds behind them. */
  readonly batch: PacketBatch;
  /** The first frame that has not been handed out. */
  next = 0;
  /** Frames before this one are in order; those behind it have not been looked at. */
  settled = 0;

  /** @param allocate where it lies; whoever fills it may need it there */
  constructor(capacity: number, allocate?: AllocateMemory) {
    this.batch = createPacketBatch(capacity, allocate);
  }

  get isEmpty(): boolean {
    return this.next === this.batch.count;
  }

  /** Whether a frame in order waits. */
  get isReady(): boolean {
    return this.next < this.settled;
  }

  /** Whether every frame has been looked at. */
  get isSettled(): boolean {
    return this.settled === this.batch.count;
  }

  /** When the first frame was observed that waits; one must be ready. */
  get firstNs(): number {
    return this.batch.timeNs[this.next]!;
  }

  clear(): void {
    this.batch.count = 0;
    this.next = 0;
    this.settled = 0;
  }

  /** Takes over the frames of a batch, which lie where they were read; the batch is empty then. The list must be empty. */
  adopt(batch: PacketBatch): void {
    this.clear();
    const { batch: own } = this;
    const { count } = batch;
    own.view = batch.view;
    own.frameOffset.set(batch.frameOffset.subarray(0, count));
    own.capturedLength.set(batch.capturedLength.subarray(0, count));
    own.wireLength.set(batch.wireLength.subarray(0, count));
    own.timeNs.set(batch.timeNs.subarray(0, count));
    own.interfaceIndex.set(batch.interfaceIndex.subarray(0, count));
    own.count = count;
    batch.count = 0;
  }

  /** Moves what waits to the front, where there is none of it behind the end. */
  makeRoom(): void {
    const { batch, next } = this;
    const { frameOffset, capturedLength, wireLength, timeNs, interfaceIndex, count } = batch;
    for (const array of [frameOffset, capturedLength, wireLength, timeNs, interfaceIndex])
      array.copyWithin(0, next, count);
    batch.count = count - next;
    this.settled -= next;
    this.next = 0;
  }

  /** Puts the first frame that has not been looked at in its place: behind those that are not later. */
  settleNext(): void {
    const { timeNs } = this.batch;
    const from = this.settled;
    const ns = timeNs[from]!;
    let to = from;
    while (to > this.next && timeNs[to - 1]! > ns) to--;
    if (to < from) this.#rotate(from, to);
    this.settled = from + 1;
  }

  #rotate(from: number, to: number): void {
    const { frameOffset, capturedLength, wireLength, timeNs, interfaceIndex } = this.batch;
    for (const array of [frameOffset, capturedLength, wireLength, timeNs, interfaceIndex]) {
      const moved = array[from]!;
      array.copyWithin(to + 1, to, from);
      array[to] = moved;
    }
  }

  /**
   * Hands the frames out that are not later than `limitNs`, until `out` is full; all of `out` lies in this memory then.
   */
  take(out: PacketBatch, limitNs: number): void {
    const { batch } = this;
    const { frameOffset, capturedLength, wireLength, timeNs, interfaceIndex } = batch;
    const end = this.settled;
    let at = this.next;
    let to = out.count;
    out.view = batch.view;
    while (at < end && to < out.capacity && timeNs[at]! <= limitNs) {
      out.frameOffset[to] = frameOffset[at]!;
      out.capturedLength[to] = capturedLength[at]!;
      out.wireLength[to] = wireLength[at]!;
      out.timeNs[to] = timeNs[at]!;
      out.interfaceIndex[to] = interfaceIndex[at]!;
      at++;
      to++;
    }
    out.count = to;
    this.next = at;
    if (this.isEmpty) this.clear();
  }

  /**
   * Takes over what waits in another list, with its frames' octets, which go to `bytes` from `used` on.
   * @returns octets that they took, or -1 where there is no room for them and nothing was taken
   */
  takeOver(from: FrameList, bytes: Uint8Array, used: number): number {
    const { batch } = this;
    const other = from.batch;
    if (batch.count + other.count - from.next > batch.capacity) this.makeRoom();
    if (batch.count + other.count - from.next > batch.capacity) return -1;
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (let i = from.next; i < other.count; i++) {
      const offset = other.frameOffset[i]!;
      if (offset < start) start = offset;
      if (offset + other.capturedLength[i]! > end) end = offset + other.capturedLength[i]!;
    }
    // They lie close together: what is between them is less than what it would take to leave it out.
    const octets = end - start;
    if (used + octets > bytes.length) return -1;
    bytes.set(new Uint8Array(other.view.buffer, other.view.byteOffset + start, octets), used);
    for (let i = from.next; i < other.count; i++) {
      const to = batch.count++;
      batch.frameOffset[to] = other.frameOffset[i]! - start + used;
      batch.capturedLength[to] = other.capturedLength[i]!;
      batch.wireLength[to] = other.wireLength[i]!;
      batch.timeNs[to] = other.timeNs[i]!;
      batch.interfaceIndex[to] = other.interfaceIndex[i]!;
      this.settleNext();
    }
    from.clear();
    return octets;
  }
}
