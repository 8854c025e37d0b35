/**
 * The metrics, the API and the page of a live probe over HTTP. A reload may move them to another address. Path health and
 * applications are counted for them where flow records have them.
 */

import type { Registry } from 'prom-client';
import type { FlowtapConfig } from '../../config/config.ts';
import { observationPoints } from '../../config/types/live-interfaces.ts';
import type { Recorder } from '../../control/recorder.ts';
import type { ApiSources } from '../../control/routes.ts';
import type { Check } from '../../metrics/routes.ts';
import type { LiveState } from '../../metrics/state.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { Route } from '../../web/route.ts';
import type { WebServer } from '../../web/server.ts';
import type { Part } from '../part.ts';
import { MovableServer, type Move } from './movable-server.ts';
import type { LivePlan } from './plan.ts';

export interface LiveMetricsOptions {
  readonly config: FlowtapConfig;
  /** They say what flow records have. */
  readonly workers: LivePlan['workers'];
  readonly state: () => LiveState;
  readonly health: Check;
  readonly readiness: Check;
  readonly api: ApiSources;
}

/** Where the server listens. */
export interface LiveMetricsStatistics {
  /** Undefined where nothing is served. */
  readonly url: string | undefined;
}

/** What can be served: metrics and health, and the API. */
interface LiveRoutes {
  readonly metrics: readonly Route[];
  readonly api: readonly Route[];
}

/** Metrics that add flow records up. */
interface RecordMetrics {
  readonly registry: Registry;
  add(batch: FlowRecordBatch): void;
}

export class LiveMetrics implements Part<LiveMetricsStatistics> {
  readonly #options: LiveMetricsOptions;
  readonly #server = new MovableServer((config) => this.#listen(config));
  /** These go on when the server moves. */
  #ofRecords: readonly RecordMetrics[] = [];
  #routes: Promise<LiveRoutes> | undefined;
  #recorder: Recorder | undefined;

  constructor(options: LiveMetricsOptions) {
    this.#options = options;
  }

  /** @throws ListenError */
  start(): Promise<void> {
    return this.#server.open(this.#options.config);
  }

  stop(): Promise<void> {
    this.#recorder?.stop();
    return this.#server.close();
  }

  get statistics(): LiveMetricsStatistics {
    return { url: this.#server.url };
  }

  /** Counts path health and applications of a batch of flow records. */
  add(batch: FlowRecordBatch): void {
    for (const metrics of this.#ofRecords) metrics.add(batch);
  }

  /** Listens where a new configuration says. @throws ListenError: then it listens as before */
  move(from: FlowtapConfig, to: FlowtapConfig): Promise<Move> {
    return this.#server.move(from, to);
  }

  /** What programs can ask of the probe. */
  async routes(): Promise<readonly Route[]> {
    const { metrics, api } = await this.#allRoutes();
    return [...metrics, ...api];
  }

  async #listen({ metrics: { listen }, web: { enabled } }: FlowtapConfig): Promise<WebServer | undefined> {
    if (listen === 'none') return undefined;
    const { startWebServer } = await import('../../web/server.ts');
    const { metrics, api } = await this.#allRoutes();
    if (!enabled) return startWebServer({ listen, routes: metrics });
    const { pageRoutes } = await import('../../web/page-routes.ts');
    const guarded = [...pageRoutes(), ...api].map((route) => ({ ...route, isGuarded: true }));
    return startWebServer({ listen, routes: [...guarded, ...metrics] });
  }

  async #makeRecordMetrics(): Promise<RecordMetrics[]> {
    const { config, workers } = this.#options;
    const made: RecordMetrics[] = [];
    if (workers.some(({ data }) => data.health === 'on')) {
      const { HealthMetrics } = await import('../../diagnose/path-health-metrics.ts');
      const points = observationPoints(config.live.interfaces);
      made.push(new HealthMetrics(points.map(({ name }) => name)));
    }
    if (workers.some(({ data }) => data.applications !== undefined)) {
      const { ApplicationMetrics } = await import('../../metrics/application-metrics.ts');
      made.push(new ApplicationMetrics());
    }
    return made;
  }

  #allRoutes(): Promise<LiveRoutes> {
    this.#routes ??= this.#makeRoutes();
    return this.#routes;
  }

  async #makeRoutes(): Promise<LiveRoutes> {
    const { state, health, readiness, api } = this.#options;
    const { createApi } = await import('../../control/routes.ts');
    const { createMetrics } = await import('../../metrics/registry.ts');
    const { metricsRoutes } = await import('../../metrics/routes.ts');
    this.#ofRecords = await this.#makeRecordMetrics();
    const kept = this.#ofRecords.map(({ registry }) => registry);
    const metrics = createMetrics(state, kept);
    // The first time takes ten times as long, which no scrape should have to wait for.
    await metrics();
    const { routes, recorder } = createApi(api);
    recorder.start();
    this.#recorder = recorder;
    return { metrics: metricsRoutes({ metrics, health, readiness }), api: routes };
  }
}
