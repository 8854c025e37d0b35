/** Path health of a run as a section of its summary, in the words of `flowtap diagnose`. Figures of TCP alone. */
import { formatCount, formatCounted } from '../base/units.ts';
import type { Section } from './summary-sections.ts';
import { shareText, timeText } from './words.ts';

export interface HealthSummary {
  /** Flow records of TCP that were measured; of these, those whose round trip is known, and their median in ms (NaN of none). */
  readonly records: number;
  readonly roundTrips: number;
  readonly medianMs: number;
  /** Segments with payload of which the sequence numbers are known; of these, sent again, and lost by the network. */
  readonly segments: number;
  readonly retransmitted: number;
  readonly lost: number;
  readonly recordsWithLoss: number;
  /** Segments that arrived but were never captured. */
  readonly captureLost: number;
  /** Flow records of connections that did not come to their end, by the verdict. */
  readonly cutShort: Readonly<Record<'refused' | 'unanswered' | 'reset', number>>;
}

/** The section, without the lines that would say nothing. */
export function healthSection(health: HealthSummary | undefined): Section[] {
  if (health === undefined) return [];
  const { segments, retransmitted, lost, roundTrips, recordsWithLoss, captureLost } = health;
  const lines: string[] = [];
  if (roundTrips > 0)
    lines.push(
      `RTT ${timeText(health.medianMs)}, the median of ${formatCounted(roundTrips, 'TCP flow records')}`,
    );
  if (segments > 0) {
    const all = formatCounted(segments, 'TCP segments');
    const where = lost === 0 ? '' : `, in ${formatCounted(recordsWithLoss, 'flow records')}`;
    lines.push(
      `${formatCount(retransmitted)} of ${all} retransmitted (${shareText(retransmitted / segments)}), ${formatCount(lost)} lost by the network (${shareText(lost / segments)})${where}`,
    );
  }
  if (captureLost > 0)
    lines.push(
      `${formatCounted(captureLost, 'TCP segments')} lost by the capture, not by the network: acknowledged, and not in it`,
    );
  const cut = Object.entries(health.cutShort).filter(([, records]) => records > 0);
  if (cut.length > 0) {
    const list = cut.map(([verdict, records]) => `${formatCount(records)} ${verdict}`).join(', ');
    lines.push(`${list}: flowtap diagnose tells which, and what held the others back`);
  }
  return lines.length === 0 ? [] : [{ label: 'Health', lines }];
}
