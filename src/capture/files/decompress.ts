/**
 * Compressed captures, told by their first octets: gzip (RFC 1952) and zstd (RFC 8878), both also with several members
 * or frames one after the other. Everything that a damaged file still yields is handed out before the error.
 *
 * zlib throws away what the call that meets the damage had already produced. Where the input can be read again (a
 * file, not a pipe), the slice in question is gone through once more, octet by octet.
 */
import type { Gunzip, ZstdDecompress } from 'node:zlib';

export type Compression = 'gzip' | 'zstd';

/** Octets needed to tell the compression. */
export const COMPRESSION_MAGIC_OCTETS = 4;

/** Compressed octets worked off at a time: what they expand to (deflate: 1,032 times as many at most) is in memory. */
const SLICE_OCTETS = 32_768;
const OUTPUT_OCTETS = 256 * 1024;

/** The compression of a file that begins with these octets, or undefined. */
export function detectCompression(head: Uint8Array): Compression | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return undefined;
}

/**
 * The uncompressed octets of `from`, in bounded memory.
 * @param again opens the same octets once more, where that is possible
 * @throws Error when the input is damaged or ends too soon, saying after how many compressed octets
 */
export async function* decompress(
  from: AsyncIterable<Uint8Array>,
  compression: Compression,
  again?: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const inflation = new Inflation(compression);
  const input = slices(from);
  let consumed = 0;
  let produced = 0;
  // One slice ahead: zlib works on it in a thread of its own while the pieces of the one before are metered.
  let ahead = inflation.next(input);
  try {
    for (;;) {
      const { octets, pieces, fault, isEnded } = await ahead;
      if (fault !== undefined && octets > 0) {
        yield* again === undefined ? pieces : repeat(slices(again()), compression, consumed, produced);
        throw new Error(
          `damaged ${compression} data after about ${consumed} octets of it (${fault.message})`,
        );
      }
      const isLast = isEnded || octets === 0;
      if (!isLast) ahead = inflation.next(input);
      // Whoever takes the pieces may stop before it is looked at.
      ahead.catch(() => {});
      consumed += octets;
      for (const piece of pieces) {
        produced += piece.length;
        yield piece;
      }
      if (fault !== undefined) {
        throw new Error(`the end of the ${compression} data after ${consumed} octets of it: it is truncated`);
      }
      // Padding follows a gzip file's last member.
      if (isLast) return;
    }
  } finally {
    inflation.close();
    // Not waited for: a pipe may not give its next octets before it is closed.
    input.return(undefined).catch(() => {});
  }
}

async function* slices(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; at += SLICE_OCTETS) yield chunk.subarray(at, at + SLICE_OCTETS);
  }
}

/** What comes behind `produced` octets when the input is inflated again, from `consumed` on octet by octet. */
async function* repeat(
  input: AsyncIterable<Uint8Array>,
  compression: Compression,
  consumed: number,
  produced: number,
): AsyncGenerator<Uint8Array> {
  const inflation = new Inflation(compression);
  let toSkip = produced;
  let before = consumed;
  try {
    for await (const slice of input) {
      const known = Math.min(before, slice.length);
      before -= known;
      for (let at = 0; at < slice.length; ) {
        const next = at < known ? known : at + 1;
        await inflation.push(slice.subarray(at, next));
        at = next;
        for (let piece = inflation.pieces.shift(); piece !== undefined; piece = inflation.pieces.shift()) {
          const skipped = Math.min(toSkip, piece.length);
          toSkip -= skipped;
          if (skipped < piece.length) yield piece.subarray(skipped);
        }
        if (inflation.fault !== undefined || inflation.isEnded) return;
      }
    }
  } finally {
    inflation.close();
  }
}

/** What a slice gave; `octets` is 0 behind the last one. */
interface Inflated {
  readonly octets: number;
  readonly pieces: readonly Uint8Array[];
  readonly fault: Error | undefined;
  readonly isEnded: boolean;
}

/** One pass over compressed octets: slices in, pieces out. */
class Inflation {
  /** Uncompressed octets in order, for the taker to remove. */
  readonly pieces: Uint8Array[] = [];
  /** The fault of the compressed octets, after all of `pieces`. */
  fault: Error | undefined;
  /** The compressed stream has come to its own end. */
  isEnded = false;
  readonly #compression: Compression;
  #stream: Gunzip | ZstdDecompress;

  constructor(compression: Compression) {
    this.#compression = compression;
    this.#stream = this.#start();
  }

  /** Inflates the next slice, or finds out behind the last one whether that was all. */
  async next(input: AsyncGenerator<Uint8Array>): Promise<Inflated> {
    const { value: slice } = await input.next();
    await (slice === undefined ? this.finish() : this.push(slice));
    const pieces = this.pieces.splice(0);
    return { octets: slice?.length ?? 0, pieces, fault: this.fault, isEnded: this.isEnded };
  }

  /** Resolves when all that the slice gives is in `pieces`, or with `fault` set. */
  async push(slice: Uint8Array): Promise<void> {
    let rest = slice;
    for (;;) {
      const before = this.#stream.bytesWritten;
      await this.#settle((done) => this.#stream.write(rest, done));
      // Node's gunzip goes on with the next member by itself and ends at padding; its zstd ends after each frame.
      if (!this.isEnded || this.#compression === 'gzip' || this.fault !== undefined) return;
      rest = rest.subarray(this.#stream.bytesWritten - before);
      if (rest.length === 0) return;
      this.isEnded = false;
      this.#stream = this.#start();
    }
  }

  /** No more slices: a stream that is not complete is a fault now. */
  finish(): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    // The callback of `end` comes before the last octets have been looked at: 'end' and 'error' tell.
    return this.#settle(() => this.#stream.end());
  }

  close(): void {
    this.#stream.destroy();
  }

  #start(): Gunzip | ZstdDecompress {
    const options = { chunkSize: OUTPUT_OCTETS };
    // Loaded here: it takes a worker 20 ms, and few captures are compressed.
    const zlib = process.getBuiltinModule('node:zlib');
    const isGzip = this.#compression === 'gzip';
    const stream = isGzip ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
    stream.on('data', (piece: Uint8Array) => this.pieces.push(piece));
    stream.on('end', () => {
      this.isEnded = true;
    });
    stream.on('error', (error) => {
      this.fault ??= error;
    });
    return stream;
  }

  /** A write's callback never comes when the stream ends or fails first: whichever is first counts. */
  #settle(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const stream = this.#stream;
      const settle = (error?: Error | null): void => {
        if (error instanceof Error) this.fault ??= error;
        stream.off('error', settle);
        stream.off('end', settle);
        stream.off('close', settle);
        // The 'data' listener gets the produced octets within this turn.
        setImmediate(resolve);
      };
      stream.on('error', settle);
      stream.on('end', settle);
      stream.on('close', settle);
      start(settle);
    });
  }
}
