/**
 * Sections of a summary for people: a label, and lines that belong to it. The summary of a replay and that of a live probe
 * have those of the meters alike (`meterSections`). They fill lines from one typed object and count nothing themselves.
 */
import { DNS_NAME_COUNTS } from '../applications/dns-name-counts.ts';
import { formatCount, formatCounted } from '../base/units.ts';
import { type CountsByEndReason, endReasonsText } from '../ie/end-reasons.ts';

export interface Section {
  readonly label: string;
  readonly lines: readonly string[];
}

/** Packets that were refused for one reason. */
export interface RefusedReason {
  readonly name: string;
  readonly help: string;
  readonly packets: number;
  /** The most frequent EtherTypes or link types of a reason that stands for many. */
  readonly numbers: readonly { readonly name: string; readonly packets: number }[];
}

/** Counts of what all meters together decided and metered. */
export interface MeterSummary {
  readonly metered: { readonly packets: number; readonly octets: number };
  readonly refused: readonly RefusedReason[];
  readonly notices: readonly { readonly name: string; readonly help: string; readonly packets: number }[];
  readonly flows: {
    readonly created: number;
    /** In the tables now. */
    readonly active: number;
    /** Records handed to the exporting process: a long flow gives several. */
    readonly exported: number;
    /** Records by flowEndReason. */
    readonly byEndReason: CountsByEndReason;
    /** Of these, exported early because the table was full. */
    readonly evicted: number;
    /** Most flows in the table at a time, and how many it holds. */
    readonly peak: number;
    readonly capacity: number;
  };
  /** Flows that payload inspection had no room for: to look into, and to keep what was found. */
  readonly notInspected: { readonly noInspection: number; readonly noRoom: number };
  /** Counts of names by DNS, by the names of applications/dns-name-counts.ts; undefined where nothing was counted. */
  readonly dnsNames?: Readonly<Record<string, number>> | undefined;
}

const LABEL_COLUMNS = 10;

/** For a terminal: the label stands once, before the first of its lines. */
export function inColumns(sections: readonly Section[]): string[] {
  return sections.flatMap(({ label, lines }) =>
    lines.map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL_COLUMNS)}${line}`),
  );
}

/** For a log, whose lines are read one by one: each has the label. */
export function asLogLines(sections: readonly Section[]): string[] {
  return sections.flatMap(({ label, lines }) => lines.map((line) => `${label}: ${line}`));
}

type ReasonRow = Omit<RefusedReason, 'numbers'> & Partial<Pick<RefusedReason, 'numbers'>>;

/** Rows of count, name and help, the greatest count first, each with its numbers below. */
function reasonRows(rows: readonly ReasonRow[]): string[] {
  const counted = rows.filter((row) => row.packets > 0).sort((a, b) => b.packets - a.packets);
  const countWidth = Math.max(0, ...counted.map((row) => formatCount(row.packets).length));
  const nameWidth = Math.max(0, ...counted.map((row) => row.name.length));
  return counted.flatMap(({ name, packets, help, numbers = [] }) => [
    `  ${formatCount(packets).padStart(countWidth)}  ${name.padEnd(nameWidth)}  ${help}`,
    ...numbers.map((one) => `    ${formatCount(one.packets).padStart(countWidth)}  ${one.name}`),
  ]);
}

function flowLines({
  created,
  active,
  exported,
  byEndReason,
  peak,
  capacity,
}: MeterSummary['flows']): string[] {
  const reasons = endReasonsText(byEndReason);
  const how = reasons === '' ? '' : ` (${reasons})`;
  const now = active === 0 ? '' : `${formatCount(active)} active, `;
  const fill = capacity === 0 ? 0 : Math.round((100 * peak) / capacity);
  return [
    `${formatCount(created)} created, ${now}${formatCounted(exported, 'records')}${how}`,
    `at most ${formatCount(peak)} at a time, ${fill} % of the flow table`,
  ];
}

/** Flows that were too many for payload inspection. */
function notInspectedLines({ noInspection, noRoom }: MeterSummary['notInspected']): string[] {
  const remedy = 'raise applications.flows';
  return [
    [noInspection, `not looked into, as all inspections were at work: ${remedy}`] as const,
    [noRoom, `without room for what was found of them: ${remedy}`] as const,
  ]
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${formatCounted(count, 'flows')} ${text}`);
}

/** What became of names by DNS. */
function nameLines(counts: Readonly<Record<string, number>>): string[] {
  const { remembered = 0, lookups = 0, found = 0 } = counts;
  const told = new Set(['remembered', 'lookups', 'found']);
  const rest = DNS_NAME_COUNTS.filter(({ name }) => !told.has(name)).map(({ name, help }) => {
    return { name, help, packets: counts[name] ?? 0 };
  });
  return [
    `${formatCounted(remembered, 'addresses')} remembered of DNS answers, ${formatCount(found)} of ${formatCounted(lookups, 'flows')} named by them`,
    ...reasonRows(rest),
  ];
}

/**
 * Sections of packets metered, refused and noticed, and of flows.
 * @param more lines for sections of these labels
 */
export function meterSections(
  { metered, refused, notices, flows, notInspected, dnsNames }: MeterSummary,
  more: { readonly refused?: readonly string[]; readonly flows?: readonly string[] } = {},
): Section[] {
  const refusedPackets = refused.reduce((sum, row) => sum + row.packets, 0);
  const noticed = reasonRows(notices);
  const counts = `${formatCounted(metered.packets, 'packets')}, ${formatCounted(metered.octets, 'IP octets')}`;
  const sections = [{ label: 'Metered', lines: [counts] }];
  if (refusedPackets > 0) {
    const lines = [formatCounted(refusedPackets, 'packets'), ...reasonRows(refused), ...(more.refused ?? [])];
    sections.push({ label: 'Refused', lines });
  }
  if (noticed.length > 0) sections.push({ label: 'Noticed', lines: ['in metered packets', ...noticed] });
  sections.push({ label: 'Flows', lines: [...flowLines(flows), ...(more.flows ?? [])] });
  const withoutRoom = notInspectedLines(notInspected);
  if (withoutRoom.length > 0) sections.push({ label: 'Payload', lines: withoutRoom });
  if (dnsNames !== undefined) sections.push({ label: 'Names', lines: nameLines(dnsNames) });
  return sections;
}

/** What one exporter has sent. */
export function sentLine({
  url,
  dataRecords,
  messages,
  octets,
}: {
  readonly url: string;
  readonly dataRecords: number;
  readonly messages: number;
  readonly octets: number;
}): string {
  return `${url}: ${formatCounted(dataRecords, 'records')} in ${formatCounted(messages, 'messages')}, ${formatCounted(octets, 'octets')}`;
}
