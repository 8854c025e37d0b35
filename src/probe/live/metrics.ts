/**
 * The metrics of a live probe over HTTP: where they are served, a reload may move them; path health, where it is measured,
 * is counted for them.
 */
import type { FlowtapConfig } from '../../config/config.ts';
import { observationPoints } from '../../config/types/live-interfaces.ts';
import type { HealthMetrics } from '../../diagnose/path-health-metrics.ts';
import type { Check, MetricsServer } from '../../metrics/http.ts';
import type { LiveState } from '../../metrics/state.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { Part } from '../part.ts';
import { MovableServer, type Move } from './movable-server.ts';

export interface LiveMetricsOptions {
  readonly config: FlowtapConfig;
  /** Path health is measured of every packet. */
  readonly hasHealth: boolean;
  readonly state: () => LiveState;
  readonly health: Check;
  readonly readiness: Check;
}

/** Where the server listens. */
export interface LiveMetricsStatistics {
  /** Undefined where nothing is served. */
  readonly url: string | undefined;
}

export class LiveMetrics implements Part<LiveMetricsStatistics> {
  readonly #options: LiveMetricsOptions;
  readonly #server = new MovableServer((config) => this.#listen(config));
  /** Goes on when the server moves. */
  #healthMetrics: HealthMetrics | undefined;

  constructor(options: LiveMetricsOptions) {
    this.#options = options;
  }

  /** @throws ListenError */
  start(): Promise<void> {
    return this.#server.open(this.#options.config);
  }

  stop(): Promise<void> {
    return this.#server.close();
  }

  get statistics(): LiveMetricsStatistics {
    return { url: this.#server.url };
  }

  /** Counts path health of a batch of flow records. */
  add(batch: FlowRecordBatch): void {
    this.#healthMetrics?.add(batch);
  }

  /** Listens where a new configuration says. @throws ListenError: then it listens as before */
  move(from: FlowtapConfig, to: FlowtapConfig): Promise<Move> {
    return this.#server.move(from, to);
  }

  async #listen({ live, metrics: { listen } }: FlowtapConfig): Promise<MetricsServer | undefined> {
    if (listen === 'none') return undefined;
    const { hasHealth, state, health, readiness } = this.#options;
    const { createMetrics } = await import('../../metrics/registry.ts');
    const { startMetricsServer } = await import('../../metrics/http.ts');
    if (this.#healthMetrics === undefined && hasHealth) {
      const { HealthMetrics } = await import('../../diagnose/path-health-metrics.ts');
      const points = observationPoints(live.interfaces);
      this.#healthMetrics = new HealthMetrics((point) => points[point - 1]?.name ?? String(point));
    }
    const metrics = createMetrics(state, this.#healthMetrics?.registry);
    // The first time takes ten times as long, which no scrape should have to wait for.
    await metrics();
    return startMetricsServer({ listen, metrics, health, readiness });
  }
}
