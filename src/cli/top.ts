/**
 * `flowtap top`: a view of a running daemon, of an interface that it meters by itself, or of a capture at a pace. On a
 * terminal with keys; elsewhere, or for a number of looks, as plain text.
 */
import { isatty } from 'node:tty';
import { createLog } from '../base/log.ts';
import { buildConfig, type FlowtapConfig, type OptionValues } from '../config/config.ts';
import type { OptionValue } from '../config/types/option-types.ts';
import { DescriptorOutput } from '../output/standard-output.ts';
import { packageVersion } from '../package-files.ts';
import type { TopSource } from '../top/look.ts';
import { runOnScreen, runPlain, type TopEnd } from '../top/run-top.ts';
import type { Arguments } from './command.ts';
import type { RunReplay } from './replay.ts';
import type { StartLiveProbe } from './run.ts';
import { SIGNAL_EXIT, StopSignals } from './stop-signals.ts';
import { type TopOptions, topOptions } from './top-flags.ts';

const EXIT_FAULT = 1;

/** What loads the probes, once the command line is known to be right. */
export interface TopLoaders {
  readonly replay: () => Promise<RunReplay>;
  readonly live: () => Promise<StartLiveProbe>;
}

/** A probe for nobody but the view: verdicts are measured, nothing is exported or served. */
function viewConfig(options: TopOptions): FlowtapConfig {
  const values: OptionValues = new Map([
    ['metering.pathHealth', 'on'],
    ['replay.output', 'none'],
    ['replay.speed', options.speed],
    ['live.interfaces', options.interface === undefined ? [] : [options.interface]],
    // On a host both directions matter; a mirror port sends nothing.
    ['live.outgoing', true],
    ['live.workers', 1],
    ['metrics.listen', 'none'],
    ['control.socket', 'none'],
  ] as [string, OptionValue][]);
  return buildConfig(values, []);
}

async function liveSource(
  options: TopOptions,
  signals: StopSignals,
  loaders: TopLoaders,
): Promise<TopSource> {
  const start = await loaders.live();
  const { probeSource } = await import('../top/api-source.ts');
  const probe = await start({
    config: viewConfig(options),
    // The losses are on the screen, which lines of a log would spoil.
    log: createLog({ level: 'error', print: () => {} }),
    version: packageVersion(),
    signal: signals.controller.signal,
  });
  const stop = async () => {
    await probe.stop();
  };
  return probeSource(await probe.routes(), options.interface!, stop);
}

async function replaySource(options: TopOptions, loaders: TopLoaders): Promise<TopSource> {
  const run = await loaders.replay();
  const { captureSource } = await import('../top/capture-source.ts');
  const config = viewConfig(options);
  const ending = new AbortController();
  const { files } = options;
  return captureSource({
    name: files.join(', '),
    observationDomainId: config.observation.domainId,
    start: async (watcher) => {
      const summary = await run({ files, config, columns: undefined, signal: ending.signal, watcher });
      return summary.errors;
    },
    stop: () => ending.abort(),
  });
}

async function openSource(
  options: TopOptions,
  signals: StopSignals,
  loaders: TopLoaders,
): Promise<TopSource> {
  if (options.interface !== undefined) return liveSource(options, signals, loaders);
  if (options.files.length > 0) return replaySource(options, loaders);
  const { daemonSource } = await import('../top/api-source.ts');
  return daemonSource(options.socket);
}

/** Whether there is a terminal that can do more than take lines. */
function hasScreen({ count }: TopOptions): boolean {
  const { TERM = 'dumb' } = process.env;
  return count === undefined && TERM !== 'dumb' && isatty(0) && isatty(1);
}

async function show(source: TopSource, options: TopOptions, signal: AbortSignal): Promise<TopEnd> {
  const { sort, filter, count } = options;
  const question = { sort, filter };
  if (!hasScreen(options))
    return runPlain({ source, question, output: new DescriptorOutput(1), signal, count });
  const { stdin: input, stdout: output } = process;
  return runOnScreen({ source, question, input, output, hasColor: !process.env.NO_COLOR, signal });
}

/**
 * Runs the view.
 * @param loaders give the probes' entries
 * @returns the exit code
 * @throws ConfigError for a wrong command line or filter; ControlError where no daemon answers; what a probe cannot be
 *   started for
 */
export async function top(args: Arguments, loaders: TopLoaders): Promise<number> {
  const options = topOptions(args);
  const signals = new StopSignals(['SIGINT', 'SIGTERM', 'SIGHUP']);
  signals.listen();
  try {
    const source = await openSource(options, signals, loaders);
    let end: TopEnd;
    let faults: readonly string[];
    try {
      end = await show(source, options, signals.controller.signal);
    } finally {
      faults = await source.close();
    }
    process.stderr.write(faults.map((fault) => `flowtap: ${fault}\n`).join(''));
    if (end === 'interrupt') return SIGNAL_EXIT.SIGINT;
    if (signals.received !== undefined) return SIGNAL_EXIT[signals.received];
    return faults.length > 0 ? EXIT_FAULT : 0;
  } finally {
    signals.close();
  }
}
