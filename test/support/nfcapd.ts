/**
 * nfcapd, nfdump's collector, as the far end of our exports: started on a free port of loopback, stopped by its process
 * id, its files read back with nfdump. Knows nothing of flowtap's code.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToFlows, type FlowTotals } from './flow-totals.ts';
import { freeUdpPort, isUdpPortBound, waitUntilQuiet } from './network.ts';
import { waitFor } from './wait.ts';

/** A record as nfdump prints it in JSON. */
export type NfdumpRecord = Readonly<Record<string, string | number>>;

/** What nfcapd stored, and what it said of the transport. */
export interface NfcapdResult {
  readonly records: readonly NfdumpRecord[];
  /** The records added up by direction of 5-tuple. */
  readonly flows: ReadonlyMap<string, FlowTotals>;
  /** "Sequence Errors" of its closing statistics. */
  readonly sequenceErrors: number;
  readonly badPackets: number;
  readonly log: string;
}

/** A collector that listens. */
export interface RunningNfcapd {
  readonly port: number;
  /** Lets it read what has arrived, ends it, and reads its files; call once. */
  stop(): Promise<NfcapdResult>;
}

const TCP_FLAG_LETTERS = 'CEUAPRSF';

/** nfdump's `...AP.SF` as the number that tcpControlBits is. */
export function tcpFlagsOf(letters: string): number {
  let flags = 0;
  for (const letter of letters) flags = (flags << 1) | (TCP_FLAG_LETTERS.includes(letter) ? 1 : 0);
  return flags;
}

/** Parses `nfdump -o json`, which prints one array, or its objects without the brackets. */
export function parseNfdumpJson(text: string): NfdumpRecord[] {
  const start = text.search(/[[{]/);
  if (start < 0) return [];
  const body = text.slice(start).trim();
  return JSON.parse(body.startsWith('[') ? body : `[${body.replace(/,\s*$/, '')}]`) as NfdumpRecord[];
}

/** A record's totals; its times are UTC with milliseconds. */
export function totalsOf(record: NfdumpRecord): FlowTotals {
  const nanoseconds = (field: string) => BigInt(Date.parse(`${record[field]}Z`)) * 1_000_000n;
  const icmp = Number(record.icmp_type ?? 0) * 256 + Number(record.icmp_code ?? 0);
  return {
    source: String(record.src4_addr ?? record.src6_addr),
    destination: String(record.dst4_addr ?? record.dst6_addr),
    protocol: Number(record.proto),
    sourcePort: Number(record.src_port ?? 0),
    destinationPort: Number(record.dst_port ?? icmp),
    packets: Number(record.in_packets),
    octets: Number(record.in_bytes),
    firstNs: nanoseconds('first'),
    lastNs: nanoseconds('last'),
    tcpFlags: tcpFlagsOf(String(record.tcp_flags ?? '')),
  };
}

function readStore(folder: string): NfdumpRecord[] {
  const text = execFileSync('nfdump', ['-R', folder, '-q', '-o', 'json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return parseNfdumpJson(text);
}

/** Resolves when the process has ended. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/**
 * Starts nfcapd; resolves when it listens.
 * @param change what is done to the folder of its files before they are read
 * @param wantedPort a free one where missing
 * @throws Error with its output when it does not come up
 */
export async function startNfcapd(
  change?: (folder: string) => void,
  wantedPort?: number,
): Promise<RunningNfcapd> {
  const port = wantedPort ?? (await freeUdpPort());
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-nfcapd-'));
  const child = spawn(
    'nfcapd',
    ['-w', folder, '-p', String(port), '-b', '127.0.0.1', '-t', '3600', '-B', '8000000'],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TZ: 'UTC' } },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  try {
    await waitFor('nfcapd listens', () => child.exitCode !== null || isUdpPortBound(port));
    if (child.exitCode !== null) throw new Error(`nfcapd ended at once: ${log}`);
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const count = (pattern: RegExp) =>
    [...log.matchAll(pattern)].reduce((sum, [, digits]) => sum + Number(digits), 0);
  return {
    port,
    stop: async () => {
      try {
        // A datagram that nfcapd has not read when the signal comes would be lost.
        await waitUntilQuiet({ pid: child.pid!, port, quietMs: 100 });
        child.kill('SIGTERM');
        await ended(child);
        change?.(folder);
        const records = readStore(folder);
        const flows = new Map<string, FlowTotals>();
        for (const record of records) if (record.type === 'FLOW') addToFlows(flows, totalsOf(record));
        return {
          records,
          flows,
          sequenceErrors: count(/Sequence Errors: (\d+)/g),
          badPackets: count(/Bad Packets: (\d+)/g),
          log,
        };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** nfcapd 1.7.1 drops the type and code of ICMPv6 in NetFlow v9, whoever sends them (softflowd's too); IPFIX it reads. */
export function withoutIcmpV6Types(flows: ReadonlyMap<string, FlowTotals>): Map<string, FlowTotals> {
  const result = new Map<string, FlowTotals>();
  for (const flow of flows.values())
    addToFlows(result, flow.protocol === 58 ? { ...flow, destinationPort: 0 } : flow);
  return result;
}
