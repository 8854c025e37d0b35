/** Reads the frames of segments, one segment at a time, and finds where to go on behind damage. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchBuffer } from '../contract/batch-buffer.ts';
import { FrameScanner } from './gap.ts';
import { SEGMENT_SPAN, type SegmentFile, segmentName, walkFrames } from './recovery.ts';
import { FRAME_HEADER_OCTETS, FrameHeaderMemory, frameBatch, readFully } from './segment.ts';

/** A batch out of the spool. */
export interface SpooledBatch {
  readonly batch: BatchBuffer;
  readonly dataRecords: number;
  /** Commit this when it has arrived. */
  readonly end: number;
}

/** What could not be read: everything up to `end`. Records and octets are told the first time alone. */
export interface Damage {
  readonly batches: number;
  readonly dataRecords: number;
  readonly octets: number;
  readonly end: number;
}

/** A batch that is in memory as well. */
export interface HeldBatch {
  readonly dataRecords: number;
  /** Positions of its frame, where it has one. */
  readonly spooled: { readonly start: number; readonly end: number } | undefined;
}

export class SegmentReader {
  readonly #directory: string;
  readonly #memory = new FrameHeaderMemory();
  #open: { readonly number: number; readonly file: number } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param at octet of the segment. @returns undefined where there is no whole frame */
  readFrame(segment: SegmentFile, at: number, buffer: BatchBuffer | undefined): SpooledBatch | undefined {
    const file = this.#fileOf(segment.number);
    const memory = this.#memory;
    if (file === undefined || !readFully(file, memory.bytes, at)) return undefined;
    const header = memory.read();
    const start = at + FRAME_HEADER_OCTETS;
    if (header === undefined || start + header.octets > segment.octets) return undefined;
    const batch = frameBatch(header, buffer);
    const records = batch.bytes.subarray(0, header.octets);
    if (!readFully(file, records, start) || !memory.matches(header, records)) return undefined;
    segment.batchesRead++;
    segment.dataRecordsRead += header.dataRecords;
    const end = segment.number * SEGMENT_SPAN + start + header.octets;
    return { batch, dataRecords: header.dataRecords, end };
  }

  /**
   * Finds where to go on behind damage that nobody knew of: at the next frame that is whole, or in memory. The loss
   * is all that the rest of the segment does not hold.
   */
  passDamage(segment: SegmentFile, at: number, held: readonly HeldBatch[]): Damage {
    const base = segment.number * SEGMENT_SPAN;
    const inMemory = held.filter(({ spooled }) => {
      const start = (spooled?.start ?? 0) - base;
      return start > at && start < segment.octets;
    });
    const limit = (inMemory[0]?.spooled?.start ?? base + segment.octets) - base;
    const lost = {
      batches: segment.batches - segment.batchesRead,
      dataRecords: segment.dataRecords - segment.dataRecordsRead,
    };
    const isLeft = (batches: number, dataRecords: number) => {
      lost.batches = Math.max(0, lost.batches - batches);
      lost.dataRecords = Math.max(0, lost.dataRecords - dataRecords);
    };
    const file = this.#fileOf(segment.number);
    let end = limit;
    if (file === undefined) for (const { dataRecords } of inMemory) isLeft(1, dataRecords);
    else {
      const scanner = new FrameScanner(file, segment.octets);
      end = Math.min(limit, scanner.gapAt(at).end);
      walkFrames(scanner, end, false, {
        frame: (dataRecords) => isLeft(1, dataRecords),
        gap: ({ batches, dataRecords }) => isLeft(batches, dataRecords),
      });
    }
    segment.isDamaged = true;
    segment.gaps.set(at, { end, batches: lost.batches });
    segment.batchesRead += lost.batches;
    segment.dataRecordsRead += lost.dataRecords;
    return { ...lost, octets: end - at, end: base + end };
  }

  /** @param number closes the file of this segment alone */
  close(number = this.#open?.number): void {
    if (this.#open === undefined || this.#open.number !== number) return;
    closeSync(this.#open.file);
    this.#open = undefined;
  }

  #fileOf(number: number): number | undefined {
    if (this.#open?.number === number) return this.#open.file;
    this.close();
    try {
      this.#open = { number, file: openSync(join(this.#directory, segmentName(number)), 'r') };
    } catch {
      return undefined;
    }
    return this.#open.file;
  }
}
