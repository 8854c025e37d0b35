/**
 * The part of a capture's octets that is in memory now. Formats parse it in place; where it ends in the middle of a
 * record, the window moves on so that the record lies in it whole.
 *
 * Two kinds: files mapped window by window, with no copy and without waiting; and streams (pipes, compressed files,
 * systems without koffi), copied into one reused buffer.
 */
import { closeSync, fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { FileMapping, Libc } from '../sys/libc.ts';

const PAGE_OCTETS = 4096;

export interface ByteWindow {
  /** The memory now; replaced when the window moves. */
  view: DataView;
  /** Octets not yet consumed lie from `start` to `end` of the view. The parser moves `start`. */
  start: number;
  end: number;
  /** Place of the view's first octet in the (uncompressed) capture. */
  viewOffset: number;
  /** Octets of input taken so far: of the file itself, compressed if it is. */
  readonly octetsConsumed: number;
  /** Brings at least `need` unconsumed octets into the view without waiting; false where that is impossible. */
  ensureNow(need: number): boolean;
  /** The same, waiting; false if the input ends before. */
  ensure(need: number): Promise<boolean>;
  /** What ended the input early, if anything did. */
  readonly fault: Error | undefined;
  close(): void;
}

/** A regular file, mapped. */
export class MappedWindow implements ByteWindow {
  view = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  viewOffset = 0;
  readonly fault = undefined;
  readonly #fd: number;
  readonly #libc: Libc;
  readonly #windowOctets: number;
  #mapping: FileMapping | undefined;

  constructor(fd: number, libc: Libc, windowOctets: number) {
    this.#fd = fd;
    this.#libc = libc;
    this.#windowOctets = windowOctets;
  }

  get octetsConsumed(): number {
    return this.viewOffset + this.start;
  }

  ensureNow(need: number): boolean {
    if (this.end - this.start >= need) return true;
    const position = this.viewOffset + this.start;
    // The size now, not at the start: a capture may still be growing, and must not be mapped beyond its end.
    const size = fstatSync(this.#fd).size;
    if (size - position < need) {
      if (size <= this.viewOffset + this.end) return false;
      need = Math.min(need, size - position);
    }
    const offset = position - (position % PAGE_OCTETS);
    const length = Math.min(Math.max(this.#windowOctets, position - offset + need), size - offset);
    this.#unmap();
    this.#mapping = this.#libc.mapFile(this.#fd, offset, length);
    this.view = new DataView(this.#mapping.buffer);
    this.viewOffset = offset;
    this.start = position - offset;
    this.end = length;
    return this.end - this.start >= need;
  }

  ensure(need: number): Promise<boolean> {
    return Promise.resolve(this.ensureNow(need) && this.end - this.start >= need);
  }

  #unmap(): void {
    this.view = new DataView(new ArrayBuffer(0));
    this.#mapping?.unmap();
    this.#mapping = undefined;
  }

  close(): void {
    this.#unmap();
    this.start = this.end = 0;
    closeSync(this.#fd);
  }
}

/** A stream's octets, in a buffer that is reused: what is left of it moves to the front before more is put behind. */
export class StreamWindow implements ByteWindow {
  view: DataView;
  start = 0;
  end = 0;
  viewOffset = 0;
  fault: Error | undefined;
  #bytes: Uint8Array;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #stream: Readable;
  readonly #consumed: () => number;
  #pending: Uint8Array | undefined;
  #isEnded = false;

  /**
   * @param chunks the (uncompressed) octets
   * @param stream what to close at the end
   * @param consumed octets taken from the file itself so far
   */
  constructor(
    chunks: AsyncIterator<Uint8Array>,
    stream: Readable,
    consumed: () => number,
    bufferOctets: number,
  ) {
    this.#bytes = new Uint8Array(bufferOctets);
    this.view = new DataView(this.#bytes.buffer);
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
    const left = this.end - this.start;
    if (need > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(need, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(this.start, this.end));
      this.#bytes = larger;
      this.view = new DataView(larger.buffer);
    } else if (this.start > 0) {
      this.#bytes.copyWithin(0, this.start, this.end);
    }
    this.viewOffset += this.start;
    this.start = 0;
    this.end = left;
    const chunk = this.#pending!;
    const taken = Math.min(chunk.length, this.#bytes.length - left);
    this.#bytes.set(chunk.subarray(0, taken), left);
    this.end += taken;
    this.#pending = taken === chunk.length ? undefined : chunk.subarray(taken);
  }

  close(): void {
    this.#stream.destroy();
  }
}
