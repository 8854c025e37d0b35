/**
 * The probe of live interfaces: makes the components, starts them, watches over them, changes them while they run, and
 * stops them, in one visible list.
 *
 *     meter worker (each interface × ring) ─ record queue ─▶ exporting process ─▶ collectors
 *            └── counters in shared memory ──▶ state() ──▶ metrics over HTTP, losses in the log, summary
 *
 * It knows no signals, no systemd and no command line.
 */
import { availableParallelism } from 'node:os';
import type { Log } from '../../base/log.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { observationPoints } from '../../config/types/live-interfaces.ts';
import type { HealthMetrics } from '../../diagnose/path-health-metrics.ts';
import type { Anonymizer } from '../../export/anonymization/anonymizer.ts';
import type { ExportingProcess } from '../../export/exporting-process.ts';
import type { LiveState } from '../../metrics/state.ts';
import { startModule } from '../../package-files.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { Route } from '../../web/route.ts';
import type { WebServer } from '../../web/server.ts';
import { startAnonymizing } from '../replay/records.ts';
import { meteringStatistics } from '../statistics.ts';
import { LiveExporting, openCollectors } from './exporting.ts';
import { WatchedInterfaces } from './interfaces.ts';
import { LossWatcher, lossesOf } from './losses.ts';
import { MovableServer } from './movable-server.ts';
import { type LivePlan, planLive } from './plan.ts';
import { compareConfigs } from './reload.ts';
import { LiveSelection } from './selection.ts';
import { WorkerSupervisor } from './supervisor.ts';

/** How often workers and losses are looked at. */
const LOOK_MS = 1000;
/** Looks without a turn after which a worker counts as hung. */
const LOOKS_MAX = 10;
/** Of the 5 s that a stop may take: for the workers, and for all of it. */
const WORKERS_STOP_MS = 4300;
const STOP_MS = 4700;

export interface LiveProbeOptions {
  readonly config: FlowtapConfig;
  readonly log: Log;
  /** Of flowtap. */
  readonly version: string;
  /** A service manager started it. Default: no. */
  readonly isService?: boolean;
  /** Aborted: give the start up. */
  readonly signal: AbortSignal;
  /** Sees every batch of flow records before it is exported; must neither keep nor change it. */
  readonly onRecords?: (batch: FlowRecordBatch) => void;
  /** What tests put in the place of the worker and of time; nothing that a user can reach. */
  readonly testing?: {
    readonly workerModule?: URL;
    readonly looksMax?: number;
    readonly lookMs?: number;
  };
}

export interface ReloadResult {
  readonly applied: readonly string[];
  readonly needRestart: readonly string[];
}

export class LiveProbe {
  readonly plan: LivePlan;
  readonly #options: LiveProbeOptions;
  readonly #exporting: LiveExporting;
  readonly #workers: readonly WorkerSupervisor[];
  readonly #selection: LiveSelection;
  readonly #interfaces: WatchedInterfaces;
  readonly #watcher: LossWatcher;
  readonly #startedAtMs = Date.now();
  #config: FlowtapConfig;
  readonly #server = new MovableServer((config) => this.#listen(config));
  /** Where path health is measured and metrics are served; it goes on when the server moves. */
  #healthMetrics: HealthMetrics | undefined;
  #routes: Promise<readonly Route[]> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  #isStopping = false;
  #reload = { isSuccessful: true, succeededAtMs: Date.now() };

