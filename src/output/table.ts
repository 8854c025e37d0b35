/**
 * Flows as a table for people, the busiest first: printed at the end, from the few records worth keeping. A record is
 * one row with both directions, whatever is exported. Programs get JSON or CSV.
 */

import { formatCounted, formatShort, formatSpan, formatTime } from '../base/units.ts';
import { endReasonNames } from '../ie/end-reasons.ts';
import { formatProtocol } from '../ie/protocol-names.ts';
import {
  ADDRESS_A,
  ADDRESS_B,
  ENTRY_DOUBLES,
  ENTRY_WORDS,
  FLOW_FIRST_NS,
  FLOW_LAST_NS,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  FORWARD_WORD,
  OCTETS,
  PACKETS,
  REVERSE_DOUBLE,
  REVERSE_WORD,
  STATE_END_REASON_SHIFT,
  TCP_FLAGS_TOS,
} from '../records/flow-layout.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from '../records/protocol-numbers.ts';
import { NO_SECTIONS, type RecordSections } from '../records/record-sections.ts';
import { formatIPv4, formatIPv6, formatTcpFlags } from './addresses.ts';
import { BusiestFlows } from './busiest.ts';
import type { FlowWriter } from './flow-writer.ts';
import type { OutputStream } from './standard-output.ts';
import { shorten } from './text-table.ts';
import { timeText } from './words.ts';

export interface TableOptions {
  /** Rows; 0 for all flows. */
  readonly top: number;
  /** Columns of the terminal; undefined where there is none, and no address needs to be cut. */
  readonly columns: number | undefined;
  readonly color: boolean;
  /** Show applications and names. */
  readonly hasApplications: boolean;
  /** Show whose the addresses are. */
  readonly hasNetworks: boolean;
}

interface Column {
  readonly title: string;
  readonly isRight: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'Start (UTC)', isRight: false },
  { title: 'Duration', isRight: true },
  { title: 'Proto', isRight: false },
  { title: 'Initiator', isRight: false },
  { title: 'Responder', isRight: false },
  { title: 'From', isRight: false },
  { title: 'To', isRight: false },
  { title: 'Application', isRight: false },
  { title: 'Packets', isRight: true },
  { title: 'reply', isRight: true },
  { title: 'Octets', isRight: true },
  { title: 'reply', isRight: true },
  { title: 'RTT', isRight: true },
  { title: 'Lost', isRight: true },
  { title: 'Flags', isRight: false },
  { title: 'End', isRight: false },
];
const INITIATOR = 3;
const RESPONDER = 4;
const [FROM, TO, APPLICATION] = [5, 6, 7] as const;
const HEALTH = [12, 13];
/** Without payload inspection, networks, or path health, there is nothing to show in these. */
const OPTIONAL = [FROM, TO, APPLICATION, ...HEALTH];
/** A name is cut to so many columns. */
const APPLICATION_COLUMNS_MAX = 48;
const NETWORK_COLUMNS_MAX = 24;
/** Columns that a narrow terminal does without, in the order in which they go. */
const DISPENSABLE = [15, 14, 1, 0, FROM, TO];
/** Holds any IPv4 address with its port. */
const ADDRESS_COLUMNS_IPV4 = 21;
const ADDRESS_COLUMNS_MIN = 15;

const NS_PER_DAY = 86_400e9;

/** Address and port of one end; ICMP has a type and code instead of ports. */
function formatEndpoint(words: Int32Array, at: number, isResponder: boolean): string {
  const protocolWord = words[at + FLOW_PROTOCOL]!;
  const protocol = protocolWord & 0xff;
  const ports = words[at + FLOW_PORTS]!;
  const address = at + (isResponder ? ADDRESS_B : ADDRESS_A);
  const isIPv6 = ((protocolWord >>> 8) & 0xf) === 6;
  const hasPorts = ports !== 0 && protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6;
  const text = isIPv6 ? formatIPv6(words, address) : formatIPv4(words[address]!);
  if (!hasPorts) return text;
  return `${isIPv6 ? `[${text}]` : text}:${isResponder ? ports & 0xffff : ports >>> 16}`;
}

function formatFlags(words: Int32Array, at: number): string {
  const protocol = words[at + FLOW_PROTOCOL]! & 0xff;
  if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) {
    const typeAndCode = words[at + FLOW_PORTS]! & 0xffff;
    return `type ${typeAndCode >>> 8}/${typeAndCode & 0xff}`;
  }
  if (protocol !== PROTOCOL_TCP) return '';
  const flags = words[at + FORWARD_WORD + TCP_FLAGS_TOS]! | words[at + REVERSE_WORD + TCP_FLAGS_TOS]!;
  return formatTcpFlags(flags & 0xff);
}

/** Nothing of what was not measured or is not known. */
function known(value: number | undefined, format: (value: number) => string): string {
  return value === undefined || Number.isNaN(value) ? '' : format(value);
}

export class TableWriter implements FlowWriter {
  readonly needs: RecordSections;
  readonly #output: OutputStream;
  readonly #options: TableOptions;
  readonly #flows: BusiestFlows;
  /** Between cells. */
  #gap = '  ';

  constructor(output: OutputStream, options: TableOptions) {
    this.#output = output;
    this.#options = options;
    this.needs = { ...NO_SECTIONS, applications: options.hasApplications, networks: options.hasNetworks };
    this.#flows = new BusiestFlows(options.top);
  }

  get isClosed(): boolean {
    return this.#output.isClosed;
  }

  write(batch: FlowRecordBatch): void {
    this.#flows.add(batch);
  }

