/** Rules and dashboard for Prometheus ask for metrics that exist, and tell of every loss. */
import { describe, expect, it } from 'vitest';
import { HealthMetrics } from '../../src/diagnose/path-health-metrics.ts';
import { ApplicationMetrics } from '../../src/metrics/application-metrics.ts';
import { METRICS } from '../../src/metrics/table.ts';
import { queries, rules } from './rules.ts';

describe('rules and dashboard', () => {
  it('ask for metrics that exist', () => {
    const ofHealth = new HealthMetrics([]).registry.getMetricsAsArray();
    const ofApplications = new ApplicationMetrics().registry.getMetricsAsArray();
    const known = new Set([
      ...METRICS.map(({ name }) => name),
      ...ofApplications.flatMap(({ name, type }) =>
        String(type) === 'histogram' ? [`${name}_bucket`] : [name],
      ),
      ...rules.flatMap(({ record }) => record ?? []),
      ...ofHealth.flatMap(({ name }) => [name, `${name}_bucket`]),
    ]);
    const asked = [...queries, ...rules.map(({ expr }) => expr)].flatMap(
      (text) => text.match(/\bflowtap[a-z0-9_:]+/g) ?? [],
    );
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it('tell of every loss', () => {
    const alerts = rules.flatMap(({ alert }) => alert ?? []);
    for (const name of ['CaptureLoss', 'InterfaceSilent', 'CollectorFailing', 'WorkerRestarts', 'Restarts']) {
      expect(alerts).toContain(`Flowtap${name}`);
    }
  });
});
