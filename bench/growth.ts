/**
 * How the time of a replay grows: with flows, workers, collectors, and the size of the file. Every case is measured once in
 * each round, in turn. flowtap alone, from the bundle, exporting IPFIX to collectors on loopback, each of which must get all
 * of it. The results lie in docs/benchmarks, and growth-charts.ts draws them.
 */
import { mkdirSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describeMachine, type Machine } from './machine.ts';
import { flowtapProbe, installedFlowtap } from './peers.ts';
import { faultsOf, runOnce, warm, withCollectors } from './probe-run.ts';
import { prepareMade, type ReadyWorkload } from './ready.ts';
import type { WorkloadOptions } from './workload.ts';
import { MADE } from './workloads.ts';

export const CHART_NAMES = ['flows', 'collectors', 'size'] as const;
export type ChartName = (typeof CHART_NAMES)[number];

/** One point of a line of a chart. */
export interface GrowthCase {
  readonly chart: ChartName;
  readonly line: string;
  readonly packets: number;
  readonly flows: number;
  /** Octets of each frame, all of which are stored. */
  readonly frameOctets: number;
  readonly workers: number;
  readonly collectors: number;
}

/** A case with what its rounds took. */
export interface GrowthPoint extends GrowthCase {
  readonly fileOctets: number;
  readonly wallSeconds: readonly number[];
  /** User and system time of all threads. */
  readonly cpuSeconds: readonly number[];
}

export interface GrowthResults {
  readonly machine: Machine;
  readonly rounds: number;
  readonly points: readonly GrowthPoint[];
}

const WORKERS = [1, 2];
const FLOWS = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const COLLECTORS = [1, 4, 16];
const COLLECTORS_MAX = Math.max(...COLLECTORS);
/** Two for each of the most flows. */
const PACKETS_OF_FLOWS = 20_000_000;
const SHORT_FRAME_PACKETS = [1_250_000, 2_500_000, 5_000_000, 10_000_000, 20_000_000];
const WHOLE_FRAME_PACKETS = [250_000, 500_000, 1_000_000, 2_000_000];

const SHORT = MADE['64B-100k']!;
const WHOLE = MADE['1500B-whole']!;

function workersText(workers: number): string {
  return workers === 1 ? '1 worker' : `${workers} workers`;
}

function shortFrames(flows: number, packets: number): Pick<GrowthCase, 'packets' | 'flows' | 'frameOctets'> {
  return { packets, flows, frameOctets: SHORT.frameOctets };
}

/** All that is measured, in the order of a round. */
export const GROWTH_CASES: readonly GrowthCase[] = [
  ...FLOWS.flatMap((flows) =>
    WORKERS.map((workers) => ({
      chart: 'flows' as const,
      line: workersText(workers),
      ...shortFrames(flows, PACKETS_OF_FLOWS),
      workers,
      collectors: 1,
    })),
  ),
  ...COLLECTORS.flatMap((collectors) =>
    WORKERS.map((workers) => ({
      chart: 'collectors' as const,
      line: workersText(workers),
      ...shortFrames(SHORT.flows, SHORT.packets),
      workers,
      collectors,
    })),
  ),
  ...SHORT_FRAME_PACKETS.map((packets) => ({
    chart: 'size' as const,
    line: '64 octets, 100k flows',
    ...shortFrames(SHORT.flows, packets),
    workers: 1,
    collectors: 1,
  })),
  ...WHOLE_FRAME_PACKETS.map((packets) => ({
    chart: 'size' as const,
    line: '1,500 octets, 1k flows',
    packets,
    flows: WHOLE.flows,
    frameOctets: WHOLE.frameOctets,
    workers: 1,
    collectors: 1,
  })),
];

/** The capture of a case, made if it is not there: that of a workload of docs/benchmarks.md where it is the same. */
function prepareCase({ packets, flows, frameOctets }: GrowthCase, folder: string): ReadyWorkload {
  const model = frameOctets === WHOLE.frameOctets ? WHOLE : SHORT;
  const options: WorkloadOptions = { ...model, packets, flows };
  const [known] = Object.entries(MADE).find(([, made]) => isDeepStrictEqual(made, options)) ?? [];
  return prepareMade(known ?? `growth-${frameOctets}B-${flows}-${packets}`, options, folder);
}

/** flowtap's command line for a case: every collector gets all records. */
function probeOf(commandLine: readonly string[], { workers, collectors }: GrowthCase) {
  const more = Array.from({ length: collectors - 1 }, (_, i) => ['-e', `ipfix://127.0.0.1:{port${i + 2}}`]);
  return flowtapProbe([...commandLine, '--workers', String(workers), ...more.flat()]);
}

/**
 * Measures every case; tells each run on standard error.
 * @param folder of captures
 * @throws Error where flowtap fails or what a collector got does not add up to what is in the capture
 */
export async function measureGrowth(folder: string, rounds: number): Promise<GrowthResults> {
  mkdirSync(folder, { recursive: true });
  const commandLine = installedFlowtap();
  const cases = GROWTH_CASES.map((one) => ({
    one,
    workload: prepareCase(one, folder),
    probe: probeOf(commandLine, one),
    wallSeconds: [] as number[],
    cpuSeconds: [] as number[],
  }));
  const machine = describeMachine();
  await withCollectors(COLLECTORS_MAX, async (sinks) => {
    for (let round = 0; round < rounds; round++) {
      for (const { one, workload, probe, wallSeconds, cpuSeconds } of cases) {
        warm(probe, workload);
        const run = await runOnce(probe, workload, sinks.slice(0, one.collectors));
        const [fault] = faultsOf(run, workload);
        if (fault !== undefined) throw new Error(fault);
        wallSeconds.push(Number(run.wallSeconds.toFixed(3)));
        cpuSeconds.push(run.cpuSeconds);
        const what = `${one.packets} packets, ${one.flows} flows, ${workersText(one.workers)}`;
        console.error(
          `round ${round + 1}: ${what}, ${one.collectors} collectors: ${run.wallSeconds.toFixed(2)} s`,
        );
      }
    }
  });
  const points = cases.map(({ one, workload, wallSeconds, cpuSeconds }) => ({
    ...one,
    fileOctets: statSync(workload.path).size,
    wallSeconds,
    cpuSeconds,
  }));
  return { machine, rounds, points };
}
