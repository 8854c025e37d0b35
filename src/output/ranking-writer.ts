/**
 * Who used what, printed instead of flows: a row for each application, name of a server, host, autonomous system, country
 * or network, the greatest by octets first, then one row for all others. Where rows are about the ends of flows, each flow is in the rows of both its ends;
 * shares are always of all octets. Figures are added up by ranking.ts, in bounded memory.
 */
import { formatCount, formatOctets, formatShort } from '../base/units.ts';
import type { OutputName, TopBy } from '../config/config.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import * as layout from '../records/flow-layout.ts';
import { readHealth } from '../records/read-path-health.ts';
import type { RecordSections } from '../records/record-sections.ts';
import type { FlowWriter } from './flow-writer.ts';
import * as ranking from './ranking.ts';
import { RANKING_KINDS, type RankingKind } from './ranking-kinds.ts';
import type { OutputStream } from './standard-output.ts';
import { shorten, tableText } from './text-table.ts';

export interface RankingOptions {
  readonly topBy: Exclude<TopBy, 'flow'>;
  readonly form: Exclude<OutputName, 'none'>;
  /** Rows; 0 for all. */
  readonly top: number;
  /** Columns of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  /** Path health is measured: rows tell round trips and losses. */
  readonly health: boolean;
  /** Names at a time; default: NAMES_MAX. */
  readonly namesMax?: number;
}

/** A row, or all others together. */
interface Row {
  /** From 1; undefined for all others. */
  readonly rank: number | undefined;
  readonly name: string;
  readonly figures: Float64Array;
}

/** Names that are kept at a time: about 20 MB at most. */
export const NAMES_MAX = 65_536;
const NAME_COLUMNS_MIN = 20;
const OTHERS = '(others)';
const NOTHING = '–';
/** Decimals of shares and of milliseconds for programs. */
const DECIMALS = 1e6;

export class RankingWriter implements FlowWriter {
  readonly needs: RecordSections;
  readonly #output: OutputStream;
  readonly #options: RankingOptions;
  readonly #kind: RankingKind;
  readonly #ranking: ranking.Ranking;
  readonly #namesMax: number;
  readonly #added = ranking.createAdded();
  /** Octets of all flows, each once. */
  #octets = 0;

  constructor(output: OutputStream, options: RankingOptions) {
    this.#output = output;
    this.#options = options;
    this.#kind = RANKING_KINDS[options.topBy];
    this.#namesMax = options.namesMax ?? NAMES_MAX;
    this.#ranking = new ranking.Ranking(this.#namesMax);
    this.needs = { ...this.#kind.needs, health: options.health };
  }

  get isClosed(): boolean {
    return this.#output.isClosed;
  }

  write(batch: FlowRecordBatch): void {
    for (let i = 0; i < batch.count; i++) this.#add(batch, i * batch.stride);
  }

  async end(): Promise<void> {
    const { form } = this.#options;
    const rows = this.#rows();
    const text = form === 'table' ? this.#table(rows) : this.#lines(rows, form);
    await this.#output.write(Buffer.from(text));
  }

  /** Adds the record that begins at word `row` to its rows. */
  #add(batch: FlowRecordBatch, row: number): void {
    const { words } = batch;
    const kind = this.#kind;
    const added = this.#added;
    this.#measure(batch, row);
    this.#octets += added[ranking.OCTETS]!;
    const name = kind.name(words, row, false);
    const other = kind.isOfEnds ? kind.name(words, row, true) : name;
    if (kind.isOfEnds && name === other) {
      // What goes from one end to the other is sent and received by the same.
      added[ranking.SENT_OCTETS] = added[ranking.RECEIVED_OCTETS] = added[ranking.OCTETS]!;
      added[ranking.SENT_PACKETS] = added[ranking.RECEIVED_PACKETS] = added[ranking.PACKETS]!;
    }
    this.#ranking.add(name, added);
    if (name === other) return;
    [added[ranking.SENT_OCTETS], added[ranking.RECEIVED_OCTETS]] = [
      added[ranking.RECEIVED_OCTETS]!,
      added[ranking.SENT_OCTETS]!,
    ];
    [added[ranking.SENT_PACKETS], added[ranking.RECEIVED_PACKETS]] = [
      added[ranking.RECEIVED_PACKETS]!,
      added[ranking.SENT_PACKETS]!,
    ];
    this.#ranking.add(other, added);
  }

