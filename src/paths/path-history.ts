/** The records of named paths of the last day, in memory that the configuration bounds: 1,440 for each direction. */
import { PATH_INTERVAL_MS, type PathRecord, type PathRecordSource } from '../records/path-record.ts';

export const HISTORY_MINUTES = 1440;

export class PathHistory {
  /** Of each path, in the order of their minutes, both directions; where nothing came by there is none. */
  readonly #records = new Map<string, PathRecord[]>();

  constructor(source: PathRecordSource) {
    source.subscribe((record) => this.#add(record));
  }

  /** The records of a path whose minutes lie within so many before `nowMs`, the earliest first. */
  recordsOf(path: string, minutes: number, nowMs: number): readonly PathRecord[] {
    const sinceMs = nowMs - minutes * PATH_INTERVAL_MS;
    return (this.#records.get(path) ?? []).filter(({ startMs }) => startMs + PATH_INTERVAL_MS > sinceMs);
  }

  #add(record: PathRecord): void {
    const records = this.#records.get(record.path) ?? [];
    this.#records.set(record.path, records);
    records.push(record);
    // Late minutes come after later ones only where a clock was set back; then the first one is not the earliest.
    const oldestMs = record.startMs - HISTORY_MINUTES * PATH_INTERVAL_MS;
    while (records.length > 2 * HISTORY_MINUTES || (records[0]?.startMs ?? oldestMs + 1) <= oldestMs)
      records.shift();
  }
}
