/**
 * A large regular file, read ahead of the parser by the threads of Node's pool while this thread works on what has been
 * read (docs/decisions/0008 has the measurement). A handful of chunks go round; what is left of one when it ends is
 * copied in front of the next, so that a record that lies across them is whole.
 *
 *     │ room │ chunk 0 │ room │ chunk 1 │ room │ chunk 2 │ room │ chunk 3 │
 *
 * What this cannot do it leaves to a plain `FileWindow`, which goes on from where it stopped: records longer than the
 * room, and the end of a file, which may have been cut or have grown meanwhile.
 */
import { closeSync, read, readSync } from 'node:fs';
import type { ByteWindow, FramesInUse } from '../source.ts';
import { ensureRest, FileWindow } from './byte-window.ts';

const CHUNKS = 4;
/** Octets that are read at once, before any are read ahead: the parser need not wait for the first chunk. */
const FIRST_OCTETS = 256 * 1024;
/** What the plain window that goes on behind the last chunk reads at a time, where it is given no memory. */
const REST_OCTETS = 256 * 1024;

/** How much is read ahead; tests use less. */
export interface ReadAheadOptions {
  /** Octets of a chunk: few threads to wake, and all chunks stay in the cache that the cores share. */
  readonly chunkOctets: number;
  /** Octets in front of a chunk: more than any record of a capture that is not damaged. */
  readonly roomOctets: number;
  /** Files from this size on are read ahead. */
  readonly fileOctetsMin: number;
}

export const READ_AHEAD: ReadAheadOptions = {
  chunkOctets: 2 * 1024 * 1024,
  roomOctets: 512 * 1024,
  fileOctetsMin: 16 * 1024 * 1024,
};

/** Octets of memory that such a window takes. */
export function readAheadOctets({ chunkOctets, roomOctets }: ReadAheadOptions): number {
  return CHUNKS * (roomOctets + chunkOctets);
}

interface Chunk {
  /** Where its octets begin in the memory. */
  readonly start: number;
  /** Octets read; undefined while it is being read. */
  octets: number | undefined;
  hasFailed: boolean;
  /** Batches that had been handed over when it was left: frames of theirs may lie in it. */
  handed: number;
}

export class ReadAheadWindow implements ByteWindow {
  view: DataView;
  start = 0;
  end = 0;
  viewOffset = 0;
  readonly #fd: number;
  readonly #bytes: Uint8Array;
  readonly #options: ReadAheadOptions;
  readonly #chunks: readonly Chunk[];
  /** Number of the chunk that the octets now are of; it alone is not being read. */
  #current = CHUNKS - 1;
  /** Place in the file that the next read starts from. */
  #position = 0;
  #reading = 0;
  #isLast = false;
  #isClosed = false;
  /** Told when a read has come back. */
  #heard: (() => void) | undefined;
  readonly #restBytes: Uint8Array | undefined;
  /** What goes on where this stops. */
  #rest: FileWindow | undefined;
  readonly #inUse: FramesInUse | undefined;
  /** Chunks that have been left and not yet read into again, in that order. */
  readonly #left: Chunk[] = [];

