/** nfacctd of pmacct as a collector, printing JSON. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToFlows, type FlowTotals } from './flow-totals.ts';
import { octetsOf, type RunningCollector } from './goflow2.ts';
import { freeUdpPort, isUdpPortBound, waitUntilQuiet } from './network.ts';
import { waitFor } from './wait.ts';

export type NfacctdRecord = Readonly<Record<string, string | number>>;

const PRIMITIVES = [
  ...['src_host', 'dst_host', 'src_port', 'dst_port', 'proto', 'tos', 'tcpflags', 'in_iface', 'vlan'],
  ...['src_mac', 'dst_mac', 'sampling_rate', 'timestamp_start', 'timestamp_end', 'peer_src_ip', 'class'],
];

/** @param options more lines of its configuration; @param wanted a port that it had before */
export async function startNfacctd(
  options: readonly string[] = [],
  wanted?: number,
): Promise<RunningCollector<NfacctdRecord>> {
  const port = wanted ?? (await freeUdpPort());
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-nfacctd-'));
  const file = join(folder, 'flows.json');
  const configuration = [
    'daemonize: false',
    'nfacctd_ip: 127.0.0.1',
    `nfacctd_port: ${port}`,
    'plugins: print',
    'print_output: json',
    `print_output_file: ${file}`,
    'print_output_file_append: true',
    'print_refresh_time: 1',
    'print_num_protos: true',
    'timestamps_since_epoch: true',
    `aggregate: ${PRIMITIVES.join(', ')}`,
    ...options,
  ];
  writeFileSync(join(folder, 'nfacctd.conf'), `${configuration.join('\n')}\n`);
  const child = spawn('nfacctd', ['-f', join(folder, 'nfacctd.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  await waitFor('nfacctd listens', () => child.exitCode !== null || isUdpPortBound(port));
  return {
    port,
    stop: async () => {
      try {
        // It prints once a second.
        await waitUntilQuiet({ pid: child.pid!, port, quietMs: 4000 }, () => octetsOf(file));
        child.kill('SIGINT');
        await waitFor('nfacctd ends', () => child.exitCode !== null || child.signalCode !== null);
        // Its plug-ins are processes of their own, which hold its socket until they have ended too.
        await waitFor('its port is free', () => !isUdpPortBound(port));
        let text = '';
        try {
          text = readFileSync(file, 'utf8');
        } catch {
          // It makes no file of no flows.
        }
        const lines = text.split('\n').filter((line) => line !== '');
        return { records: lines.map((line) => JSON.parse(line) as NfacctdRecord), log };
      } finally {
        child.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Nanoseconds of `1700000000.123000`. */
function nanoseconds(text: unknown): bigint {
  const [seconds = '0', fraction = ''] = String(text).split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

/** Totals by direction of 5-tuple. */
export function flowsOfNfacctd(records: readonly NfacctdRecord[]): Map<string, FlowTotals> {
  const flows = new Map<string, FlowTotals>();
  for (const record of records) {
    addToFlows(flows, {
      source: String(record.ip_src),
      destination: String(record.ip_dst),
      protocol: Number(record.ip_proto),
      sourcePort: Number(record.port_src),
      destinationPort: Number(record.port_dst),
      packets: Number(record.packets),
      octets: Number(record.bytes),
      firstNs: nanoseconds(record.timestamp_start),
      lastNs: nanoseconds(record.timestamp_end),
      tcpFlags: Number(record.tcp_flags),
    });
  }
  return flows;
}
