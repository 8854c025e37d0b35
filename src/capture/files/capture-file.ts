/**
 * One capture file from its first octet to its end or its damage: opens it, tells compression and format by their magic
 * numbers, and hands its frames out in batches.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { CaptureFileError } from '../../base/errors.ts';
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { ByteWindow, DirectRecords, FramesInUse } from '../source.ts';
import { FileWindow, StreamWindow } from './byte-window.ts';
import type { CaptureContext, CaptureFormat } from './capture-format.ts';
import { COMPRESSION_MAGIC_OCTETS, type Compression, decompress, detectCompression } from './decompress.ts';
import { hasLongRecords, MappedWindow } from './mapped-window.ts';
import { openFile, openPipe, openStandardInput, READABLE, STANDARD_INPUT } from './open-input.ts';
import { describeOtherFormat } from './other-formats.ts';
import { detectPcap, PCAP_HEADER_OCTETS, PcapFormat } from './pcap-format.ts';
import { PcapngFormat, SECTION_HEADER_BLOCK } from './pcapng-format.ts';
import { type ReadAheadOptions, ReadAheadWindow } from './read-ahead.ts';

export interface CaptureFileOptions {
  /** Outgoing packets of Linux cooked captures have an interface of their own. */
  readonly isDirectionApart: boolean;
  /** Octets of a regular file read at a time. */
  readonly windowOctets: number;
  /** The memory to read it into, `windowOctets` long; without, each file has its own. */
  readonly window?: Uint8Array;
  /** Read large files ahead, or map them, and which memory for. */
  readonly ahead?: ReadAheadOptions & { readonly bytes: Uint8Array };
  /** Octets of a pipe or compressed file read at a time. */
  readonly readOctets: number;
  /** The memory that these are put into, STREAM_WINDOW_READS times as long; without, each has its own. */
  readonly streamWindow?: Uint8Array;
  /** Frames that may lie in these memories. */
  readonly inUse?: FramesInUse | undefined;
}

/** Reads that the window of a pipe or compressed file holds. */
export const STREAM_WINDOW_READS = 2;

