/**
 * One capture file from its first octet to its end or its damage: opens it, tells compression and format by their magic
 * numbers, and hands its frames out in batches.
 */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CaptureFileError } from '../../base/errors.ts';
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { PlainRecords } from '../source.ts';
import { type ByteWindow, FileWindow, StreamWindow } from './byte-window.ts';
import type { CaptureContext, CaptureFormat } from './capture-format.ts';
import { COMPRESSION_MAGIC_OCTETS, type Compression, decompress, detectCompression } from './decompress.ts';
import { describeOtherFormat } from './other-formats.ts';
import { detectPcap, PCAP_HEADER_OCTETS, PcapFormat } from './pcap-format.ts';
import { PcapngFormat, SECTION_HEADER_BLOCK } from './pcapng-format.ts';
import { type ReadAheadOptions, ReadAheadWindow } from './read-ahead.ts';

/** Standard input's name on the command line. */
export const STANDARD_INPUT = '-';

export interface CaptureFileOptions {
  /** Octets of a regular file read at a time. */
  readonly windowOctets: number;
  /** The memory to read it into, `windowOctets` long; without, each file has its own. */
  readonly window?: Uint8Array;
  /** Read large files ahead, and into which memory. */
  readonly ahead?: ReadAheadOptions & { readonly bytes: Uint8Array };
  /** Octets of a pipe or compressed file read at a time. */
  readonly readOctets: number;
}

const READABLE = 'a pcap or pcapng capture, as it is or compressed with gzip or zstd';

/**
 * Standard input as a stream, in a worker too: `process.stdin` of a worker is an empty stream that nobody fills. A pipe
 * is read by the event loop, not by a thread, so that a replay which waits for input can still be stopped.
 */
function openStandardInput(readOctets: number): Readable {
  const stat = fstatSync(0);
  if (stat.isFIFO() || stat.isSocket()) {
    // Loaded here, since few replays read a pipe.
    const { Socket } = process.getBuiltinModule('node:net');
    return new Socket({ fd: 0, readable: true, writable: false });
  }
  return createReadStream('', { fd: 0, autoClose: false, highWaterMark: readOctets });
}

export class CaptureFile {
  readonly file: string;
  readonly octetsTotal: number | undefined;
  /** What the file is damaged by, once that has been met. */
  fault: CaptureFileError | undefined;
  readonly #window: ByteWindow;
  readonly #context: CaptureContext;
  #format: CaptureFormat | undefined;
  #isEnded = false;

  private constructor(
    file: string,
    window: ByteWindow,
    octetsTotal: number | undefined,
    context: CaptureContext,
  ) {
    this.file = file;
    this.octetsTotal = octetsTotal;
    this.#window = window;
    this.#context = context;
  }

  /** @throws CaptureFileError when the file cannot be opened */
  static open(file: string, context: CaptureContext, options: CaptureFileOptions): CaptureFile {
    if (file === STANDARD_INPUT) {
      const window = streamWindow(openStandardInput(options.readOctets), Buffer.alloc(0), undefined, options);
      return new CaptureFile('standard input', window, undefined, context);
    }
    const { fd, head, size } = openFile(file);
    const compression = detectCompression(head);
    if (compression === undefined && size !== undefined) {
      return new CaptureFile(file, fileWindow(fd, size, options), size, context);
    }
    // What was read to tell the compression is still to come from a regular file, and gone from a pipe.
    const start = size === undefined ? {} : { start: 0 };
    const stream = createReadStream(file, { fd, highWaterMark: options.readOctets, ...start });
    const pushed = size === undefined ? head : Buffer.alloc(0);
    const again = size === undefined ? undefined : () => createReadStream(file);
    const window = streamWindow(stream, pushed, compression, options, again);
    return new CaptureFile(file, window, size, context);
  }

  get octetsConsumed(): number {
    return this.#window.octetsConsumed;
  }

  get plainRecords(): PlainRecords | undefined {
    return this.#isEnded ? undefined : this.#format?.plainRecords;
  }

