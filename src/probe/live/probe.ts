/**
 * The probe of live interfaces: makes the parts, starts and stops them in one visible list, and changes them while they
 * run.
 *
 *     meter worker (each interface × ring) ─ record queue ─▶ exporting process ─▶ collectors
 *            └── counters in shared memory ──▶ state() ──▶ metrics over HTTP, losses in the log, summary
 *
 * It knows no signals, no systemd and no command line.
 */

import { availableParallelism } from 'node:os';
import type { Log } from '../../base/log.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { Changed } from '../../control/control-routes.ts';
import type { LiveState } from '../../metrics/state.ts';
import { startModule } from '../../package-files.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { NO_SECTIONS } from '../../records/record-sections.ts';
import { hearMissingFeatures, logMissingFeature } from '../../sys/kernel-features.ts';
import type { Route } from '../../web/route.ts';
import { Parts } from '../part.ts';
import { sectionsNeeded } from '../record-sections.ts';
import { meteringStatistics } from '../statistics.ts';
import { liveApi } from './api.ts';
import { LiveExporting } from './exporting.ts';
import { WatchedInterfaces } from './interfaces.ts';
import { lossesOf } from './losses.ts';
import { workerSections } from './messages.ts';
import { LiveMetrics } from './metrics.ts';
import type { LiveNetworks } from './networks.ts';
import { type OpenedParts, openParts } from './opened-parts.ts';
import type { LivePaths } from './paths.ts';
import { type LivePlan, planLive } from './plan.ts';
import { compareConfigs } from './reload.ts';
import { LiveWatch } from './watch.ts';
import { LiveWorkers } from './workers.ts';

/** Looks without a turn after which a worker counts as hung. */
const LOOKS_MAX = 10;
/** Of the 5 s that a stop may take: by when the workers have ended, and the exporters. */
const WORKERS_STOP_MS = 4300;
const EXPORTING_STOP_MS = 4700;
const STOP_MS = 5000;

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

export class LiveProbe {
  readonly plan: LivePlan;
  readonly #version: string;
  readonly #metrics: LiveMetrics;
  readonly #exporting: LiveExporting;
  readonly #workers: LiveWorkers;
  readonly #interfaces: WatchedInterfaces;
  readonly #networks: LiveNetworks;
  readonly #paths: LivePaths | undefined;
  readonly #parts: Parts;
  readonly #startedAtMs = Date.now();
  #config: FlowtapConfig;
  #isStopping = false;
  #isPaused = false;
  #reload = { isSuccessful: true, succeededAtMs: Date.now() };

