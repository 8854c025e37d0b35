/**
 * `flowtap run`: the daemon around the live probe. Makes the configuration and the log, and listens to signals:
 *
 *     SIGTERM, SIGINT   export every flow, then end; the second one ends at once
 *     SIGHUP            read the configuration again, and take over what can change
 *     SIGUSR1           write the state into the log
 *
 * With systemd around it, it says when it is ready, reloading, stopping, and that it is alive.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorLines, FlowtapError } from '../base/errors.ts';
import { createLog, detectLogFormat, type Log, type LogFormat, printLogLine } from '../base/log.ts';
import { formatCounted } from '../base/units.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { observationPoints } from '../config/types/live-interfaces.ts';
import { assignOption } from '../control/assign-option.ts';
import type { Changed } from '../control/control-routes.ts';
import { type ControlActions, controlRoutes } from '../control/control-routes.ts';
import { openControlSocket } from '../control/control-socket.ts';
import { asLogLines } from '../output/summary-sections.ts';
import { packageVersion } from '../package-files.ts';
import { unsentRecords } from '../probe/live/exporting.ts';
import { liveMemoryLine } from '../probe/live/memory-line.ts';
import type { LiveProbe, LiveProbeOptions } from '../probe/live/probe.ts';
import { liveSummary } from '../probe/live/summary.ts';
import { networksOctets } from '../probe/memory-text.ts';
import type { Route } from '../web/route.ts';
import type { WebServer } from '../web/server.ts';
import type { Arguments } from './command.ts';
import { runConfig } from './run-config.ts';
import { ServiceManager } from './service-manager.ts';

export type StartLiveProbe = (options: LiveProbeOptions) => Promise<LiveProbe>;

const EXIT_FAULT = 1;
/** What shells give to a process that a signal ended. */
const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
/** One key press arrives twice where a launcher passes it on to a process that the terminal has told already. */
const SAME_PRESS_MS = 200;
const STATUS_MS = 10_000;
const EXIT_MS = 200;
const STDERR = 2;

/** `auto` as what standard error is. */
function logFormat(config: FlowtapConfig): LogFormat {
  if (config.log.format !== 'auto') return config.log.format;
  return detectLogFormat(isatty(STDERR), fstatSync(STDERR), process.env.JOURNAL_STREAM);
}

/** Every line of what was thrown, remedies included. */
function faultLines(error: unknown): string[] {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.flatMap((each) =>
    each instanceof FlowtapError ? errorLines(each) : [String(each instanceof Error ? each.stack : each)],
  );
}

class Daemon {
  readonly #args: Arguments;
  readonly #log: Log;
  readonly #manager = new ServiceManager();
  readonly #abort = new AbortController();
  readonly #stopAsked = Promise.withResolvers<void>();
  #probe: LiveProbe | undefined;
  #stopAskedAtMs: number | undefined;
  /** A reload that runs, or is over: they take their turns. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(args: Arguments, log: Log) {
    this.#args = args;
    this.#log = log;
  }

  async run(config: FlowtapConfig, start: StartLiveProbe): Promise<number> {
    const listeners = {
      SIGTERM: () => this.#stop('SIGTERM'),
      SIGINT: () => this.#stop('SIGINT'),
      SIGHUP: () => void this.#reload().catch(() => {}),
      SIGUSR1: () => this.#tellState(),
    };
    for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener);
    if (this.#manager.fault !== undefined) this.#log.write('warning', undefined, this.#manager.fault);
    try {
      const probe = await this.#start(config, start);
      return probe === undefined ? 0 : await this.#control(probe);
    } finally {
      for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener);
    }
  }

  /** Undefined when it was told to stop before it was ready. */
  async #start(config: FlowtapConfig, start: StartLiveProbe): Promise<LiveProbe | undefined> {
    const options = {
      config,
      log: this.#log,
      version: packageVersion(),
      signal: this.#abort.signal,
      isService: this.#manager.isPresent,
    };
    try {
      return await start(options);
    } catch (error) {
      if (this.#abort.signal.aborted) return undefined;
      throw error;
    }
  }

  /** Serves with the control socket beside it. */
  async #control(probe: LiveProbe): Promise<number> {
    const { socket } = probe.config.control;
    let server: WebServer | undefined;
    try {
      server = await openControlSocket(socket, () => this.#routes(probe), this.#log);
    } catch (error) {
      await probe.stop();
      throw error;
    }
    try {
      return await this.#serve(probe);
    } finally {
      await server?.close();
    }
  }

  async #serve(probe: LiveProbe): Promise<number> {
    this.#probe = probe;
    this.#manager.startWatchdog();
    await this.#tellStart(probe);
    this.#manager.ready(this.#status(probe));
    const timer = setInterval(() => this.#manager.status(this.#status(probe)), STATUS_MS);
    await this.#stopAsked.promise;
    clearInterval(timer);
    this.#manager.stopping();
    await this.#reloading;
    const state = await probe.stop();
    const lines = asLogLines(liveSummary(state, probe.config));
    for (const line of lines) this.#log.write('info', undefined, line);
    const isIncomplete = state.collectors.some((collector) => unsentRecords(collector) > 0);
    const code = isIncomplete ? EXIT_FAULT : 0;
    // A start that was given up may still hold a socket open; the process does not wait for it.
    setTimeout(() => process.exit(code), EXIT_MS).unref();
    return code;
  }

