/** Turns benchmark runs into medians, ratios and a Markdown table; compares the ratios with a baseline. */

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
  /** What the collector got; undefined for probes that export nothing to it. */
  readonly received:
    | { messages: number; records: number; packets: number; octets: number; lostRecords: number }
    | undefined;
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
  /** How much processor time a probe may take beside flowtap's, by probe and workload. */
  readonly processorRatios: Readonly<Record<string, Readonly<Record<string, number>>>>;
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

/** A Markdown table of all summaries. */
export function toMarkdown(summaries: readonly Summary[]): string {
  const lines = [
    '| workload | probe | seconds | Mpps | processor s | peak MiB | records out | received | lost | flowtap is |',
    '|---|---|--:|--:|--:|--:|--:|--:|--:|--:|',
  ];
  for (const s of summaries) {
    const ratio = s.probe === 'flowtap' ? undefined : ratioOf(summaries, s.workload, s.probe);
    const received = s.last.received;
    lines.push(
      `| ${[
        s.workload,
        s.probe,
        s.wallSeconds.toFixed(2),
        (s.packetsPerSecond / 1e6).toFixed(2),
        s.cpuSeconds.toFixed(2),
        s.peakRssMiB.toFixed(0),
        s.last.exportedRecords ?? '–',
        received?.records ?? '–',
        lostRecords(s.last) ?? '–',
        ratio === undefined ? '' : `${ratio.toFixed(1)} × as fast`,
      ].join(' | ')} |`,
    );
  }
  return lines.join('\n');
}

/** Records that were sent and did not reach the collector, as far as that is known. */
export function lostRecords(run: Run): number | undefined {
  if (run.received === undefined) return undefined;
  if (run.exportedRecords !== undefined) return run.exportedRecords - run.received.records;
  return run.received.lostRecords;
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
  for (const [probe, workloads] of Object.entries(baseline.processorRatios)) {
    for (const [workload, most] of Object.entries(workloads)) {
      const ratio = processorRatioOf(summaries, workload, probe);
      if (ratio !== undefined && ratio > most) {
        failures.push(
          `${workload}: ${probe} takes ${ratio.toFixed(2)} × flowtap's processor time; the baseline allows ${most}`,
        );
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
