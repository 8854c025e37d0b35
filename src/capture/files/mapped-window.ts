/**
 * A large regular file of long records, mapped a piece at a time in place of memory of our own: most of such a record is
 * payload, which need not be copied (docs/decisions/0008 has the measurement). The file is held by a lease meanwhile; once
 * somebody wants to write to it, the piece becomes a copy, and the rest is read.
 */
import { closeSync, readSync } from 'node:fs';
import { FileMapping, MAPPING_PAGE_OCTETS } from '../../sys/file-mapping.ts';
import type { ByteWindow, FramesInUse } from '../source.ts';
import { ensureRest, FileWindow } from './byte-window.ts';

/** Records that are longer, on average, are mapped. */
export const MAPPED_RECORD_OCTETS_MIN = 512;
/** Octets that are looked at for it. */
const SAMPLE_OCTETS = 64 * 1024;
/** How often it is asked whether somebody waits for the file; the system lets nobody wait longer than 45 s. */
const LOOK_MS = 1000;

const PCAP_MAGICS: readonly number[] = [0xa1b2c3d4, 0xa1b23c4d];
const PCAPNG_MAGIC = 0x0a0d0d0a;
const PCAP_HEADER_OCTETS = 24;
const PCAP_RECORD_OCTETS = 16;
const PCAP_CAPTURED = 8;
const BLOCK_LENGTH = 4;
const BLOCK_OCTETS_MIN = 12;

/**
 * The mean length of the records that the first octets of a capture have, with what stands around them; 0 where they are not
 * those of a capture in this host's order of octets.
 */
export function meanRecordOctets(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < PCAP_HEADER_OCTETS) return 0;
  const magic = view.getUint32(0, true);
  const isBlock = magic === PCAPNG_MAGIC;
  if (!isBlock && !PCAP_MAGICS.includes(magic)) return 0;
  const first = isBlock ? 0 : PCAP_HEADER_OCTETS;
  let at = first;
  let records = 0;
  while (at + PCAP_RECORD_OCTETS <= bytes.length) {
    const octets = isBlock
      ? view.getUint32(at + BLOCK_LENGTH, true)
      : PCAP_RECORD_OCTETS + view.getUint32(at + PCAP_CAPTURED, true);
    if (octets < BLOCK_OCTETS_MIN) return 0;
    at += octets;
    records++;
  }
  return records === 0 ? 0 : (at - first) / records;
}

/** Whether the records of a file are so long that mapping them takes less time than reading. */
export function hasLongRecords(fd: number): boolean {
  const bytes = new Uint8Array(SAMPLE_OCTETS);
  try {
    return (
      meanRecordOctets(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0))) > MAPPED_RECORD_OCTETS_MIN
    );
  } catch {
    // It shows again where the file is read, and is told then.
    return false;
  }
}

/** Pieces that are mapped at a time where another thread uses frames: those of earlier ones stay where they are. */
const PIECES_IN_USE = 4;

export class MappedWindow implements ByteWindow {
  view: DataView;
  start = 0;
  end = 0;
  viewOffset = 0;
  readonly #fd: number;
  readonly #size: number;
  readonly #memory: Uint8Array;
  readonly #mapping: FileMapping;
  readonly #restBytes: Uint8Array | undefined;
  readonly #inUse: FramesInUse | undefined;
  /** Batches that had been handed over when a piece was left: frames of theirs may lie in it. One number for each piece. */
  readonly #handed: number[];
  #piece = 0;
  readonly #timer: NodeJS.Timeout;
  #rest: FileWindow | undefined;
  #isClosed = false;

  private constructor(
    fd: number,
    size: number,
    memory: Uint8Array,
    mapping: FileMapping,
    pieces: number,
    restBytes: Uint8Array | undefined,
    inUse: FramesInUse | undefined,
  ) {
    this.#fd = fd;
    this.#size = size;
    this.#memory = memory;
    this.#mapping = mapping;
    this.#restBytes = restBytes;
    this.#inUse = inUse;
    // Frames of an earlier file may lie in any of them.
    this.#handed = new Array<number>(pieces).fill(inUse?.handed ?? 0);
    this.view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    // Also while a replay waits, for a collector or for the time of a packet.
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /**
   * @param memory that pieces are mapped in place of; on a page of 64 KiB, and several of them
   * @param restBytes memory for what has to be read
   * @param inUse frames that may lie in these memories
   * @returns undefined where the file cannot be mapped
   */
  static open(
    fd: number,
    size: number,
    memory: Uint8Array,
    restBytes?: Uint8Array,
    inUse?: FramesInUse,
  ): MappedWindow | undefined {
    const pieces = inUse === undefined ? 1 : PIECES_IN_USE;
    if (memory.length < 2 * pieces * MAPPING_PAGE_OCTETS) return undefined;
    const mapping = FileMapping.take(fd, memory, pieces);
    return mapping && new MappedWindow(fd, size, memory, mapping, pieces, restBytes, inUse);
  }

  get octetsConsumed(): number {
    return this.viewOffset + this.start;
  }

  get fault(): Error | undefined {
    return this.#rest?.fault;
  }

  /** Lets somebody have the file who waits for it. */
  look(): void {
    if (!this.#isClosed && this.#mapping.isWanted) this.#mapping.keep();
  }

  ensureNow(need: number): boolean {
    while (this.end - this.start < need) {
      // The descriptor may be another file's by now.
      if (this.#isClosed) return false;
      if (this.#rest !== undefined) return ensureRest(this, this.#rest, need);
      this.look();
      this.#moveOn(this.octetsConsumed, need);
    }
    return true;
  }

  /** Maps the next piece, from the page on that has the octet at this place; or leaves the rest to be read. */
  #moveOn(at: number, need: number): void {
    const { pieceOctets } = this.#mapping;
    const position = at - (at % MAPPING_PAGE_OCTETS);
    const octets = Math.min(this.#size - position, pieceOctets);
    this.#handed[this.#piece] = this.#inUse?.handed ?? 0;
    this.#piece = (this.#piece + 1) % this.#handed.length;
    const isThere = at + need <= position + octets;
    if (isThere) this.#inUse?.waitFor(this.#handed[this.#piece]!);
    if (!isThere || !this.#mapping.map(this.#piece, position, octets)) {
      this.#leaveRest(at);
      return;
    }
    const start = this.#piece * pieceOctets;
    this.viewOffset = position - start;
    this.start = start + at - position;
    this.end = start + octets;
  }

  /** Records longer than a piece, the end of the file, and all of a file that somebody else wanted are read. */
  #leaveRest(position: number): void {
    this.#inUse?.waitFor(this.#inUse.handed);
    this.#mapping.release();
    clearInterval(this.#timer);
    const bytes = this.#restBytes ?? new Uint8Array(this.#memory.length);
    this.#rest = new FileWindow(this.#fd, bytes, position, this.#inUse);
    this.viewOffset = position;
    this.start = this.end = 0;
  }

  ensure(need: number): Promise<boolean> {
    return Promise.resolve(this.ensureNow(need));
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    // Batches that have been handed over are metered all the same.
    if (this.#inUse?.isDone(this.#inUse.handed) === false) this.#mapping.keep();
    else this.#mapping.release();
    closeSync(this.#fd);
  }
}
