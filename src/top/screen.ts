/**
 * The lines of `flowtap top`: rates and losses of each interface, then the greatest flows. As wide as the terminal: columns
 * that matter least go first. Names and verdicts come from elsewhere; what a terminal would obey is taken out of them.
 */
import { formatCounted, formatShort, formatSpan } from '../base/units.ts';
import { endOf, type FlowObject } from '../control/flow-objects.ts';
import type { InterfaceLook, Look } from './look.ts';
import { KEYS, type TopState } from './state.ts';

/** Lines in how they are to look. */
export interface ScreenLine {
  readonly text: string;
  readonly style?: 'title' | 'head' | 'alarm';
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

interface Column {
  readonly title: string;
  readonly isRight?: true;
  /** The one with the greatest goes first where there is no room. */
  readonly goes: number;
  cell(flow: FlowObject): string;
}

const known = (value: unknown, format: (value: number) => string) =>
  typeof value === 'number' && !Number.isNaN(value) ? format(value) : '–';

/** Of both directions. */
function both(flow: FlowObject, element: 'packetDeltaCount' | 'octetDeltaCount'): number {
  const reverse = element === 'packetDeltaCount' ? 'reversePacketDeltaCount' : 'reverseOctetDeltaCount';
  return Number(flow[element] ?? 0) + Number(flow[reverse] ?? 0);
}

const COLUMNS: readonly Column[] = [
  { title: 'Initiator', goes: 0, cell: (flow) => endOf(flow, 'source') },
  { title: 'Responder', goes: 0, cell: (flow) => endOf(flow, 'destination') },
  { title: 'Proto', goes: 3, cell: (flow) => flow.protocolName },
  {
    title: 'bit/s',
    isRight: true,
    goes: 1,
    cell: (flow) => formatShort(flow.bitsPerSecond + flow.reverseBitsPerSecond),
  },
  { title: 'Octets', isRight: true, goes: 4, cell: (flow) => formatShort(both(flow, 'octetDeltaCount')) },
  { title: 'Packets', isRight: true, goes: 7, cell: (flow) => formatShort(both(flow, 'packetDeltaCount')) },
  {
    title: 'RTT ms',
    isRight: true,
    goes: 5,
    cell: (flow) => known(flow.roundTripTimeMs?.mean, (ms) => ms.toFixed(ms < 10 ? 2 : 1)),
  },
  { title: 'Lost', isRight: true, goes: 6, cell: (flow) => known(flow.lostPackets, formatShort) },
  { title: 'Age', isRight: true, goes: 8, cell: (flow) => formatSpan(flow.ageMilliseconds) },
  { title: 'Verdict', goes: 2, cell: (flow) => flow.verdict ?? '' },
  { title: 'Interface', goes: 9, cell: (flow) => flow.interface },
];

/** Control characters have nothing to say here. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

/** Rows below their titles, in as many columns as there is room for. */
function flowLines(flows: readonly FlowObject[], columns: number): ScreenLine[] {
  const cells = COLUMNS.map((column) => flows.map((flow) => harmless(column.cell(flow))));
  const widths = COLUMNS.map(({ title }, c) =>
    Math.max(title.length, ...cells[c]!.map((cell) => cell.length)),
  );
  const shown = new Set(COLUMNS.keys());
  const width = () => [...shown].reduce((sum, c) => sum + widths[c]! + 2, -2);
  while (width() > columns && shown.size > 2) {
    const dispensable = [...shown].filter((c) => COLUMNS[c]!.goes > 0);
    if (dispensable.length === 0) break;
    shown.delete(dispensable.reduce((a, b) => (COLUMNS[a]!.goes > COLUMNS[b]!.goes ? a : b)));
  }
  const line = (texts: readonly string[]) =>
    [...shown]
      .map((c) => (COLUMNS[c]!.isRight ? texts[c]!.padStart(widths[c]!) : texts[c]!.padEnd(widths[c]!)))
      .join('  ');
  const titles = COLUMNS.map(({ title }) => title);
  return [
    { text: line(titles), style: 'head' },
    ...flows.map((_, row) => ({ text: line(cells.map((column) => column[row]!)).trimEnd() })),
  ];
}

/** A short number of things, or the one. */
function counted(count: number, nouns: string): string {
  return count === 1 ? formatCounted(count, nouns) : `${formatShort(count)} ${nouns}`;
}

/** Rates since the look before; of all the time where there is none. */
function interfaceLine(one: InterfaceLook, before: InterfaceLook | undefined, seconds: number): ScreenLine {
  const rate = (read: (look: InterfaceLook) => number) =>
    before === undefined || !(seconds > 0)
      ? '–'
      : formatShort(Math.max(0, read(one) - read(before)) / seconds);
  const text = [
    harmless(one.name),
    one.isUp ? 'up' : 'DOWN',
    `${rate(({ packets }) => packets)} packets/s`,
    `${rate(({ octets }) => octets * 8)} bit/s`,
    counted(one.activeFlows, 'flows'),
    counted(one.packets, 'packets'),
    `${formatShort(one.droppedPackets)} lost`,
  ].join('  ');
  return one.isUp && one.droppedPackets === 0 ? { text } : { text, style: 'alarm' };
}

function helpLines(): ScreenLine[] {
  return ['', ...KEYS.map(([keys, what]) => `  ${keys.padEnd(10)} ${what}`)].map((text) => ({ text }));
}

function conditionLine({ question, isPaused, typed, message }: TopState, look: Look): ScreenLine {
  if (typed !== undefined) return { text: `filter: ${typed}_`, style: 'title' };
  if (message !== '') return { text: harmless(message), style: 'alarm' };
  const filter = question.filter === '' ? 'all flows' : `filter ${harmless(question.filter)}`;
  const part = look.isComplete ? '' : '  in part: the tables are large';
  const state = isPaused ? '  PAUSED' : look.isOver ? '  AT ITS END' : '';
  return { text: `by ${question.sort}, ${filter}${part}${state}` };
}

/** Losses that are told of at the most; the log has all of them. */
const LOSSES_SHOWN = 3;

function lossLines({ losses }: Look): ScreenLine[] {
  if (losses.length === 0) return [{ text: 'nothing was lost' }];
  const lines = losses
    .slice(0, LOSSES_SHOWN)
    .map((text): ScreenLine => ({ text: harmless(text), style: 'alarm' }));
  const more = losses.length - lines.length;
  return more > 0 ? [...lines, { text: `… and ${more} more` }] : lines;
}

/** Everything above the flows. */
function upperLines(state: TopState, look: Look, before: Look | undefined): ScreenLine[] {
  const seconds = before === undefined ? 0 : (look.nowMs - before.nowMs) / 1e3;
  const former = (name: string) => before?.interfaces.find((one) => one.name === name);
  return [
    { text: harmless(look.title), style: 'title' },
    ...look.interfaces.map((one) => interfaceLine(one, former(one.name), seconds)),
    ...lossLines(look),
    conditionLine(state, look),
  ];
}

const FOOT = 'q quit  s sort  f filter  p pause  h help';

/**
 * A screen: exactly `rows` lines at the most, none longer than `columns`.
 * @param before the look that rates are told since
 */
export function screenLines(
  state: TopState,
  look: Look,
  before: Look | undefined,
  { columns, rows }: ScreenSize,
): ScreenLine[] {
  const upper = upperLines(state, look, before);
  // The titles of the flows, and the foot.
  const room = Math.max(0, rows - upper.length - 2);
  const offset = Math.min(state.offset, Math.max(0, look.flows.length - room));
  const lower = state.isHelp ? helpLines() : flowLines(look.flows.slice(offset, offset + room), columns);
  const body = [...upper, ...lower].slice(0, Math.max(0, rows - 1));
  const blank = Math.max(0, rows - 1 - body.length);
  const lines = [...body, ...Array.from({ length: blank }, () => ({ text: '' })), { text: FOOT }];
  return lines.slice(0, rows).map((line) => ({ ...line, text: cut(line.text, columns) }));
}

/** The same for what is no terminal: all flows, in lines as long as they are. */
export function plainText(state: TopState, look: Look, before: Look | undefined): string {
  const lines = [...upperLines(state, look, before), ...flowLines(look.flows, Number.POSITIVE_INFINITY)];
  return `${lines.map(({ text }) => text.trimEnd()).join('\n')}\n\n`;
}