  /**
   * @param bytes `readAheadOctets` of memory
   * @param restBytes memory for what goes on where this stops
   * @param inUse frames that may lie in this memory
   */
  constructor(
    fd: number,
    bytes: Uint8Array,
    options: ReadAheadOptions = READ_AHEAD,
    restBytes?: Uint8Array,
    inUse?: FramesInUse,
  ) {
    const { chunkOctets, roomOctets } = options;
    this.#inUse = inUse;
    inUse?.waitFor(inUse.handed);
    this.#fd = fd;
    this.#bytes = bytes;
    this.#options = options;
    this.#restBytes = restBytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#chunks = Array.from({ length: CHUNKS }, (_, i) => ({
      start: i * (roomOctets + chunkOctets) + roomOctets,
      octets: undefined,
      hasFailed: false,
      handed: 0,
    }));
    this.#readFirst(this.#chunks[this.#current]!.start);
    for (const chunk of this.#chunks.slice(0, this.#current)) this.#read(chunk);
  }

  /** Reads the beginning of the file. A fault will show again, and is told then. */
  #readFirst(start: number): void {
    try {
      const wanted = Math.min(FIRST_OCTETS, this.#options.chunkOctets);
      this.#position = readSync(this.#fd, this.#bytes, start, wanted, 0);
    } catch {
      this.#position = 0;
    }
    this.start = start;
    this.end = start + this.#position;
    this.viewOffset = -start;
  }

  get octetsConsumed(): number {
    return this.viewOffset + this.start;
  }

  get fault(): Error | undefined {
    return this.#rest?.fault;
  }

  #read(chunk: Chunk): void {
    const { chunkOctets } = this.#options;
    const position = this.#position;
    this.#position += chunkOctets;
    this.#reading++;
    chunk.octets = undefined;
    read(this.#fd, this.#bytes, chunk.start, chunkOctets, position, (error, octets) => {
      chunk.octets = octets ?? 0;
      chunk.hasFailed = error !== null;
      this.#reading--;
      this.#heard?.();
      if (this.#isClosed && this.#reading === 0) closeSync(this.#fd);
    });
  }

  ensureNow(need: number): boolean {
    while (this.end - this.start < need) {
      // The descriptor may be another file's by now.
      if (this.#isClosed) return false;
      if (this.#rest !== undefined) return ensureRest(this, this.#rest, need);
      const next = this.#chunks[(this.#current + 1) % CHUNKS]!;
      if (this.#isLast || need > this.#options.roomOctets) this.#leaveRest();
      else if (this.#left.includes(next)) this.#readAgain(next);
      else if (next.octets === undefined) return false;
      else if (next.hasFailed) this.#leaveRest();
      else this.#advance(next, next.octets);
    }
    return true;
  }

  /** Goes on with the next chunk, what is left of this one in front of it. */
  #advance(next: Chunk, octets: number): void {
    const left = this.end - this.start;
    const start = next.start - left;
    this.#bytes.copyWithin(start, this.start, this.end);
    this.viewOffset += this.start - start;
    this.start = start;
    this.end = next.start + octets;
    this.#isLast = octets < this.#options.chunkOctets;
    const before = this.#chunks[this.#current]!;
    before.handed = this.#inUse?.handed ?? 0;
    this.#left.push(before);
    if (!this.#isLast) this.#readAgain();
    this.#current = (this.#current + 1) % CHUNKS;
  }

  /** Has the chunks read into again that were left and hold no frame in use any more; waits for `wanted` among them. */
  #readAgain(wanted?: Chunk): void {
    if (wanted !== undefined) this.#inUse?.waitFor(wanted.handed);
    while (this.#left.length > 0 && this.#inUse?.isDone(this.#left[0]!.handed) !== false)
      this.#read(this.#left.shift()!);
  }

  #leaveRest(): void {
    const position = this.octetsConsumed;
    this.#rest = new FileWindow(
      this.#fd,
      this.#restBytes ?? new Uint8Array(REST_OCTETS),
      position,
      this.#inUse,
    );
    this.viewOffset = position;
    this.start = this.end = 0;
  }

  async ensure(need: number): Promise<boolean> {
    while (!this.ensureNow(need)) {
      if (this.#rest !== undefined || this.#isClosed) return false;
      await this.#readBack();
    }
    return true;
  }

  /** Reads that are under way when a record is longer than the room, or the file is damaged. */
  async settled(): Promise<void> {
    while (this.#reading > 0) await this.#readBack();
  }

  /** Resolves when a read has come back. */
  #readBack(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#reading === 0) closeSync(this.#fd);
    // Whoever waits for a slow read need not wait for it any more.
    this.#heard?.();
  }
}
