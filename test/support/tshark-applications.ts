/**
 * What tshark's fields say of the applications of a capture: names, versions, answers, by flow. Values are called as
 * ApplicationFacts calls them. tshark reassembles segments, records, fragments and QUIC's frames; it knows no JA4, which
 * ../shared/tools/ja4_by_tshark.py makes of its fields. test/golden/applications.jsonl stores all of it, as it takes minutes.
 */
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { SHARED_PCAPS_FOLDER } from './captures.ts';
import type { WitnessedApplication, WitnessedValue } from './stored-applications.ts';
import { type FieldRow, readFields } from './tshark.ts';

const JA4_TOOL = join(SHARED_PCAPS_FOLDER, '../tools/ja4_by_tshark.py');

const FIELDS = [
  ...['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport'],
  ...['dns.id', 'dns.flags.response', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode', 'dns.count.answers'],
  ...['dns.time', 'dns.a', 'dns.aaaa'],
  ...['http.request.method', 'http.host', 'http.user_agent', 'http.response.code', 'http.content_type'],
  ...['quic.version', 'ssh.protocol'],
  ...['tls', 'dtls'].flatMap((layer) => [
    `${layer}.handshake.type`,
    `${layer}.handshake.ciphersuite`,
    `${layer}.handshake.version`,
    `${layer}.handshake.extensions.supported_version`,
    `${layer}.handshake.extensions_server_name`,
    `${layer}.handshake.extensions_alpn_str`,
  ]),
];
const FILTER = 'dns || http || tls.handshake || dtls.handshake || quic || ssh.protocol';
/** Against those of readFields: everything is put together. */
const REASSEMBLY = [
  'ip.defragment:TRUE',
  'ipv6.defragment:TRUE',
  'tcp.desegment_tcp_streams:TRUE',
  'tcp.reassemble_out_of_order:TRUE',
];

const CLIENT_HELLO = '1';
const SERVER_HELLO = '2';
/** User agents are cut to so many characters. */
const USER_AGENT_MAX = 128;
const TSHARK_ROOT = '<root>';
const SSH_PORT = ':22';

function endpointOf(row: FieldRow, side: 'src' | 'dst'): string {
  const port = (row[`tcp.${side}port`]![0] ?? row[`udp.${side}port`]![0])!;
  const [four] = row[`ip.${side}`]!;
  return four === undefined ? `[${row[`ipv6.${side}`]![0]}]:${port}` : `${four}:${port}`;
}

/** Adds values to those of a flow, of which the first one of a name stands. */
class Values {
  readonly all: Record<string, WitnessedValue> = {};

  set(name: string, value: WitnessedValue | undefined): void {
    if (value !== undefined) this.all[name] ??= value;
  }
}

type Reader = (name: string) => string | undefined;

const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text));

/** The first question, and the response with its id. */
function addDns(values: Values, row: FieldRow, first: Reader): void {
  if (first('dns.id') === undefined || first('dns.qry.name') === undefined) return;
  values.set('dnsTransactionId', Number(first('dns.id')));
  if (values.all.dnsTransactionId !== Number(first('dns.id'))) return;
  values.set('dnsQueryName', first('dns.qry.name')!.toLowerCase().replace(TSHARK_ROOT, '.'));
  values.set('dnsQueryType', numberOf(first('dns.qry.type')));
  if (!/^(1|True)$/.test(first('dns.flags.response')!)) return;
  values.set('dnsResponseCode', numberOf(first('dns.flags.rcode')));
  values.set('dnsAnswerCount', numberOf(first('dns.count.answers')));
  const time = numberOf(first('dns.time'));
  if (time !== undefined)
    values.set('dnsResponseTimeMicroseconds', Math.floor(Math.round(time * 1e9) / 1000));
  values.set('dnsAnswers', [...row['dns.a']!, ...row['dns.aaaa']!]);
}

