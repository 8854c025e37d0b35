/**
 * The benchmark of the whole program: `npm run bench`. Replays the same captures through flowtap and through the probes
 * that are installed, in turn, several rounds, all of them exporting on loopback; prints medians as a Markdown table.
 * flowtap runs from the bundle that users have, which is built first.
 * Captures are made first, outside the timed part. Workloads: workloads.ts; how each probe is run: peers.ts.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawDocuments, readBaseline, writeGrowth, writePeers } from './documents.ts';
import { measureGrowth } from './growth.ts';
import { describeMachine, machineText, roundsText } from './machine.ts';
import {
  DEFAULT_PEERS,
  flowtapFromSources,
  flowtapProbe,
  INSPECTING,
  inspectingProbe,
  installedFlowtap,
  isInstalled,
  PEERS,
  type Probe,
} from './peers.ts';
import { faultsOf, runOnce, warm, withCollectors } from './probe-run.ts';
import { DATA_FOLDER, prepareMade, prepareNamed, type ReadyWorkload } from './ready.ts';
import { type Baseline, failuresOf, type Run, summarize, toMarkdown } from './report.ts';
import type { WorkloadOptions } from './workload.ts';
import { MADE, WORKLOAD_NAMES } from './workloads.ts';

const ROUNDS = 5;
const SMOKE_ROUNDS = 3;
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
--json FILE       every single run as JSON
--write           writes the results to docs/benchmarks/peers.json and the table of docs/benchmarks.md; measures two
                  workers too, unless --workers says otherwise
--charts          measures how the time of a replay grows, with flows, workers, collectors and the size of the file, in
                  place of all that; writes docs/benchmarks/growth.json and the charts (default of --repeat: ${ROUNDS})
--draw            measures nothing: makes table and charts of the results that lie in docs/benchmarks`;

interface Plan {
  readonly workloads: readonly ReadyWorkload[];
  readonly probes: readonly Probe[];
  readonly rounds: number;
}

/** All rounds: within a round every probe runs once on each workload, in an order that moves on from round to round. */
async function runAll(
  plan: Plan,
  sinks: readonly ChildProcess[],
): Promise<{ runs: Run[]; faults: string[] }> {
  const runs: Run[] = [];
  const faults: string[] = [];
  for (const workload of plan.workloads) {
    const probes = plan.probes.filter(({ workloads }) => workloads?.includes(workload.name) ?? true);
    for (let round = 0; round < plan.rounds; round++) {
      for (let turn = 0; turn < probes.length; turn++) {
        const probe = probes[(turn + round) % probes.length]!;
        warm(probe, workload);
        const run = await runOnce(probe, workload, sinks);
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
  return [own[0]!, inspecting, ...own.slice(1), ...installed];
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

const OPTIONS = {
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
  write: { type: 'boolean', default: false },
  charts: { type: 'boolean', default: false },
  draw: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Whether it was something else than to compare probes that was asked for; then it has been done. */
async function didOtherwise(values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']) {
  if (values.help) console.log(HELP);
  else if (values.charts) writeGrowth(await measureGrowth(values.data, Number(values.repeat ?? ROUNDS)));
  if (values.charts || values.draw) await drawDocuments();
  return values.help || values.charts || values.draw;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (await didOtherwise(values)) return;
  const baseline = readBaseline();
  const peers = values.peers?.split(',') ?? (values.smoke ? ['softflowd'] : DEFAULT_PEERS);
  mkdirSync(values.data, { recursive: true });
  const own = values.write ? { workers: '1,2', ...values } : values;
  const plan: Plan = {
    workloads: chooseWorkloads(values),
    probes: chooseProbes(own, peers, baseline),
    rounds: Number(values.repeat ?? (values.smoke ? SMOKE_ROUNDS : ROUNDS)),
  };
  const machine = describeMachine();
  const { runs, faults } = await withCollectors(1, (sinks) => runAll(plan, sinks));
  const summaries = summarize(runs);
  console.log(`${machineText(machine)}, ${roundsText(plan.rounds)}\n`);
  console.log(toMarkdown(summaries, baseline));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(runs, null, 2)}\n`);
  if (values.write) {
    writePeers({ machine, rounds: plan.rounds, summaries });
    await drawDocuments();
  }
  const failures = values.check || values.smoke ? failuresOf(summaries, baseline) : [];
  for (const failure of [...faults, ...failures]) console.error(`FAILED ${failure}`);
  if (faults.length + failures.length > 0) process.exitCode = 1;
}

await main();
