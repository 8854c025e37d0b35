/**
 * Messages of DNS over TCP (RFC 1035 §4.2.2), behind the first one of a connection too: each is read where it lies in its
 * segment; one that goes on in the next is put together, for a few connections at a time.
 */
import type { InspectedPacket } from './inspected-packet.ts';
import type { InspectionContext } from './inspection-context.ts';
import { STREAM_OCTETS_MAX } from './stream-buffer.ts';
import { type Piece, StreamStart } from './stream-start.ts';

const STREAMS = 16;
const LENGTH_OCTETS = 2;
/** Octets that a connection goes back at most. */
const WINDOW_OCTETS = 65_536;

interface Stream {
  /** Which direction of which flow it is of; -1: none. */
  key: number;
  readonly start: StreamStart;
  /** Sequence number of its first octet that is kept. */
  base: number;
  /** Octets of it that have been read. */
  read: number;
}

/** Takes a message at `start` … `end`. */
export type TakeMessage = (octets: Uint8Array, start: number, end: number) => void;

export class DnsStreams {
  readonly #streams: readonly Stream[];
  #next = 0;

  constructor(context: InspectionContext) {
    this.#streams = Array.from({ length: STREAMS }, () => ({
      key: -1,
      start: new StreamStart(context),
      base: 0,
      read: 0,
    }));
  }

  /**
   * Takes a segment.
   * @param key of the flow's direction
   * @returns false where it has something that could not be read
   */
  take(packet: InspectedPacket, key: number, take: TakeMessage): boolean {
    const kept = this.#streams.find((stream) => stream.key === key);
    if (kept !== undefined) {
      const offset = (packet.sequence - kept.base) | 0;
      if (offset >= 0 && offset < STREAM_OCTETS_MAX) return this.#goOn(kept, packet, take);
      // Something older again; else another connection has the flow's place.
      if (offset < 0 && offset > -WINDOW_OCTETS) return true;
      this.#free(kept);
    }
    const read = readMessages(packet, packet.start, take);
    if (read === packet.end) return true;
    const left = packet.end - read;
    const isTooLong = left >= LENGTH_OCTETS && lengthAt(packet, read) > STREAM_OCTETS_MAX - LENGTH_OCTETS;
    return !packet.cut && !isTooLong && this.#keep(packet, key, read);
  }

  /** Reads on in a stream that is kept. @returns whether it can go on, or is at its end */
  #goOn(stream: Stream, packet: InspectedPacket, take: TakeMessage): boolean {
    const { start } = stream;
    start.add(packet);
    stream.read = readMessages(start, start.start + stream.read, take) - start.start;
    const isRead = start.start + stream.read === start.end;
    const isOver = isRead || packet.cut || start.end === STREAM_OCTETS_MAX;
    if (isOver) this.#free(stream);
    return isRead || !isOver;
  }

  #keep(packet: InspectedPacket, key: number, read: number): boolean {
    const stream = this.#streams.find((one) => one.key < 0) ?? this.#streams[this.#next++ % STREAMS]!;
    this.#free(stream);
    if (!stream.start.add(packet) || !stream.start.keep()) {
      this.#free(stream);
      return false;
    }
    stream.key = key;
    stream.base = packet.sequence;
    stream.read = read - packet.start;
    return true;
  }

  #free(stream: Stream): void {
    stream.start.restart();
    stream.key = -1;
    stream.read = 0;
  }
}

function lengthAt({ octets }: Piece, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}

/** Reads the messages from `from` on that have come to their end. @returns behind them */
function readMessages(piece: Piece, from: number, take: TakeMessage): number {
  let at = from;
  while (at + LENGTH_OCTETS <= piece.end) {
    const end = at + LENGTH_OCTETS + lengthAt(piece, at);
    if (end > piece.end) return at;
    take(piece.octets, at + LENGTH_OCTETS, end);
    at = end;
  }
  return at;
}
