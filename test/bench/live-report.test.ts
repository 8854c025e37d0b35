/** The live benchmark's floors: each of them fails when it is missed, and only then. */
import { describe, expect, it } from 'vitest';
import { type LiveBaseline, liveFailures, liveMarkdown, summarizeLive } from '../../bench/live-report.ts';
import type { LiveRun, Scenario } from '../../bench/live-run.ts';
import { soakFailures } from '../../bench/live-soak.ts';

const HEALTHY = 'flowtap run with path health';
const BASELINE: LiveBaseline = {
  keptOfOffered: 1,
  keptOfCount: 0.99,
  processorTime: [
    { probe: 'flowtap run', of: 'softflowd', most: 0.5 },
    { probe: 'flowtap run', of: 'nfpcapd', most: 1 },
    { probe: 'flowtap run', of: 'nfpcapd', most: 0.5, flows: 100_000 },
    { probe: HEALTHY, of: 'flowtap run', most: 1.4 },
  ],
};
const ONE: Scenario = { octets: 64, rate: 'max', generators: 1, flows: 4096 };
const TWO: Scenario = { ...ONE, generators: 2 };

function run(probe: string, kept: number | undefined, cpuNs: number, scenario = ONE): LiveRun {
  const cpuSeconds = (cpuNs * 500_000 * (kept ?? 1_000_000)) / 1e6 / 1e9;
  return {
    ...{ scenario, probe, seconds: 1, offered: 1_000_000, measured: 500_000, offeredPerSecond: 500_000 },
    ...{ kept, cpuSeconds, peakRssMiB: 100, records: 4096 },
  };
}

const failures = (...runs: LiveRun[]) => liveFailures(summarizeLive(runs), BASELINE);

describe('floors of the live benchmark', () => {
  it('hold for a probe that loses nothing and takes half of softflowd’s time', () => {
    const peers = [run('softflowd', 1_000_000, 200), run('nfpcapd', 1_000_000, 110)];
    expect(failures(run('flowtap run', 1_000_000, 100), ...peers)).toEqual([]);
  });

  it('say what is missed', () => {
    expect(failures(run('flowtap run', 999_999, 50))).toEqual([
      '64 B, max/s, 4096 flows: kept 99.99 %; floor 100 %',
    ]);
    expect(failures(run('flowtap run', 1_000_000, 101), run('softflowd', 1_000_000, 200))).toEqual([
      '64 B, max/s, 4096 flows: flowtap run 101 ns a packet, softflowd 200 ns; floor: at most 0.5 times that',
    ]);
    expect(failures(run('flowtap run', 1_000_000, 121), run('nfpcapd', 1_000_000, 120)).length).toBe(1);
    expect(failures(run('flowtap run', undefined, 50)).length).toBe(1);
  });

  it('of processor time may be of another probe than the plain one, and for one number of flows', () => {
    const off = run('flowtap run', 1_000_000, 100);
    expect(failures(off, run(HEALTHY, 1_000_000, 140))).toEqual([]);
    expect(failures(off, run(HEALTHY, 1_000_000, 141))).toEqual([
      `64 B, max/s, 4096 flows: ${HEALTHY} 141 ns a packet, flowtap run 100 ns; floor: at most 1.4 times that`,
    ]);
    const many = { ...ONE, flows: 100_000 };
    const peer = run('nfpcapd', 1_000_000, 190, many);
    expect(failures(run('flowtap run', 1_000_000, 95, many), peer)).toEqual([]);
    expect(failures(run('flowtap run', 1_000_000, 96, many), peer).length).toBe(1);
  });

  it('of processor time are for the same load: not against a peer that lost some of it', () => {
    expect(failures(run('flowtap run', 1_000_000, 190), run('softflowd', 900_000, 200))).toEqual([]);
  });

  it('under overload are relative to what bare capture keeps', () => {
    const count = run('flowtap count', 900_000, 50, TWO);
    expect(failures(run('flowtap run', 892_000, 90, TWO), count)).toEqual([]);
    expect(failures(run('flowtap run', 890_000, 90, TWO), count).length).toBe(1);
  });

  it('take the least of several rounds for what is lost, the median for the rest', () => {
    const rounds = [1_000_000, 999_000, 1_000_000].map((kept) => run('flowtap run', kept, 90));
    expect(failures(...rounds)).toEqual(['64 B, max/s, 4096 flows: kept 99.90 %; floor 100 %']);
    expect(liveMarkdown(summarizeLive(rounds)).split('\n')[2]).toBe(
      '| 64 B, max/s, 4096 flows | 0.50 | 100 %, 90 ns |',
    );
  });

  it('of a soak are loss and memory', () => {
    const report = {
      ...{ minutes: 1, offered: 100, offeredPerSecond: 1, kept: 100, records: 1, cpuNs: 1 },
      ...{ earlyRssMiB: 170, lateRssMiB: 175, samplesMiB: [] },
    };
    expect(soakFailures(report)).toEqual([]);
    expect(soakFailures({ ...report, kept: 99 })).toEqual([
      'soak: 100 packets offered, 99 metered and exported',
    ]);
    expect(soakFailures({ ...report, lateRssMiB: 200 })).toEqual(['soak: memory grew from 170 to 200 MiB']);
  });
});
