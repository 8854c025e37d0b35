/**
 * The part of a capture's octets that is in memory now. Formats parse it in place; where it ends in the middle of a
 * record, the window moves on so that the record lies in it whole.
 *
 * Two kinds: regular files, read without waiting; and streams (pipes, compressed files).
 */
import { closeSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { ByteWindow, FramesInUse } from '../source.ts';

/** A buffer of its own for octets that `own` has no room for; other threads see it where they see that. */
function createLarger(own: Uint8Array, octets: number): Uint8Array {
  const isShared = own.buffer instanceof SharedArrayBuffer;
  return new Uint8Array(isShared ? new SharedArrayBuffer(octets) : new ArrayBuffer(octets));
}

/**
 * Moves the octets from `start` to `end` to the front of `own`, or of a larger buffer where `need` octets find no room
 * there.
 * @returns the buffer that they are in
 */
function moveToFront(
  bytes: Uint8Array,
  start: number,
  end: number,
  own: Uint8Array,
  need: number,
): Uint8Array {
  if (need <= bytes.length && (bytes === own || need > own.length)) {
    if (start > 0) bytes.copyWithin(0, start, end);
    return bytes;
  }
  const to = need > own.length ? createLarger(own, need) : own;
  to.set(bytes.subarray(start, end));
  return to;
}

/**
 * A regular file, read piece by piece into one buffer that stays in the processor's cache. Measured against mapping the
 * file (docs/decisions/0008): a page fault costs more than copying the page, and nothing goes wrong when somebody
 * truncates the file meanwhile.
 */
export class FileWindow implements ByteWindow {
  view: DataView;
  start = 0;
  end = 0;
  viewOffset = 0;
  fault: Error | undefined;
  readonly #own: Uint8Array;
  #bytes: Uint8Array;
  readonly #fd: number;
  readonly #inUse: FramesInUse | undefined;
  #isClosed = false;

  /**
   * @param bytes the buffer; a record that is longer gets a larger one for itself
   * @param position where in the file to begin
   * @param inUse frames that may lie in the buffer
   */
  constructor(fd: number, bytes: Uint8Array, position = 0, inUse?: FramesInUse) {
    this.#fd = fd;
    this.#inUse = inUse;
    this.#own = bytes;
    this.#bytes = bytes;
    this.viewOffset = position;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get octetsConsumed(): number {
    return this.viewOffset + this.start;
  }

  ensureNow(need: number): boolean {
    if (this.end - this.start >= need) return true;
    // The descriptor may be another file's by now.
    if (this.#isClosed) return false;
    this.#makeRoom(need);
    try {
      while (this.end < this.#bytes.length) {
        const position = this.viewOffset + this.end;
        const octets = readSync(this.#fd, this.#bytes, this.end, this.#bytes.length - this.end, position);
        if (octets === 0) break;
        this.end += octets;
      }
    } catch (error) {
      this.fault = error as Error;
    }
    return this.end - this.start >= need;
  }

  /** Moves the unconsumed octets to the front of a buffer that holds as many as are needed. */
  #makeRoom(need: number): void {
    this.#inUse?.waitFor(this.#inUse.handed);
    const left = this.end - this.start;
    const bytes = moveToFront(this.#bytes, this.start, this.end, this.#own, need);
    if (bytes !== this.#bytes) this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bytes = bytes;
    this.viewOffset += this.start;
    this.start = 0;
    this.end = left;
  }

  ensure(need: number): Promise<boolean> {
    return Promise.resolve(this.ensureNow(need));
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#fd);
    this.#isClosed = true;
  }
}

/** What a window shows of another one that reads for it. */
interface ShownWindow {
  view: DataView;
  start: number;
  end: number;
  viewOffset: number;
}

/** Goes on by `rest` from where `shown` is, and shows what it has. @returns whether `need` octets are there */
export function ensureRest(shown: ShownWindow, rest: FileWindow, need: number): boolean {
  rest.start = shown.start;
  const isThere = rest.ensureNow(need);
  shown.view = rest.view;
  shown.start = rest.start;
  shown.end = rest.end;
  shown.viewOffset = rest.viewOffset;
  return isThere;
}

/** A stream's octets, in a buffer that is reused: what is left of it moves to the front before more is put behind. */
export class StreamWindow implements ByteWindow {
  view: DataView;
  start = 0;
  end = 0;
  viewOffset = 0;
  fault: Error | undefined;
  readonly #own: Uint8Array;
  #bytes: Uint8Array;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #stream: Readable;
  readonly #consumed: () => number;
  readonly #inUse: FramesInUse | undefined;
  #pending: Uint8Array | undefined;
  #isEnded = false;

  /**
   * @param chunks the (uncompressed) octets
   * @param stream what to close at the end
   * @param consumed octets taken from the file itself so far
   * @param bytes the buffer; a record that is longer gets a larger one for itself
   * @param inUse frames that may lie in the buffer
   */
  constructor(
    chunks: AsyncIterator<Uint8Array>,
    stream: Readable,
    consumed: () => number,
    bytes: Uint8Array,
    inUse?: FramesInUse,
  ) {
    this.#inUse = inUse;
    this.#own = bytes;
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#chunks = chunks;
    this.#stream = stream;
    this.#consumed = consumed;
  }

  get octetsConsumed(): number {
    return this.#consumed();
  }

  ensureNow(need: number): boolean {
    return this.end - this.start >= need;
  }

  async ensure(need: number): Promise<boolean> {
    while (this.end - this.start < need) {
      if (this.#pending === undefined && !(await this.#pull())) return false;
      this.#append(need);
    }
    return true;
  }

  async #pull(): Promise<boolean> {
    if (this.#isEnded) return false;
    try {
      const next = await this.#chunks.next();
      if (next.done !== true) {
        this.#pending = next.value;
        return true;
      }
    } catch (error) {
      this.fault = error as Error;
    }
    this.#isEnded = true;
    return false;
  }

  /** Puts as much of the pending chunk behind the unconsumed octets as the buffer holds. */
  #append(need: number): void {
    this.#inUse?.waitFor(this.#inUse.handed);
    const left = this.end - this.start;
    const bytes = moveToFront(this.#bytes, this.start, this.end, this.#own, need);
    if (bytes !== this.#bytes) this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bytes = bytes;
    this.viewOffset += this.start;
    this.start = 0;
    this.end = left;
    const chunk = this.#pending!;
    const taken = Math.min(chunk.length, this.#bytes.length - left);
    this.#bytes.set(chunk.subarray(0, taken), left);
    this.end += taken;
    this.#pending = taken === chunk.length ? undefined : chunk.subarray(taken);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#stream.destroy();
  }
}