  async end(): Promise<void> {
    await this.#output.write(Buffer.from(this.#render()));
  }

  #render(): string {
    const flows = this.#flows;
    if (flows.count === 0) return 'No flows.\n';
    const indexes = flows.sorted();
    const day = this.#commonDay(indexes);
    const rows = indexes.map((index) => this.#cells(index, day !== undefined));
    const titles = COLUMNS.map((column) => column.title);
    if (day !== undefined) titles[0] = day;
    const lines = this.#layOut(titles, rows);
    const more = flows.seen - flows.count;
    if (more > 0) lines.push(`… and ${formatCounted(more, 'more flows')} (--top 0 shows all)`);
    return `${lines.join('\n')}\n`;
  }

  #startNs(index: number): number {
    return this.#flows.timeBaseSeconds * 1e9 + this.#flows.doubles[index * ENTRY_DOUBLES + FLOW_FIRST_NS]!;
  }

  /** The date that all flows start on, as the first column's title, or undefined where they differ. */
  #commonDay(indexes: readonly number[]): string | undefined {
    const first = Math.floor(this.#startNs(indexes[0]!) / NS_PER_DAY);
    const isCommon = indexes.every((index) => Math.floor(this.#startNs(index) / NS_PER_DAY) === first);
    return isCommon ? `${formatTime(first * NS_PER_DAY).slice(0, 10)}` : undefined;
  }

  #cells(index: number, withoutDate: boolean): string[] {
    const { words, doubles } = this.#flows;
    const at = index * ENTRY_WORDS;
    const atDouble = index * ENTRY_DOUBLES;
    const start = formatTime(this.#startNs(index));
    const lengthNs = doubles[atDouble + FLOW_LAST_NS]! - doubles[atDouble + FLOW_FIRST_NS]!;
    const counter = (offset: number) => formatShort(doubles[atDouble + offset]!);
    return [
      withoutDate ? start.slice(11) : start,
      formatSpan(lengthNs / 1e6),
      formatProtocol(words[at + FLOW_PROTOCOL]! & 0xff),
      formatEndpoint(words, at, false),
      formatEndpoint(words, at, true),
      ...[0, 1].map((end) => shorten(this.#flows.networks[index]?.[end] ?? '', NETWORK_COLUMNS_MAX)),
      shorten(this.#flows.applications[index] ?? '', APPLICATION_COLUMNS_MAX),
      counter(FORWARD_DOUBLE + PACKETS),
      counter(REVERSE_DOUBLE + PACKETS),
      counter(FORWARD_DOUBLE + OCTETS),
      counter(REVERSE_DOUBLE + OCTETS),
      known(this.#flows.roundTripsUs[index], (us) => timeText(us / 1e3)),
      known(this.#flows.lostSegments[index], formatShort),
      formatFlags(words, at),
      endReasonNames((words[at + FLOW_STATE]! >>> STATE_END_REASON_SHIFT) & 0xff)?.cell ?? '',
    ];
  }

  /** Widths from the cells; on a narrow terminal path health goes, long addresses are cut, columns go, then more is cut. */
  #layOut(titles: readonly string[], rows: readonly string[][]): string[] {
    const widths = titles.map((title) => title.length);
    for (const row of rows)
      for (const [c, cell] of row.entries()) widths[c] = Math.max(widths[c]!, cell.length);
    const shown = new Set(widths.keys());
    for (const c of OPTIONAL) if (rows.every((row) => row[c] === '')) shown.delete(c);
    if (this.#excess(widths, shown) > 0) for (const c of HEALTH) shown.delete(c);
    if (this.#excess(widths, shown) > 0) this.#gap = ' ';
    this.#cutAddresses(widths, shown, ADDRESS_COLUMNS_IPV4);
    for (const c of DISPENSABLE) if (this.#excess(widths, shown) > 0) shown.delete(c);
    this.#cutAddresses(widths, shown, ADDRESS_COLUMNS_MIN);
    const [bold, normal] = this.#options.color ? ['\x1b[1m', '\x1b[22m'] : ['', ''];
    const head = this.#line(titles, widths, shown, '   ');
    return [`${bold}${head}${normal}`, ...rows.map((row) => this.#line(row, widths, shown, ' → '))];
  }

  /** Columns beyond the terminal's. */
  #excess(widths: readonly number[], shown: ReadonlySet<number>): number {
    let total = ' → '.length;
    for (const c of shown) total += widths[c]!;
    // The arrow stands for one of the gaps.
    total += this.#gap.length * (shown.size - 2);
    return total - (this.#options.columns ?? Number.POSITIVE_INFINITY);
  }

  /** Narrows both ends' columns evenly, to no less than `min`, as far as the terminal needs it. */
  #cutAddresses(widths: number[], shown: ReadonlySet<number>, min: number): void {
    for (const [c, parts] of [
      [RESPONDER, 2],
      [INITIATOR, 1],
    ] as const) {
      const excess = Math.ceil(this.#excess(widths, shown) / parts);
      if (excess > 0) widths[c] = Math.min(widths[c]!, Math.max(min, widths[c]! - excess));
    }
  }

  #line(
    cells: readonly string[],
    widths: readonly number[],
    shown: ReadonlySet<number>,
    arrow: string,
  ): string {
    let text = '';
    for (const c of shown) {
      const gap = text === '' ? '' : c === RESPONDER ? arrow : this.#gap;
      const isAddress = c === INITIATOR || c === RESPONDER;
      const cell = isAddress ? shorten(cells[c]!, widths[c]!) : cells[c]!;
      text += gap + (COLUMNS[c]!.isRight ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!));
    }
    return text.trimEnd();
  }
}
