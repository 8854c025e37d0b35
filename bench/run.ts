/**
 * The benchmark of the whole program: `npm run bench`. Replays the same captures through flowtap and through the probes
 * that are installed, in turn, several rounds, all of them exporting on loopback; prints medians as a Markdown table.
 * flowtap runs from the bundle that users have, which is built first.
 * Captures are made first, outside the timed part. Workloads: workloads.ts; how each probe is run: peers.ts.
 */
import { type ChildProcess, fork } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { measure } from './measure.ts';
import {
  DEFAULT_PEERS,
  executableOf,
  flowtapFromSources,
  flowtapProbe,
  INSPECTING,
  inspectingProbe,
  installedFlowtap,
  isInstalled,
  PEERS,
  type Probe,
} from './peers.ts';
import { DATA_FOLDER, prepareMade, prepareNamed, type ReadyWorkload } from './ready.ts';
import { type Baseline, failuresOf, lostRecords, type Run, summarize, toMarkdown } from './report.ts';
import type { SinkReport } from './sink.ts';
import type { WorkloadOptions } from './workload.ts';
import { MADE, WORKLOAD_NAMES } from './workloads.ts';

const RUN_LIMIT_SECONDS = 300;
const QUIET_MS = 300;
const WARMED = Buffer.alloc(1024 * 1024);
const SMOKE: WorkloadOptions = { ...MADE['64B-100k']!, packets: 1_000_000, flows: 50_000 };

const HELP = `usage: npm run bench -- [options]
--workloads A,B   of: ${WORKLOAD_NAMES.join(', ')} (default: all)
--packets N       packets of each, instead of the workload's own number
--repeat N        rounds; medians are reported (default 5)
--peers A,B       of: ${PEERS.map((probe) => probe.name).join(', ')} (default: ${DEFAULT_PEERS.join(', ')})
--data DIR        where the captures are kept (default: bench/data)
--flowtap WORDS   flowtap's command line; {file}, {port}, {entries} are filled in. 'none' leaves it out
--workers A,B     flowtap with each of these --workers, in turn; the first one is compared with the others
--sources         flowtap runs from its sources, in place of the bundle that users have, which is built first
--smoke           one small workload: fails where flowtap loses or miscounts anything, or is half as fast as softflowd
--check           fails where a ratio falls short of bench/baseline.json
--json FILE       every single run as JSON`;

/** Asks the collector process for its counters, or to forget them. */
function ask(sink: ChildProcess, command: 'reset' | 'report'): Promise<SinkReport> {
  return new Promise((resolve) => {
    sink.once('message', (answer) => resolve(answer as SinkReport));
    sink.send(command);
  });
}

/** The collector's counters once nothing has arrived for a moment. */
async function settled(sink: ChildProcess): Promise<SinkReport> {
  for (;;) {
    const report = await ask(sink, 'report');
    if (report.quietMs >= QUIET_MS) return report;
    await delay(QUIET_MS / 3);
  }
}

