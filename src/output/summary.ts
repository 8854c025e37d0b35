/**
 * The summary of a replay for people: what was read, metered, refused, exported and lost, each loss with its reason and
 * what to do about it. It fills lines from one typed object and counts nothing itself.
 */

import { formatCount, formatCounted, formatSpan, formatTime } from '../base/units.ts';
import { type HealthSummary, healthSection } from './health-section.ts';
import {
  inColumns,
  type MeterSummary,
  meterSections,
  type RefusedReason,
  sentLine,
} from './summary-sections.ts';

export interface ReplaySummary extends MeterSummary {
  readonly files: readonly string[];
  /** Read, with their octets on the wire. */
  readonly packets: number;
  readonly octets: number;
  /** Records that stood behind a later one; of these, those that were too late to be put in order. */
  readonly outOfOrder: number;
  readonly tooLate: number;
  /** Frames of which the capture does not hold all. */
  readonly snapped: number;
  /** Packets that were lost when the captures were made, as these themselves say: none of them was read. */
  readonly recordedDrops: number;
  /** Unix time in nanoseconds (rounded to the double's 256 ns); undefined without a packet. */
  readonly firstTimeNs: number | undefined;
  readonly lastTimeNs: number | undefined;
  /** `octets`: IP octets; `frameOctets`: octets of the same packets' frames. */
  readonly metered: MeterSummary['metered'] & { readonly frameOctets: number };
  readonly refused: readonly (RefusedReason & { readonly kind: string; readonly octets: number })[];
  /** Link types that are not decoded, and the files that have them. */
  readonly undecoded: readonly {
    readonly name: string;
    readonly packets: number;
    readonly files: readonly string[];
  }[];
  /** What takes memory beside the flow tables, in words. */
  readonly memory: readonly string[];
  /** Path health of the records that were taken; undefined where none was measured. */
  readonly health: HealthSummary | undefined;
  readonly exporters: readonly ExporterSummary[];
  /** How standard output fared: whether its reader went away, and why it could not be written otherwise. */
  readonly output: { readonly isClosed: boolean; readonly error: string | undefined };
  readonly elapsedMs: number;
  /** Faults that ended a file early or the like, for people. */
  readonly errors: readonly string[];
}

export interface ExporterSummary {
  readonly url: string;
  readonly messages: number;
  readonly octets: number;
  readonly dataRecords: number;
  /** Records in the messages that could not be sent. */
  readonly recordsFailed: number;
  readonly notExportable: readonly { readonly reason: string; readonly records: number }[];
  readonly errors: readonly {
    readonly reason: string;
    readonly count: number;
    /** To complete "N …": messages not sent, refusals, failed connections. */
    readonly what: string;
    readonly remedy: string;
  }[];
  /** Records that were given up before they were sent, and why. */
  readonly dropped: readonly { readonly reason: string; readonly count: number; readonly remedy: string }[];
  /** Records that wait on disk for the next run; records that were sent twice because a session broke. */
  readonly recordsSpooled: number;
  readonly recordsRepeated: number;
  /** Records that were sent to a collector that refused them. */
  readonly recordsRefused: number;
  /** Messages that the collector's own socket dropped, where this machine can tell. */
  readonly collectorDrops: number | null;
}

/**
 * What must be told even where nobody sees the summary: that of all packets none could be metered, with the reasons, or
 * which files have a link type that is not decoded.
 */
export function refusalLines({ files, packets, metered, refused, undecoded }: ReplaySummary): string[] {
  if (packets > 0 && metered.packets === 0) {
    const rows = refused
      .filter((row) => row.packets > 0)
      .sort((a, b) => b.packets - a.packets)
      .map(({ name, packets: count, help, numbers }) => {
        const which = numbers.map((one) => `; ${one.name}: ${formatCount(one.packets)}`).join('');
        return `${name} ${formatCount(count)} (${help}${which})`;
      });
    return rows.length === 0 ? [] : [`${files.join(', ')}: no packet could be metered: ${rows.join(', ')}`];
  }
  return undecoded.map(
    ({ name, packets: count, files: of }) =>
      `${(of.length > 0 ? of : files).join(', ')}: ${name} is not decoded: ${formatCounted(count, 'packets')} not metered`,
  );
}

