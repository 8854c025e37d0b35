/**
 * The form of a spool's files. A segment is a header and frames, one batch of flow records each:
 *
 *     segment   "FTSPOOL2", u32 0x01020304 in the byte order of the writer, u32 0, and 16 octets of 0
 *     frame      0 u32 magic    4 u32 octets of the records    8 u32 CRC-32 of octets 12 … end
 *               12 u32 records in the batch   16 u32 words of a record   20 u32 data records that they become
 *               24 f64 time base, s           32 f64 clock, ns           40 … the records
 *
 * Numbers are in the byte order of the host: a spool stays on the machine that wrote it. A frame counts only when all of
 * it is there and its CRC holds, so every frame that a crash cut off is found.
 */
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { BatchBuffer } from '../contract/batch-buffer.ts';

export const SEGMENT_HEADER_OCTETS = 32;
export const FRAME_HEADER_OCTETS = 40;
/** Another one for each layout of records: those of an earlier build are damage, which is counted, and never misread. */
const FRAME_MAGIC = 0x464c4f32;
const CRC_FROM = 12;
const BYTE_ORDER = 0x01020304;
/** Nothing larger is believed: 16 times the largest batch that there is. */
const FRAME_OCTETS_MAX = 1 << 24;
const STRIDE_MAX = 4096;
/** One for each direction. */
const RECORDS_OF_FLOW_MAX = 2;
/** The magic as it stands in a file. */
export const FRAME_MAGIC_OCTETS = Buffer.from(Uint32Array.of(FRAME_MAGIC).buffer);

/** The octets that every segment begins with. */
export function segmentHeader(): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_OCTETS);
  header.write('FTSPOOL2', 'latin1');
  new Uint32Array(header.buffer, header.byteOffset, SEGMENT_HEADER_OCTETS / 4)[2] = BYTE_ORDER;
  return header;
}

/** What a frame's header says. */
export interface FrameHeader {
  readonly octets: number;
  readonly crc: number;
  readonly count: number;
  readonly stride: number;
  readonly dataRecords: number;
  readonly timeBaseSeconds: number;
  readonly clockNs: number;
}

/** Octets that a batch takes in a segment. */
export function frameOctets({ count, stride }: FlowRecordBatch): number {
  return FRAME_HEADER_OCTETS + count * stride * 4;
}

/** Memory for one frame's header, seen as numbers of all kinds. */
export class FrameHeaderMemory {
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;

  constructor() {
    const buffer = new ArrayBuffer(FRAME_HEADER_OCTETS);
    this.bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  /** @param records the octets of the batch's records */
  write(batch: FlowRecordBatch, dataRecords: number, records: Uint8Array): void {
    const words = this.#words;
    words[0] = FRAME_MAGIC;
    words[1] = records.length;
    words[3] = batch.count;
    words[4] = batch.stride;
    words[5] = dataRecords;
    this.#doubles[3] = batch.timeBaseSeconds;
    this.#doubles[4] = batch.clockNs;
    words[2] = crc32(records, crc32(this.bytes.subarray(CRC_FROM)));
  }

  /** What the header says, or undefined for one that makes no sense. */
  read(): FrameHeader | undefined {
    const [magic, octets, crc, count, stride, dataRecords] = this.#words;
    const isSound =
      magic === FRAME_MAGIC &&
      octets! <= FRAME_OCTETS_MAX &&
      stride! > 0 &&
      stride! <= STRIDE_MAX &&
      stride! % 2 === 0 &&
      octets === count! * stride! * 4 &&
      dataRecords! <= count! * RECORDS_OF_FLOW_MAX;
    if (!isSound) return undefined;
    return {
      octets: octets!,
      crc: crc!,
      count: count!,
      stride: stride!,
      dataRecords: dataRecords!,
      timeBaseSeconds: this.#doubles[3]!,
      clockNs: this.#doubles[4]!,
    };
  }

  /**
   * What a header that is damaged still tells about a frame whose length is known. One damaged field is made good by the
   * others: the length is told twice, by itself and by count and stride.
   * @param octets of the records
   * @returns the data records, or undefined where the header does not fit that length
   */
  dataRecordsFor(octets: number): number | undefined {
    const [, told, , count, stride, dataRecords] = this.#words;
    const counted = count! * stride! * 4;
    if (told !== octets && counted !== octets) return undefined;
    const isStride =
      stride! > 0 && stride! <= STRIDE_MAX && stride! % 2 === 0 && octets % (stride! * 4) === 0;
    const flows = counted !== octets && isStride ? octets / (stride! * 4) : count!;
    return dataRecords! <= flows * RECORDS_OF_FLOW_MAX ? dataRecords : flows;
  }

  /** Whether the records are those that the header was written for. */
  matches(header: FrameHeader, records: Uint8Array): boolean {
    return crc32(records, crc32(this.bytes.subarray(CRC_FROM))) === header.crc;
  }
}

/** A batch that has the records of a frame, from `buffer` where it has the room. */
export function frameBatch(header: FrameHeader, buffer: BatchBuffer | undefined): BatchBuffer {
  const { count, stride } = header;
  const fits = buffer !== undefined && buffer.stride === stride && buffer.capacity >= count;
  const batch = fits ? buffer : new BatchBuffer(stride, Math.max(count, 1));
  batch.count = count;
  batch.timeBaseSeconds = header.timeBaseSeconds;
  batch.clockNs = header.clockNs;
  return batch;
}

/** Reads from a file. @returns whether all of `bytes` could be read */
export function readFully(file: number, bytes: Uint8Array, position: number): boolean {
  return readSome(file, bytes, position) === bytes.length;
}

/** Reads from a file. @returns how many octets; 0 at its end, and where the disk cannot read */
export function readSome(file: number, bytes: Uint8Array, position: number): number {
  try {
    return readSync(file, bytes, 0, bytes.length, position);
  } catch {
    return 0;
  }
}
