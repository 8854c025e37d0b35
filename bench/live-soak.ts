/**
 * The soak: `flowtap run` under an even load of many new flows for a long time. Nothing may be lost, and memory has to
 * stay where it was once the flow table has filled up to its steady state.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { LiveProbe } from './live-probes.ts';
import type { LiveLab } from './live-run.ts';
import { median } from './report.ts';

export interface SoakReport {
  readonly minutes: number;
  readonly offered: number;
  readonly offeredPerSecond: number;
  readonly kept: number;
  readonly records: number;
  readonly cpuNs: number;
  /** Medians of the second and of the last fifth of the time. */
  readonly earlyRssMiB: number;
  readonly lateRssMiB: number;
  readonly samplesMiB: readonly number[];
}

/** Packets of a flow, so that 200,000 packets a second are 10,000 new flows. */
const PACKETS_PER_FLOW = 20;
const FLOWS = 100_000_000;
/** What the table is made for: 10,000 new flows a second, 15 s each. */
const TABLE_FLOWS = 200_000;
/** The default, or a fraction of a short soak, so that the table is in its steady state when memory is first looked at. */
const IDLE_SECONDS_MAX = 15;
const IDLE_SHARE = 20;
const SAMPLES = 100;
/** Memory may grow by so much between the early and the late samples. */
const GROWTH_MAX = 1.05;
const STOP_LIMIT_MS = 60_000;

/** Runs it. */
export async function soak(
  lab: LiveLab,
  probe: LiveProbe,
  minutes: number,
  rate: number,
): Promise<SoakReport> {
  const { port } = await lab.ask('reset');
  const folder = mkdtempSync('/dev/shm/flowtap-soak-');
  const seconds = Math.round(minutes * 60);
  try {
    const idle = Math.min(IDLE_SECONDS_MAX, seconds / IDLE_SHARE);
    const options = ['--idle-timeout', `${Math.round(idle * 1000)}ms`];
    const context = { ...lab.context(folder, port, TABLE_FLOWS), options };
    const limitMs = seconds * 1000 + 2 * STOP_LIMIT_MS;
    const running = await lab.startProbe(probe, context, limitMs);
    const arrivedBefore = lab.arrived();
    const cpuBefore = running.cpuSeconds();
    const order = ['--packets-per-flow', String(PACKETS_PER_FLOW), '--protocol', 'tcp'];
    const scenario = { octets: 200, rate, generators: 1, flows: FLOWS, options: order };
    const sending = lab.finish(lab.startGenerators(scenario, seconds, limitMs));
    const samplesMiB: number[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      await delay((seconds * 1000) / SAMPLES);
      samplesMiB.push(running.residentOctets() / 2 ** 20);
    }
    const sent = await sending;
    const cpuSeconds = running.cpuSeconds() - cpuBefore;
    const offered = lab.arrived() - arrivedBefore;
    await running.stop(probe.stopSignal, STOP_LIMIT_MS);
    const sink = await lab.settledSink();
    const fifth = SAMPLES / 5;
    return {
      minutes,
      offered,
      offeredPerSecond: offered / sent.seconds,
      kept: sink.packets,
      records: sink.records,
      cpuNs: (cpuSeconds * 1e9) / offered,
      earlyRssMiB: median(samplesMiB.slice(fifth, 2 * fifth)),
      lateRssMiB: median(samplesMiB.slice(-fifth)),
      samplesMiB,
    };
  } finally {
    await lab.receiver.stopAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Faults of a soak, one sentence each. */
export function soakFailures({ offered, kept, earlyRssMiB, lateRssMiB }: SoakReport): string[] {
  const failures: string[] = [];
  if (kept !== offered) failures.push(`soak: ${offered} packets offered, ${kept} metered and exported`);
  if (lateRssMiB > earlyRssMiB * GROWTH_MAX) {
    failures.push(`soak: memory grew from ${earlyRssMiB.toFixed(0)} to ${lateRssMiB.toFixed(0)} MiB`);
  }
  return failures;
}
