/**
 * Names by DNS where several meters share the flows of a capture: a client's DNS and its connections are pairs of addresses
 * of their own, which may be different meters'. The names are those of one meter, and so are the counts of what was learned.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFlowtap } from '../../cli/flowtap.ts';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { a, dnsQuery, dnsResponse, withLength } from '../../support/dns-messages.ts';
import { type CapturedFrame, ethernet, ipv4, pcapFile, tcp, udp } from '../../support/frames.ts';

const START_NS = 1_700_000_000_000_000_000n;
const RESOLVER = '192.0.2.53';
const UDP = 17;
const TCP = 6;
const ACK = 0x10;
const CLIENTS = 24;
const REUSED_PORT = 40_000;

const FIELDS = [
  ...['sourceIPv4Address', 'destinationIPv4Address', 'sourceTransportPort'],
  ...['serverName', 'serverNameSource'],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-shared-names-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Of each client a question and its response, over UDP or, in two segments, TCP; and a connection to what it was told. */
function conversation(client: number): CapturedFrame[] {
  const name = `host${client}.example`;
  const [source, server] = [`10.0.${client}.1`, `203.0.113.${client + 1}`];
  const query = dnsQuery(client, name);
  const response = dnsResponse(client, name, [a(name, server)]);
  const there = (protocol: number, body: Uint8Array) =>
    ipv4({ source, destination: RESOLVER, protocol }, body);
  const back = (protocol: number, body: Uint8Array) =>
    ipv4({ source: RESOLVER, destination: source, protocol }, body);
  const isOverTcp = client % 3 === 0;
  const long = [...withLength(response)];
  const first = tcp(53, REUSED_PORT, ACK, long.slice(0, 30));
  const second = tcp(53, REUSED_PORT, ACK, long.slice(30));
  // Behind the octets of the first segment.
  second[7] = second[7]! + 30;
  const packets = isOverTcp
    ? [there(TCP, tcp(REUSED_PORT, 53, ACK, withLength(query))), back(TCP, first), back(TCP, second)]
    : [there(UDP, udp(REUSED_PORT, 53, query)), back(UDP, udp(53, REUSED_PORT, response))];
  const connection = ipv4(
    { source, destination: server, protocol: TCP },
    tcp(50_000, 443, ACK, [0xff, 0xfe, 1, 2, 3]),
  );
  return [...packets, connection].map((packet, i) => ({
    frame: ethernet(packet),
    timeNs: START_NS + BigInt(client) * 10_000_000n + BigInt(i) * 1_000_000n,
  }));
}

interface Replayed {
  /** Flows with their names; when a quiet flow ends, and so how many records it has, each meter's packets say. */
  readonly names: readonly string[];
  readonly summary: string;
}

function replay(file: string, workers: number): Replayed {
  const args = ['replay', file, '-o', 'json', '--biflow', '--applications', 'on', '--dns-names', 'client'];
  const { code, out, err } = runFlowtap([...args, '--no-progress', '--workers', String(workers)]);
  expect(code, err).toBe(0);
  const names = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map((line) => FIELDS.map((name) => String(line[name])).join(' '));
  const summary = /\nNames +(.*?),/.exec(err)?.[1] ?? '';
  return { names: [...new Set(names)].sort(), summary };
}

describe('names by DNS of meters that share flows', () => {
  it.each([2, 3, 4])('are those of one, with %d workers', (workers) => {
    const file = join(folder, 'shared.pcap');
    const frames = Array.from({ length: CLIENTS }, (_, client) => conversation(client)).flat();
    writeFileSync(file, pcapFile(frames, { nanoseconds: true }));
    const one = replay(file, 1);
    const wanted = Array.from(
      { length: CLIENTS },
      (_, i) => `10.0.${i}.1 203.0.113.${i + 1} 50000 host${i}.example 5`,
    );
    expect(one.names.filter((name) => name.includes('host'))).toEqual(wanted.sort());
    expect(one.summary).toBe(`${CLIENTS} addresses remembered of DNS answers`);
    expect(replay(file, workers)).toEqual(one);
  });
});

const WITH_NAMES = [
  'ndpi-anyconnect-vpn',
  'ndpi-nest_log_sink',
  'ndpi-tls_certificate_too_long',
  'ndpi-dropbox',
];
const captures = sharedCaptures('real').filter((file) =>
  WITH_NAMES.includes(basename(file).replace(/\..*/, '')),
);

describeWithCaptures(captures, 'names by DNS of meters that share flows', () => {
  it.each(captures.map((file) => [basename(file), file]))('are those of one, of %s', (_, file) => {
    expect(replay(file, 4)).toEqual(replay(file, 1));
  });
});
