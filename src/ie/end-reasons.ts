/** What the values of flowEndReason (IE 136) are called: in labels of metrics, in cells of a table, in a sentence. */
import { formatCount } from '../base/units.ts';
import { FLOW_END_REASON } from '../records/flow-layout.ts';

export type FlowEndReason = keyof typeof FLOW_END_REASON;

interface EndReasonNames {
  /** Of Prometheus; part of what users query. */
  readonly label: string;
  /** At most ten columns. */
  readonly cell: string;
  /** Behind the number of flows that ended so. */
  readonly text: string;
}

/** In the order of the values, which are 1 … 5. */
export const END_REASONS: Readonly<Record<FlowEndReason, EndReasonNames>> = {
  idleTimeout: { label: 'idle', cell: 'idle', text: 'idle' },
  activeTimeout: { label: 'active', cell: 'active', text: 'active' },
  endOfFlow: { label: 'tcp_end', cell: 'TCP end', text: 'TCP end' },
  forcedEnd: { label: 'forced', cell: 'input end', text: 'at the end' },
  lackOfResources: { label: 'cache_full', cell: 'full', text: 'table full' },
};

/** Number of something for each reason. */
export type CountsByEndReason = Readonly<Record<FlowEndReason, number>>;

/** Counts of all reasons. @param read of the value of flowEndReason */
export function countByEndReason(read: (value: number) => number): CountsByEndReason {
  const counts = Object.entries(FLOW_END_REASON).map(([name, value]) => [name, read(value)]);
  return Object.fromEntries(counts) as CountsByEndReason;
}

/** `idle 31, TCP end 4`: what is not 0, in the order of the values. */
export function endReasonsText(counts: CountsByEndReason): string {
  return Object.entries(END_REASONS)
    .map(([name, { text }]): [string, number] => [text, counts[name as FlowEndReason]])
    .filter(([, count]) => count > 0)
    .map(([text, count]) => `${text} ${formatCount(count)}`)
    .join(', ');
}

/** Names of one value of flowEndReason; undefined for one that is not assigned. */
export function endReasonNames(value: number): EndReasonNames | undefined {
  return Object.values(END_REASONS)[value - 1];
}
