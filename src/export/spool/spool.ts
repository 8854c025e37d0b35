/**
 * Batches of flow records that wait on disk, in order, in segments (segment.ts). What `append` has taken survives a
 * kill -9: the system has it. It survives a power cut from the next `sync` on. A batch is read, sent, and committed when
 * it is known to have arrived; after a crash everything behind the last commit that reached the disk is read again.
 *
 * A position is segment number × 2^32 + octet in the segment.
 */
import { closeSync, fdatasync, ftruncateSync, openSync, rmSync, writeSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { ExportError } from '../../base/errors.ts';
import { makeFoldersSync } from '../../base/folders.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { BatchBuffer } from '../contract/batch-buffer.ts';
import { CommitFile } from './commit-file.ts';
import { DamagedFiles } from './damaged-files.ts';
import { releaseLock, takeLock } from './lock.ts';
import {
  newSegment,
  type Recovery,
  recoverSegments,
  SEGMENT_SPAN,
  type SegmentFile,
  segmentName,
} from './recovery.ts';
import {
  FRAME_HEADER_OCTETS,
  FrameHeaderMemory,
  frameOctets,
  SEGMENT_HEADER_OCTETS,
  segmentHeader,
} from './segment.ts';
import { type Damage, type HeldBatch, SegmentReader, type SpooledBatch } from './segment-reader.ts';

/** Segments are this long, or an eighth of a small spool. */
const SEGMENT_OCTETS = 1 << 24;
/** A disk that refused is asked again after this. */
const RETRY_MS = 1000;

export class Spool {
  readonly directory: string;
  readonly #octetsMax: number;
  readonly #segments: SegmentFile[];
  readonly #memory = new FrameHeaderMemory();
  readonly #reader: SegmentReader;
  readonly #commitFile: CommitFile;
  /** Of the segment that is written. */
  #writeFile: number | undefined;
  #readPosition: number;
  #committed: number;
  #octets = 0;
  #isDirty = false;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  readonly #aside: DamagedFiles;
  /** What an earlier run left, and what of it is damaged. */
  readonly recovered: Omit<Recovery, 'segments'>;

  /**
   * Opens a spool, with what an earlier run left in it.
   * @param directory is made where it is missing
   * @throws ExportError where it cannot be used
   */
  constructor(url: string, directory: string, octetsMax: number) {
    this.directory = directory;
    this.#octetsMax = octetsMax;
    this.#reader = new SegmentReader(directory);
    try {
      makeFoldersSync(directory, 0o750);
      const holder = takeLock(directory);
      if (holder !== undefined) throw new Error(`in use by ${holder}`);
      this.#commitFile = new CommitFile(directory);
      this.#committed = this.#commitFile.found;
      this.#aside = new DamagedFiles(directory);
      const found = recoverSegments(directory, this.#committed, this.#aside);
      this.#segments = found.segments;
      this.recovered = found;
    } catch (cause) {
      const remedy = 'give another spoolDirectory, or spoolOctets: 0 for none';
      throw new ExportError(url, `cannot use the spool ${directory}: ${(cause as Error).message}`, {
        remedy,
        cause,
      });
    }
    const first = this.#segments[0];
    this.#readPosition = Math.max(
      this.#committed,
      (first?.number ?? 1) * SEGMENT_SPAN + SEGMENT_HEADER_OCTETS,
    );
    // Damage right there has been told.
    const gap = first?.gaps.get(this.#readPosition - first.number * SEGMENT_SPAN);
    if (gap !== undefined) this.#readPosition = first!.number * SEGMENT_SPAN + gap.end;
    this.#committed = this.#readPosition;
    for (const { octets } of this.#segments) this.#octets += octets;
  }

  /**
   * Writes a batch.
   * @returns the position behind it; `full`: it would pass the limit; `failed`: the disk refuses
   */
  append(batch: FlowRecordBatch, dataRecords: number): number | 'full' | 'failed' {
    const frame = frameOctets(batch);
    const octets = frame - FRAME_HEADER_OCTETS;
    while (this.#octets + this.#aside.octets + frame > this.#octetsMax) {
      if (!this.#aside.deleteOldest()) return 'full';
    }
    if (performance.now() - this.#refusedAtMs < RETRY_MS) return 'failed';
    const { buffer, byteOffset } = batch.words;
    const records = new Uint8Array(buffer, byteOffset, octets);
    try {
      const segment = this.#segmentFor(frame);
      this.#memory.write(batch, dataRecords, records);
      const written = writevSync(this.#writeFile!, [this.#memory.bytes, records], segment.octets);
      if (written !== frame) throw new Error('the disk took part of it');
      segment.octets += frame;
      segment.batches++;
      segment.dataRecords += dataRecords;
      this.#octets += frame;
      this.#isDirty = true;
      return segment.number * SEGMENT_SPAN + segment.octets;
    } catch {
      this.#refusedAtMs = performance.now();
      this.#cutTail();
      return 'failed';
    }
  }

  /** Whether something that has not been read lies before a position. */
  hasBefore(position: number): boolean {
    return this.#segmentToRead() !== undefined && this.#readPosition < position;
  }

  /**
   * Reads the next batch.
   * @param buffer memory that may be used for it
   * @param held batches behind it that are in memory as well, in order: they are not lost with the disk
   * @returns undefined at the end; `damaged`: as many batches and records as could not be read
   */
  read(
    buffer?: BatchBuffer,
    held: readonly HeldBatch[] = [],
  ): SpooledBatch | { damaged: Damage } | undefined {
    const before =
      held.find(({ spooled }) => spooled !== undefined)?.spooled?.start ?? Number.POSITIVE_INFINITY;
    for (;;) {
      const segment = this.#segmentToRead();
      if (segment === undefined || this.#readPosition >= before) return undefined;
      const base = segment.number * SEGMENT_SPAN;
      const at = this.#readPosition - base;
      const gap = segment.gaps.get(at);
      if (gap === undefined) {
        const read = this.#reader.readFrame(segment, at, buffer);
        const passed = read ?? this.#reader.passDamage(segment, at, held);
        this.#readPosition = passed.end;
        return 'batch' in passed ? passed : { damaged: passed };
      }
      this.#readPosition = base + gap.end;
      if (gap.batches > 0) {
        return { damaged: { batches: gap.batches, dataRecords: 0, octets: 0, end: this.#readPosition } };
      }
    }
  }

  /** Goes on behind a batch that was sent out of memory. @param end what `append` returned for it */
  skipTo(end: number, dataRecords: number): void {
    if (end <= this.#readPosition) return;
    this.#readPosition = end;
    const segment = this.#segmentAt(end);
    segment.batchesRead++;
    segment.dataRecordsRead += dataRecords;
  }

  /** Goes back before a batch that was read or skipped. Call it for the latest one first. @param start of its frame */
  unread(start: number, dataRecords: number): void {
    if (start >= this.#readPosition) return;
    this.#readPosition = start;
    const segment = this.#segmentAt(start);
    segment.batchesRead--;
    segment.dataRecordsRead -= dataRecords;
  }

  /** Forgets everything before a position, which has arrived. It reaches the disk with `save`, or a segment's end. */
  commit(position: number): void {
    if (position <= this.#committed) return;
    this.#committed = position;
    for (let first = this.#segments[0]; first !== undefined; first = this.#segments[0]) {
      const end = first.number * SEGMENT_SPAN + first.octets;
      const isWritten = this.#segments.length === 1 && this.#writeFile !== undefined;
      if (position < end || isWritten) break;
      this.save();
      this.#segments.shift();
      this.#octets -= first.octets;
      this.#reader.close(first.number);
      this.#aside.remove(segmentName(first.number), first.isDamaged);
    }
  }

  /** Writes down what has been committed, so that a crash from now on does not repeat it. */
  save(): void {
    this.#commitFile.save(this.#committed);
  }

  /** Asks the system to bring what was appended to the disk, without waiting for it. */
  sync(): void {
    if (!this.#isDirty || this.#writeFile === undefined) return;
    this.#isDirty = false;
    fdatasync(this.#writeFile, () => {});
  }

  /** Frees the directory; an empty spool leaves no segments. */
  close(): void {
    this.save();
    const last = this.#segments.at(-1);
    const isEmpty = last === undefined || this.#committed >= last.number * SEGMENT_SPAN + last.octets;
    this.#closeWrite();
    this.#reader.close();
    this.#commitFile.close();
    if (isEmpty && last !== undefined) this.#aside.remove(segmentName(last.number), last.isDamaged);
    releaseLock(this.directory);
  }

  #segmentAt(position: number): SegmentFile {
    return this.#segments.find(({ number }) => number === Math.floor(position / SEGMENT_SPAN))!;
  }

  /** The segment that has room for a frame, a new one if need be. */
  #segmentFor(octets: number): SegmentFile {
    const last = this.#segments.at(-1);
    const limit = Math.max(1 << 16, Math.min(SEGMENT_OCTETS, this.#octetsMax / 8));
    if (last !== undefined && this.#writeFile !== undefined && last.octets + octets <= limit) return last;
    this.#closeWrite();
    // Numbers go on where a spool that was emptied has ended, since its last commit is still written down.
    const number = Math.max(last?.number ?? 0, Math.floor(this.#committed / SEGMENT_SPAN)) + 1;
    this.#writeFile = openSync(join(this.directory, segmentName(number)), 'wx+', 0o640);
    const segment = newSegment(number);
    this.#segments.push(segment);
    this.#octets += SEGMENT_HEADER_OCTETS;
    if (writeSync(this.#writeFile, segmentHeader(), 0, SEGMENT_HEADER_OCTETS, 0) !== SEGMENT_HEADER_OCTETS) {
      throw new Error('the disk took part of it');
    }
    return segment;
  }

  /** After a refused write: nothing of it may be taken for a frame. */
  #cutTail(): void {
    const last = this.#segments.at(-1);
    if (this.#writeFile === undefined || last === undefined) return;
    try {
      ftruncateSync(this.#writeFile, last.octets);
    } catch {
      // The next frame overwrites it, and its CRC does not hold.
    }
    if (last.octets === SEGMENT_HEADER_OCTETS) {
      // Not even the header is sure to be there.
      this.#closeWrite();
      this.#segments.pop();
      this.#octets -= last.octets;
      rmSync(join(this.directory, segmentName(last.number)), { force: true });
    }
  }

  /** The segment that the read position is in, which moves on from one that has been read. */
  #segmentToRead(): SegmentFile | undefined {
    for (const segment of this.#segments) {
      const start = segment.number * SEGMENT_SPAN;
      if (this.#readPosition < start) this.#readPosition = start + SEGMENT_HEADER_OCTETS;
      if (this.#readPosition < start + segment.octets) return segment;
    }
    return undefined;
  }

  #closeWrite(): void {
    if (this.#writeFile !== undefined) closeSync(this.#writeFile);
    this.#writeFile = undefined;
  }
}
