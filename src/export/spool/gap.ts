/**
 * Damage in a segment (segment.ts): a gap reaches from where a frame should be to the next one that is whole, so that one
 * damaged octet costs one batch.
 */
import {
  FRAME_HEADER_OCTETS,
  FRAME_MAGIC_OCTETS,
  type FrameHeader,
  FrameHeaderMemory,
  readFully,
  readSome,
} from './segment.ts';

/** Octets of a segment that hold no whole frame. */
export interface Gap {
  readonly start: number;
  readonly end: number;
  /** Its lost records, as far as its octets tell. */
  readonly batches: number;
  readonly dataRecords: number;
  /** Whether that is all that is lost. */
  readonly isKnown: boolean;
}

/** Searched at a time. */
const CHUNK_OCTETS = 1 << 20;
/** A disk that cannot read a block may be able to read the next. */
const BLOCK_OCTETS = 4096;

/** Reads the headers of one file's frames. Memory is shared between calls. */
export class FrameScanner {
  readonly #file: number;
  /** Frames end here at the latest. */
  readonly end: number;
  readonly #memory = new FrameHeaderMemory();

  /** @param end in octets from the start of the file */
  constructor(file: number, end: number) {
    this.#file = file;
    this.end = end;
  }

  /** The header of the frame at an octet, by its form alone; undefined where there is none that fits into the file. */
  headerAt(at: number): FrameHeader | undefined {
    const header = this.#read(at) ? this.#memory.read() : undefined;
    return header !== undefined && at + FRAME_HEADER_OCTETS + header.octets <= this.end ? header : undefined;
  }

  /** The gap that begins where there is no whole frame. */
  gapAt(start: number): Gap {
    const header = this.headerAt(start);
    if (header !== undefined) {
      // Records are damaged, the header is not: what it points at is the next frame.
      const end = start + FRAME_HEADER_OCTETS + header.octets;
      if (end === this.end || this.headerAt(end) !== undefined) {
        return { start, end, batches: 1, dataRecords: header.dataRecords, isKnown: true };
      }
    }
    const end = this.#nextWhole(start + 1);
    return { start, end, ...this.#lostIn(start, end) };
  }

  /** Whether a crash cut off the frame at an octet: it is longer than the file, or nothing of it came to the disk. */
  isCutOff(at: number): boolean {
    if (!this.#read(at)) return true;
    const header = this.#memory.read();
    if (header !== undefined) return at + FRAME_HEADER_OCTETS + header.octets > this.end;
    return this.#memory.bytes.every((octet) => octet === 0);
  }

  #read(at: number): boolean {
    return at + FRAME_HEADER_OCTETS <= this.end && readFully(this.#file, this.#memory.bytes, at);
  }

  /** What a gap held: frames whose headers are sound, then one that is damaged, or that a crash cut off. */
  #lostIn(start: number, end: number): Pick<Gap, 'batches' | 'dataRecords' | 'isKnown'> {
    let batches = 0;
    let dataRecords = 0;
    let at = start;
    while (at < end && this.#read(at)) {
      const header = this.#memory.read();
      const next = at + FRAME_HEADER_OCTETS + (header?.octets ?? 0);
      if (header !== undefined && (next <= end || end === this.end)) {
        dataRecords += header.dataRecords;
        at = next;
      } else {
        const told = this.#memory.dataRecordsFor(end - at - FRAME_HEADER_OCTETS);
        if (told === undefined) break;
        dataRecords += told;
        at = end;
      }
      batches++;
    }
    return { batches, dataRecords, isKnown: at >= end };
  }

  /** Where the next frame begins whose check sum holds; the end where there is none. */
  #nextWhole(from: number): number {
    const chunk = Buffer.alloc(Math.min(CHUNK_OCTETS, Math.max(0, this.end - from)));
    const overlap = FRAME_MAGIC_OCTETS.length - 1;
    for (let at = from; at < this.end; ) {
      const octets = readSome(this.#file, chunk.subarray(0, this.end - at), at);
      if (octets <= overlap) {
        at += octets === 0 ? BLOCK_OCTETS - (at % BLOCK_OCTETS) : octets;
        continue;
      }
      const found = chunk.subarray(0, octets);
      for (let i = found.indexOf(FRAME_MAGIC_OCTETS); i >= 0; i = found.indexOf(FRAME_MAGIC_OCTETS, i + 1)) {
        if (this.isWhole(at + i)) return at + i;
      }
      at += octets - overlap;
    }
    return this.end;
  }

  /** Whether there is a frame at an octet whose check sum holds. */
  isWhole(at: number): boolean {
    const header = this.headerAt(at);
    if (header === undefined) return false;
    const records = Buffer.allocUnsafe(header.octets);
    if (!readFully(this.#file, records, at + FRAME_HEADER_OCTETS)) return false;
    return this.#memory.matches(header, records);
  }
}
