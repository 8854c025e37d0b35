/**
 * GoFlow2 as a collector: built once by .ci/run through the Go module proxy, or found in the path. One worker unless
 * a test wants more: with several, which datagram is decoded first depends on how busy the machine is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToFlows, type FlowTotals } from './flow-totals.ts';
import { freeUdpPort, isUdpPortBound, waitUntilQuiet } from './network.ts';
import { warnSkipped } from './skipped.ts';
import { hasTool } from './tools.ts';
import { waitFor } from './wait.ts';

const BUILT = join(homedir(), '.cache/flowtap-ci/bin/goflow2');

/** The program, or undefined with a warning. */
export function goflow2Program(): string | undefined {
  if (existsSync(BUILT)) return BUILT;
  if (hasTool('goflow2')) return 'goflow2';
  warnSkipped('GoFlow2', 'goflow2 (.ci/run builds it where there is Go)');
  return undefined;
}

export type Goflow2Record = Readonly<Record<string, string | number>>;

export interface RunningCollector<R> {
  readonly port: number;
  /** Lets it read and decode what has arrived. */
  settle?(): Promise<void>;
  /** Lets it read what has arrived, ends it, and gives what it understood. */
  stop(): Promise<{ readonly records: readonly R[]; readonly log: string }>;
}

/** Resolves when the process has ended. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Size of a file that may not be there yet. */
export const octetsOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * @param wanted a port that it had before, to start it again
 * @param options of its listener; empty for its own defaults, which are two workers
 */
export async function startGoflow2(
  program: string,
  wanted?: number,
  options = '?workers=1&count=1',
): Promise<RunningCollector<Goflow2Record>> {
  const port = wanted ?? (await freeUdpPort());
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-goflow2-'));
  const file = join(folder, 'flows.json');
  const listen = `netflow://127.0.0.1:${port}${options}`;
  const args = ['-listen', listen, '-addr', '', '-format', 'json'];
  const child = spawn(program, [...args, '-transport', 'file', '-transport.file', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  await waitFor('GoFlow2 listens', () => child.exitCode !== null || isUdpPortBound(port));
  const settle = () => waitUntilQuiet({ pid: child.pid!, port, quietMs: 300 }, () => octetsOf(file));
  return {
    port,
    settle,
    stop: async () => {
      try {
        await settle();
        child.kill('SIGTERM');
        await ended(child);
        // Two workers write an object and its line feed in two steps each: one's may stand between the other's.
        const text = existsSync(file) ? readFileSync(file, 'utf8').replaceAll('}{', '}\n{') : '';
        const lines = text.split('\n');
        const records = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Goflow2Record);
        return { records, log };
      } finally {
        child.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  ICMP: 1,
  IGMP: 2,
  TCP: 6,
  UDP: 17,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPv6: 58,
  'IPv6-ICMP': 58,
  OSPF: 89,
  SCTP: 132,
  UDPLite: 136,
  DCCP: 33,
};

/** Totals by direction of 5-tuple. */
export function flowsOfGoflow2(records: readonly Goflow2Record[]): Map<string, FlowTotals> {
  const flows = new Map<string, FlowTotals>();
  for (const record of records) {
    addToFlows(flows, {
      source: String(record.src_addr),
      destination: String(record.dst_addr),
      protocol: PROTOCOLS[String(record.proto)] ?? Number(record.proto),
      sourcePort: Number(record.src_port),
      destinationPort: Number(record.dst_port),
      packets: Number(record.packets),
      octets: Number(record.bytes),
      firstNs: BigInt(Math.round(Number(record.time_flow_start_ns) / 1e6)) * 1_000_000n,
      lastNs: BigInt(Math.round(Number(record.time_flow_end_ns) / 1e6)) * 1_000_000n,
      tcpFlags: Number(record.tcp_flags),
    });
  }
  return flows;
}
