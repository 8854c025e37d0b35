/**
 * One run of a probe over a capture, with collectors on loopback that tell what arrived: what it took, and whether
 * flowtap's export adds up to what is in the capture.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { measure } from './measure.ts';
import { executableOf, type Probe } from './peers.ts';
import type { ReadyWorkload } from './ready.ts';
import { lostRecords, type Run } from './report.ts';
import type { SinkReport } from './sink.ts';

const RUN_LIMIT_SECONDS = 300;
const QUIET_MS = 300;
const WARMED = Buffer.alloc(1024 * 1024);

/** Starts collectors, processes of their own (sink.ts), and ends them when `use` is done. */
export async function withCollectors<T>(
  count: number,
  use: (sinks: readonly ChildProcess[]) => Promise<T>,
): Promise<T> {
  const sinks = Array.from({ length: count }, () => fork(join(import.meta.dirname, 'sink.ts')));
  try {
    await Promise.all(sinks.map((sink) => new Promise((resolve) => sink.once('message', resolve))));
    return await use(sinks);
  } finally {
    for (const sink of sinks) sink.disconnect();
  }
}

/** Asks the collector process for its counters, or to forget them. */
function ask(sink: ChildProcess, command: 'reset' | 'report'): Promise<SinkReport> {
  return new Promise((resolve) => {
    sink.once('message', (answer) => resolve(answer as SinkReport));
    sink.send(command);
  });
}

/** The collector's counters once nothing has arrived for a moment. */
async function settled(sink: ChildProcess): Promise<SinkReport> {
  for (;;) {
    const report = await ask(sink, 'report');
    if (report.quietMs >= QUIET_MS) return report;
    await delay(QUIET_MS / 3);
  }
}

/** Runs one probe over one workload. @param sinks its collectors, one at least */
export async function runOnce(
  probe: Probe,
  workload: ReadyWorkload,
  sinks: readonly ChildProcess[],
): Promise<Run> {
  const ports = (await Promise.all(sinks.map((sink) => ask(sink, 'reset')))).map(({ port }) => port);
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'flowtap-bench-'));
  try {
    const command = probe.command({ workload, ports, folder });
    const result = await measure(command, { cwd: folder, limitSeconds: RUN_LIMIT_SECONDS });
    if (result.exitCode !== 0) {
      throw new Error(`${command.join(' ')}: exit code ${result.exitCode}\n${result.output.slice(-2000)}`);
    }
    const received = probe.output === 'ipfix' ? await Promise.all(sinks.map(settled)) : [];
    return {
      workload: workload.name,
      probe: probe.name,
      packets: workload.content.packets,
      wallSeconds: result.wallSeconds,
      cpuSeconds: result.cpuSeconds,
      peakRssMiB: result.peakRssMiB,
      exportedRecords: probe.recordsFrom?.(result.output),
      received,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What flowtap's export must add up to at each collector, whatever its speed; one sentence for each fault. */
export function faultsOf(run: Run, workload: ReadyWorkload): string[] {
  const faults: string[] = [];
  if (!run.probe.startsWith('flowtap')) return faults;
  const check = (what: string, found: number, expected: number) => {
    if (found !== expected)
      faults.push(`${run.workload}: ${run.probe}: ${what}: found ${found}; expected ${expected}`);
  };
  check('records lost', lostRecords(run) ?? 0, 0);
  for (const got of run.received) {
    check('packets received', got.packets, workload.content.ipPackets);
    check('octets received', got.octets, workload.content.ipOctets);
    if (got.records < workload.content.unidirectionalFlows) {
      check('records received', got.records, workload.content.unidirectionalFlows);
    }
  }
  return faults;
}

/**
 * Reads the capture and the probe's program, so that the probe finds them in the page cache: a system that gives memory
 * back forgets them within a minute.
 */
export function warm(probe: Probe, workload: ReadyWorkload): void {
  for (const path of [workload.path, executableOf(probe)]) {
    const file = openSync(path, 'r');
    while (readSync(file, WARMED) > 0);
    closeSync(file);
  }
}