  /** Takes the figures of the record that begins at word `row`, as its initiator sees them. */
  #measure(batch: FlowRecordBatch, row: number): void {
    const { doubles } = batch;
    const added = this.#added;
    const forward = row / 2 + layout.FORWARD_DOUBLE;
    const reverse = row / 2 + layout.REVERSE_DOUBLE;
    added[ranking.SENT_OCTETS] = doubles[forward + layout.OCTETS]!;
    added[ranking.SENT_PACKETS] = doubles[forward + layout.PACKETS]!;
    added[ranking.RECEIVED_OCTETS] = doubles[reverse + layout.OCTETS]!;
    added[ranking.RECEIVED_PACKETS] = doubles[reverse + layout.PACKETS]!;
    added[ranking.OCTETS] = added[ranking.SENT_OCTETS]! + added[ranking.RECEIVED_OCTETS]!;
    added[ranking.PACKETS] = added[ranking.SENT_PACKETS]! + added[ranking.RECEIVED_PACKETS]!;
    added[ranking.FLOWS] = 1;
    const health = this.#options.health ? readHealth(batch, row) : undefined;
    const { minMs = Number.NaN } = health?.roundTrip ?? {};
    added[ranking.ROUND_TRIP_MIN_MS] = minMs > 0 ? minMs : Number.POSITIVE_INFINITY;
    added[ranking.SEGMENTS] = 0;
    added[ranking.LOST_SEGMENTS] = 0;
    for (const one of health === undefined ? [] : [health.forward, health.reverse]) {
      const lost = one.lostUpstreamSegments + one.lostDownstreamSegments;
      if (Number.isNaN(lost)) continue;
      added[ranking.SEGMENTS]! += one.dataSegments;
      added[ranking.LOST_SEGMENTS]! += lost;
    }
  }

  /** The rows that are shown; the last one has all others, if there are any. */
  #rows(): Row[] {
    const { top } = this.#options;
    const { evicted, evictions } = this.#ranking;
    const all = this.#ranking.sorted();
    const shown = top === 0 ? all : all.slice(0, top);
    const rows: Row[] = shown.map(({ name, figures }, i) => ({ rank: i + 1, name, figures }));
    if (shown.length === all.length && evictions === 0) return rows;
    const others = evicted.slice();
    for (const { figures } of all.slice(shown.length)) ranking.addTo(others, 0, figures, 0);
    return [...rows, { rank: undefined, name: '', figures: others }];
  }

  #share({ figures }: Row): number {
    return this.#octets === 0 ? 0 : figures[ranking.OCTETS]! / this.#octets;
  }

  #table(rows: readonly Row[]): string {
    const { columns, health, top } = this.#options;
    if (rows.length === 0) return 'No flows.\n';
    const { title, isOfEnds } = this.#kind;
    const ways = isOfEnds ? ['sent', 'received'] : ['requests', 'replies'];
    const titles = [title, 'Octets', 'share', ...ways, 'Packets', 'Flows'];
    if (health) titles.push('RTT min ms', 'lost');
    const cells = rows.map((row) => this.#cells(row));
    const render = () => tableText(titles, cells, new Set([title]));
    const isWide = (text: string) => text.slice(0, text.indexOf('\n')).length > (columns ?? Infinity);
    let text = render();
    if (isWide(text)) {
      const excess = text.indexOf('\n') - columns!;
      const width = Math.max(...cells.map(([name]) => name!.length), title.length);
      for (const row of cells) row[0] = shorten(row[0]!, Math.max(NAME_COLUMNS_MIN, width - excess));
      text = render();
    }
    const { evictions } = this.#ranking;
    const isMore = rows.at(-1)!.rank === undefined && top !== 0;
    const hint = isMore ? '(--top 0 shows all)\n' : '';
    return evictions === 0 ? text + hint : `${text}${hint}${this.#boundText(rows)}`;
  }

  /** How exact rows are once names had to leave. */
  #boundText(rows: readonly Row[]): string {
    const bound = Math.max(...rows.map(({ figures }) => figures[ranking.MISSED_MAX]!));
    const names = formatCount(this.#namesMax);
    return `More than ${names} names: a row may lack ${formatOctets(bound)} at most, which are with ${OTHERS}.\n`;
  }

  #cells(row: Row): string[] {
    const { figures, rank } = row;
    const cells = [
      rank === undefined ? OTHERS : this.#kind.label(row.name),
      formatOctets(figures[ranking.OCTETS]!),
      `${(100 * this.#share(row)).toFixed(1)} %`,
      formatOctets(figures[ranking.SENT_OCTETS]!),
      formatOctets(figures[ranking.RECEIVED_OCTETS]!),
      formatShort(figures[ranking.PACKETS]!),
      formatShort(figures[ranking.FLOWS]!),
    ];
    if (!this.#options.health) return cells;
    const least = figures[ranking.ROUND_TRIP_MIN_MS]!;
    const segments = figures[ranking.SEGMENTS]!;
    const lost = `${((100 * figures[ranking.LOST_SEGMENTS]!) / segments).toFixed(3)} %`;
    return [...cells, Number.isFinite(least) ? least.toFixed(3) : NOTHING, segments > 0 ? lost : NOTHING];
  }

  /** A row as programs have it: its fields by name. */
  #object(row: Row): Record<string, string | number | boolean | null> {
    const { figures, rank = null } = row;
    const { fields, isOfEnds } = this.#kind;
    const values = rank === null ? fields.map(() => null) : this.#kind.values(row.name);
    const ways = isOfEnds ? ['sent', 'received'] : ['initiator', 'responder'];
    const rounded = (value: number) => Math.round(value * DECIMALS) / DECIMALS;
    const least = figures[ranking.ROUND_TRIP_MIN_MS]!;
    return {
      rank,
      ...Object.fromEntries(fields.map((field, i) => [field, values[i]!])),
      octetDeltaCount: figures[ranking.OCTETS]!,
      packetDeltaCount: figures[ranking.PACKETS]!,
      deltaFlowCount: figures[ranking.FLOWS]!,
      octetShare: rounded(this.#share(row)),
      [`${ways[0]}Octets`]: figures[ranking.SENT_OCTETS]!,
      [`${ways[1]}Octets`]: figures[ranking.RECEIVED_OCTETS]!,
      [`${ways[0]}Packets`]: figures[ranking.SENT_PACKETS]!,
      [`${ways[1]}Packets`]: figures[ranking.RECEIVED_PACKETS]!,
      octetsMissedMax: figures[ranking.MISSED_MAX]!,
      ...(this.#options.health
        ? {
            roundTripMinMilliseconds: Number.isFinite(least) ? rounded(least) : null,
            segments: figures[ranking.SEGMENTS]!,
            lostSegments: figures[ranking.LOST_SEGMENTS]!,
          }
        : {}),
    };
  }

  #lines(rows: readonly Row[], form: 'json' | 'csv'): string {
    const objects = rows.map((row) => this.#object(row));
    if (form === 'json') return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
    const none = { rank: 0, name: '', figures: ranking.createAdded() };
    const head = Object.keys(this.#object(objects.length > 0 ? rows[0]! : none));
    const lines = [head, ...objects.map((object) => head.map((name) => csvCell(object[name] ?? '')))];
    return lines.map((cells) => `${cells.join(',')}\n`).join('');
  }
}

/** RFC 4180 §2: quotes around what has a comma or a quote. */
function csvCell(value: string | number | boolean): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
