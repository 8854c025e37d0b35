/**
 * The live benchmark: `npm run bench:live`. Probes on a veth pair, loaded by flowtap's generator, one after the other:
 * what share of the packets each keeps, and what processor time a packet takes it. As root, in network namespaces of its
 * own. The probes: live-probes.ts; one measurement: live-run.ts; floors: live-baseline.json.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { labObstacle } from '../test/lab/lab.ts';
import { LIVE_PROBES, type LiveProbe, RUN_WITH_PATH_HEALTH } from './live-probes.ts';
import {
  cpuNsOf,
  type LiveBaseline,
  liveFailures,
  liveMarkdown,
  scenarioName,
  summarizeLive,
} from './live-report.ts';
import { LiveLab, type LiveRun, type Scenario } from './live-run.ts';
import { type SoakReport, soak, soakFailures } from './live-soak.ts';

const SIZES = [64, 512, 1500];
const RATES = [100_000, 300_000, 600_000, 'max'] as const;
const FEW_FLOWS = 4096;
const MANY_FLOWS = [100_000, 1_000_000];

/** The paper's tables: sizes by rates; more flows; more than one generator. And connections that carry data. */
const TABLES: Readonly<Record<string, readonly Scenario[]>> = {
  sizes: SIZES.flatMap((octets) => RATES.map((rate) => ({ octets, rate, generators: 1, flows: FEW_FLOWS }))),
  flows: MANY_FLOWS.map((flows) => ({ octets: 64, rate: 'max' as const, generators: 1, flows })),
  overload: [FEW_FLOWS, 1_000_000].map((flows) => ({
    octets: 64,
    rate: 'max' as const,
    generators: 2,
    flows,
  })),
  tcp: [64, 512].map((octets) => ({
    ...{ octets, rate: 'max' as const, generators: 1, flows: FEW_FLOWS },
    options: ['--protocol', 'tcp'],
  })),
};

const HELP = `usage: npm run bench:live -- [options]
--tables A,B      of: ${Object.keys(TABLES).join(', ')} (default: all)
--capture FILE    that, and the frames of this capture, as fast as can be; --tables none: nothing else
--probes A,B      of: ${LIVE_PROBES.map(({ name }) => name).join(', ')} (default: those installed)
--seconds N       of load in each measurement (default 4)
--repeat N        rounds; medians are reported (default 1)
--check           fails where a floor of bench/live-baseline.json is missed
--json FILE       every single run as JSON
--soak MINUTES    flowtap run with path health alone, --rate packets a second (default 200000) with a new flow for every
                  20 of them: fails where a packet is lost or memory grows`;

function isInstalled({ versionCommand }: LiveProbe): boolean {
  try {
    execFileSync(versionCommand[0]!, versionCommand.slice(1), { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function chooseProbes(names: string | undefined): LiveProbe[] {
  const wanted = names?.split(',') ?? LIVE_PROBES.map(({ name }) => name);
  const unknown = wanted.find((name) => !LIVE_PROBES.some((probe) => probe.name === name));
  if (unknown !== undefined) throw new RangeError(`--probes: found ${unknown}; see --help`);
  return LIVE_PROBES.filter((probe) => wanted.includes(probe.name)).filter((probe) => {
    const is = isInstalled(probe);
    if (!is) console.error(`${probe.name} is not installed: left out`);
    return is;
  });
}

function chooseScenarios(names: string | undefined, capture: string | undefined): Scenario[] {
  const wanted = names?.split(',') ?? Object.keys(TABLES);
  const tables = (names === 'none' ? [] : wanted).flatMap((name) => {
    const table = TABLES[name];
    if (table === undefined) throw new RangeError(`--tables: found ${name}; see --help`);
    return table;
  });
  if (capture === undefined) return tables;
  const warmUp = { octets: 64, rate: 'max', generators: 1, flows: FEW_FLOWS } as const;
  return [...tables, { ...warmUp, capture: resolve(capture) }];
}

interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly probes: readonly LiveProbe[];
  readonly seconds: number;
  readonly rounds: number;
}

/** All measurements: every probe on a scenario before the next one, so that they meet the same machine. */
async function runAll(lab: LiveLab, { scenarios, probes, seconds, rounds }: Plan): Promise<LiveRun[]> {
  const runs: LiveRun[] = [];
  for (const scenario of scenarios) {
    for (let round = 0; round < rounds; round++) {
      for (const probe of probes) {
        const run = await lab.measure(probe, scenario, seconds);
        runs.push(run);
        const share = ((100 * (run.kept ?? Number.NaN)) / run.offered).toFixed(2);
        const cpuNs = cpuNsOf(run).toFixed(0);
        const mpps = (run.offeredPerSecond / 1e6).toFixed(2);
        console.error(
          `${scenarioName(scenario)}: ${probe.name}: ${mpps} Mpps offered, ${share} % kept, ${cpuNs} ns a packet`,
        );
      }
    }
  }
  return runs;
}

function describeSoak(report: SoakReport): string {
  return [
    `soak of ${report.minutes} minutes at ${Math.round(report.offeredPerSecond)} packets a second:`,
    `${report.offered} packets offered, ${report.kept} metered and exported in ${report.records} records,`,
    `${report.cpuNs.toFixed(0)} ns a packet,`,
    `memory ${report.earlyRssMiB.toFixed(0)} MiB early, ${report.lateRssMiB.toFixed(0)} MiB late`,
  ].join(' ');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tables: { type: 'string' },
      capture: { type: 'string' },
      probes: { type: 'string' },
      seconds: { type: 'string', default: '4' },
      repeat: { type: 'string', default: '1' },
      rate: { type: 'string', default: '200000' },
      soak: { type: 'string' },
      check: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const obstacle = labObstacle();
  if (obstacle !== undefined) throw new Error(`the live benchmark needs ${obstacle}`);
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`);
  const lab = await LiveLab.create();
  const failures: string[] = [];
  let result: unknown;
  try {
    if (values.soak !== undefined) {
      const report = await soak(lab, RUN_WITH_PATH_HEALTH, Number(values.soak), Number(values.rate));
      console.log(describeSoak(report));
      failures.push(...soakFailures(report));
      result = report;
    } else {
      const plan: Plan = {
        scenarios: chooseScenarios(values.tables, values.capture),
        probes: chooseProbes(values.probes),
        seconds: Number(values.seconds),
        rounds: Number(values.repeat),
      };
      const runs = await runAll(lab, plan);
      const summaries = summarizeLive(runs);
      console.log(liveMarkdown(summaries));
      const path = join(import.meta.dirname, 'live-baseline.json');
      const baseline = JSON.parse(readFileSync(path, 'utf8')) as LiveBaseline;
      if (values.check) failures.push(...liveFailures(summaries, baseline));
      result = runs;
    }
  } finally {
    await lab.close();
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  for (const failure of failures) console.error(`FAILED ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

await main();
