/** The report of `flowtap diagnose` for people: the largest flows, the paths that lost most, a summary. */
import { formatCount, formatCounted, formatOctets } from '../base/units.ts';
import { rateText, shareText, timeText } from '../output/words.ts';
import { type Diagnosed, flowText, mainDirection } from './describe.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { PathFigures } from './paths.ts';
import { sentence, sparkline } from './sentence.ts';

/** Lines where standard output is no terminal. */
const COLUMNS_DEFAULT = 120;
const COLUMNS_MIN = 60;
const SPARK_COLUMNS_MIN = 8;
const SPARK_COLUMNS_MAX = 40;
const PATHS = 5;
/** Beyond this, a flow's times count from its own start. */
const START_NS_MAX = 86_400e9;
const INDENT = '      ';

export interface ReportOptions {
  /** Columns of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  readonly color: boolean;
}

/** SGR codes of verdicts: red for what failed, yellow for what is slow, green for what is well. */
const COLORS: Readonly<Record<string, number>> = {
  refused: 31,
  unanswered: 31,
  reset: 31,
  stalled: 31,
  'loss-limited': 33,
  'window-limited': 33,
  'application-limited': 36,
  healthy: 32,
};

/** Breaks between words; lines after the first are indented like it. */
function wrap(text: string, columns: number, indent = INDENT): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    const isFirst = line === indent;
    if (!isFirst && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}

function paint(text: string, verdict: string, { color }: ReportOptions): string {
  const code = COLORS[verdict];
  return color && code !== undefined ? `\x1b[${code}m${text}\x1b[39m` : text;
}

/** `[ 1]  0.0-94.5 s   33.0 MB  2.81 Mbit/s  █·······▃·  192.0.2.1:40000 → 198.51.100.2:5001 TCP`, and its sentence. */
function flowLines(diagnosed: Diagnosed, number: number, startNs: number, options: ReportOptions): string[] {
  const columns = Math.max(COLUMNS_MIN, options.columns ?? COLUMNS_DEFAULT);
  const { transfer } = diagnosed;
  const { judgement, isReverse } = mainDirection(diagnosed);
  const { data, throughputBitsPerSecond, intervalRates } = judgement.measures;
  // Captures of different days have no start in common that is worth showing.
  const zeroNs = data.firstNs - startNs > START_NS_MAX ? data.firstNs : startNs;
  const seconds = (ns: number) => ((ns - zeroNs) / 1e9).toFixed(1);
  const span = `${seconds(data.firstNs)}-${seconds(data.lastNs)} s`.padStart(13);
  const rate = Number.isNaN(throughputBitsPerSecond) ? '-' : rateText(throughputBitsPerSecond);
  const head = `[${String(number).padStart(2)}] ${span} ${formatOctets(data.octets).padStart(8)} ${rate.padStart(12)}`;
  const flow = flowText(transfer, isReverse);
  const left = columns - head.length - flow.length - 4;
  const isTogether = left >= Math.min(SPARK_COLUMNS_MIN, data.intervals.length);
  const sparkColumns = Math.min(SPARK_COLUMNS_MAX, isTogether ? left : columns - head.length - 2);
  const spark = sparkline(intervalRates, Math.max(1, sparkColumns));
  const first = isTogether ? [`${head}  ${spark}  ${flow}`] : [`${head}  ${spark}`, ...wrap(flow, columns)];
  const told = wrap(sentence(judgement), columns).map((line) => paint(line, judgement.verdict, options));
  return [...first.map((line) => line.trimEnd()), ...told];
}

function pathLine({ name, lostPackets, segments, rttMinMs, flows }: PathFigures): string {
  const rtt = Number.isNaN(rttMinMs) ? '' : `, RTT from ${timeText(rttMinMs)}`;
  const lost = `${formatCount(lostPackets)} of ${formatCounted(segments, 'segments')} lost`;
  return `${name}: ${shareText(lostPackets / segments)}, ${lost}, ${formatCounted(flows, 'flows')}${rtt}`;
}

function summaryOf(diagnosis: Diagnosis, columns: number): string[] {
  const { flows, octets, segments, lostSegments, captureLostSegments, evicted, sampledFlows } = diagnosis;
  const lines = [`  ${formatCounted(flows, 'flows')}, ${formatOctets(octets)}`];
  for (const { verdict, flows: count, octets: carried } of diagnosis.verdicts())
    lines.push(
      `    ${verdict.padEnd(20)} ${formatCount(count).padStart(9)}  ${formatOctets(carried).padStart(8)}`,
    );
  const notes: string[] = [];
  if (segments > 0)
    notes.push(
      `${formatCount(lostSegments)} of ${formatCounted(segments, 'TCP segments')} lost by the network (${shareText(lostSegments / segments)})`,
    );
  if (captureLostSegments > 0)
    notes.push(
      `${formatCounted(captureLostSegments, 'segments')} missing from the capture though acknowledged: the capture lost them, not the network`,
    );
  if (sampledFlows > 0) notes.push(`${formatCounted(sampledFlows, 'flows')} sampled, and not judged`);
  if (evicted > 0)
    notes.push(`${formatCounted(evicted, 'flows')} judged early, because too many went on at a time`);
  return [...lines, ...notes.flatMap((note) => wrap(note, columns, '  '))];
}

/** The whole report, lines with their ends. */
export function reportText(diagnosis: Diagnosis, options: ReportOptions): string {
  const { largest } = diagnosis;
  if (diagnosis.flows === 0) return 'No flows.\n';
  const columns = Math.max(COLUMNS_MIN, options.columns ?? COLUMNS_DEFAULT);
  const startNs = largest.reduce((first, { transfer }) => Math.min(first, transfer.firstNs), Infinity);
  const lines = largest.flatMap((diagnosed, i) => flowLines(diagnosed, i + 1, startNs, options));
  const more = diagnosis.flows - largest.length;
  if (more > 0) lines.push(`… and ${formatCounted(more, 'more flows')} (--top 0 shows all)`);
  const paths = diagnosis.paths.worst(PATHS);
  if (paths.length > 0)
    lines.push('', 'Paths with most loss', ...paths.flatMap((path) => wrap(pathLine(path), columns, '  ')));
  lines.push('', 'Summary', ...summaryOf(diagnosis, columns));
  return `${lines.join('\n')}\n`;
}
