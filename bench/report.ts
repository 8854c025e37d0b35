/** Turns benchmark runs into medians, ratios and a Markdown table; compares the ratios with a baseline. */
import { type Column, markdownTable } from './markdown-table.ts';

/** One run of one probe over one workload. */
export interface Run {
  readonly workload: string;
  readonly probe: string;
  readonly packets: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
  /** Flow records the probe says it exported; undefined where it does not tell. */
  readonly exportedRecords: number | undefined;
  /** What each collector got; none for probes that export nothing to them. */
  readonly received: readonly {
    readonly messages: number;
    readonly records: number;
    readonly packets: number;
    readonly octets: number;
    readonly lostRecords: number;
  }[];
}

export interface Summary {
  readonly workload: string;
  readonly probe: string;
  readonly runs: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Of the run that took the least: whatever else the machine does only adds to it. */
  readonly leastCpuSeconds: number;
  readonly peakRssMiB: number;
  readonly packetsPerSecond: number;
  readonly last: Run;
}

/** How many times as fast flowtap must be, by workload and peer; and what it may hold. */
export interface Baseline {
  readonly ratios: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly peakRssMiB: Readonly<Record<string, number>>;
  /** How much processor time flowtap may take when it is run in another way, beside flowtap's, by probe and workload. */
  readonly processorRatios: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The same of its wall time. */
  readonly wallRatios: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One summary for each workload and probe, in the order of their first runs. */
export function summarize(runs: readonly Run[]): Summary[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.workload} ${run.probe}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const last = group[group.length - 1]!;
    const wallSeconds = median(group.map((run) => run.wallSeconds));
    return {
      workload: last.workload,
      probe: last.probe,
      runs: group.length,
      wallSeconds,
      cpuSeconds: median(group.map((run) => run.cpuSeconds)),
      leastCpuSeconds: Math.min(...group.map((run) => run.cpuSeconds)),
      peakRssMiB: Math.max(...group.map((run) => run.peakRssMiB)),
      packetsPerSecond: last.packets / wallSeconds,
      last,
    };
  });
}

/** How many times as fast as `peer` flowtap is on `workload`; undefined where one of them did not run. */
export function ratioOf(summaries: readonly Summary[], workload: string, peer: string): number | undefined {
  const find = (probe: string) => summaries.find((s) => s.workload === workload && s.probe === probe);
  const own = find('flowtap');
  const other = find(peer);
  return own === undefined || other === undefined ? undefined : other.wallSeconds / own.wallSeconds;
}

/** Least processor time of a probe as a share of flowtap's; undefined where one of them did not run. */
export function processorRatioOf(
  summaries: readonly Summary[],
  workload: string,
  probe: string,
): number | undefined {
  const find = (name: string) => summaries.find((s) => s.workload === workload && s.probe === name);
  const own = find('flowtap');
  const other = find(probe);
  return own === undefined || other === undefined ? undefined : other.leastCpuSeconds / own.leastCpuSeconds;
}

/** How many times as fast as a peer flowtap is; of flowtap run in another way, nothing. */
function speedOf(summaries: readonly Summary[], { workload, probe }: Summary): string {
  const ratio = probe.startsWith('flowtap') ? undefined : ratioOf(summaries, workload, probe);
  return ratio === undefined ? '' : `${ratio.toFixed(1)} × as fast`;
}

/** The share of flowtap's wall time that flowtap takes when it is run in another way. */
function shareOf(summaries: readonly Summary[], { workload, probe }: Summary): string {
  if (probe === 'flowtap' || !probe.startsWith('flowtap')) return '';
  return ratioOf(summaries, workload, probe)?.toFixed(2) ?? '';
}

/** What the baseline asks for, and whether it is missed. */
function floorOf(summaries: readonly Summary[], { workload, probe }: Summary, baseline: Baseline): string {
  const floor = baseline.ratios[workload]?.[probe];
  if (floor === undefined) return '';
  const ratio = ratioOf(summaries, workload, probe);
  return ratio !== undefined && ratio < floor ? `${floor}, missed` : String(floor);
}

/** A Markdown table of all summaries, beside the floors of the baseline. */
export function toMarkdown(summaries: readonly Summary[], baseline: Baseline): string {
  const columns: readonly Column<Summary>[] = [
    { title: 'workload', align: 'left', text: ({ workload }) => workload },
    { title: 'probe', align: 'left', text: ({ probe }) => probe },
    { title: 'seconds', align: 'right', text: ({ wallSeconds }) => wallSeconds.toFixed(2) },
    { title: 'Mpps', align: 'right', text: ({ packetsPerSecond }) => (packetsPerSecond / 1e6).toFixed(2) },
    { title: 'processor s', align: 'right', text: ({ cpuSeconds }) => cpuSeconds.toFixed(2) },
    { title: 'peak MiB', align: 'right', text: ({ peakRssMiB }) => peakRssMiB.toFixed(0) },
    { title: 'records out', align: 'right', text: ({ last }) => String(last.exportedRecords ?? '–') },
    { title: 'received', align: 'right', text: ({ last }) => String(last.received[0]?.records ?? '–') },
    { title: 'lost', align: 'right', text: ({ last }) => String(lostRecords(last) ?? '–') },
    { title: 'flowtap is', align: 'left', text: (summary) => speedOf(summaries, summary) },
    { title: 'floor', align: 'right', text: (summary) => floorOf(summaries, summary, baseline) },
    { title: "of flowtap's s", align: 'right', text: (summary) => shareOf(summaries, summary) },
  ];
  return markdownTable(columns, summaries);
}

/** Records that were sent and did not reach a collector, as far as that is known. */
export function lostRecords(run: Run): number | undefined {
  if (run.received.length === 0) return undefined;
  const { exportedRecords } = run;
  return run.received
    .map(({ records, lostRecords }) =>
      exportedRecords === undefined ? lostRecords : exportedRecords - records,
    )
    .reduce((sum, lost) => sum + lost, 0);
}

/** What falls short of the baseline, one sentence each; empty when nothing does. */
export function failuresOf(summaries: readonly Summary[], baseline: Baseline): string[] {
  const failures: string[] = [];
  for (const [workload, peers] of Object.entries(baseline.ratios)) {
    for (const [peer, least] of Object.entries(peers)) {
      const ratio = ratioOf(summaries, workload, peer);
      if (ratio !== undefined && ratio < least) {
        failures.push(
          `${workload}: flowtap is ${ratio.toFixed(2)} × as fast as ${peer}; the baseline asks for ${least}`,
        );
      }
    }
  }
  const shares = [
    { limits: baseline.processorRatios, time: 'processor time', of: processorRatioOf },
    { limits: baseline.wallRatios, time: 'wall time', of: ratioOf },
  ];
  for (const { limits, time, of } of shares) {
    for (const [probe, workloads] of Object.entries(limits)) {
      for (const [workload, most] of Object.entries(workloads)) {
        const ratio = of(summaries, workload, probe);
        if (ratio !== undefined && ratio > most) {
          failures.push(
            `${workload}: ${probe} takes ${ratio.toFixed(2)} × flowtap's ${time}; the baseline allows ${most}`,
          );
        }
      }
    }
  }
  for (const [workload, most] of Object.entries(baseline.peakRssMiB)) {
    const own = summaries.find((s) => s.workload === workload && s.probe === 'flowtap');
    if (own !== undefined && own.peakRssMiB > most) {
      failures.push(
        `${workload}: flowtap held ${own.peakRssMiB.toFixed(0)} MiB; the baseline allows ${most}`,
      );
    }
  }
  return failures;
}
