/**
 * Capture files as one packet source: one after the other as given, or merged by time.
 *
 * A file that cannot be read, or not to its end, does not keep the others from being read; `errors` tells of it.
 */

import { NS_PER_MS } from '../../base/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import { type AllocateMemory, allocateOnHeap, uint8Array } from '../../records/memory.ts';
import { createPacketBatch, type PacketBatch } from '../../records/packet-batch.ts';
import type { DirectRecords, FramesInUse, PacketSource } from '../source.ts';
import { type CaptureFile, type CaptureFileOptions, STREAM_WINDOW_READS } from './capture-file.ts';
import { SNAP_LENGTH_MAX } from './capture-format.ts';
import { Captures, type FrameSupply } from './captures.ts';
import { ORDERED_OCTETS, OrderedCaptures } from './ordered-captures.ts';
import { READ_AHEAD, type ReadAheadOptions, readAheadOctets } from './read-ahead.ts';

export interface CaptureOptions {
  /** 'given': one file after the other. 'time': all at once, the earliest packet first. */
  readonly order?: 'given' | 'time';
  /** Records that are late by no more than this are put in the order of time. Default: 0, none are. */
  readonly reorderWindowMs?: number;
  /** Outgoing packets of Linux cooked captures have an interface of their own (cooked-interfaces.ts). Default: false. */
  readonly isDirectionApart?: boolean;
  /** Octets of regular files, and of everything else, read at a time; for tests. */
  readonly windowOctets?: number;
  readonly readOctets?: number;
  readonly readAhead?: ReadAheadOptions;
}

/** Small enough for the buffer to stay in a core's own cache, large enough for the system calls not to matter. */
const WINDOW_OCTETS = 256 * 1024;
const READ_OCTETS = 1024 * 1024;
/** Frames of merged captures; any frame fits, so that one is at least handed out. */
const MERGED_OCTETS = 4 * 1024 * 1024 + SNAP_LENGTH_MAX;

/**
 * Opens captures; `-` is standard input. What cannot be opened is told by `errors`, in its turn.
 * @param engine captures are read into its memory, and their records walked through by it, if they are direct
 * @param inUse frames of batches that another thread has taken over; not for merged captures
 */
export function openCaptures(
  files: readonly string[],
  options: CaptureOptions = {},
  engine?: Engine,
  inUse?: FramesInUse,
): PacketSource {
  const fileOptions: CaptureFileOptions = {
    inUse,
    isDirectionApart: options.isDirectionApart ?? false,
    windowOctets: options.windowOctets ?? WINDOW_OCTETS,
    readOctets: options.readOctets ?? READ_OCTETS,
  };
  const supply = openSupply(files, options, fileOptions, engine);
  const { reorderWindowMs = 0 } = options;
  if (reorderWindowMs === 0 || engine === undefined) return supply;
  return new OrderedCaptures(supply, reorderWindowMs * NS_PER_MS, engine, inUse);
}

function openSupply(
  files: readonly string[],
  options: CaptureOptions,
  fileOptions: CaptureFileOptions,
  engine?: Engine,
): FrameSupply {
  const isMerged = options.order === 'time' && files.length > 1;
  if (isMerged) return new MergedCaptures(files, fileOptions, engine?.allocate);
  if (engine === undefined) return new CaptureSequence(files, fileOptions);
  // One file is read at a time: they all share the windows.
  const window = uint8Array(engine.allocate, fileOptions.windowOctets);
  const readAhead = options.readAhead ?? READ_AHEAD;
  const ahead = { ...readAhead, bytes: uint8Array(engine.allocatePages, readAheadOctets(readAhead)) };
  const streamWindow = uint8Array(engine.allocate, STREAM_WINDOW_READS * fileOptions.readOctets);
  return new CaptureSequence(files, { ...fileOptions, window, ahead, streamWindow }, engine);
}

/** That `allocatePages` may leave free around. */
const PAGES_OCTETS = 2 * 65_536;

/** Octets that `openCaptures` takes of an engine's memory. */
export const CAPTURE_OCTETS =
  ORDERED_OCTETS +
  PAGES_OCTETS +
  Math.max(WINDOW_OCTETS + readAheadOctets(READ_AHEAD) + STREAM_WINDOW_READS * READ_OCTETS, MERGED_OCTETS);

class CaptureSequence extends Captures {
  readonly #names: string[];
  #file: CaptureFile | undefined;
  #consumedBefore = 0;
  #sizes: (number | undefined)[] = [];

  constructor(files: readonly string[], options: CaptureFileOptions, engine?: Engine) {
    super(options, engine);
    this.#names = [...files];
    // What can be read ahead of the first file is read while the rest of a replay is made.
    this.#openNext();
  }

  get octetsConsumed(): number {
    return this.#consumedBefore + (this.#file?.octetsConsumed ?? 0);
  }