/** Runs one probe over one workload. */
async function runOnce(probe: Probe, workload: ReadyWorkload, sink: ChildProcess): Promise<Run> {
  const { port } = await ask(sink, 'reset');
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'flowtap-bench-'));
  try {
    const command = probe.command({ workload, port, folder });
    const result = await measure(command, { cwd: folder, limitSeconds: RUN_LIMIT_SECONDS });
    if (result.exitCode !== 0) {
      throw new Error(`${command.join(' ')}: exit code ${result.exitCode}\n${result.output.slice(-2000)}`);
    }
    const received = probe.output === 'ipfix' ? await settled(sink) : undefined;
    return {
      workload: workload.name,
      probe: probe.name,
      packets: workload.content.packets,
      wallSeconds: result.wallSeconds,
      cpuSeconds: result.cpuSeconds,
      peakRssMiB: result.peakRssMiB,
      exportedRecords: probe.recordsFrom?.(result.output),
      received,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What flowtap's export must add up to, whatever its speed; one sentence for each fault. */
function faultsOf(run: Run, workload: ReadyWorkload): string[] {
  const faults: string[] = [];
  const got = run.received;
  if (!run.probe.startsWith('flowtap') || got === undefined) return faults;
  const check = (what: string, found: number, expected: number) => {
    if (found !== expected)
      faults.push(`${run.workload}: ${run.probe}: ${what}: found ${found}; expected ${expected}`);
  };
  check('records lost', lostRecords(run) ?? 0, 0);
  check('packets received', got.packets, workload.content.ipPackets);
  check('octets received', got.octets, workload.content.ipOctets);
  if (got.records < workload.content.unidirectionalFlows) {
    check('records received', got.records, workload.content.unidirectionalFlows);
  }
  return faults;
}

/**
 * Reads the capture and the probe's program, so that the probe finds them in the page cache: a system that gives memory
 * back forgets them within a minute.
 */
function warm(probe: Probe, workload: ReadyWorkload): void {
  for (const path of [workload.path, executableOf(probe)]) {
    const file = openSync(path, 'r');
    while (readSync(file, WARMED) > 0);
    closeSync(file);
  }
}

interface Plan {
  readonly workloads: readonly ReadyWorkload[];
  readonly probes: readonly Probe[];
  readonly rounds: number;
}

/** All rounds: within a round every probe runs once on each workload, in an order that moves on from round to round. */
async function runAll(plan: Plan, sink: ChildProcess): Promise<{ runs: Run[]; faults: string[] }> {
  const runs: Run[] = [];
  const faults: string[] = [];
  for (const workload of plan.workloads) {
    const probes = plan.probes.filter(({ workloads }) => workloads?.includes(workload.name) ?? true);
    for (let round = 0; round < plan.rounds; round++) {
      for (let turn = 0; turn < probes.length; turn++) {
        const probe = probes[(turn + round) % probes.length]!;
        warm(probe, workload);
        const run = await runOnce(probe, workload, sink);
        runs.push(run);
        faults.push(...faultsOf(run, workload));
        const mpps = (run.packets / run.wallSeconds / 1e6).toFixed(2);
        console.error(
          `${workload.name} round ${round + 1}: ${probe.name} ${run.wallSeconds.toFixed(2)} s, ${mpps} Mpps`,
        );
      }
    }
  }
  runs.sort((a, b) => order(plan, a) - order(plan, b));
  return { runs, faults };
}

function order(plan: Plan, run: Run): number {
  const workload = plan.workloads.findIndex((w) => w.name === run.workload);
  return workload * plan.probes.length + plan.probes.findIndex((p) => p.name === run.probe);
}

/** flowtap and the peers that are both asked for and installed. */
function chooseProbes(
  { flowtap, sources, workers }: { flowtap?: string; sources: boolean; workers?: string },
  peers: readonly string[],
  baseline: Baseline,
): Probe[] {
  const known = PEERS.filter((probe) => peers.includes(probe.name));
  for (const probe of known) {
    if (!isInstalled(probe)) console.error(`${probe.name} is not installed: left out`);
  }
  const installed = known.filter(isInstalled);
  if (flowtap === 'none') return installed;
  const command = flowtap?.split(' ') ?? (sources ? flowtapFromSources() : installedFlowtap());
  const inspected = Object.keys(baseline.processorRatios[INSPECTING] ?? {});
  const inspecting = inspectingProbe(command, inspected);
  if (workers === undefined) return [flowtapProbe(command), inspecting, ...installed];
  const own = workers
    .split(',')
    .map((count, i) =>
      flowtapProbe([...command, '--workers', count], i === 0 ? 'flowtap' : `flowtap --workers ${count}`),
    );
  return [...own, ...installed];
}

/** The captures of this run, made if they are not there yet. */
function chooseWorkloads(values: {
  workloads?: string;
  packets?: string;
  data: string;
  smoke?: boolean;
}): ReadyWorkload[] {
  if (values.smoke) return [prepareMade('smoke', SMOKE, values.data)];
  const packets = values.packets === undefined ? undefined : Number(values.packets);
  const names = values.workloads?.split(',') ?? WORKLOAD_NAMES;
  return names.flatMap((name) => prepareNamed(name, values.data, packets) ?? []);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workloads: { type: 'string' },
      packets: { type: 'string' },
      repeat: { type: 'string' },
      peers: { type: 'string' },
      data: { type: 'string', default: DATA_FOLDER },
      flowtap: { type: 'string' },
      workers: { type: 'string' },
      sources: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const baseline = JSON.parse(readFileSync(join(import.meta.dirname, 'baseline.json'), 'utf8')) as Baseline;
  const peers = values.peers?.split(',') ?? (values.smoke ? ['softflowd'] : DEFAULT_PEERS);
  mkdirSync(values.data, { recursive: true });
  const plan: Plan = {
    workloads: chooseWorkloads(values),
    probes: chooseProbes(values, peers, baseline),
    rounds: Number(values.repeat ?? (values.smoke ? 3 : 5)),
  };
  const sink = fork(join(import.meta.dirname, 'sink.ts'));
  await new Promise((resolve) => sink.once('message', resolve));
  const { runs, faults } = await runAll(plan, sink).finally(() => sink.disconnect());
  const summaries = summarize(runs);
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`${cpus().length} × ${processor}, Node ${process.version}, medians of ${plan.rounds}\n`);
  console.log(toMarkdown(summaries));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(runs, null, 2)}\n`);
  const failures = values.check || values.smoke ? failuresOf(summaries, baseline) : [];
  for (const failure of [...faults, ...failures]) console.error(`FAILED ${failure}`);
  if (faults.length + failures.length > 0) process.exitCode = 1;
}

await main();