  /** Makes everything and starts nothing; `startLiveProbe` is for everyone else. */
  constructor(options: LiveProbeOptions, collectors: ExportingProcess, anonymizer: Anonymizer | undefined) {
    const { config, log, testing } = options;
    this.#options = options;
    this.#config = config;
    const exporting = new LiveExporting(collectors, {
      config,
      log,
      anonymizer,
      onRecords: (batch) => {
        options.onRecords?.(batch);
        this.#healthMetrics?.add(batch);
      },
    });
    this.#exporting = exporting;
    this.#watcher = new LossWatcher(log);
    const { isService = false } = options;
    const machine = { cores: availableParallelism(), pid: process.pid, isService };
    const needs = { encapsulation: exporting.needsEncapsulation, health: exporting.needsHealth };
    this.plan = planLive(config, needs, machine);
    const { interfaces } = config.live;
    const totals = (point: string) =>
      this.#workers.filter((worker) => worker.interface === point).map((worker) => worker.totals());
    this.#interfaces = new WatchedInterfaces(config.live, totals);
    const module = testing?.workerModule ?? startModule('probe/live/worker');
    this.#selection = new LiveSelection(this.plan.workers, log);
    this.#workers = this.#selection.workers.map((worker) => {
      const { interfaceIndex } = worker.data.capture;
      return new WorkerSupervisor({
        worker,
        module,
        tableOctets: this.plan.tableOctets,
        log,
        consume: (batch) => exporting.consume(batch),
        onInterface: (one, members) => {
          exporting.setInterface(interfaceIndex, one, interfaces.length);
          for (const name of members) this.#interfaces.opened(name);
        },
        onAwaited: () => exporting.awaitInterface(interfaceIndex, interfaces.length),
        looksMax: testing?.looksMax ?? LOOKS_MAX,
      });
    });
    exporting.setMeteringStatistics(meteringStatistics(() => this.#workers.map((worker) => worker.totals())));
  }

  /** Where metrics are served, or undefined. */
  get metricsUrl(): string | undefined {
    return this.#server.url;
  }

  /** The configuration in effect. */
  get config(): FlowtapConfig {
    return this.#config;
  }

  /**
   * Starts the metrics server and all workers; resolves when every capture is open.
   * @throws ListenError, RelayedError of the first worker that cannot open its capture, or the signal's reason
   */
  async start(): Promise<void> {
    const { testing, signal } = this.#options;
    await this.#server.open(this.#config);
    for (const worker of this.#workers) worker.start();
    this.#timer = setInterval(() => this.#look(), testing?.lookMs ?? LOOK_MS);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      await Promise.race([aborted, Promise.all(this.#workers.map((worker) => worker.opened))]);
      this.#isStarted = true;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  state(): LiveState {
    const { version } = this.#options;
    return {
      version,
      startedAtMs: this.#startedAtMs,
      nowMs: Date.now(),
      isReady: this.#unreadiness().length === 0,
      isStopping: this.#isStopping,
      interfaces: this.#interfaces.states(),
      workers: this.#workers.map((worker) => worker.state()),
      collectors: this.#exporting.statistics(),
      reload: this.#reload,
    };
  }

  /** Tells the metrics that a configuration was read that cannot be used. */
  refuseReload(): void {
    this.#reload = { ...this.#reload, isSuccessful: false };
  }

  /**
   * Takes over what can change while it runs; no flow is lost by it.
   * @returns what was taken over, and what keeps its old value until the next start
   * @throws ConfigError, ExportError, ListenError: then everything is as before
   */
  async reload(config: FlowtapConfig): Promise<ReloadResult> {
    try {
      const result = await this.#change(config);
      this.#reload = { isSuccessful: true, succeededAtMs: Date.now() };
      return result;
    } catch (error) {
      this.refuseReload();
      throw error;
    }
  }

  /**
   * Exports every flow and ends, within 5 s.
   * @returns the final state
   */
  async stop(): Promise<LiveState> {
    const deadlineMs = performance.now() + STOP_MS;
    this.#isStopping = true;
    this.#interfaces.freeze();
    this.#exporting.startEnding(WORKERS_STOP_MS);
    await Promise.all(this.#workers.map((worker) => worker.stop(WORKERS_STOP_MS)));
    clearInterval(this.#timer);
    this.#selection.close();
    await this.#exporting.end(deadlineMs - performance.now());
    const state = this.state();
    await this.#server.close();
    return state;
  }

  async #change(config: FlowtapConfig): Promise<ReloadResult> {
    const { applied, needRestart, parts, effective } = compareConfigs(this.#config, config);
    const data = this.plan.workers[0]?.data;
    const kept = { encapsulation: data?.encapsulation !== false, health: (data?.health ?? 'off') !== 'off' };
    // The server can be moved back without a trace, exporters cannot: they come last, all or none of them.
    const move = parts.has('metrics') ? await this.#server.move(this.#config, effective) : undefined;
    try {
      if (parts.has('exporting')) await this.#exporting.reconfigure(effective, kept);
    } catch (error) {
      await move?.undo();
      throw error;
    }
    await move?.commit();
    this.#config = effective;
    if (parts.has('metering')) {
      const { idleTimeoutMs, activeTimeoutMs, tcpEndDelayMs } = effective.metering;
      for (const worker of this.#workers) {
        worker.setMetering({ kind: 'metering', idleTimeoutMs, activeTimeoutMs, tcpEndDelayMs });
      }
    }
    return { applied, needRestart };
  }

  async #listen(config: FlowtapConfig): Promise<WebServer | undefined> {
    const { listen } = config.metrics;
    if (listen === 'none') return undefined;
    const { startWebServer } = await import('../../web/server.ts');
    return startWebServer({ listen, routes: await this.routes() });
  }

  /** What a web server can serve of this probe. */
  routes(): Promise<readonly Route[]> {
    this.#routes ??= this.#makeRoutes();
    return this.#routes;
  }

  async #makeRoutes(): Promise<readonly Route[]> {
    const { createMetrics } = await import('../../metrics/registry.ts');
    const { metricsRoutes } = await import('../../metrics/routes.ts');
    if (this.#healthMetrics === undefined && this.plan.workers.some(({ data }) => data.health === 'on')) {
      const { HealthMetrics } = await import('../../diagnose/path-health-metrics.ts');
      const points = observationPoints(this.#config.live.interfaces);
      this.#healthMetrics = new HealthMetrics((point) => points[point - 1]?.name ?? String(point));
    }
    const metrics = createMetrics(() => this.state(), this.#healthMetrics?.registry);
    // The first time takes ten times as long, which no scrape should have to wait for.
    await metrics();
    const health = () => this.#unhealthiness();
    return metricsRoutes({ metrics, health, readiness: () => this.#unreadiness() });
  }

  #look(): void {
    for (const worker of this.#workers) worker.check();
    this.#watcher.look(lossesOf(this.state(), this.#config), performance.now());
  }

  #unreadiness(): string[] {
    if (this.#isStopping) return ['stopping'];
    if (!this.#isStarted) return ['starting'];
    const silent = this.#workers.filter((worker) => !worker.isCapturing);
    return silent.map((worker) => worker.whySilent);
  }

  #unhealthiness(): string[] {
    const isDead = this.#isStarted && !this.#workers.some((worker) => worker.isRunning);
    return isDead ? ['no worker captures'] : [];
  }
}

/**
 * Opens the collectors, then makes and starts a probe.
 * @throws ConfigError for faults in templates, ExportError for a collector that cannot be opened, ListenError,
 * RelayedError
 */
export async function startLiveProbe(options: LiveProbeOptions): Promise<LiveProbe> {
  const { config, log } = options;
  const anonymizer = await startAnonymizing(config);
  const probe = new LiveProbe(options, await openCollectors(config, log), anonymizer);
  try {
    await probe.start();
  } catch (error) {
    await probe.stop();
    throw error;
  }
  return probe;
}
