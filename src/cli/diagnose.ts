/**
 * `flowtap diagnose`: makes the probe's configuration for path health, the report and the page around the probe, and
 * handles signals: the first one stops reading and reports what there is. Files or, with `--live`, an interface.
 */
import { writeFileSync } from 'node:fs';
import { parseNetwork } from '../base/addresses.ts';
import { ConfigError, OutputFileError } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { buildConfig, type FlowtapConfig, type OptionValues } from '../config/config.ts';
import { crossFaults } from '../config/cross-faults.ts';
import { CONFIG_OPTIONS, flagText } from '../config/schema.ts';
import type { OptionValue } from '../config/types/option-types.ts';
import { DiagnosisWriter } from '../diagnose/diagnosis-writer.ts';
import { selector } from '../diagnose/select.ts';
import type { TransferKey } from '../diagnose/transfer-key.ts';
import { DescriptorOutput } from '../output/standard-output.ts';
import { type ReplaySummary, summaryLines } from '../output/summary.ts';
import { inColumns } from '../output/summary-sections.ts';
import { packageVersion } from '../package-files.ts';
import { type Arguments, COMMAND_LINE } from './command.ts';
import { type DiagnoseOptions, diagnoseOptions } from './diagnose-flags.ts';
import type { RunReplay } from './replay.ts';
import type { StartLiveProbe } from './run.ts';
import { SIGNAL_EXIT, StopSignals } from './stop-signals.ts';
import { createProgress, terminalColumns } from './terminal.ts';

const EXIT_FAULT = 1;
/** Intervals of one record: a flow that lasts longer comes in pieces, so that its intervals keep their length. */
const INTERVALS_PER_RECORD = 22;
/** Sections of the summary that say what became of the input; those on flows and exporters say nothing here. */
const SUMMARY_SECTIONS = ['Read', 'Refused', 'Noticed', 'Took'];

/** What both ways of a diagnosis need. */
interface Context {
  readonly args: Arguments;
  readonly options: DiagnoseOptions;
  readonly config: FlowtapConfig;
  readonly writer: DiagnosisWriter;
  readonly output: DescriptorOutput;
  readonly errors: DescriptorOutput;
}

/**
 * The probe's configuration: records that end seldom, since every silence within one is measured, and no exporter.
 * The longest silence of a connection that still lives is a retransmission timeout of two minutes (RFC 6298 §2.4).
 */
function probeConfig(options: DiagnoseOptions): FlowtapConfig {
  const { intervalMs, decode, live, flowKey, isMerged, reorderWindowMs } = options;
  const recordSeconds = Math.floor((INTERVALS_PER_RECORD * intervalMs) / 1e3);
  const values: OptionValues = new Map([
    ['metering.idleTimeout', recordSeconds * 1e3],
    ['metering.activeTimeout', recordSeconds * 1e3],
    ['metering.pathHealth', 'on'],
    ['metering.pathHealthInterval', intervalMs],
    ['replay.output', 'none'],
    ['replay.merge', isMerged],
    ['replay.reorderWindow', reorderWindowMs],
    ['live.interfaces', live === undefined ? [] : [live.interface]],
    // On a host both directions matter; a mirror port sends nothing.
    ['live.outgoing', true],
    ['metrics.listen', 'none'],
    ...flowKey,
    ...decode,
  ] as [string, OptionValue][]);
  const built = buildConfig(values, []);
  const { metering } = built;
  // Two networks in tunnels may have the same addresses; without tunnels the key is the common one, which is faster.
  const sharedTunnel = built.decode.decapsulate.length > 0;
  const config = {
    ...built,
    metering: { ...metering, flowKey: { ...metering.flowKey, sharedTunnel } },
  };
  const faults = crossFaults(config, (path) => {
    const option = CONFIG_OPTIONS.find((row) => row.path === path);
    return option?.flag === undefined ? path : flagText(option);
  });
  if (faults.length > 0) throw new ConfigError(COMMAND_LINE, faults, 'see: flowtap diagnose --help');
  return config;
}

async function createDiagnosis(
  options: DiagnoseOptions,
  key: TransferKey,
  output: DescriptorOutput,
): Promise<DiagnosisWriter> {
  const columns = options.form === 'table' ? await terminalColumns('stdout') : undefined;
  const networks = options.addresses.map((text) => parseNetwork(text)!);
  return new DiagnosisWriter(output, {
    form: options.form,
    // JSON has every flow on its own; the largest ones are kept for the page alone.
    top: options.form === 'json' && options.html === undefined ? 1 : options.top,
    key,
    selects: selector({ networks, ports: options.ports, octetsMin: options.octetsMin }),
    columns,
    color: columns !== undefined && !process.env.NO_COLOR,
  });
}