  /** Makes everything and starts nothing; `startLiveProbe` is for everyone else. */
  constructor(options: LiveProbeOptions, { collectors, anonymizer, networks, paths }: OpenedParts) {
    const { config, log, testing, version, isService = false } = options;
    this.#version = version;
    this.#config = config;
    const exporting = new LiveExporting(collectors, {
      config,
      log,
      enrichment: () => networks.enrichment,
      anonymizer,
      meteringStatistics: meteringStatistics(() => this.#workers.totals()),
      beforeBatch: (batch) => paths?.add(batch),
      onRecords: (batch) => {
        options.onRecords?.(batch);
        this.#metrics.add(batch);
      },
    });
    const machine = { cores: availableParallelism(), pid: process.pid, isService };
    const needs = sectionsNeeded(collectors);
    this.plan = planLive(config, { ...needs, health: needs.health || paths !== undefined }, machine);
    const metrics = new LiveMetrics({
      config,
      workers: this.plan.workers,
      state: () => this.state(),
      health: () => this.#workers.unhealthiness(),
      readiness: () => this.#unreadiness(),
      api: liveApi({
        config: () => this.#config,
        state: () => this.state(),
        measuresHealth: this.plan.workers.some(({ data }) => (data.health ?? 'off') !== 'off'),
        isAnonymizing: anonymizer !== undefined,
        findFlows: (query) => this.#workers.findFlows(query),
        prepare: (batch) => exporting.prepare(batch),
        paths,
      }),
    });
    const interfaces = new WatchedInterfaces(config.live, (point) => this.#workers.totals(point));
    const workers = this.#makeWorkers(options, exporting, interfaces);
    const watch = new LiveWatch({
      log,
      check: () => workers.check(),
      losses: () => lossesOf(this.state(), this.#config),
      lookMs: testing?.lookMs,
    });
    this.#exporting = exporting;
    this.#metrics = metrics;
    this.#interfaces = interfaces;
    this.#workers = workers;
    [this.#networks, this.#paths] = [networks, paths];
    // In order of start, stopped in reverse: whoever takes something is there before what gives it, and stays longer.
    this.#parts = new Parts([
      { part: metrics, stopByMs: STOP_MS },
      { part: networks, stopByMs: STOP_MS },
      { part: exporting, stopByMs: EXPORTING_STOP_MS },
      ...(paths === undefined ? [] : [{ part: paths, stopByMs: EXPORTING_STOP_MS }]),
      { part: watch, stopByMs: WORKERS_STOP_MS },
      { part: workers, stopByMs: WORKERS_STOP_MS },
    ]);
  }

  /** Where metrics are served, or undefined. */
  get metricsUrl(): string | undefined {
    return this.#metrics.statistics.url;
  }

  /** What a web server can serve of this probe. */
  routes(): Promise<readonly Route[]> {
    return this.#metrics.routes();
  }

  /** The configuration in effect. */
  get config(): FlowtapConfig {
    return this.#config;
  }

  /**
   * Starts all parts; resolves when every capture is open.
   * @throws ListenError, RelayedError of the first worker that cannot open its capture, or the signal's reason
   */
  start(): Promise<void> {
    return this.#parts.start();
  }

  state(): LiveState {
    return {
      version: this.#version,
      startedAtMs: this.#startedAtMs,
      nowMs: Date.now(),
      isReady: this.#unreadiness().length === 0,
      isStopping: this.#isStopping,
      isPaused: this.#isPaused,
      interfaces: this.#interfaces.states(),
      workers: this.#workers.statistics,
      collectors: this.#exporting.statistics,
      networks: this.#networks.statistics,
      paths: this.#paths?.statistics ?? [],
      reload: this.#reload,
    };
  }

  /** Exports all flows that are in the tables now; metering goes on. @returns how many. @throws BusyError */
  exportAll(): Promise<number> {
    return this.#workers.exportAll();
  }

  /** Announces templates again now. @returns the URLs of the exporters that do */
  announceTemplates(): readonly string[] {
    return this.#exporting.announce();
  }

  /** Leaves packets out from now on, with a count of their own, or meters them again. @returns false where it did already */
  pause(isPaused: boolean): boolean {
    if (this.#isPaused === isPaused) return false;
    this.#isPaused = isPaused;
    this.#workers.pause(isPaused);
    return true;
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
  async reload(config: FlowtapConfig): Promise<Changed> {
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
    this.#isStopping = true;
    await this.#parts.stop();
    return this.state();
  }

  async #change(config: FlowtapConfig): Promise<Changed> {
    const { applied, needRestart, parts, effective } = compareConfigs(this.#config, config);
    const data = this.plan.workers[0]?.data;
    const kept = data === undefined ? { ...NO_SECTIONS, encapsulation: true } : workerSections(data);
    const networks = parts.has('networks') ? await this.#networks.prepare(effective) : undefined;
    // The server can be moved back without a trace, exporters cannot: they come last, all or none of them.
    const move = parts.has('metrics') ? await this.#metrics.move(this.#config, effective) : undefined;
    try {
      if (parts.has('exporting')) await this.#exporting.reconfigure(effective, kept);
    } catch (error) {
      await move?.undo();
      throw error;
    }
    await move?.commit();
    networks?.commit();
    await this.#networks.refresh();
    this.#config = effective;
    if (parts.has('metering')) {
      this.#paths?.reconfigure(effective);
      const { idleTimeoutMs, activeTimeoutMs, tcpEndDelayMs } = effective.metering;
      this.#workers.setMetering({ kind: 'metering', idleTimeoutMs, activeTimeoutMs, tcpEndDelayMs });
    }
    return { applied, needRestart };
  }

  #makeWorkers(
    { config, log, signal, testing }: LiveProbeOptions,
    exporting: LiveExporting,
    interfaces: WatchedInterfaces,
  ): LiveWorkers {
    const points = config.live.interfaces.length;
    return new LiveWorkers({
      plan: this.plan,
      log,
      module: testing?.workerModule ?? startModule('probe/live/worker'),
      looksMax: testing?.looksMax ?? LOOKS_MAX,
      signal,
      consume: (batch) => exporting.consume(batch),
      onInterface: (index, one, members) => {
        exporting.setInterface(index, one, points);
        for (const name of members) interfaces.opened(name);
      },
      onAwaited: (index) => exporting.awaitInterface(index, points),
      onStopping: (limitMs) => {
        interfaces.freeze();
        exporting.startEnding(limitMs);
      },
    });
  }

  #unreadiness(): string[] {
    return this.#isStopping ? ['stopping'] : this.#workers.unreadiness();
  }
}

/**
 * Opens the collectors, then makes and starts a probe.
 * @throws ConfigError for faults in templates, ExportError for a collector that cannot be opened, ListenError,
 * RelayedError
 */
export async function startLiveProbe(options: LiveProbeOptions): Promise<LiveProbe> {
  const { config, log } = options;
  hearMissingFeatures((line) => logMissingFeature(log, line));
  const probe = new LiveProbe(options, await openParts(config, log));
  try {
    await probe.start();
  } catch (error) {
    await probe.stop();
    throw error;
  }
  return probe;
}
