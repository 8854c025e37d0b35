/** Frames of QUIC's Initial packets (RFC 9000 §12.4): the pieces of the handshake among them. */

import { readVarint, varintEnd } from './quic-packet.ts';
import type { StreamBuffer } from './stream-buffer.ts';

const PADDING = 0;
const PING = 1;
const ACK = 2;
const ACK_ECN = 3;
const CRYPTO = 6;
const CONNECTION_CLOSE = 0x1c;

/** Behind an ACK frame at `at`, whose type was read; -1 where it goes beyond the end. */
function skipAck(octets: Uint8Array, from: number, end: number, hasEcn: boolean): number {
  readVarint(octets, from, end);
  if (varintEnd >= 0) readVarint(octets, varintEnd, end);
  if (varintEnd < 0) return -1;
  const ranges = readVarint(octets, varintEnd, end);
  const numbers = 1 + 2 * ranges + (hasEcn ? 3 : 0);
  for (let i = 0; i < numbers && varintEnd >= 0; i++) readVarint(octets, varintEnd, end);
  return varintEnd;
}

/** One CRYPTO frame that holds the beginning of the stream: a message that is whole needs no buffer. */
export class FirstFrame {
  start = -1;
  end = -1;
  /** Some frame found no place in the buffer. */
  isLost = false;
}

/**
 * Walks through the frames of a payload.
 * @param buffer receives the CRYPTO frames; undefined: they are only looked at
 * @param first receives the place of the frame with offset 0
 * @returns the number of CRYPTO frames, or -1 for what are no frames of an Initial packet
 */
export function readFrames(
  octets: Uint8Array,
  end: number,
  isCut: boolean,
  first: FirstFrame,
  buffer: StreamBuffer | undefined,
): number {
  let count = 0;
  let at = 0;
  first.start = -1;
  first.isLost = false;
  while (at < end) {
    const type = octets[at++]!;
    if (type === PADDING || type === PING) continue;
    if (type === ACK || type === ACK_ECN) {
      at = skipAck(octets, at, end, type === ACK_ECN);
      if (at < 0) return isCut ? count : -1;
    } else if (type === CRYPTO) {
      const offset = readVarint(octets, at, end);
      if (varintEnd < 0) return isCut ? count : -1;
      const length = readVarint(octets, varintEnd, end);
      if (varintEnd < 0) return isCut ? count : -1;
      const start = varintEnd;
      at = start + length;
      if (at > end && !isCut) return -1;
      const frameEnd = Math.min(at, end);
      if (offset === 0) {
        first.start = start;
        first.end = frameEnd;
      }
      if (buffer !== undefined && !buffer.put(octets, start, frameEnd, offset)) first.isLost = true;
      count++;
    } else return type === CONNECTION_CLOSE ? count : -1;
  }
  return count;
}