async function writePage(file: string, writer: DiagnosisWriter, title: string): Promise<void> {
  const { reportHtml } = await import('../diagnose/report-html.ts');
  try {
    writeFileSync(file, reportHtml(writer.diagnosis, title));
  } catch (error) {
    throw new OutputFileError(file, error as Error);
  }
}

/** The lines of some sections: those below a label belong to it. */
function someSections(lines: readonly string[]): string[] {
  let isWanted = false;
  return lines.filter((line) => {
    if (!line.startsWith(' ')) isWanted = SUMMARY_SECTIONS.some((label) => line.startsWith(label));
    return isWanted;
  });
}

/** Prints what went wrong, behind the lines that are wanted anyway. @returns the faults */
async function finish(
  context: Context,
  lines: readonly string[],
  errors: readonly string[],
): Promise<readonly string[]> {
  const { args, output } = context;
  const isQuiet = args.flags.has('quiet') || output.isClosed;
  const faults = [...errors];
  if (output.error !== undefined) faults.push(`cannot write to standard output: ${output.error.message}`);
  const all = [...(isQuiet ? [] : lines), ...faults.map((fault) => `flowtap: ${fault}`)];
  if (all.length > 0) await context.errors.write(Buffer.from(`${all.join('\n')}\n`));
  return faults;
}

/** Diagnoses captures. */
async function diagnoseFiles(context: Context, run: RunReplay): Promise<number> {
  const { args, options, config, writer, errors } = context;
  const progress = await createProgress(args, errors);
  const signals = new StopSignals();
  signals.listen();
  let summary: ReplaySummary;
  try {
    summary = await run({
      files: args.operands,
      config,
      writer,
      columns: undefined,
      signal: signals.controller.signal,
      ...(progress === undefined ? {} : { onProgress: (state) => progress.update(state) }),
    });
    progress?.clear();
    await writer.end();
  } finally {
    progress?.clear();
    signals.close();
  }
  if (options.html !== undefined) await writePage(options.html, writer, args.operands.join(', '));
  const lines = someSections(summaryLines(summary, signals.received !== undefined));
  const faults = await finish(context, lines, summary.errors);
  if (signals.received !== undefined) return SIGNAL_EXIT[signals.received];
  return faults.length > 0 ? EXIT_FAULT : 0;
}

/** Diagnoses an interface, until the time is up or a signal comes: that is how it ends, and no fault. */
async function diagnoseLive(context: Context, start: StartLiveProbe): Promise<number> {
  const { options, config, writer, errors } = context;
  const { interface: name, durationMs } = options.live!;
  const { liveSummary } = await import('../probe/live/summary.ts');
  const print = (line: string) => void errors.write(Buffer.from(`${line}\n`));
  const signals = new StopSignals();
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const { signal } = signals.controller;
  signal.addEventListener('abort', () => resolve());
  signals.listen();
  let printed: Promise<void> = Promise.resolve();
  let lines: string[];
  try {
    const probe = await start({
      config,
      log: createLog({ level: 'warning', print }),
      version: packageVersion(),
      signal,
      onRecords: (batch) => {
        writer.diagnosis.add(batch);
        printed = printed.then(() => writer.flush());
      },
    });
    const timer = durationMs === undefined ? undefined : setTimeout(resolve, durationMs);
    await isOver;
    clearTimeout(timer);
    lines = inColumns(liveSummary(await probe.stop(), probe.config));
    await printed;
    await writer.end();
  } finally {
    signals.close();
  }
  if (options.html !== undefined) await writePage(options.html, writer, name);
  const faults = await finish(context, lines, []);
  return faults.length > 0 ? EXIT_FAULT : 0;
}

/**
 * Runs a diagnosis.
 * @param loaders give the probe's entries; called once the command line is known to be right
 * @returns the exit code
 * @throws ConfigError for a wrong command line, OutputFileError when the page cannot be written, and whatever a live
 *   probe cannot be started for
 */
export async function diagnose(
  args: Arguments,
  loaders: { readonly replay: () => Promise<RunReplay>; readonly live: () => Promise<StartLiveProbe> },
): Promise<number> {
  const options = diagnoseOptions(args);
  const output = new DescriptorOutput(1);
  const config = probeConfig(options);
  const writer = await createDiagnosis(options, config.metering.flowKey, output);
  const context: Context = { args, options, config, writer, output, errors: new DescriptorOutput(2) };
  if (options.live !== undefined) return diagnoseLive(context, await loaders.live());
  return diagnoseFiles(context, await loaders.replay());
}
