/**
 * `flowtap replay`: makes the configuration, the printed output, progress and summary around the probe, and handles
 * signals. The first one stops reading and exports what there is; the next one ends the process at once.
 */

import { formatCounted } from '../base/units.ts';
import { DescriptorOutput } from '../output/standard-output.ts';
import { type ReplaySummary, refusalLines, summaryLines } from '../output/summary.ts';
import type { ReplayOptions } from '../probe/replay/options.ts';
import type { Arguments } from './command.ts';
import { replayConfig } from './replay-config.ts';
import { SIGNAL_EXIT, StopSignals } from './stop-signals.ts';
import { createProgress, terminalColumns } from './terminal.ts';

/** The probe's entry: resolves when everything has been exported, or what there was when the signal aborted it. */
export type RunReplay = (options: ReplayOptions) => Promise<ReplaySummary>;

const EXIT_FAULT = 1;

/** Shown after `npm start`, which replays a capture that comes along. */
const WHERE_TO_GO_NEXT = [
  '',
  'Where to go next:',
  '  npx flowtap replay FILE                          your own capture (pcap, pcapng, .gz, or - for stdin)',
  '  npx flowtap replay FILE -e ipfix://HOST:4739     send its flows to a collector',
  '  npx flowtap replay FILE -o json                  one JSON object for each flow',
  '  npx flowtap --help                               all commands; docs/ has the rest',
];

/**
 * Exporters that flow records were lost for on this side, and what to do. What the protocol has no room for is no loss,
 * nor what waits in a spool; what becomes of a datagram that the network took, nobody knows unless its host refuses it.
 */
function lossesOf({ exporters }: ReplaySummary): string[] {
  return exporters.flatMap(({ url, recordsFailed, recordsRefused, errors, dropped }) => {
    const reasons = dropped.filter(({ count }) => count > 0);
    const unsent = reasons.reduce((sum, { count }) => sum + count, recordsFailed);
    if (unsent + recordsRefused === 0) return [];
    const lost = [
      ...(unsent > 0 ? [`${formatCounted(unsent, 'flow records')} could not be sent`] : []),
      ...(recordsRefused > 0
        ? [`${formatCounted(recordsRefused, 'flow records')} went to a collector that refuses them`]
        : []),
    ].join(', ');
    const causes = reasons.length > 0 ? reasons : errors.filter(({ count }) => count > 0);
    const why = causes.map(({ reason, remedy }) => `; ${reason}: ${remedy}`).join('');
    return [`${url}: ${lost}${why}`];
  });
}

/**
 * Runs a replay.
 * @param loadProbe gives the probe's entry; called once the configuration is known to be right
 * @returns the exit code
 * @throws ConfigError, or AggregateError of several, for a wrong configuration
 */
export async function replay(args: Arguments, loadProbe: () => Promise<RunReplay>): Promise<number> {
  const config = await replayConfig(args);
  const run = await loadProbe();
  const errors = new DescriptorOutput(2);
  const columns = config.replay.output === 'table' ? await terminalColumns('stdout') : undefined;
  const progress = await createProgress(args, errors);
  const signals = new StopSignals();
  signals.listen();
  let summary: ReplaySummary;
  try {
    summary = await run({
      files: args.operands,
      config,
      columns,
      signal: signals.controller.signal,
      ...(progress === undefined ? {} : { onProgress: (state) => progress.update(state) }),
    });
  } finally {
    progress?.clear();
    signals.close();
  }
  const isQuiet = args.flags.has('quiet') || (summary.output.isClosed && config.exporters.length === 0);
  const lines = isQuiet ? [] : summaryLines(summary, signals.received !== undefined);
  if (process.env.npm_lifecycle_event === 'start' && !isQuiet) lines.push(...WHERE_TO_GO_NEXT);
  const faults = [...summary.errors, ...lossesOf(summary)];
  // Where nobody sees the summary, an empty capture would look like one that has been exported.
  if (
    faults.length === 0 &&
    summary.packets === 0 &&
    args.flags.has('quiet') &&
    signals.received === undefined
  )
    lines.push(`flowtap: ${summary.files.join(', ')}: a capture without any packet, so there are no flows`);
  if (faults.length === 0 && args.flags.has('quiet') && signals.received === undefined) {
    lines.push(...refusalLines(summary).map((line) => `flowtap: ${line}`));
  }
  const { error } = summary.output;
  if (error !== undefined) faults.push(`cannot write to standard output: ${error}`);
  lines.push(...faults.map((fault) => `flowtap: ${fault}`));
  if (lines.length > 0) await errors.write(Buffer.from(`${lines.join('\n')}\n`));
  if (signals.received !== undefined) return SIGNAL_EXIT[signals.received];
  return faults.length > 0 ? EXIT_FAULT : 0;
}