function addHttp(values: Values, first: Reader): void {
  const method = first('http.request.method');
  const isFirst = method !== undefined && values.all.httpRequestMethod === undefined;
  values.set('httpRequestMethod', method);
  if (isFirst) {
    values.set('httpRequestHost', first('http.host')?.replace(/:\d+$/, '').toLowerCase());
    values.set('httpUserAgent', first('http.user_agent')?.slice(0, USER_AGENT_MAX));
  }
  // 1xx are interim responses.
  const code = Number(first('http.response.code') ?? 0);
  if (code < 200 || values.all.httpStatusCode !== undefined) return;
  values.set('httpStatusCode', code);
  values.set('httpContentType', first('http.content_type')?.replace(/\s*;.*/, ''));
}

/** The first ClientHello and the first ServerHello. */
function addHandshake(values: Values, row: FieldRow, layer: 'tls' | 'dtls', first: Reader): void {
  const of = (name: string) => first(`${layer}.handshake.${name}`);
  const types = row[`${layer}.handshake.type`]!;
  if (types.includes(CLIENT_HELLO) && values.all.hasClientHello === undefined) {
    values.set('hasClientHello', 1);
    values.set('tlsServerName', of('extensions_server_name')?.toLowerCase());
    values.set('tlsAlpnOffered', row[`${layer}.handshake.extensions_alpn_str`]);
  }
  if (!types.includes(SERVER_HELLO)) return;
  values.set('tlsCipherSuite', numberOf(of('ciphersuite')));
  values.set('tlsVersion', numberOf(of('extensions.supported_version') ?? of('version')));
}

interface Ja4Row {
  readonly src: string;
  readonly sport: number;
  readonly dst: string;
  readonly dport: number;
  readonly proto: string;
  readonly ja4: string;
}

/** JA4 of the first ClientHello of each flow. */
function addJa4(file: string, flows: ReadonlyMap<string, Values>): void {
  const text = execFileSync('python3', [JA4_TOOL, file], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const rows = (JSON.parse(text) as Record<string, Ja4Row[]>)[basename(file)]!;
  for (const { src, sport, dst, dport, proto, ja4 } of rows) {
    const end = (address: string, port: number) =>
      `${address.includes(':') ? `[${address}]` : address}:${port}`;
    flows.get([proto, ...[end(src, sport), end(dst, dport)].sort()].join(' '))?.set('tlsJa4', ja4);
  }
}

/** Flows of a capture of which tshark says something, in the order of their first such packet. */
export function applicationsByTshark(file: string): WitnessedApplication[] {
  const options = ['-Y', FILTER, ...REASSEMBLY.flatMap((one) => ['-o', one])];
  const flows = new Map<string, Values>();
  for (const row of readFields(file, FIELDS, { arguments: options })) {
    // Of tunnels and of packets that ICMP quotes, flowtap looks into the outer ones alone.
    const isPlain = row['ip.src']!.length + row['ipv6.src']!.length === 1;
    if (!isPlain || row['tcp.srcport']!.length + row['udp.srcport']!.length !== 1) continue;
    const first: Reader = (name) => row[name]![0];
    const source = endpointOf(row, 'src');
    const transport = first('tcp.srcport') === undefined ? 'UDP' : 'TCP';
    const key = [transport, ...[source, endpointOf(row, 'dst')].sort()].join(' ');
    const values = flows.get(key) ?? new Values();
    flows.set(key, values);
    addDns(values, row, first);
    addHttp(values, first);
    addHandshake(values, row, first('dtls.handshake.type') === undefined ? 'tls' : 'dtls', first);
    values.set('quicVersion', numberOf(first('quic.version')));
    values.set(source.endsWith(SSH_PORT) ? 'sshServerVersion' : 'sshClientVersion', first('ssh.protocol'));
  }
  if ([...flows.values()].some(({ all }) => all.hasClientHello !== undefined)) addJa4(file, flows);
  return [...flows].flatMap(([key, { all }]) => {
    const [transport, ...ends] = key.split(' ');
    const { hasClientHello: _, ...values } = all;
    if (Object.keys(values).length === 0) return [];
    return [{ capture: basename(file), transport: transport as 'TCP' | 'UDP', ends: ends.join(' '), values }];
  });
}
