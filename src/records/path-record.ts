/** What a named path carried in a minute, one direction: the record, its columns, and where whoever writes it gets it. */

/** From the first side of the path to the other, and back. */
export const PATH_DIRECTIONS = ['forward', 'reverse'] as const;
export type PathDirection = (typeof PATH_DIRECTIONS)[number];

/** Length of a record's span. */
export const PATH_INTERVAL_MS = 60_000;

/** Figures of flow records whose last packet lies in the span. NaN: not measured. */
export interface PathFigures {
  /** Flow records with packets of this direction (deltaFlowCount, IE 3). */
  readonly flows: number;
  /** IP octets and packets. */
  readonly octets: number;
  readonly packets: number;
  /** Of the flow records' own round trips: the least, and median and 95th percentile of their means. */
  readonly roundTripMinMs: number;
  readonly roundTripMedianMs: number;
  readonly roundTripP95Ms: number;
  /** TCP segments with payload, or packets with RFC 8250; of these, lost in the network. */
  readonly segments: number;
  readonly lostSegments: number;
  /** TCP segments that arrived and were not captured. */
  readonly captureLostSegments: number;
  readonly stalledMs: number;
  /** Flow records with more than 1 MB in this direction; bit/s of all their time together, and of the busiest interval. */
  readonly transfers: number;
  readonly transferMeanBitsPerSecond: number;
  readonly transferPeakBitsPerSecond: number;
  /** Flow records by the verdict on this direction. */
  readonly verdicts: Readonly<Record<string, number>>;
}

export interface PathRecord extends PathFigures {
  readonly path: string;
  readonly direction: PathDirection;
  /** Unix time in ms of the minute's beginning. */
  readonly startMs: number;
}

/** Everything of one path and direction since the start, and its last full minute. */
export interface PathState {
  readonly path: string;
  readonly direction: PathDirection;
  readonly total: PathFigures;
  /** Undefined where nothing came by in the latest minute that is over. */
  readonly latest: PathRecord | undefined;
}

/** A column of path records in files and tables. */
export interface PathColumn {
  readonly name: string;
  /** `time`: Unix time in ms. */
  readonly type: 'text' | 'time' | 'count' | 'number';
  /** NaN: not measured. */
  read(record: PathRecord): string | number;
}

/** Gives every path record once its minute is over. */
export interface PathRecordSource {
  readonly columns: readonly PathColumn[];
  /** @returns what ends it */
  subscribe(take: (record: PathRecord) => void): () => void;
}

/** Decimals of numbers: a microsecond of milliseconds, a thousandth of a bit. */
const DECIMALS = 1e3;

/** A value as JSON and CSV have it; null: not measured. Times are those of ISO 8601, in UTC. */
export function pathValue({ type, read }: PathColumn, record: PathRecord): string | number | null {
  const value = read(record);
  if (typeof value === 'string') return value;
  if (type === 'time') return new Date(value).toISOString();
  return Number.isNaN(value) ? null : Math.round(value * DECIMALS) / DECIMALS;
}

/** The record as an object for programs. */
export function pathObject(
  columns: readonly PathColumn[],
  record: PathRecord,
): Record<string, string | number | null> {
  return Object.fromEntries(columns.map((column) => [column.name, pathValue(column, record)]));
}

/** The record as a line of JSON or CSV, with its line break. */
export function pathLine(form: 'json' | 'csv', columns: readonly PathColumn[], record: PathRecord): string {
  if (form === 'json') return `${JSON.stringify(pathObject(columns, record))}\n`;
  return `${columns.map((column) => pathValue(column, record) ?? '').join(',')}\n`;
}

/** The first line of a file; none of JSON. */
export function pathHeader(form: 'json' | 'csv', columns: readonly PathColumn[]): string {
  return form === 'csv' ? `${columns.map(({ name }) => name).join(',')}\n` : '';
}
