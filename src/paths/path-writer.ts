/**
 * Named paths printed instead of flows: JSON lines or CSV of each path, direction and minute as they are over, or tables of
 * the whole capture and of its minutes at the end.
 */

import { formatOctets, formatShort, formatTime } from '../base/units.ts';
import type { FlowWriter } from '../output/flow-writer.ts';
import type { OutputStream } from '../output/standard-output.ts';
import { tableText } from '../output/text-table.ts';
import { type PathFigures, type PathRecord, pathHeader, pathLine } from '../records/path-record.ts';
import { NO_SECTIONS, type RecordSections } from '../records/record-sections.ts';
import type { PathMeter } from './path-meter.ts';

export interface PathWriterOptions {
  readonly form: 'table' | 'json' | 'csv';
  /** Rows of the table of minutes; 0 for all. */
  readonly top: number;
}

const HEAD = ['Path', 'Direction'];
const FIGURES = [
  'Flows',
  'Octets',
  'RTT min',
  'median',
  'p95 ms',
  'Segments',
  'lost',
  'share',
  'uncaptured',
  'Stalled s',
  '> 1 MB',
  'mean',
  'peak bit/s',
  'Verdicts',
];
/** Columns of text, which begin at the left. */
const LEFT = new Set(['Path', 'Direction', 'Minute (UTC)', 'Verdicts']);
const NOTHING = '–';

const known = (value: number, format: (value: number) => string) =>
  Number.isNaN(value) ? NOTHING : format(value);

/** A share in per cent, with as many digits as 1 in 22,000 needs. */
function shareText(part: number, whole: number): string {
  return whole > 0 ? `${((100 * part) / whole).toFixed(4)} %` : NOTHING;
}

function verdictText(verdicts: PathFigures['verdicts']): string {
  const found = Object.entries(verdicts).filter(([, flows]) => flows > 0);
  return found.map(([name, flows]) => `${formatShort(flows)} ${name}`).join(', ') || NOTHING;
}

function cellsOf(figures: PathFigures): string[] {
  const ms = (value: number) => known(value, (one) => one.toFixed(3));
  return [
    formatShort(figures.flows),
    formatOctets(figures.octets),
    ms(figures.roundTripMinMs),
    ms(figures.roundTripMedianMs),
    ms(figures.roundTripP95Ms),
    formatShort(figures.segments),
    String(figures.lostSegments),
    shareText(figures.lostSegments, figures.segments),
    String(figures.captureLostSegments),
    (figures.stalledMs / 1e3).toFixed(1),
    String(figures.transfers),
    known(figures.transferMeanBitsPerSecond, formatShort),
    known(figures.transferPeakBitsPerSecond, formatShort),
    verdictText(figures.verdicts),
  ];
}

export class PathWriter implements FlowWriter {
  readonly needs: RecordSections = { ...NO_SECTIONS, health: true };
  readonly #output: OutputStream;
  readonly #meter: PathMeter;
  readonly #options: PathWriterOptions;
  readonly #minutes: PathRecord[] = [];
  #lines: string[] = [];

  /** @param meter takes the records before they are anonymized, and is ended before this writer */
  constructor(output: OutputStream, meter: PathMeter, options: PathWriterOptions) {
    this.#output = output;
    this.#meter = meter;
    this.#options = options;
    const { form } = options;
    if (form === 'table') meter.subscribe((record) => this.#minutes.push(record));
    else {
      this.#lines.push(pathHeader(form, meter.columns));
      meter.subscribe((record) => this.#lines.push(pathLine(form, meter.columns, record)));
    }
  }

  get isClosed(): boolean {
    return this.#output.isClosed;
  }

  write(): Promise<void> | void {
    if (this.#lines.length > 0) return this.#print();
  }

  async end(): Promise<void> {
    if (this.#options.form === 'table') this.#lines.push(this.#table());
    if (this.#lines.length > 0) await this.#print();
  }

  #print(): Promise<void> | void {
    const text = this.#lines.join('');
    this.#lines = [];
    return this.#output.write(Buffer.from(text));
  }

  #table(): string {
    const states = this.#meter.states();
    const whole = states.map(({ path, direction, total }) => [path, direction, ...cellsOf(total)]);
    const { top } = this.#options;
    const sorted = [...this.#minutes].sort((a, b) => a.startMs - b.startMs);
    const shown = top === 0 ? sorted : sorted.slice(0, top);
    const minutes = shown.map((record) => {
      return [
        formatTime(record.startMs * 1e6).slice(0, 16),
        record.path,
        record.direction,
        ...cellsOf(record),
      ];
    });
    const more = sorted.length - shown.length;
    return [
      tableText([...HEAD, ...FIGURES], whole, LEFT),
      ...(minutes.length === 0
        ? []
        : [`\n${tableText(['Minute (UTC)', ...HEAD, ...FIGURES], minutes, LEFT)}`]),
      ...(more > 0 ? [`… and ${more} more minutes (--top 0 shows all)\n`] : []),
    ].join('');
  }
}
