/** `/metrics` for Prometheus, `/healthz` and `/readyz` for programs that watch over the probe, as routes of the web server. */
import { type Answer, plainAnswer, type Route } from '../web/route.ts';
import type { MetricsText } from './registry.ts';

/** Faults, one line each; none: all is well. */
export type Check = () => readonly string[];

export interface MetricsSources {
  readonly metrics: () => Promise<MetricsText>;
  readonly health: Check;
  readonly readiness: Check;
}

function checkAnswer(check: Check): Answer {
  const faults = check();
  return plainAnswer(faults.length === 0 ? 200 : 503, faults.join('\n') || 'ok');
}

/** The routes of these sources. */
export function metricsRoutes({ metrics, health, readiness }: MetricsSources): readonly Route[] {
  return [
    { path: '/metrics', answer: metrics },
    { path: '/healthz', answer: () => checkAnswer(health) },
    { path: '/readyz', answer: () => checkAnswer(readiness) },
  ];
}
