/**
 * A batch of frames that a packet source hands to the decoder: up to `capacity` of them, in one piece of memory, with
 * what the source knows of each. A frame is (view, offset, length), never a slice, so a batch costs no allocation.
 */

import { FRAME_OCTETS_EACH, TIME_OCTETS } from './engine-words.ts';
import { type AllocateMemory, allocateOnHeap } from './memory.ts';

/** Frames handed over at a time, where nobody says otherwise. */
export const BATCH_CAPACITY = 64;

export interface PacketBatch {
  readonly capacity: number;
  /** Frames in this batch; the arrays below are valid up to here. */
  count: number;
  /**
   * The memory that all frames of this batch lie in. Owned by the source and valid until the next `readBatch`:
   * nothing downstream keeps it.
   */
  view: DataView;
  /** Where each frame starts, in octets from the start of `view`. */
  readonly frameOffset: Int32Array;
  /** Octets of the frame that were captured; all of them lie within `view`. */
  readonly capturedLength: Int32Array;
  /** Octets that the frame had on the wire. */
  readonly wireLength: Uint32Array;
  /**
   * Observation time in nanoseconds since `PacketSource.timeBaseSeconds`: whole and exact within 104 days (2^53 ns) of
   * it, rounded up by at most 512 ns anywhere from 1901 to 2242: so the whole micro- or millisecond is right there too.
   */
  readonly timeNs: Float64Array;
  /** Index into `PacketSource.interfaces`. */
  readonly interfaceIndex: Uint16Array;
}

/**
 * A batch with nothing in it.
 * @param allocate where its arrays are to lie, one behind the other as in records/engine-words.ts
 */
export function createPacketBatch(
  capacity: number = BATCH_CAPACITY,
  allocate: AllocateMemory = allocateOnHeap,
): PacketBatch {
  const { buffer, byteOffset } = allocate(capacity * FRAME_OCTETS_EACH);
  const words = byteOffset + capacity * TIME_OCTETS;
  return {
    capacity,
    count: 0,
    view: new DataView(new ArrayBuffer(0)),
    timeNs: new Float64Array(buffer, byteOffset, capacity),
    frameOffset: new Int32Array(buffer, words, capacity),
    capturedLength: new Int32Array(buffer, words + 4 * capacity, capacity),
    wireLength: new Uint32Array(buffer, words + 8 * capacity, capacity),
    interfaceIndex: new Uint16Array(buffer, words + 12 * capacity, capacity),
  };
}
