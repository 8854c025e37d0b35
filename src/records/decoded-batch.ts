/** The decoder's output: work records (`decoded-words.ts`) of a batch of packets, and what may stand beside them. */

import { DECODED_WORDS, ENCAPSULATION_WORDS, OFFSET_WORDS } from './decoded-words.ts';
import { TIME_OCTETS } from './engine-words.ts';
import { type AllocateMemory, allocateOnHeap, int32Array } from './memory.ts';
import { BATCH_CAPACITY } from './packet-batch.ts';

export * from './decoded-words.ts';

export interface DecodedBatch {
  /** Accepted packets in this batch. */
  count: number;
  /** Some of them are fragments. */
  hasFragments: boolean;
  /** DECODED_WORDS for each accepted packet. */
  readonly words: Int32Array;
  /** Observation time of each accepted packet; see PacketBatch.timeNs. */
  readonly timeNs: Float64Array;
  /** ENCAPSULATION_WORDS for each accepted packet, or undefined where nothing asks for them. */
  readonly encapsulation: Int32Array | undefined;
  /** OFFSET_WORDS for each accepted packet, or undefined where nothing asks for them of the next batch. */
  offsets: Int32Array | undefined;
}

/**
 * A decoded batch for `capacity` packets.
 * @param allocate where times and words are to lie, one behind the other as in records/engine-words.ts, and what stands beside them
 */
export function createDecodedBatch(
  capacity: number = BATCH_CAPACITY,
  withEncapsulation = false,
  withOffsets = false,
  allocate: AllocateMemory = allocateOnHeap,
): DecodedBatch {
  const { buffer, byteOffset } = allocate(capacity * (TIME_OCTETS + DECODED_WORDS * 4));
  return {
    count: 0,
    hasFragments: false,
    timeNs: new Float64Array(buffer, byteOffset, capacity),
    words: new Int32Array(buffer, byteOffset + capacity * TIME_OCTETS, capacity * DECODED_WORDS),
    encapsulation: withEncapsulation ? int32Array(allocate, capacity * ENCAPSULATION_WORDS) : undefined,
    offsets: withOffsets ? int32Array(allocate, capacity * OFFSET_WORDS) : undefined,
  };
}

/** Puts record `from` of a batch in the place of record `to`, with all that stands beside it. */
export function moveRecord(batch: DecodedBatch, from: number, to: number): void {
  copyRecord(batch, from, batch, to);
}

/** Copies record `from` of a batch to the place of record `to` of another, with what stands beside it in both. */
export function copyRecord(source: DecodedBatch, from: number, target: DecodedBatch, to: number): void {
  copyWords(source.words, from, target.words, to, DECODED_WORDS);
  target.timeNs[to] = source.timeNs[from]!;
  copyBeside(source, from, target, to);
}

/** Copies what stands beside record `from` of a batch to the place beside record `to` of another, as far as both have it. */
export function copyBeside(source: DecodedBatch, from: number, target: DecodedBatch, to: number): void {
  if (source.encapsulation !== undefined && target.encapsulation !== undefined)
    copyWords(source.encapsulation, from, target.encapsulation, to, ENCAPSULATION_WORDS);
  if (source.offsets !== undefined && target.offsets !== undefined)
    copyWords(source.offsets, from, target.offsets, to, OFFSET_WORDS);
}

/** Copies record `from` of `count` words. */
function copyWords(source: Int32Array, from: number, target: Int32Array, to: number, count: number): void {
  for (let word = 0; word < count; word++) target[to * count + word] = source[from * count + word]!;
}
