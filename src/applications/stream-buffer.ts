/**
 * Puts pieces of an octet stream in order: the first 4,096 octets of one direction of a TCP connection, or of the CRYPTO
 * frames of a QUIC handshake (RFC 9000 §7.5 asks for as many). Pieces may come out of order, twice, and overlapping; octets
 * that came first stay. A pool has a fixed number of buffers.
 */

/** Octets kept of a stream. */
export const STREAM_OCTETS_MAX = 4096;
/** Pieces with gaps between them that are remembered; one that would be a further piece is dropped. */
const PIECES_MAX = 32;

export class StreamBuffer {
  readonly octets = new Uint8Array(STREAM_OCTETS_MAX);
  /** From and behind of each piece, ascending, with gaps between them. */
  readonly #pieces = new Uint16Array(2 * PIECES_MAX + 2);
  #pieceCount = 0;

  clear(): void {
    this.#pieceCount = 0;
  }

  /** Octets from the beginning on without a gap. */
  get length(): number {
    return this.#pieceCount > 0 && this.#pieces[0] === 0 ? this.#pieces[1]! : 0;
  }

  /**
   * Puts octets `start` … `end` at `offset` of the stream; what lies outside of the buffer is left out.
   * @returns whether all found their place
   */
  put(octets: Uint8Array, start: number, end: number, offset: number): boolean {
    const from = Math.max(offset, 0);
    const wanted = offset + end - start;
    const to = Math.min(wanted, STREAM_OCTETS_MAX);
    if (from >= to) return wanted <= STREAM_OCTETS_MAX;
    if (!this.#mark(octets, start - offset, from, to)) return false;
    return wanted <= STREAM_OCTETS_MAX;
  }

  /** Makes room for `count` octets before the first one. */
  shift(count: number): void {
    this.octets.copyWithin(count, 0);
    let kept = 0;
    for (let i = 0; i < this.#pieceCount; i++) {
      const from = this.#pieces[2 * i]! + count;
      const to = this.#pieces[2 * i + 1]! + count;
      if (from >= STREAM_OCTETS_MAX) break;
      this.#pieces[2 * kept] = from;
      this.#pieces[2 * kept + 1] = Math.min(to, STREAM_OCTETS_MAX);
      kept++;
    }
    this.#pieceCount = kept;
  }

  /** Copies octets `from` … `to` of the stream, but for those that are there, and joins pieces that now touch. */
  #mark(octets: Uint8Array, shift: number, from: number, to: number): boolean {
    const pieces = this.#pieces;
    let first = 0;
    while (first < this.#pieceCount && pieces[2 * first + 1]! < from) first++;
    let behind = first;
    let at = from;
    let joinedFrom = from;
    let joinedTo = to;
    while (behind < this.#pieceCount && pieces[2 * behind]! <= to) {
      const [pieceFrom, pieceTo] = [pieces[2 * behind]!, pieces[2 * behind + 1]!];
      if (at < pieceFrom) this.#copy(octets, shift, at, pieceFrom);
      if (at < pieceTo) at = pieceTo;
      if (pieceFrom < joinedFrom) joinedFrom = pieceFrom;
      if (pieceTo > joinedTo) joinedTo = pieceTo;
      behind++;
    }
    const count = this.#pieceCount - (behind - first) + 1;
    if (count > PIECES_MAX) return false;
    if (at < to) this.#copy(octets, shift, at, to);
    pieces.copyWithin(2 * first + 2, 2 * behind, 2 * this.#pieceCount);
    pieces[2 * first] = joinedFrom;
    pieces[2 * first + 1] = joinedTo;
    this.#pieceCount = count;
    return true;
  }

  #copy(octets: Uint8Array, shift: number, from: number, to: number): void {
    for (let i = from; i < to; i++) this.octets[i] = octets[i + shift]!;
  }
}

/** A fixed number of buffers, made when they are first asked for. */
export class StreamBuffers {
  readonly #free: StreamBuffer[] = [];
  #unmade: number;

  constructor(count: number) {
    this.#unmade = count;
  }

  /** An empty buffer, or undefined where all are in use. */
  take(): StreamBuffer | undefined {
    const buffer = this.#free.pop();
    if (buffer !== undefined) return buffer;
    if (this.#unmade === 0) return undefined;
    this.#unmade--;
    return new StreamBuffer();
  }

  giveBack(buffer: StreamBuffer): void {
    buffer.clear();
    this.#free.push(buffer);
  }
}
