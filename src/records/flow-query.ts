/** Which of the flows in the tables somebody asks for: the greatest by a measure, of those that a filter leaves. Shapes only. */
import type { NetworkWords } from './network.ts';

/** The measures by which flows are put in order, the greatest first; `start`: the latest first. */
export const FLOW_SORTS = ['octets', 'packets', 'rate', 'loss', 'rtt', 'start'] as const;
export type FlowSort = (typeof FLOW_SORTS)[number];

/** Measures that path health gives. */
export const HEALTH_SORTS: ReadonlySet<FlowSort> = new Set<FlowSort>(['loss', 'rtt']);

/** Flows at most that one question copies. */
export const FLOWS_TOP_MAX = 200;

/** Flows that are shorter have the rate that they would have over a second. */
export const FLOW_RATE_MS_MIN = 1000;

/** A flow passes if it has one of each list that is not empty. */
export interface FlowFilter {
  /** Either end lies in one of them. */
  readonly networks: readonly NetworkWords[];
  /** Either end uses one of them. */
  readonly ports: readonly number[];
  /** protocolIdentifier (IE 4). */
  readonly protocols: readonly number[];
  /** Observation points, from 1. */
  readonly points: readonly number[];
}

/** What a question is asked with: parameters of a URL, options of a command line. */
export const FLOW_QUERY_NAMES = ['sort', 'top', 'filter'] as const;

export interface FlowQuery {
  readonly sort: FlowSort;
  /** 1 … FLOWS_TOP_MAX. */
  readonly top: number;
  readonly filter: FlowFilter;
}
