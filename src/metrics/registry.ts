/**
 * The table of metrics as Prometheus reads it, by prom-client, together with that package's metrics of the process and
 * of Node. Everything is pulled when it is asked for.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Metric } from './metric.ts';
import type { LiveState } from './state.ts';
import { METRICS } from './table.ts';

export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

function register(registry: Registry, metric: Metric, state: () => LiveState): void {
  const { name, help, labels, samples } = metric;
  const fill = (put: (labels: Record<string, string>, value: number) => void) => {
    for (const [value, ...texts] of samples.call(metric, state())) {
      if (Number.isNaN(value)) continue;
      put(Object.fromEntries(labels.map((label, i) => [label, texts[i] ?? ''])), value);
    }
  };
  const configuration = { name, help, labelNames: [...labels], registers: [registry] };
  if (metric.type === 'counter') {
    new Counter({
      ...configuration,
      collect() {
        this.reset();
        fill((values, value) => this.inc(values, value));
      },
    });
    return;
  }
  new Gauge({
    ...configuration,
    collect() {
      this.reset();
      fill((values, value) => this.set(values, value));
    },
  });
}

/**
 * @param state read once for each scrape
 * @param kept metrics that are kept elsewhere, in the same answer
 * @returns the function that answers a scrape
 */
export function createMetrics(
  state: () => LiveState,
  kept: readonly Registry[] = [],
): () => Promise<MetricsText> {
  const registry = new Registry();
  let current: LiveState | undefined;
  for (const metric of METRICS) register(registry, metric, () => (current ??= state()));
  collectDefaultMetrics({ register: registry });
  return async () => {
    current = state();
    const texts = await Promise.all([registry, ...kept].map((one) => one.metrics()));
    return { contentType: registry.contentType, body: texts.join('') };
  };
}