function readLines(summary: ReplaySummary): string[] {
  const { files, packets, octets, recordedDrops, firstTimeNs, lastTimeNs } = summary;
  const names =
    files.length === 1 ? files[0]! : files.length === 0 ? 'no capture' : formatCounted(files.length, 'files');
  const lines = [`${names}: ${formatCounted(packets, 'packets')}, ${formatCounted(octets, 'octets')}`];
  if (firstTimeNs !== undefined && lastTimeNs !== undefined) {
    const span = formatSpan((lastTimeNs - firstTimeNs) / 1e6);
    lines.push(`from ${formatTime(firstTimeNs)} to ${formatTime(lastTimeNs)} UTC (${span})`);
  }
  const { outOfOrder, tooLate } = summary;
  if (outOfOrder > tooLate)
    lines.push(
      `${formatCounted(outOfOrder - tooLate, 'records')} out of order, put back in the order of time`,
    );
  if (tooLate > 0) {
    const more = 'a longer --reorder-window puts them back';
    lines.push(
      `${formatCounted(tooLate, 'records')} out of order by more than the window, left in place: ${more}`,
    );
  }
  if (recordedDrops > 0) {
    lines.push(
      `${formatCounted(recordedDrops, 'packets')} lost when it was captured, as it says itself: in no flow`,
    );
  }
  return lines;
}

/** What to do about flows that were exported early. */
function evictedLines({ flows: { evicted, capacity } }: ReplaySummary): string[] {
  if (evicted === 0) return [];
  return [
    `${formatCounted(evicted, 'flows')} exported early, the table was full: try --flow-table-entries ${capacity * 2}`,
  ];
}

function exporterLines(exporter: ExporterSummary): string[] {
  const { recordsFailed, notExportable, errors, collectorDrops } = exporter;
  const lines = [sentLine(exporter)];
  for (const { reason, records } of notExportable) {
    if (records > 0) lines.push(`  ${formatCounted(records, 'records')} not exportable: ${reason}`);
  }
  for (const { reason, count, what, remedy } of errors) {
    if (count > 0) lines.push(`  ${formatCounted(count, what)}: ${reason}; ${remedy}`);
  }
  for (const { reason, count, remedy } of exporter.dropped) {
    if (count > 0) lines.push(`  ${formatCounted(count, 'records')} lost: ${reason}; ${remedy}`);
  }
  const { recordsSpooled, recordsRepeated, recordsRefused } = exporter;
  if (recordsRefused > 0)
    lines.push(`  ${formatCounted(recordsRefused, 'records')} sent to a collector that refuses them: lost`);
  if (recordsRepeated > 0)
    lines.push(`  ${formatCounted(recordsRepeated, 'records')} sent once more after a session broke`);
  if (recordsSpooled > 0)
    lines.push(`  ${formatCounted(recordsSpooled, 'records')} waiting in the spool for the next run`);
  if (recordsFailed > 0)
    lines.push(`  ${formatCounted(recordsFailed, 'records')} lost in messages that were not sent`);
  if (collectorDrops !== null && collectorDrops > 0) {
    lines.push(
      `  ${formatCounted(collectorDrops, 'messages')} dropped by the collector's socket; try a lower --export-rate`,
    );
  }
  return lines;
}

/**
 * The lines of the summary, without line ends.
 * @param isInterrupted the user stopped the replay before its end
 */
export function summaryLines(summary: ReplaySummary, isInterrupted = false): string[] {
  const { elapsedMs, packets, files, memory, exporters } = summary;
  const rate =
    elapsedMs > 0 ? `, ${formatCounted(Math.round((packets / elapsedMs) * 1e3), 'packets/s')}` : '';
  return inColumns([
    { label: 'Read', lines: readLines(summary) },
    ...meterSections(summary, {
      refused: files.length > 1 ? refusalLines({ ...summary, packets: 0 }) : [],
      flows: evictedLines(summary),
    }),
    ...healthSection(summary.health),
    { label: 'Memory', lines: memory.length === 0 ? [] : [memory.join(', ')] },
    { label: 'Exported', lines: exporters.flatMap(exporterLines) },
    { label: 'Took', lines: [`${formatSpan(elapsedMs)}${rate}${isInterrupted ? ', interrupted' : ''}`] },
  ]);
}
