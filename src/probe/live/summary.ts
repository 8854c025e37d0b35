/**
 * The summary of a live probe for people, at its end and on SIGUSR1: what was offered, what became of it, every loss with
 * its remedy, and whether the account balances:
 *
 *     offered = refused + unselected + paused + lost + in flow records + still in flow tables
 */

import { sum } from '../../base/sum.ts';
import { formatCount, formatCounted, formatSpan } from '../../base/units.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { balanceOf } from '../../metrics/balance.ts';
import type { LiveState, WorkerState } from '../../metrics/state.ts';
import { meterSections, type Section, sentLine } from '../../output/summary-sections.ts';
import { meterSummary } from '../meter-summary.ts';
import { lossesOf } from './losses.ts';

function captureLine(name: string, workers: readonly WorkerState[]): string {
  const of = (read: (worker: WorkerState) => number) => sum(workers.map(read));
  const packets = of(({ capture }) => capture.packets);
  const octets = of(({ capture }) => capture.octets);
  const drops = of(({ capture }) => capture.ringDrops);
  const dropped = Number.isNaN(drops) ? 'drops unknown' : `${formatCount(drops)} dropped by the ring`;
  const members = workers[0]!.members.map(({ interface: member }, i) => {
    return `${member} ${formatCount(of((worker) => worker.members[i]!.packets))}`;
  });
  const shared = members.length === 0 ? '' : ` (${members.join(', ')})`;
  return `${name}: ${formatCounted(packets, 'packets')}${shared}, ${formatCounted(octets, 'octets')}, ${dropped}`;
}

/** Where the packets went, and which of them nobody can tell. */
function balanceSections({ workers, isStopping }: LiveState): Section[] {
  const { offered, refused, unselected, paused, lost, inRecords, rest } = balanceOf({ workers });
  const parts = [
    `${formatCount(inRecords)} in flow records`,
    ...(refused > 0 ? [`${formatCount(refused)} refused`] : []),
    ...(unselected > 0 ? [`${formatCount(unselected)} not selected`] : []),
    ...(paused > 0 ? [`${formatCount(paused)} left out while paused`] : []),
    ...(lost > 0 ? [`${formatCount(lost)} lost`] : []),
    ...(rest !== 0 ? [`${formatCount(rest)} in flow tables`] : []),
  ];
  const sections = [{ label: 'Packets', lines: [`${formatCount(offered)} offered = ${parts.join(' + ')}`] }];
  if (isStopping && rest !== 0) {
    const defect = `${formatCounted(rest, 'packets')} unaccounted for: a defect of flowtap, please report it`;
    sections.push({ label: 'Packets', lines: [defect] });
  }
  return sections;
}

/** The summary, to be shown on a terminal or in a log. */
export function liveSummary(state: LiveState, config: FlowtapConfig): Section[] {
  const { workers, collectors, nowMs, startedAtMs } = state;
  const names = [...new Set(workers.map((worker) => worker.interface))];
  const losses = lossesOf(state, config).filter(({ count }) => count > 0);
  return [
    { label: 'Ran', lines: [formatSpan(nowMs - startedAtMs)] },
    {
      label: 'Captured',
      lines: names.map((name) =>
        captureLine(
          name,
          workers.filter((worker) => worker.interface === name),
        ),
      ),
    },
    ...balanceSections(state),
    ...meterSections(meterSummary(workers)),
    { label: 'Exported', lines: collectors.map(sentLine) },
    {
      label: 'Lost',
      lines: losses.map(
        ({ subject, count, what, remedy }) => `${subject}: ${formatCounted(count, what)}; ${remedy}`,
      ),
    },
  ];
}
