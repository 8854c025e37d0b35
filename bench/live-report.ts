/** Turns runs of the live benchmark into medians and Markdown tables, and holds them against the floors. */
import { basename } from 'node:path';
import type { LiveRun, Scenario } from './live-run.ts';
import { median } from './report.ts';

/** Most processor time a packet of a probe, as a multiple of another one's. */
export interface TimeFloor {
  readonly probe: string;
  readonly of: string;
  readonly most: number;
  /** Only where there are so many flows. Default: however many. */
  readonly flows?: number;
}

/** Floors for `flowtap run`; see docs/benchmarks.md. */
export interface LiveBaseline {
  /** Least share of the offered packets that is kept while one generator sends. */
  readonly keptOfOffered: number;
  /** Least share of what `flowtap count` keeps that is kept when two generators send. */
  readonly keptOfCount: number;
  /** For medians, where both probes keep the same. */
  readonly processorTime: readonly TimeFloor[];
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
/** Probes are compared where each keeps at least this share of what the other one does. */
const EQUAL_LOAD = 0.999;

export function scenarioName({ octets, rate, generators, flows, options, capture }: Scenario): string {
  if (capture !== undefined) return `frames of ${basename(capture)}`;
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

const isEqualLoad = (one: number, other: number) => Math.min(one, other) >= EQUAL_LOAD * Math.max(one, other);

/** Whether less is kept than should be, in a sentence. */
function lossFailures(own: LiveSummary, count: LiveSummary | undefined, baseline: LiveBaseline): string[] {
  const { scenario, leastShare, share } = own;
  // Of captured frames, those that are not IP are refused.
  if (scenario.capture !== undefined) return [];
  const name = scenarioName(scenario);
  if (scenario.generators === 1) {
    if (leastShare >= baseline.keptOfOffered) return [];
    return [`${name}: kept ${formatShare(leastShare)}; floor ${formatShare(baseline.keptOfOffered)}`];
  }
  if (count === undefined || share >= baseline.keptOfCount * count.share) return [];
  const kept = `kept ${formatShare(share)}, ${BASELINE_PROBE} ${formatShare(count.share)}`;
  return [`${name}: ${kept}; floor ${formatShare(baseline.keptOfCount)} of that`];
}

/** What falls short of the floors, one sentence each; empty when nothing does. */
export function liveFailures(summaries: readonly LiveSummary[], baseline: LiveBaseline): string[] {
  const peerOf = (own: LiveSummary, probe: string) =>
    summaries.find((s) => s.probe === probe && scenarioName(s.scenario) === scenarioName(own.scenario));
  const losses = summaries
    .filter(({ probe }) => probe === METERING_PROBE)
    .flatMap((own) => lossFailures(own, peerOf(own, BASELINE_PROBE), baseline));
  const times = baseline.processorTime.flatMap(({ probe, of, most, flows }) =>
    summaries
      .filter((own) => own.probe === probe && (flows === undefined || own.scenario.flows === flows))
      .flatMap((own) => {
        const other = peerOf(own, of);
        if (other === undefined || !isEqualLoad(own.share, other.share)) return [];
        if (own.cpuNs <= most * other.cpuNs) return [];
        const found = `${probe} ${own.cpuNs.toFixed(0)} ns a packet, ${of} ${other.cpuNs.toFixed(0)} ns`;
        return [`${scenarioName(own.scenario)}: ${found}; floor: at most ${most} times that`];
      }),
  );
  return [...losses, ...times];
}
