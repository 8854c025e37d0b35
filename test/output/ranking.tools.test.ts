/**
 * Rankings of real captures against tshark: packets of each host as `-z endpoints` has them, IP octets as its fields say, and
 * octets of each TLS server name as the fields of its streams add up to.
 */
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { requireTools } from '../support/tools.ts';
import { readFields } from '../support/tshark.ts';

type Row = Record<string, string | number | null>;

/** Without tunnels and fragments, which tshark counts in another way than flows do. */
const HOSTS = ['ipfixprobe-dns', 'ipfixprobe-tls', 'ndpi-dropbox', 'ndpi-tls_certificate_too_long'];
/** Whose hellos tshark reads in one segment each. */
const NAMES = ['ipfixprobe-tls', 'ndpi-firefox', 'ndpi-anyconnect-vpn'];

const filesOf = (names: readonly string[]) =>
  sharedCaptures('real').filter((file) => names.includes(basename(file).replace(/\.\w+$/, '')));

async function rank(file: string, topBy: string): Promise<Row[]> {
  const args = ['replay', file, '--top-by', topBy, '--top', '0', '-o', 'json', '-q'];
  const { exitCode, stdout, stderr } = await runFlowtap(args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

/** Packets sent and received by address. */
function endpoints(file: string): Map<string, readonly [sent: number, received: number]> {
  const found = new Map<string, readonly [number, number]>();
  for (const kind of ['ip', 'ipv6']) {
    const { stdout } = spawnSync('tshark', ['-n', '-r', file, '-q', '-z', `endpoints,${kind}`], {
      encoding: 'utf8',
    });
    for (const line of stdout.split('\n')) {
      const cells = line.trim().split(/\s+/);
      if (/^[\da-f]+[.:]/.test(cells[0]!) && cells.length >= 7)
        found.set(cells[0]!, [Number(cells[3]), Number(cells[5])]);
    }
  }
  return found;
}

const IP = ['ip.src', 'ip.dst', 'ip.len', 'ipv6.src', 'ipv6.dst', 'ipv6.plen'] as const;
const IPV6_HEADER_OCTETS = 40;

function ipOctets(row: Readonly<Record<string, readonly string[]>>): number {
  const length = row['ip.len']?.[0];
  return length === undefined ? Number(row['ipv6.plen']?.[0]) + IPV6_HEADER_OCTETS : Number(length);
}

function addTo(sums: Map<string, number>, key: string | undefined, octets: number): void {
  if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + octets);
}

describeWithCaptures(
  filesOf(HOSTS),
  'a ranking of hosts is that of tshark',
  () => {
    it.each(filesOf(HOSTS))('%s', { timeout: 120_000 }, async (file) => {
      const rows = await rank(file, 'host');
      const sent = new Map(rows.map((row) => [String(row.hostAddress), Number(row.sentOctets)]));
      const packets = new Map(
        rows.map((row) => [row.hostAddress, [Number(row.sentPackets), Number(row.receivedPackets)]]),
      );
      expect(packets).toEqual(endpoints(file));
      const expected = new Map<string, number>();
      for (const row of readFields(file, IP)) {
        const source = row['ip.src']?.[0] ?? row['ipv6.src']?.[0];
        if (source === undefined) continue;
        addTo(expected, source, ipOctets(row));
        addTo(expected, row['ip.dst']?.[0] ?? row['ipv6.dst']?.[0], 0);
      }
      expect(sent).toEqual(expected);
    });
  },
  requireTools('rankings of hosts', 'tshark'),
);

describeWithCaptures(
  filesOf(NAMES),
  'octets of TLS server names are those that tshark has of their streams',
  () => {
    it.each(filesOf(NAMES))('%s', { timeout: 120_000 }, async (file) => {
      const fields = [...IP, 'tcp.stream', 'tls.handshake.extensions_server_name'];
      const packets = readFields(file, fields).filter((row) => row['tcp.stream']!.length > 0);
      const names = new Map<string, string>();
      for (const row of packets) {
        const name = row['tls.handshake.extensions_server_name']![0];
        if (name !== undefined) names.set(row['tcp.stream']![0]!, name.toLowerCase());
      }
      const expected = new Map<string, number>();
      for (const row of packets) addTo(expected, names.get(row['tcp.stream']![0]!), ipOctets(row));
      const rows = (await rank(file, 'serverName')).filter(({ serverName }) =>
        expected.has(String(serverName)),
      );
      const found = new Map(rows.map((row) => [String(row.serverName), Number(row.octetDeltaCount)]));
      expect(expected.size).toBeGreaterThan(0);
      expect(found).toEqual(expected);
    });
  },
  requireTools('rankings of names', 'tshark'),
);
