/** What a row of the table of metrics holds (table.ts). Shapes only. */
import type { LiveState } from './state.ts';

/** A value and its labels, in the order of the row's `labels`. A value of NaN is not known, and is left out. */
export type Sample = readonly [value: number, ...labels: readonly string[]];

export interface Metric {
  /** With prefix and unit, `_total` for counters (Prometheus' rules of naming). */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly string[];
  samples(state: LiveState): readonly Sample[];
}