  /** Adds frames to the batch as far as they lie in the window now. */
  fillNow(batch: PacketBatch): void {
    const format = this.#format;
    if (!this.#isEnded && format !== undefined && format.fault === undefined)
      format.fill(this.#window, batch);
  }

  /** Resolves to whether so many octets that have not been consumed lie in the window, some of them new. */
  ensure(octets: number): Promise<boolean> {
    return this.#isEnded ? Promise.resolve(false) : this.#window.ensure(octets);
  }

  /** Moves the window on, under the frames of earlier batches, or adds the file's first frames to an empty one. */
  moveOn(batch: PacketBatch): boolean {
    const format = this.#format;
    if (!this.#isEnded && format !== undefined && format.fault === undefined)
      return this.#window.ensureNow(format.need);
    this.fill(batch);
    return batch.count > 0;
  }

  /** Adds frames to the batch as far as they are at hand. */
  fill(batch: PacketBatch): void {
    const window = this.#window;
    if (this.#isEnded) return;
    if (this.#format === undefined) {
      if (!window.ensureNow(PCAP_HEADER_OCTETS)) return;
      this.#detect();
    }
    const format = this.#format;
    while (format !== undefined && format.fault === undefined) {
      format.fill(window, batch);
      // The frames of a batch lie in one memory: it goes out before the window moves.
      if (batch.count > 0 || format.fault !== undefined || !window.ensureNow(format.need)) break;
    }
    if (format?.fault !== undefined && batch.count === 0) {
      const { viewOffset, expected, found } = format.fault;
      this.#end(window.viewOffset + viewOffset, expected, found);
    }
  }

  /** Waits for more; false when the file has come to its end, or to the damage that `fault` then tells of. */
  async more(): Promise<boolean> {
    if (this.#isEnded) return false;
    const window = this.#window;
    const need = this.#format?.need ?? PCAP_HEADER_OCTETS;
    if (await window.ensure(need)) return true;
    if (this.#format === undefined && window.end - window.start >= COMPRESSION_MAGIC_OCTETS) this.#detect();
    if (!this.#isEnded) this.#endOfInput(need);
    return false;
  }

  /** Tells the format by the first octets, of which there are at least four. */
  #detect(): void {
    const window = this.#window;
    const pcap = detectPcap(window.view, window.start);
    if (window.view.getUint32(window.start) === SECTION_HEADER_BLOCK)
      this.#format = new PcapngFormat(this.#context);
    else if (pcap === undefined) {
      const { found, remedy } = describeOtherFormat(hexOf(window, 8));
      this.#end(0, READABLE, found, remedy);
    } else if (window.end - window.start >= PCAP_HEADER_OCTETS) {
      this.#format = new PcapFormat(window, pcap.littleEndian, this.#context);
    }
  }

  #endOfInput(need: number): void {
    const window = this.#window;
    const left = window.end - window.start;
    const at = window.viewOffset + window.start;
    if (window.fault !== undefined) {
      this.#end(window.viewOffset + window.end, 'more data', window.fault.message);
      return;
    }
    this.#isEnded = true;
    if (left === 0) return;
    const what = this.#format?.unfinished ?? `a capture's header of ${need} octets`;
    this.#end(at, what, `the end of the file after ${left} of them`);
  }

  #end(byteOffset: number, expected: string, found: string, remedy?: string): void {
    this.#isEnded = true;
    this.fault = new CaptureFileError(this.file, {
      byteOffset,
      expected,
      found,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  /** Resolves when its memory may be used for another file. */
  settled(): Promise<void> {
    return this.#window.settled();
  }

  close(): void {
    this.#isEnded = true;
    this.#window.close();
  }
}

function hexOf(window: ByteWindow, octets: number): string {
  const text: string[] = [];
  for (let i = window.start; i < Math.min(window.start + octets, window.end); i++) {
    text.push(window.view.getUint8(i).toString(16).padStart(2, '0'));
  }
  return text.join(' ');
}

/** Opens a file and reads its first octets. `size` is undefined for a pipe or device. */
function openFile(file: string): { fd: number; head: Buffer; size: number | undefined } {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    const head = Buffer.alloc(COMPRESSION_MAGIC_OCTETS);
    const octets = stat.isFile()
      ? readSync(fd, head, 0, head.length, 0)
      : readSync(fd, head, 0, head.length, null);
    return { fd, head: head.subarray(0, octets), size: stat.isFile() ? stat.size : undefined };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw cannotOpen(file, error as NodeJS.ErrnoException);
  }
}

const OPEN_REMEDIES: Record<string, string> = {
  ENOENT: 'Check the name; - reads standard input.',
  EISDIR: 'Name the captures in it, e.g. DIRECTORY/*.pcap',
  EACCES: 'Give this user the right to read it.',
};

function cannotOpen(file: string, error: NodeJS.ErrnoException): CaptureFileError {
  const remedy = OPEN_REMEDIES[error.code ?? ''];
  return new CaptureFileError(file, {
    expected: READABLE,
    found: error.code === 'ENOENT' ? 'no such file' : error.message,
    ...(remedy === undefined ? {} : { remedy }),
    cause: error,
  });
}

/** A window over a regular file. */
function fileWindow(
  fd: number,
  size: number,
  { window, windowOctets, ahead }: CaptureFileOptions,
): ByteWindow {
  if (ahead !== undefined && size >= ahead.fileOctetsMin) return new ReadAheadWindow(fd, ahead.bytes, ahead);
  return new FileWindow(fd, window ?? new Uint8Array(windowOctets));
}

/** A window over a stream, uncompressed if need be; standard input's compression is told when its octets come. */
function streamWindow(
  stream: Readable,
  head: Buffer,
  compression: Compression | undefined,
  options: CaptureFileOptions,
  again?: () => AsyncIterable<Uint8Array>,
): StreamWindow {
  let consumed = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head;
    for await (const chunk of stream) {
      consumed += chunk.length;
      yield chunk;
    }
  }
  const chunks = compression === undefined ? sniffed(counted()) : decompress(counted(), compression, again);
  return new StreamWindow(chunks, stream, () => consumed, 2 * options.readOctets);
}

/** Passes chunks on as they are or uncompressed, as the first of them say. */
async function* sniffed(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  while (head.length < COMPRESSION_MAGIC_OCTETS) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head;
    yield* chunks;
  }
  const compression = detectCompression(head);
  yield* compression === undefined ? whole() : decompress(whole(), compression);
}
