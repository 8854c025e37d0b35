/**
 * `flowtap generate`: checks the command line, opens what it names, refuses an interface from which others can be
 * reached, and reports what was sent. The packets and the pace are made in src/generate.
 */
import { ConfigError, type FlowtapError } from '../base/errors.ts';
import { formatCount, formatCounted } from '../base/units.ts';
import { CaptureFrames } from '../generate/capture-frames.ts';
import type { FrameSink, FrameSource } from '../generate/frame-sink.ts';
import { BATCH_FRAMES, type GenerateReport, generate } from '../generate/generate.ts';
import { LinkSink } from '../generate/link-sink.ts';
import { whyNotIsolated } from '../generate/own-namespace.ts';
import { PcapSink } from '../generate/pcap-sink.ts';
import { RecipeFrames } from '../generate/recipe-frames.ts';
import { openPacketSender } from '../sys/packet-send.ts';
import { type Arguments, COMMAND_LINE } from './command.ts';
import { checkMtu, type GeneratePlan, generatePlan } from './generate-options.ts';
import { listInterfaces } from './interfaces.ts';
import { SIGNAL_EXIT, StopSignals } from './stop-signals.ts';

const EXIT_FAULT = 1;
/** Of a capture's frames, until some have been seen. */
const TYPICAL_OCTETS = 500;

function refuseUnlessIsolated(name: string): void {
  const why = whyNotIsolated(name);
  if (why === undefined) return;
  throw new ConfigError(
    COMMAND_LINE,
    [
      {
        path: '--interface',
        found: `${name}: ${why}`,
        allowed: 'an interface in a network namespace of its own',
      },
    ],
    'make one (ip netns add NAME; ip netns exec NAME flowtap generate …), or say --yes-this-interface',
  );
}

function openLink(plan: GeneratePlan): FrameSink {
  const { name } = plan.target;
  if (process.platform !== 'linux') {
    const fault = {
      path: '--interface',
      found: `it on ${process.platform}`,
      allowed: '--write FILE; sending is for Linux',
    };
    throw new ConfigError(COMMAND_LINE, [fault]);
  }
  const known = listInterfaces().map((row) => row.name);
  if (!known.includes(name)) {
    const fault = {
      path: '--interface',
      found: `no interface ${JSON.stringify(name)}`,
      allowed: known.join(', '),
    };
    throw new ConfigError(COMMAND_LINE, [fault]);
  }
  if (!plan.anyInterface) refuseUnlessIsolated(name);
  const sender = openPacketSender(name, BATCH_FRAMES);
  if (plan.frames.kind === 'recipe') checkMtu(plan.frames.recipe, name, sender.mtuOctets);
  return new LinkSink(name, sender);
}

function openFrames({ frames }: GeneratePlan): { source: FrameSource; meanOctets: number } {
  if (frames.kind === 'capture') {
    return { source: new CaptureFrames([frames.file], frames.rounds), meanOctets: TYPICAL_OCTETS };
  }
  const { frameOctets } = frames.recipe;
  const meanOctets = frameOctets.reduce((sum, octets) => sum + octets, 0) / frameOctets.length;
  return { source: new RecipeFrames(frames.recipe, BATCH_FRAMES), meanOctets };
}

function formatBits(bitsPerSecond: number): string {
  const [unit, factor] =
    bitsPerSecond >= 1e9 ? ['Gbit/s', 1e9] : bitsPerSecond >= 1e6 ? ['Mbit/s', 1e6] : ['kbit/s', 1e3];
  return `${(bitsPerSecond / factor).toFixed(2)} ${unit}`;
}

function formatReport(report: GenerateReport, plan: GeneratePlan): string {
  const { name, kind } = plan.target;
  const errors = Object.entries(report.errors).map(([errno, count]) => `${formatCount(count)} ${errno}`);
  const done = kind === 'file' ? 'written to' : 'sent on';
  return [
    `${formatCounted(report.packets, 'packets')}, ${formatCounted(report.octets, 'octets')} ${done} ${name}`,
    `in ${report.elapsedSeconds.toFixed(3)} s: ${formatCounted(Math.round(report.packetsPerSecond), 'packets/s')}, ${formatBits(report.bitsPerSecond)}`,
    `errors: ${errors.length === 0 ? 'none' : errors.join(', ')}`,
  ].join('\n');
}

function describe({ message, remedy }: FlowtapError): string {
  return remedy === undefined ? message : `${message}. ${remedy}`;
}

function printReport(report: GenerateReport, plan: GeneratePlan): void {
  const { faults, ...figures } = report;
  const form = plan.form === 'json' ? JSON.stringify(figures) : formatReport(report, plan);
  process.stdout.write(`${form}\n`);
  for (const fault of faults) process.stderr.write(`flowtap: ${describe(fault)}\n`);
}

/**
 * Runs the command.
 * @returns the exit code: 1 when frames were refused or it ended early, that of the signal after one
 * @throws ConfigError for a wrong command line, SystemCallError for what cannot be opened
 */
export async function generateCommand(args: Arguments): Promise<number> {
  const plan = generatePlan(args);
  const toFile = plan.target.kind === 'file';
  const sink = toFile ? new PcapSink(plan.target.name) : openLink(plan);
  const signals = new StopSignals();
  signals.listen();
  try {
    const report = await generate({
      ...openFrames(plan),
      sink,
      pace: plan.pace,
      packetsMax: plan.packetsMax,
      durationMs: plan.durationMs,
      toFile,
      signal: signals.controller.signal,
      ...(plan.reportEveryMs === undefined
        ? {}
        : {
            progressMs: plan.reportEveryMs,
            onProgress: (now) =>
              void process.stderr.write(`${formatReport(now, plan).replaceAll('\n', ', ')}\n`),
          }),
    });
    printReport(report, plan);
    if (signals.received !== undefined) return SIGNAL_EXIT[signals.received];
    return report.faults.length > 0 || Object.keys(report.errors).length > 0 ? EXIT_FAULT : 0;
  } finally {
    signals.close();
  }
}