  async #tellStart({ plan, config, metricsUrl }: LiveProbe): Promise<void> {
    const { live, exporters } = config;
    const points = observationPoints(live.interfaces).map(({ name, members }) =>
      members === undefined ? name : `${name} (${members.join(', ')})`,
    );
    const workers = formatCounted(plan.workersPerInterface, 'workers each');
    this.#log.write('info', undefined, `metering ${points.join(', ')} by ${live.capture}, ${workers}`);
    this.#log.write('info', undefined, liveMemoryLine(plan, config, await networksOctets(config)));
    const to = exporters.length === 0 ? 'no collector' : exporters.map(({ url }) => url).join(', ');
    this.#log.write('info', undefined, `exporting to ${to}`);
    if (metricsUrl === undefined) return;
    this.#log.write('info', undefined, `metrics on ${metricsUrl}/metrics`);
    if (config.web.enabled) this.#log.write('info', undefined, `page on ${metricsUrl}/`);
    if (!/\/\/(127\.|\[::1\])/.test(metricsUrl)) {
      this.#log.write('warning', undefined, 'whoever reaches that address can read the metrics');
    }
  }

  #status(probe: LiveProbe): string {
    const { workers } = probe.state();
    const packets = workers.reduce((sum, { capture }) => sum + capture.packets, 0);
    const active = workers.reduce((sum, { flows }) => sum + flows.active, 0);
    return `${formatCounted(packets, 'packets')}, ${formatCounted(active, 'flows active')}`;
  }

  /** All that the control socket serves. */
  async #routes(probe: LiveProbe): Promise<readonly Route[]> {
    const actions: ControlActions = {
      exportAll: () => probe.exportAll(),
      announceTemplates: () => probe.announceTemplates(),
      pause: (isPaused) => probe.pause(isPaused),
      set: (assignment) => this.#takeOver(probe, async () => assignOption(probe.config, assignment)),
      reload: () => this.#reload(),
      // The answer goes out before the end begins.
      stop: () => setImmediate(() => this.#stop('control socket')),
    };
    return [...(await probe.routes()), ...controlRoutes(actions, this.#log)];
  }

  #stop(signal: keyof typeof SIGNAL_EXIT | 'control socket'): void {
    if (this.#stopAskedAtMs === undefined) {
      this.#stopAskedAtMs = performance.now();
      this.#log.write('info', undefined, `${signal}: exporting what is in the flow tables, then ending`);
      this.#abort.abort(new Error(signal));
      this.#stopAsked.resolve();
    } else if (signal !== 'control socket' && performance.now() - this.#stopAskedAtMs > SAME_PRESS_MS) {
      process.exit(SIGNAL_EXIT[signal]);
    }
  }

  #tellState(): void {
    const probe = this.#probe;
    if (probe === undefined) return;
    const lines = asLogLines(liveSummary(probe.state(), probe.config));
    for (const line of lines) this.#log.write('info', undefined, line);
  }

  /** Reads the configuration again. @returns what has changed; rejects where it is refused, which the log has told */
  #reload(): Promise<Changed> {
    return this.#takeTurn(() => this.#reloadOnce());
  }

  /** Takes another configuration over, after what is under way. */
  #takeOver(probe: LiveProbe, make: () => Promise<FlowtapConfig>): Promise<Changed> {
    return this.#takeTurn(async () => {
      const result = await probe.reload(await make());
      this.#log.setStyle(probe.config.log.level, logFormat(probe.config));
      return result;
    });
  }

  #takeTurn(change: () => Promise<Changed>): Promise<Changed> {
    const changed = this.#reloading.then(change);
    this.#reloading = changed.then(
      () => {},
      () => {},
    );
    return changed;
  }

  async #reloadOnce(): Promise<Changed> {
    const probe = this.#probe;
    if (probe === undefined || this.#stopAskedAtMs !== undefined) throw new Error('it is starting or ending');
    this.#manager.reloading();
    const log = this.#log;
    try {
      const config = await runConfig(this.#args);
      const result = await probe.reload(config);
      const { applied, needRestart } = result;
      log.setStyle(probe.config.log.level, logFormat(probe.config));
      const what = applied.length === 0 ? 'nothing has changed' : `changed: ${applied.join(', ')}`;
      log.write('info', undefined, `configuration read again; ${what}`);
      if (needRestart.length > 0) {
        log.write('warning', undefined, `takes effect at the next start: ${needRestart.join(', ')}`);
      }
      return result;
    } catch (error) {
      probe.refuseReload();
      log.write('error', undefined, 'the configuration is refused, the former one stays in effect');
      for (const line of faultLines(error)) log.write('error', undefined, line);
      throw error;
    } finally {
      this.#manager.ready(this.#status(probe));
    }
  }
}

/**
 * Runs the daemon until a signal ends it.
 * @param loadProbe gives the probe's entry; called once the configuration is known to be right
 * @returns the exit code
 * @throws ConfigError, or AggregateError of several, for a wrong configuration; what the start of the probe throws
 */
export async function run(args: Arguments, loadProbe: () => Promise<StartLiveProbe>): Promise<number> {
  const config = await runConfig(args);
  const start = await loadProbe();
  const log = createLog({ level: config.log.level, format: logFormat(config), print: printLogLine });
  return new Daemon(args, log).run(config, start);
}