  /** Known once the last file has been opened; before that only a part, so undefined. */
  get octetsTotal(): number | undefined {
    if (this.#names.length > 0 || this.#sizes.includes(undefined)) return undefined;
    return this.#sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }

  get isFollowed(): boolean {
    return this.#file?.isFollowed === true;
  }

  get directRecords(): DirectRecords | undefined {
    return this.#file?.directRecords;
  }

  readBatch(batch: PacketBatch): number {
    batch.count = 0;
    this.#file?.fill(batch);
    return batch.count;
  }

  look(): void {
    this.#file?.look();
  }

  fillNow(batch: PacketBatch): void {
    this.#file?.fillNow(batch);
  }

  moveOn(batch: PacketBatch): boolean {
    return this.#file?.moveOn(batch) === true;
  }

  ensure(octets: number): Promise<boolean> {
    return this.#file?.ensure(octets) ?? Promise.resolve(false);
  }

  async more(): Promise<boolean> {
    for (;;) {
      const file = this.#file;
      if (file !== undefined) {
        if (await file.more()) return true;
        // Closed while it waited: the end is no fault of the file's.
        if (this.#file === undefined) return false;
        await file.settled();
        if (this.#file === undefined) return false;
        this.#consumedBefore += file.octetsTotal ?? file.octetsConsumed;
        this.finish(file);
        this.#file = undefined;
      }
      if (!this.#openNext()) return false;
    }
  }

  /** False if there is none. */
  #openNext(): boolean {
    const name = this.#names.shift();
    if (name === undefined) return false;
    this.#file = this.open(name);
    if (this.#file !== undefined) this.#sizes.push(this.#file.octetsTotal);
    return true;
  }

  close(): void {
    this.#names.length = 0;
    this.#file?.close();
    this.#file = undefined;
  }
}

/** A file being merged: its batch, and the next frame of it. */
interface Run {
  readonly file: CaptureFile;
  readonly batch: PacketBatch;
  next: number;
}

/** Frames of several files in the order of time, copied into one memory, since a batch's frames lie in one. */
class MergedCaptures extends Captures {
  readonly #runs: Run[] = [];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #total: number | undefined;
  #consumedByFinished = 0;

  /** @param allocate where frames are copied to */
  constructor(
    files: readonly string[],
    options: CaptureFileOptions,
    allocate: AllocateMemory = allocateOnHeap,
  ) {
    super(options);
    this.#bytes = uint8Array(allocate, MERGED_OCTETS);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, MERGED_OCTETS);
    for (const name of files) {
      const file = this.open(name);
      if (file !== undefined) this.#runs.push({ file, batch: createPacketBatch(), next: 0 });
    }
    const sizes = this.#runs.map((run) => run.file.octetsTotal);
    this.#total = sizes.includes(undefined)
      ? undefined
      : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }

  get octetsConsumed(): number {
    return this.#runs.reduce((sum, run) => sum + run.file.octetsConsumed, this.#consumedByFinished);
  }

  get octetsTotal(): number | undefined {
    return this.#total;
  }

  /** Packets that have come wait for those of the others: only the last one can be followed. */
  get isFollowed(): boolean {
    return this.#runs.length === 1 && this.#runs[0]!.file.isFollowed;
  }

  readBatch(batch: PacketBatch): number {
    batch.count = 0;
    batch.view = this.#view;
    let used = 0;
    while (batch.count < batch.capacity && this.#runs.length > 0) {
      const run = this.#earliest();
      if (run === undefined) break;
      const length = run.batch.capturedLength[run.next]!;
      if (used + length > this.#bytes.length) break;
      used += this.#copy(run, batch, used);
    }
    return batch.count;
  }

  /** Each batch is put together in the same memory. */
  fillNow(batch: PacketBatch): void {
    if (batch.count === 0) this.readBatch(batch);
  }

  moveOn(batch: PacketBatch): boolean {
    return this.readBatch(batch) > 0;
  }

  ensure(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** The run whose next frame is the earliest; undefined while one of them has none at hand. */
  #earliest(): Run | undefined {
    let earliest: Run | undefined;
    for (const run of this.#runs) {
      if (run.next >= run.batch.count && !this.#refill(run)) return undefined;
      if (earliest === undefined || run.batch.timeNs[run.next]! < earliest.batch.timeNs[earliest.next]!)
        earliest = run;
    }
    return earliest;
  }

  #refill(run: Run): boolean {
    run.batch.count = 0;
    run.next = 0;
    run.file.fill(run.batch);
    return run.batch.count > 0;
  }

  #copy(run: Run, to: PacketBatch, at: number): number {
    const from = run.batch;
    const length = from.capturedLength[run.next]!;
    const { buffer, byteOffset } = from.view;
    this.#bytes.set(new Uint8Array(buffer, byteOffset + from.frameOffset[run.next]!, length), at);
    const i = to.count++;
    to.frameOffset[i] = at;
    to.capturedLength[i] = length;
    to.wireLength[i] = from.wireLength[run.next]!;
    to.timeNs[i] = from.timeNs[run.next]!;
    to.interfaceIndex[i] = from.interfaceIndex[run.next]!;
    run.next++;
    return length;
  }

  async more(): Promise<boolean> {
    for (let i = 0; i < this.#runs.length; ) {
      const run = this.#runs[i]!;
      if (run.next < run.batch.count || (await run.file.more())) {
        i++;
        continue;
      }
      if (this.#runs.length === 0) return false;
      this.#consumedByFinished += run.file.octetsConsumed;
      this.finish(run.file);
      this.#runs.splice(i, 1);
    }
    return this.#runs.length > 0;
  }

  close(): void {
    for (const run of this.#runs) run.file.close();
    this.#runs.length = 0;
  }
}
