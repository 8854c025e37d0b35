/**
 * The summary of a live probe for people, at its end and on SIGUSR1: what was offered, what became of it, every loss with
 * its remedy, and whether the account balances:
 *
 *     offered = refused + unselected + paused + lost + in flow records + still in flow tables
 */

import { formatCount, formatCounted, formatSpan } from '../../base/units.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { NUMBERS_TOLD } from '../../decode/refused-numbers.ts';
import { countByEndReason, endReasonsText } from '../../ie/end-reasons.ts';
import { balanceOf } from '../../metrics/balance.ts';
import type { LiveState, WorkerState } from '../../metrics/state.ts';
import { lossesOf } from './losses.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

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

function flowLine({ workers }: LiveState): string {
  const of = (read: (worker: WorkerState) => number) => sum(workers.map(read));
  const counts = countByEndReason((reason) => of(({ flows }) => Object.values(flows.expired)[reason - 1]!));
  const made = sum(Object.values(counts));
  const how = endReasonsText(counts);
  const created = of(({ flows }) => flows.created);
  const active = of(({ flows }) => flows.active);
  return `Flows: ${formatCount(created)} created, ${formatCount(active)} active, ${formatCounted(made, 'records')}${how === '' ? '' : ` (${how})`}`;
}

/** For each reason that stands for many EtherTypes or link types, the most frequent of them. */
function numberLines({ workers }: LiveState): string[] {
  const sums = new Map<string, Map<string, number>>();
  for (const { name, numbers } of workers.flatMap(({ outcomes }) => outcomes)) {
    const ofReason = sums.get(name) ?? new Map<string, number>();
    sums.set(name, ofReason);
    for (const one of numbers) ofReason.set(one.name, (ofReason.get(one.name) ?? 0) + one.packets);
  }
  return [...sums]
    .filter(([, numbers]) => numbers.size > 0)
    .map(([reason, numbers]) => {
      const most = [...numbers].sort(([, a], [, b]) => b - a).slice(0, NUMBERS_TOLD);
      return `Refused as ${reason}: ${most.map(([name, packets]) => `${name} ${formatCount(packets)}`).join(', ')}`;
    });
}

/** Lines of the summary, without line ends. */
export function liveSummaryLines(state: LiveState, config: FlowtapConfig): string[] {
  const { offered, refused, unselected, paused, lost, inRecords, rest } = balanceOf(state);
  const parts = [
    `${formatCount(inRecords)} in flow records`,
    ...(refused > 0 ? [`${formatCount(refused)} refused`] : []),
    ...(unselected > 0 ? [`${formatCount(unselected)} not selected`] : []),
    ...(paused > 0 ? [`${formatCount(paused)} left out while paused`] : []),
    ...(lost > 0 ? [`${formatCount(lost)} lost`] : []),
    ...(rest !== 0 ? [`${formatCount(rest)} in flow tables`] : []),
  ];
  const lines = [
    `Ran ${formatSpan(state.nowMs - state.startedAtMs)}`,
    ...[...new Set(state.workers.map((worker) => worker.interface))].map((name) =>
      captureLine(
        name,
        state.workers.filter((worker) => worker.interface === name),
      ),
    ),
    `Packets: ${formatCount(offered)} offered = ${parts.join(' + ')}`,
    ...numberLines(state),
    flowLine(state),
    ...state.collectors.map(
      ({ url, dataRecords, messages, octets }) =>
        `${url}: ${formatCounted(dataRecords, 'records')} in ${formatCounted(messages, 'messages')}, ${formatCounted(octets, 'octets')}`,
    ),
  ];
  for (const { subject, count, what, remedy } of lossesOf(state, config)) {
    if (count > 0) lines.push(`${subject}: ${formatCounted(count, what)}; ${remedy}`);
  }
  if (state.isStopping && rest !== 0) {
    lines.push(`${formatCounted(rest, 'packets')} unaccounted for: a defect of flowtap, please report it`);
  }
  return lines;
}
