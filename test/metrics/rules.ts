/** The rules for Prometheus, and the queries of the dashboard. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const CONFIG = join(import.meta.dirname, '../../config');
export const RULES = join(CONFIG, 'prometheus/flowtap.rules.yaml');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}
export const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

export interface DashboardPanel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
export const dashboard = JSON.parse(readFileSync(join(CONFIG, 'grafana/flowtap.json'), 'utf8')) as {
  panels: DashboardPanel[];
};
export const queries = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => expr));
