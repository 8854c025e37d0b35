/** Panels of the dashboard (grafana-panels.ts) as plain objects, and the queries that most of them are made of. */

/** One query of a panel, with what its lines are called. */
export type Query = readonly [expression: string, legend: string];

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly description?: string;
  /** A single number instead of lines over time. */
  readonly isNumber?: true;
}

/** A row of the dashboard. */
export type Row = readonly [title: string, panels: readonly Panel[]];

/** Labels of the instances that the dashboard is asked about, and of their interfaces. */
export const OF = 'instance=~"$instance"';
export const INTERFACE = `${OF},interface=~"$interface"`;

/** The rate of a counter, added up by labels. */
export function rate(metric: string, by: string, more = ''): string {
  return `sum by (${by}) (rate(${metric}{${INTERFACE}${more}}[$__rate_interval]))`;
}
