/**
 * Names by DNS of real captures against tshark's fields of DNS: for each flow the question of the last response before its
 * first packet that gave its client its address, and whose time was not over.
 */
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { requireTools } from '../../support/tools.ts';
import { epochNs, type FieldRow, readFields } from '../../support/tshark.ts';

/** Those with answers that have addresses. */
const CAPTURES = [
  ...['ipfixprobe-dns', 'ndpi-anyconnect-vpn', 'ndpi-dropbox', 'ndpi-nest_log_sink'],
  ...['ndpi-conncheck', 'ndpi-tls_certificate_too_long', 'ndpi-dns_ambiguous_names'],
];
/** Captures in which flows with a name are known to be, of which none says its name itself. */
const WITH_NAMES = new Set(['ndpi-anyconnect-vpn', 'ndpi-nest_log_sink', 'ndpi-tls_certificate_too_long']);
const FIELDS = [
  ...['frame.time_epoch', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'udp.srcport', 'udp.dstport'],
  ...['dns.id', 'dns.flags.response', 'dns.flags.rcode', 'dns.flags.truncated', 'dns.qry.name'],
  ...['dns.count.answers', 'dns.resp.type', 'dns.resp.ttl', 'dns.a', 'dns.aaaa'],
];
const TTL_MIN_S = 60;
const NS_PER_S = 1_000_000_000n;

interface Answer {
  readonly client: string;
  readonly address: string;
  readonly name: string;
  readonly atNs: bigint;
  readonly untilNs: bigint;
}

const isTrue = (text: string | undefined) => text === '1' || text === 'True';

/** The addresses of the answer section, with their times to live. */
function addressesOf(row: FieldRow): { address: string; timeToLive: number }[] {
  const [short, long] = [[...row['dns.a']!], [...row['dns.aaaa']!]];
  const count = Number(row['dns.count.answers']![0]);
  return row['dns.resp.type']!.slice(0, count).flatMap((type, i) => {
    const address = type === '1' ? short.shift() : type === '28' ? long.shift() : undefined;
    return address === undefined ? [] : [{ address, timeToLive: Number(row['dns.resp.ttl']![i]) }];
  });
}

function answersOf(file: string): Answer[] {
  const answers: Answer[] = [];
  const asked = new Set<string>();
  for (const row of readFields(file, FIELDS, { arguments: ['-Y', 'dns && udp.port == 53'] })) {
    const [source, destination] = ['src', 'dst'].map(
      (end) => row[`ip.${end}`]![0] ?? row[`ipv6.${end}`]![0] ?? '',
    ) as [string, string];
    const [from, to] = [row['udp.srcport']![0]!, row['udp.dstport']![0]!];
    const name = row['dns.qry.name']![0]?.toLowerCase() ?? '';
    const rest = `${row['dns.id']![0]} ${name}`;
    if (!isTrue(row['dns.flags.response']![0])) {
      asked.add(`${source} ${from} ${destination} ${to} ${rest}`);
      continue;
    }
    const isAsked = asked.delete(`${destination} ${to} ${source} ${from} ${rest}`);
    if (!isAsked || row['dns.flags.rcode']![0] !== '0' || isTrue(row['dns.flags.truncated']![0])) continue;
    const atNs = epochNs(row['frame.time_epoch']![0]!);
    for (const { address, timeToLive } of addressesOf(row)) {
      const held = BigInt(Math.max(TTL_MIN_S, timeToLive)) * NS_PER_S;
      answers.push({ client: destination, address, name, atNs, untilNs: atNs + held });
    }
  }
  return answers;
}

const TEMPLATE = [
  ...['flowStartNanoseconds', 'sourceTransportPort', 'destinationTransportPort', 'serverName'],
  ...['serverNameSource', 'sourceIPv4Address', 'destinationIPv4Address'],
];

async function flowsOf(file: string): Promise<Record<string, unknown>[]> {
  const long = TEMPLATE.map((name) => name.replace('IPv4', 'IPv6')).join();
  const templates = ['--template-ipv4', TEMPLATE.join(), '--template-ipv6', long];
  const args = ['replay', file, '-q', '-o', 'json', '--biflow', '--dns-names', 'client', ...templates];
  const { exitCode, stdout, stderr } = await runFlowtap(args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const filesOf = sharedCaptures('real').filter((file) =>
  CAPTURES.includes(basename(file).replace(/\.\w+$/, '')),
);

describeWithCaptures(
  filesOf,
  'names by DNS are those of tshark',
  () => {
    it.each(filesOf)('%s', { timeout: 120_000 }, async (file) => {
      const answers = answersOf(file);
      const found: unknown[] = [];
      const expected: unknown[] = [];
      for (const flow of await flowsOf(file)) {
        const source = Number(flow.serverNameSource ?? 0);
        const isOfDns = [flow.sourceTransportPort, flow.destinationTransportPort].includes(53);
        if (isOfDns || (source > 0 && source < 5)) continue;
        const client = flow.sourceIPv4Address ?? flow.sourceIPv6Address;
        const server = flow.destinationIPv4Address ?? flow.destinationIPv6Address;
        const startNs = BigInt(flow.flowStartNanoseconds as string | number);
        const last = answers
          .filter((one) => one.client === client && one.address === server && one.atNs <= startNs)
          .at(-1);
        found.push([client, server, flow.serverName || undefined]);
        expected.push([
          client,
          server,
          last !== undefined && startNs <= last.untilNs ? last.name : undefined,
        ]);
      }
      expect(found).toEqual(expected);
      const hasNames = expected.some((one) => (one as unknown[])[2] !== undefined);
      expect(hasNames).toBe(WITH_NAMES.has(basename(file).replace(/\.\w+$/, '')));
    });
  },
  requireTools('names by DNS', 'tshark'),
);
