/**
 * The beginning of one direction of a TCP connection, in order. While one segment holds all that is asked for, it is read
 * where it lies in the packet; a buffer is taken when a message goes on in the next segment, or when segments came out of
 * order.
 */

import type { InspectedPacket } from './inspected-packet.ts';
import { COUNT_NO_BUFFER, COUNT_TOO_LONG, type InspectionContext } from './inspection-context.ts';
import { STREAM_OCTETS_MAX, type StreamBuffer } from './stream-buffer.ts';

const NONE = new Uint8Array(0);

/** Octets to read: a datagram, a segment, or a stream as far as it has come. */
export interface Piece {
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export class StreamStart implements Piece {
  octets: Uint8Array = NONE;
  start = 0;
  end = 0;
  /** Nothing more is wanted of this direction. */
  isDone = false;
  readonly #context: InspectionContext;
  /** Sequence number of the first octet; valid while something is kept. */
  #base = 0;
  #buffer: StreamBuffer | undefined;

  constructor(context: InspectionContext) {
    this.#context = context;
  }

  /** Whether octets are kept for those that follow. */
  get isKept(): boolean {
    return this.#buffer !== undefined;
  }

  /** Takes a segment. @returns whether there is more to read than before */
  add(packet: InspectedPacket): boolean {
    const buffer = this.#buffer;
    if (buffer === undefined) {
      this.#base = packet.sequence;
      this.octets = packet.octets;
      this.start = packet.start;
      this.end = packet.end;
      return true;
    }
    let offset = (packet.sequence - this.#base) | 0;
    if (offset < 0 && offset > -STREAM_OCTETS_MAX) {
      buffer.shift(-offset);
      this.#base = packet.sequence;
      offset = 0;
    }
    const before = this.end;
    if (!buffer.put(packet.octets, packet.start, packet.end, offset)) this.#context.count(COUNT_TOO_LONG);
    this.end = buffer.length;
    return this.end !== before || offset === 0;
  }

  /** Keeps what was added, as more has to follow. @returns false where that cannot be: no buffer is free, or it is full */
  keep(): boolean {
    if (this.#buffer !== undefined) return this.end < STREAM_OCTETS_MAX;
    const buffer = this.#context.buffers.take();
    if (buffer === undefined) {
      this.#context.count(COUNT_NO_BUFFER);
      return false;
    }
    this.#buffer = buffer;
    if (!buffer.put(this.octets, this.start, this.end, 0)) this.#context.count(COUNT_TOO_LONG);
    this.octets = buffer.octets;
    this.start = 0;
    this.end = buffer.length;
    return this.end < STREAM_OCTETS_MAX;
  }

  /** Whether a segment begins where the kept octets begin, and has others in their place. */
  isContradictedBy(packet: InspectedPacket): boolean {
    if (this.#buffer === undefined || ((packet.sequence - this.#base) | 0) !== 0) return false;
    for (let i = 0; i < this.end && packet.start + i < packet.end; i++)
      if (this.octets[i] !== packet.octets[packet.start + i]) return true;
    return false;
  }

  /** Begins anew with the next segment; gives back the buffer. */
  restart(): void {
    if (this.#buffer !== undefined) this.#context.buffers.giveBack(this.#buffer);
    this.#buffer = undefined;
    this.octets = NONE;
    this.start = 0;
    this.end = 0;
  }
}
