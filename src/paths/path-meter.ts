/**
 * Named paths: takes flow records, finds the path of each, and adds its two directions up, minute by minute. A record
 * belongs to the minute of its last packet. A minute is over when no flow that ended in it can still be in a table.
 */

import { type NamedPath, namedPaths } from '../config/types/named-paths.ts';
import { diagnose } from '../diagnose/describe.ts';
import { Transfer } from '../diagnose/transfer.ts';
import type { Judgement } from '../diagnose/verdict.ts';
import { FLOW_LAST_NS, type FlowRecordBatch } from '../records/flow-layout.ts';
import {
  PATH_DIRECTIONS,
  PATH_INTERVAL_MS,
  type PathRecord,
  type PathRecordSource,
  type PathState,
} from '../records/path-record.ts';
import { PATH_COLUMNS } from './path-columns.ts';
import { NO_PATH, PathMatch } from './path-match.ts';
import { PathSum } from './path-sum.ts';

/** Minutes that are open at a time: two days. */
const OPEN_MINUTES_MAX = 2880;

/** A path's directions, by twice the path's number, and 1 for the reverse one. */
type Sums = (PathSum | undefined)[];

export interface PathMeterOptions {
  /** Words of the option `paths`. */
  readonly paths: readonly string[];
  /**
   * How long after a packet the record of its flow may come, in ms: the idle timeout, and what a queue adds. Infinity: no
   * minute is over before the end.
   */
  readonly lateMs: number;
}

export class PathMeter implements PathRecordSource {
  readonly columns = PATH_COLUMNS;
  readonly paths: readonly NamedPath[];
  /** Flow records that came when their minute was over: they count in the oldest one that is open. */
  lateRecords = 0;
  /** As in PathMeterOptions. */
  lateMs: number;
  readonly #match: PathMatch;
  readonly #total: Sums = [];
  /** Open minutes by number. */
  readonly #minutes = new Map<number, Sums>();
  readonly #latest = new Map<number, PathRecord>();
  readonly #takers = new Set<(record: PathRecord) => void>();
  /** The first minute that is not over. */
  #firstOpen = Number.NEGATIVE_INFINITY;

  constructor({ paths, lateMs }: PathMeterOptions) {
    this.paths = namedPaths(paths);
    this.lateMs = lateMs;
    this.#match = new PathMatch(this.paths);
  }

  subscribe(take: (record: PathRecord) => void): () => void {
    this.#takers.add(take);
    return () => this.#takers.delete(take);
  }

  /** Adds the records of a batch, whose addresses must be the true ones. */
  add(batch: FlowRecordBatch): void {
    const { words, doubles, stride, count, timeBaseSeconds } = batch;
    for (let i = 0; i < count; i++) {
      const row = i * stride;
      const found = this.#match.match(words, row);
      if (found === NO_PATH) continue;
      const lastMs = timeBaseSeconds * 1e3 + doubles[row / 2 + FLOW_LAST_NS]! / 1e6;
      this.#addRecord(batch, row, found, Math.floor(lastMs / PATH_INTERVAL_MS));
    }
    if (!Number.isNaN(batch.clockNs)) this.advance(timeBaseSeconds * 1e3 + batch.clockNs / 1e6);
  }

  /** Ends the minutes that are over. @param nowMs Unix time by the metering process's clock */
  advance(nowMs: number): void {
    const firstOpen = Math.floor((nowMs - this.lateMs) / PATH_INTERVAL_MS);
    if (firstOpen > this.#firstOpen) this.#endBefore(firstOpen);
  }

  /** No more records will come. */
  end(): void {
    this.#endBefore(Number.POSITIVE_INFINITY);
  }

  /** All directions of all paths. */
  states(): PathState[] {
    return this.paths.flatMap(({ name }, path) =>
      PATH_DIRECTIONS.map((direction, d): PathState => {
        const total = (this.#total[2 * path + d] ?? new PathSum()).figures();
        return { path: name, direction, total, latest: this.#latest.get(2 * path + d) };
      }),
    );
  }

  #addRecord(batch: FlowRecordBatch, row: number, found: number, minute: number): void {
    const transfer = new Transfer(batch, row);
    transfer.add(batch, row, false);
    const { forward, reverse } = diagnose(transfer);
    const sums = this.#minute(minute);
    // The initiator's own direction, then the other.
    for (const [judgement, place] of [
      [forward, found],
      [reverse, found ^ 1],
    ] as const) {
      if (judgement === undefined) continue;
      addTo(sums, place, judgement);
      addTo(this.#total, place, judgement);
    }
  }

  /** The sums that a record of this minute goes into. */
  #minute(wanted: number): Sums {
    const isNew = !this.#minutes.has(wanted);
    if (isNew && this.#minutes.size >= OPEN_MINUTES_MAX)
      this.#endBefore(Math.min(...this.#minutes.keys()) + 1);
    if (wanted < this.#firstOpen) this.lateRecords++;
    const minute = Math.max(wanted, this.#firstOpen);
    const sums = this.#minutes.get(minute) ?? [];
    this.#minutes.set(minute, sums);
    return sums;
  }

  #endBefore(minute: number): void {
    this.#firstOpen = minute;
    this.#latest.clear();
    const over = [...this.#minutes.keys()].filter((number) => number < minute).sort((a, b) => a - b);
    const last = Number.isFinite(minute) ? minute - 1 : over.at(-1);
    for (const number of over) {
      const sums = this.#minutes.get(number)!;
      this.#minutes.delete(number);
      for (const [place, sum] of sums.entries()) {
        if (sum === undefined) continue;
        const record = this.#recordOf(place, number, sum);
        if (number === last) this.#latest.set(place, record);
        for (const take of this.#takers) take(record);
      }
    }
  }

  #recordOf(place: number, minute: number, sum: PathSum): PathRecord {
    return {
      path: this.paths[place >>> 1]!.name,
      direction: PATH_DIRECTIONS[place & 1]!,
      startMs: minute * PATH_INTERVAL_MS,
      ...sum.figures(),
    };
  }
}

function addTo(sums: Sums, place: number, judgement: Judgement): void {
  const sum = sums[place] ?? new PathSum();
  sums[place] = sum;
  sum.add(judgement);
}
