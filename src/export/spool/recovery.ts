/**
 * What an earlier run left in a spool's directory: which segments, how many batches, where they are damaged or cut off.
 */
import { closeSync, fstatSync, openSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { DamagedFiles } from './damaged-files.ts';
import { FrameScanner, type Gap } from './gap.ts';
import { FRAME_HEADER_OCTETS, readFully, SEGMENT_HEADER_OCTETS, segmentHeader } from './segment.ts';

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
  /** Damage that has been found and counted, by where it begins: its end, and how many of `batches` it held. */
  readonly gaps: Map<number, { readonly end: number; readonly batches: number }>;
  /** The file is worth looking at when all that can be read of it has arrived. */
  isDamaged: boolean;
}

/** What a run lost in the spool before it began, as far as that is known. */
export interface RecoveredDamage {
  readonly octets: number;
  readonly batches: number;
  readonly dataRecords: number;
  /** Octets of these of which nobody knows what was in them. */
  readonly unknownOctets: number;
}

export interface Recovery {
  readonly segments: SegmentFile[];
  readonly batches: number;
  readonly dataRecords: number;
  /** In the middle of segments: a fault of the disk, or of somebody's hand. */
  readonly damaged: RecoveredDamage;
  /** At the end of the latest segment: what was being written when the last run ended. */
  readonly torn: RecoveredDamage;
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
    gaps: new Map(),
    isDamaged: false,
  };
}

/** Frames and gaps of a segment, told one after the other. */
interface Walk {
  frame(dataRecords: number, start: number): void;
  gap(gap: Gap): void;
}

/**
 * Walks from frame to frame by their headers alone; records are checked when they are read. Behind damage a frame counts
 * only when its check sum holds.
 */
export function walkFrames(scanner: FrameScanner, from: number, isTrusted: boolean, walk: Walk): void {
  let at = from;
  if (!isTrusted && at < scanner.end && !scanner.isWhole(at)) {
    const gap = scanner.gapAt(at);
    walk.gap(gap);
    at = gap.end;
  }
  while (at < scanner.end) {
    const header = scanner.headerAt(at);
    if (header === undefined) {
      const gap = scanner.gapAt(at);
      walk.gap(gap);
      at = gap.end;
    } else {
      walk.frame(header.dataRecords, at);
      at += FRAME_HEADER_OCTETS + header.octets;
    }
  }
}

interface Found {
  readonly segment: SegmentFile;
  /** Behind what has arrived. */
  readonly gaps: readonly Gap[];
  /** The gap that the file ends with. */
  readonly tail: Gap | undefined;
}

function scan(file: number, number: number, committed: number): Found {
  const { size } = fstatSync(file);
  const segment = newSegment(number);
  const start = Buffer.alloc(SEGMENT_HEADER_OCTETS);
  const isSound = readFully(file, start, 0) && start.equals(segmentHeader());
  const gaps: Gap[] = [];
  let tail: Gap | undefined;
  if (!isSound && size > SEGMENT_HEADER_OCTETS) {
    gaps.push({ start: 0, end: SEGMENT_HEADER_OCTETS, batches: 0, dataRecords: 0, isKnown: true });
  }
  walkFrames(new FrameScanner(file, size), SEGMENT_HEADER_OCTETS, isSound, {
    frame: (dataRecords, at) => {
      tail = undefined;
      if (number * SEGMENT_SPAN + at < committed) return;
      segment.batches++;
      segment.dataRecords += dataRecords;
    },
    gap: (gap) => {
      tail = gap;
      // What it held is no part of the counts.
      segment.gaps.set(gap.start, { end: gap.end, batches: 0 });
      if (number * SEGMENT_SPAN + gap.start >= committed) gaps.push(gap);
    },
  });
  segment.octets = tail?.start ?? size;
  segment.isDamaged = segment.gaps.size > 0 || (!isSound && size > SEGMENT_HEADER_OCTETS);
  return { segment, gaps, tail };
}

function sumOf(gaps: readonly Gap[]): RecoveredDamage {
  const sum = (of: (gap: Gap) => number) => gaps.reduce((total, gap) => total + of(gap), 0);
  return {
    octets: sum(({ start, end }) => end - start),
    batches: sum(({ batches }) => batches),
    dataRecords: sum(({ dataRecords }) => dataRecords),
    unknownOctets: sum(({ start, end, isKnown }) => (isKnown ? 0 : end - start)),
  };
}

/** Whether a file ends in the middle of a frame, as a crash leaves it. */
function isTorn(file: number, { tail }: Found): boolean {
  return tail !== undefined && new FrameScanner(file, tail.end).isCutOff(tail.start);
}

/**
 * Finds the segments of a directory, and removes those that hold nothing that is still wanted; of damaged ones the files
 * are set aside.
 * @param committed position that everything before has arrived
 */
export function recoverSegments(directory: string, committed: number, aside: DamagedFiles): Recovery {
  const numbers = readdirSync(directory)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const segments: SegmentFile[] = [];
  const damaged: Gap[] = [];
  const torn: Gap[] = [];
  for (const number of numbers) {
    const path = join(directory, segmentName(number));
    const file = openSync(path, 'r');
    const found = scan(file, number, committed);
    const { segment, gaps, tail } = found;
    const isLastTorn = number === numbers.at(-1) && isTorn(file, found);
    closeSync(file);
    if (isLastTorn) {
      segment.gaps.delete(tail!.start);
      segment.isDamaged = gaps.some((gap) => gap !== tail);
      // Told once: the next run finds a segment that ends with a frame.
      truncateSync(path, segment.octets);
    }
    for (const gap of gaps) (isLastTorn && gap === tail ? torn : damaged).push(gap);
    if (segment.batches > 0) segments.push(segment);
    else aside.remove(segmentName(number), segment.isDamaged);
  }
  const sum = (of: (segment: SegmentFile) => number) => segments.reduce((total, one) => total + of(one), 0);
  return {
    segments,
    batches: sum(({ batches }) => batches),
    dataRecords: sum(({ dataRecords }) => dataRecords),
    damaged: sumOf(damaged),
    torn: sumOf(torn),
  };
}
