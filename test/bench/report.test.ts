/** What the benchmark's ratios say of runs, and when its baseline is not met. */
import { describe, expect, it } from 'vitest';
import {
  type Baseline,
  failuresOf,
  processorRatioOf,
  type Run,
  summarize,
  toMarkdown,
} from '../../bench/report.ts';

const run = (probe: string, cpuSeconds: number, wallSeconds = 1): Run => ({
  ...{ workload: 'real', probe, packets: 1000, wallSeconds, cpuSeconds, peakRssMiB: 100 },
  ...{ exportedRecords: undefined, received: [] },
});

const baseline = (most: number): Baseline => ({
  ratios: {},
  peakRssMiB: {},
  processorRatios: { 'flowtap, applications': { real: most, '64B-100k': 1 } },
  wallRatios: { 'flowtap --workers 2': { real: most, '64B-100k': 1 } },
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

describe('wall time of two workers', () => {
  const runs = [...[1, 2, 9].map((s) => run('flowtap', 1, s)), run('flowtap --workers 2', 9, 2.4)];

  it('falls short of a baseline that allows less', () => {
    expect(failuresOf(summarize(runs), baseline(1.2))).toEqual([]);
    expect(failuresOf(summarize(runs), baseline(1.1))).toEqual([
      "real: flowtap --workers 2 takes 1.20 × flowtap's wall time; the baseline allows 1.1",
    ]);
  });
});

describe('the table', () => {
  const received = (records: number) => ({
    messages: 1,
    records,
    packets: 1000,
    octets: 5000,
    lostRecords: 2,
  });
  const runs: Run[] = [
    ...[2, 3, 9].map((seconds) => ({ ...run('flowtap', 4, seconds), received: [received(70)] })),
    { ...run('flowtap --workers 2', 5, 2.4), received: [received(70), received(70)] },
    { ...run('softflowd', 5, 6), exportedRecords: 60, received: [received(59)] },
    run('nfpcapd', 5, 4.5),
  ];
  const floors = { ...baseline(1), ratios: { real: { softflowd: 2.5, nfpcapd: 1 } } };

  it('has medians, what arrived, and comparisons with flowtap beside the floors', () => {
    const lines = toMarkdown(summarize(runs), floors).split('\n');
    const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()));
    const column = (title: string) => cells.slice(2).map((row) => row[cells[0]!.indexOf(title)]);
    expect(column('probe')).toEqual(['flowtap', 'flowtap --workers 2', 'softflowd', 'nfpcapd']);
    expect(column('seconds')).toEqual(['3.00', '2.40', '6.00', '4.50']);
    expect(column('received')).toEqual(['70', '70', '59', '–']);
    expect(column('lost')).toEqual(['2', '4', '1', '–']);
    expect(column('flowtap is')).toEqual(['', '', '2.0 × as fast', '1.5 × as fast']);
    expect(column('floor')).toEqual(['', '', '2.5, missed', '1']);
    expect(column("of flowtap's s")).toEqual(['', '0.80', '', '']);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