export class CaptureFile {
  readonly file: string;
  readonly octetsTotal: number | undefined;
  /** Whether packets come as they are observed: it is no regular file. */
  readonly isFollowed: boolean;
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
    isFollowed: boolean,
    context: CaptureContext,
  ) {
    this.file = file;
    this.isFollowed = isFollowed;
    this.octetsTotal = octetsTotal;
    this.#window = window;
    this.#context = context;
  }

  /** @throws CaptureFileError when the file cannot be opened */
  static open(file: string, context: CaptureContext, options: CaptureFileOptions): CaptureFile {
    if (file === STANDARD_INPUT) {
      const { stream, isFollowed } = openStandardInput(options.readOctets);
      const window = streamWindow(stream, undefined, options);
      return new CaptureFile('standard input', window, undefined, isFollowed, context);
    }
    const { fd, head, size, isPipe } = openFile(file);
    if (size === undefined) {
      const stream = isPipe
        ? openPipe(fd)
        : createReadStream(file, { fd, highWaterMark: options.readOctets });
      return new CaptureFile(file, streamWindow(stream, undefined, options), undefined, true, context);
    }
    const compression = detectCompression(head);
    if (compression === undefined) {
      return new CaptureFile(file, fileWindow(fd, size, options), size, false, context);
    }
    const stream = createReadStream(file, { fd, highWaterMark: options.readOctets, start: 0 });
    const window = streamWindow(stream, compression, options, () => createReadStream(file));
    return new CaptureFile(file, window, size, false, context);
  }

  /** LINKTYPE_ values of the interfaces so far, each once. */
  get linkTypes(): readonly number[] {
    return [...new Set(this.#format?.linkTypes)];
  }

  get octetsConsumed(): number {
    return this.#window.octetsConsumed;
  }

  /** Lets somebody have the file who waits for it. */
  look(): void {
    this.#window.look?.();
  }

  get directRecords(): DirectRecords | undefined {
    return this.#isEnded ? undefined : this.#format?.directRecords;
  }

  /** Adds frames to the batch as far as they lie in the window now. */
  fillNow(batch: PacketBatch): void {
    const format = this.#format;
    if (!this.#isEnded && format !== undefined && format.fault === undefined) this.#read(format, batch);
  }

  #read(format: CaptureFormat, batch: PacketBatch): void {
    const { count } = batch;
    format.fill(this.#window, batch);
    this.#context.cooked?.apply(batch, count);
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
      this.#read(format, batch);
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
    if (await window.ensure(need)) return !this.#isEnded;
    if (this.#format === undefined && window.end - window.start >= COMPRESSION_MAGIC_OCTETS) this.#detect();
    if (!this.#isEnded) this.#endOfInput(need);
    return false;
  }

  /** Tells the format by the first octets, of which there are at least four. */
  #detect(): void {
    const window = this.#window;
    const pcap = detectPcap(window.view, window.start);
    if (window.view.getUint32(window.start) === SECTION_HEADER_BLOCK)
      this.#format = new PcapngFormat(window, this.#context);
    else if (pcap === undefined) {
      const { found, remedy } = describeOtherFormat(hexOf(window, 8));
      this.#end(0, READABLE, found, remedy);
    } else if (window.end - window.start >= PCAP_HEADER_OCTETS) {
      this.#format = new PcapFormat(window, pcap.littleEndian, this.#context);
    }
    if (this.#format !== undefined) this.#context.filesRead.push(this.file);
  }

  #endOfInput(need: number): void {
    const window = this.#window;
    const left = window.end - window.start;
    const at = window.viewOffset + window.start;
    if (window.fault !== undefined) {
      this.#end(window.viewOffset + window.end, 'more data', window.fault.message);
      return;
    }
    if (left === 0 && this.#format === undefined) {
      const found = this.isFollowed ? 'the end before the first octet' : 'an empty file (0 octets)';
      this.#end(undefined, READABLE, found, 'Whatever writes it may have failed, or not begun yet.');
      return;
    }
    this.#isEnded = true;
    if (left === 0) return;
    const what = this.#format?.unfinished ?? `a capture's header of ${need} octets`;
    this.#end(at, what, `the end of the file after ${left} of them`);
  }

  /** @param byteOffset of the damage; undefined where it is about the whole file */
  #end(byteOffset: number | undefined, expected: string, found: string, remedy?: string): void {
    this.#isEnded = true;
    this.fault = new CaptureFileError(this.file, {
      ...(byteOffset === undefined ? {} : { byteOffset }),
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

/** A window over a regular file. */
function fileWindow(
  fd: number,
  size: number,
  { window, windowOctets, ahead, inUse }: CaptureFileOptions,
): ByteWindow {
  if (ahead !== undefined && size >= ahead.fileOctetsMin) {
    const mapped = hasLongRecords(fd) ? MappedWindow.open(fd, size, ahead.bytes, window, inUse) : undefined;
    return mapped ?? new ReadAheadWindow(fd, ahead.bytes, ahead, window, inUse);
  }
  return new FileWindow(fd, window ?? new Uint8Array(windowOctets), 0, inUse);
}

/** A window over a stream, uncompressed if need be; a compression that is not known is told when its octets come. */
function streamWindow(
  stream: Readable,
  compression: Compression | undefined,
  options: CaptureFileOptions,
  again?: () => AsyncIterable<Uint8Array>,
): StreamWindow {
  let consumed = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      consumed += chunk.length;
      yield chunk;
    }
  }
  const chunks = compression === undefined ? sniffed(counted()) : decompress(counted(), compression, again);
  const bytes = options.streamWindow ?? new Uint8Array(STREAM_WINDOW_READS * options.readOctets);
  return new StreamWindow(chunks, stream, () => consumed, bytes, options.inUse);
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
