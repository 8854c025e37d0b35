/** What the benchmark's ratios say of runs, and when its baseline is not met. */
import { describe, expect, it } from 'vitest';
import { type Baseline, failuresOf, processorRatioOf, type Run, summarize } from '../../bench/report.ts';

const run = (probe: string, cpuSeconds: number, wallSeconds = 1): Run => ({
  ...{ workload: 'real', probe, packets: 1000, wallSeconds, cpuSeconds, peakRssMiB: 100 },
  ...{ exportedRecords: undefined, received: undefined },
});

const baseline = (most: number): Baseline => ({
  ratios: {},
  peakRssMiB: {},
  processorRatios: { 'flowtap, applications': { real: most, '64B-100k': 1 } },
});

describe('processor time beside that of flowtap', () => {
  const runs = [
    ...[1.3, 1, 2].map((seconds) => run('flowtap', seconds)),
    ...[3, 1.5, 1.6].map((seconds) => run('flowtap, applications', seconds)),
  ];

  it('is that of the runs that took the least', () => {
    expect(processorRatioOf(summarize(runs), 'real', 'flowtap, applications')).toBe(1.5);
    expect(processorRatioOf(summarize(runs), '64B-100k', 'flowtap, applications')).toBeUndefined();
  });

  it('falls short of a baseline that allows less', () => {
    expect(failuresOf(summarize(runs), baseline(1.5))).toEqual([]);
    expect(failuresOf(summarize(runs), baseline(1.4))).toEqual([
      "real: flowtap, applications takes 1.50 × flowtap's processor time; the baseline allows 1.4",
    ]);
  });
});
