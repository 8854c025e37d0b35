/** Turns runs of the live benchmark into medians and Markdown tables, and holds them against the floors. */
import type { LiveRun, Scenario } from './live-run.ts';
import { median } from './report.ts';

/** Floors for `flowtap run`; see docs/benchmarks.md. */
export interface LiveBaseline {
  /** Least share of the offered packets that is kept while one generator sends. */
  readonly keptOfOffered: number;
  /** Least share of what `flowtap count` keeps that is kept when two generators send. */
  readonly keptOfCount: number;
  /** Most processor time a packet, as a multiple of a peer's, where both keep everything. */
  readonly processorTimeOf: Readonly<Record<string, number>>;
}

export interface LiveSummary {
  readonly scenario: Scenario;
  readonly probe: string;
  readonly offeredPerSecond: number;
  /** Least and median share of the offered packets that was kept; NaN where it is not known. */
  readonly leastShare: number;
  readonly share: number;
  /** Processor time for each packet that was kept. */
  readonly cpuNs: number;
  readonly peakRssMiB: number;
}

const METERING_PROBE = 'flowtap run';
const BASELINE_PROBE = 'flowtap count';
/** A peer that loses less than this counts as one that keeps everything. */
const LOSSLESS = 0.999;

export function scenarioName({ octets, rate, generators, flows, options }: Scenario): string {
  const pace = rate === 'max' ? 'max' : `${rate / 1000}k`;
  const sent = `${octets} B, ${generators > 1 ? `${generators} × ` : ''}${pace}/s`;
  return `${sent}, ${flows} flows${options === undefined ? '' : ` ${options.join(' ')}`}`;
}

/** One summary for each scenario and probe, in the order of their first runs. */
export function summarizeLive(runs: readonly LiveRun[]): LiveSummary[] {
  const groups = new Map<string, LiveRun[]>();
  for (const run of runs) {
    const key = `${scenarioName(run.scenario)} ${run.probe}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const shares = group.map(({ kept, offered }) => (kept ?? Number.NaN) / offered);
    return {
      scenario: group[0]!.scenario,
      probe: group[0]!.probe,
      offeredPerSecond: median(group.map((run) => run.offeredPerSecond)),
      leastShare: Math.min(...shares),
      share: median(shares),
      cpuNs: median(group.map(cpuNsOf)),
      peakRssMiB: Math.max(...group.map((run) => run.peakRssMiB)),
    };
  });
}

/** Processor time for each measured packet that was kept. */
export function cpuNsOf({ cpuSeconds, kept, offered, measured }: LiveRun): number {
  return (cpuSeconds * 1e9 * offered) / (measured * (kept ?? Number.NaN));
}

function formatShare(share: number): string {
  if (Number.isNaN(share)) return '–';
  // Rounded down, so that 100 % is all of them.
  return share === 1 ? '100 %' : `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;
}

/** A table: a row for each scenario, for each probe the share kept and the processor time of a packet. */
export function liveMarkdown(summaries: readonly LiveSummary[]): string {
  const probes = [...new Set(summaries.map(({ probe }) => probe))];
  const scenarios = new Map(summaries.map((summary) => [scenarioName(summary.scenario), summary.scenario]));
  const lines = [
    `| offered | Mpps | ${probes.join(' | ')} |`,
    `|---|--:|${probes.map(() => '--:|').join('')}`,
  ];
  for (const name of scenarios.keys()) {
    const row = summaries.filter(({ scenario }) => scenarioName(scenario) === name);
    const mpps = median(row.map(({ offeredPerSecond }) => offeredPerSecond)) / 1e6;
    const cells = probes.map((probe) => {
      const found = row.find((summary) => summary.probe === probe);
      if (found === undefined) return '';
      const cpu = Number.isFinite(found.cpuNs) ? `${found.cpuNs.toFixed(0)} ns` : '–';
      return `${formatShare(found.share)}, ${cpu}`;
    });
    lines.push(`| ${name} | ${mpps.toFixed(2)} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}

/** What falls short of the floors, one sentence each; empty when nothing does. */
export function liveFailures(summaries: readonly LiveSummary[], baseline: LiveBaseline): string[] {
  const failures: string[] = [];
  for (const own of summaries.filter(({ probe }) => probe === METERING_PROBE)) {
    const name = scenarioName(own.scenario);
    const peer = (probe: string) =>
      summaries.find((s) => s.probe === probe && scenarioName(s.scenario) === name);
    if (own.scenario.generators === 1 && !(own.leastShare >= baseline.keptOfOffered)) {
      failures.push(
        `${name}: kept ${formatShare(own.leastShare)}; floor ${formatShare(baseline.keptOfOffered)}`,
      );
    }
    const count = peer(BASELINE_PROBE);
    if (
      own.scenario.generators > 1 &&
      count !== undefined &&
      !(own.share >= baseline.keptOfCount * count.share)
    ) {
      const kept = `kept ${formatShare(own.share)}, flowtap count ${formatShare(count.share)}`;
      failures.push(`${name}: ${kept}; floor ${formatShare(baseline.keptOfCount)} of that`);
    }
    for (const [probe, most] of Object.entries(baseline.processorTimeOf)) {
      const other = peer(probe);
      if (other === undefined || own.share < LOSSLESS || other.share < LOSSLESS) continue;
      if (own.cpuNs <= most * other.cpuNs) continue;
      const times = `${own.cpuNs.toFixed(0)} ns a packet, ${probe} ${other.cpuNs.toFixed(0)} ns`;
      failures.push(`${name}: ${times}; floor: at most ${most} times that`);
    }
  }
  return failures;
}
