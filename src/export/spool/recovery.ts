/** What an earlier run left in a spool's directory: which segments, how many batches, where a crash cut one off. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_HEADER_OCTETS, FrameHeaderMemory, SEGMENT_HEADER_OCTETS, segmentHeader } from './segment.ts';

/** Positions in one segment. */
export const SEGMENT_SPAN = 2 ** 32;
const NAME = /^(\d{12})\.spool$/;

/** A segment; the counts are of what lies behind the position that the run began at. */
export interface SegmentFile {
  readonly number: number;
  /** Up to the end of its last whole frame. */
  octets: number;
  batches: number;
  dataRecords: number;
  batchesRead: number;
  dataRecordsRead: number;
}

export interface Recovery {
  readonly segments: SegmentFile[];
  readonly batches: number;
  readonly dataRecords: number;
  /** Octets behind the last whole frame of a segment, in all. */
  readonly tornOctets: number;
}

/** A segment's file name. */
export function segmentName(number: number): string {
  return `${String(number).padStart(12, '0')}.spool`;
}

/** A segment without frames. */
export function newSegment(number: number): SegmentFile {
  return {
    number,
    octets: SEGMENT_HEADER_OCTETS,
    batches: 0,
    dataRecords: 0,
    batchesRead: 0,
    dataRecordsRead: 0,
  };
}

/** Walks from frame to frame by their headers alone; records are checked when they are read. */
function scan(file: number, number: number, committed: number): SegmentFile & { tornOctets: number } {
  const { size } = fstatSync(file);
  const segment = { ...newSegment(number), tornOctets: 0 };
  const memory = new FrameHeaderMemory();
  const start = Buffer.alloc(SEGMENT_HEADER_OCTETS);
  readSync(file, start, 0, SEGMENT_HEADER_OCTETS, 0);
  if (!start.equals(segmentHeader())) return { ...segment, tornOctets: size };
  for (;;) {
    const at = segment.octets;
    if (readSync(file, memory.bytes, 0, FRAME_HEADER_OCTETS, at) !== FRAME_HEADER_OCTETS) break;
    const header = memory.read();
    if (header === undefined || at + FRAME_HEADER_OCTETS + header.octets > size) break;
    segment.octets += FRAME_HEADER_OCTETS + header.octets;
    if (number * SEGMENT_SPAN + at < committed) continue;
    segment.batches++;
    segment.dataRecords += header.dataRecords;
  }
  return { ...segment, tornOctets: size - segment.octets };
}

/**
 * Finds the segments of a directory, and removes those that hold nothing that is still wanted.
 * @param committed position that everything before has arrived
 */
export function recoverSegments(directory: string, committed: number): Recovery {
  const numbers = readdirSync(directory)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const segments: SegmentFile[] = [];
  let tornOctets = 0;
  for (const number of numbers) {
    const path = join(directory, segmentName(number));
    const file = openSync(path, 'r');
    const { tornOctets: torn, ...segment } = scan(file, number, committed);
    closeSync(file);
    tornOctets += torn;
    if (segment.batches === 0) rmSync(path);
    else segments.push(segment);
  }
  const sum = (of: (segment: SegmentFile) => number) => segments.reduce((total, one) => total + of(one), 0);
  return {
    segments,
    batches: sum(({ batches }) => batches),
    dataRecords: sum(({ dataRecords }) => dataRecords),
    tornOctets,
  };
}
