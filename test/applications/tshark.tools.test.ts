/**
 * tshark's opinion of what payload inspection tells: which protocol each example is of, and in real captures the values of
 * DNS, HTTP, ServerHellos and certificates.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ApplicationFacts } from '../../src/applications/facts.ts';
import { EXAMPLES } from '../support/application-examples.ts';
import { describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { ethernet, ipv4, pcapFile, tcp, udp } from '../support/frames.ts';
import { inspectCapture } from '../support/inspect-capture.ts';
import { describeWithTools, requireTools } from '../support/tools.ts';
import { type FieldRow, readFields } from '../support/tshark.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowtap-applications-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** tshark's names for ours, where they differ. */
const TSHARK_NAMES: Readonly<Record<string, string>> = {
  'ethernet-ip': 'enip',
  'iec-104': 'iec60870_104',
  ike: 'isakmp',
  'opc-ua': 'opcua',
  modbus: 'mbtcp',
  netflow: 'cflow',
  pop3: 'pop',
  postgresql: 'pgsql',
  redis: 'resp',
  smb1: 'smb',
  smb: 'smb2',
  memcached: 'memcache',
  mongodb: 'mongo',
  nfs: 'rpc',
  bacnet: 'bvlc',
};

/** Examples on ports by which tshark does not know their protocol, and of packets that are too short for it. */
const NOT_BY_TSHARK: ReadonlySet<string> = new Set([
  ...[
    'X.224 connection request with a negotiation',
    'CONNECT of MQTT 3.1',
    'command of Redis',
    'EHLO of SMTP',
  ],
  ...['greeting of SMTP', 'greeting of FTP', 'greeting of POP3', 'greeting of IMAP', 'options of TELNET'],
  ...['bind of LDAP', 'answer to M-SEARCH', 'ping of the DHT', 'header of AMQP 0-9-1', 'link status of DNP3'],
  ...['DNP3 over UDP', 'message of MongoDB', 'search of CLDAP'],
]);

describeWithTools(['tshark'], 'tshark says of the examples', () => {
  const frames = EXAMPLES.map(({ transport, port, octets }, i) => {
    const payload = transport === 'tcp' ? tcp(40_000 + i, port, 0x18, octets) : udp(40_000 + i, port, octets);
    const protocol = transport === 'tcp' ? 6 : 17;
    const packet = ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol }, payload);
    return { frame: ethernet(packet), timeNs: BigInt(i) * 1_000_000_000n };
  });
  const file = join(folder, 'examples.pcap');
  writeFileSync(file, pcapFile(frames));
  const rows = readFields(file, ['frame.protocols']);

  const known = EXAMPLES.flatMap(({ what, name }, i) =>
    NOT_BY_TSHARK.has(what) ? [] : [[what, name, i] as const],
  );
  it.each(known)('%s: %s', (_, name, i) => {
    expect(rows[i]!['frame.protocols']![0]!.split(':')).toContain(TSHARK_NAMES[name] ?? name);
  });
});

const FIELDS = [
  ...['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport'],
  ...[
    'dns.id',
    'dns.flags.response',
    'dns.qry.name',
    'dns.qry.type',
    'dns.flags.rcode',
    'dns.count.answers',
    'dns.time',
  ],
  ...['dns.a', 'dns.aaaa'],
  ...['http.request.method', 'http.host', 'http.user_agent', 'http.response.code', 'http.content_type'],
  ...[
    'tls.handshake.type',
    'tls.handshake.ciphersuite',
    'tls.handshake.version',
    'tls.handshake.extensions.supported_version',
  ],
];

const CAPTURES: ReadonlySet<string> = new Set([
  ...['ndpi-anyconnect-vpn.pcap', 'ndpi-conncheck.pcap', 'ndpi-dns_fragmented.pcap', 'ndpi-dropbox.pcap'],
  ...['ndpi-firefox.pcap', 'ndpi-ocs.pcap', 'ndpi-tls_long_cert.pcap'],
  ...['ndpi-quic-29.pcap', 'ndpi-quic-v2.pcapng', 'ndpi-quic-forcing-vn-with-data.pcapng'],
]);
const files = sharedCaptures('real').filter((file) => CAPTURES.has(basename(file)));

function endpointOf(row: FieldRow, side: 'src' | 'dst'): string {
  const port = (row[`tcp.${side}port`]![0] ?? row[`udp.${side}port`]![0])!;
  const [four] = row[`ip.${side}`]!;
  return four === undefined ? `[${row[`ipv6.${side}`]![0]}]:${port}` : `${four}:${port}`;
}

type Values = Partial<Record<keyof ApplicationFacts, unknown>>;

/** Values of a flow by the first rows that have them, as we understand them. */
function addRow(values: Values, row: FieldRow): void {
  const first = (name: string) => row[name]![0];
  const set = (key: keyof ApplicationFacts, value: unknown) => {
    if (value !== undefined) values[key] ??= value;
  };
  const number = (name: string) => (first(name) === undefined ? undefined : Number(first(name)));
  if (first('dns.id') !== undefined && first('dns.qry.name') !== undefined) {
    set('dnsTransactionId', number('dns.id'));
    if (values.dnsTransactionId !== number('dns.id')) return;
    set('dnsQueryName', first('dns.qry.name')!.toLowerCase());
    set('dnsQueryType', number('dns.qry.type'));
    if (!/^(1|True)$/.test(first('dns.flags.response')!)) return;
    set('dnsResponseCode', number('dns.flags.rcode'));
    set('dnsAnswerCount', number('dns.count.answers'));
    const time = number('dns.time');
    set(
      'dnsResponseTimeMicroseconds',
      time === undefined ? undefined : Math.floor(Math.round(time * 1e9) / 1000),
    );
    set('dnsAnswers', [...row['dns.a']!, ...row['dns.aaaa']!]);
  }
  set('httpRequestMethod', first('http.request.method'));
  set('httpUserAgent', values.httpRequestMethod && first('http.user_agent')?.slice(0, 128));
  // 1xx are interim responses.
  const code = number('http.response.code') ?? 0;
  if (code >= 200) set('httpStatusCode', code);
  if (code >= 200 && values.httpContentType === undefined)
    set('httpContentType', first('http.content_type')?.replace(/\s*;.*/, ''));
  if (first('tls.handshake.type') === '2') {
    set('tlsCipherSuite', number('tls.handshake.ciphersuite'));
    set(
      'tlsVersion',
      number('tls.handshake.extensions.supported_version') ?? number('tls.handshake.version'),
    );
  }
}

const KEYS: readonly (keyof ApplicationFacts)[] = [
  ...['dnsTransactionId', 'dnsQueryName', 'dnsQueryType', 'dnsResponseCode', 'dnsAnswerCount'],
  ...[
    'dnsResponseTimeMicroseconds',
    'httpRequestMethod',
    'httpUserAgent',
    'httpStatusCode',
    'httpContentType',
  ],
  ...['tlsCipherSuite', 'tlsVersion'],
] as (keyof ApplicationFacts)[];

/** Our addresses; tshark's are those of the answer section and of the others. */
const addressesOf = ({ dnsAnswers = [] }: ApplicationFacts) =>
  dnsAnswers.filter(({ type }) => type === 1 || type === 28).map(({ text }) => text);

const canRun = files.length > 0 && requireTools('values by tshark', 'tshark');

describeWithCaptures(
  files,
  'tshark says of values in',
  () => {
    it.each(files.map((file) => [basename(file), file]))('%s', async (_, file) => {
      const flows = await inspectCapture(file);
      const rows = readFields(file, FIELDS, { arguments: ['-Y', 'dns || http || tls.handshake.type == 2'] });
      const byPair = new Map<string, Values>();
      for (const row of rows) {
        if (row['tcp.srcport']!.length + row['udp.srcport']!.length !== 1) continue;
        const pair = [endpointOf(row, 'src'), endpointOf(row, 'dst')].sort().join(' ');
        const values = byPair.get(pair) ?? {};
        byPair.set(pair, values);
        addRow(values, row);
      }
      let compared = 0;
      for (const { source, destination, facts } of flows) {
        const expected = byPair.get([source, destination].sort().join(' '));
        if (expected === undefined || facts.applicationName === 'mdns') continue;
        const pair = `${source} > ${destination}`;
        const { dnsAnswers, ...values }: Values = expected;
        const told: Values = values;
        const wanted = KEYS.filter((key) => told[key] !== undefined).map((key) => [key, told[key]]);
        expect(facts, pair).toMatchObject(Object.fromEntries(wanted));
        expect(dnsAnswers ?? [], pair).toEqual(expect.arrayContaining(addressesOf(facts)));
        compared++;
      }
      expect(compared).toBeGreaterThan(0);
    });
  },
  canRun,
);

/** `tshark -V`: subject and validity of the first certificates, in the captures that show them. */
const CERTIFICATES: readonly [string, string, string | undefined, string, string][] = [
  [
    'ndpi-443-safari.pcap',
    '192.168.1.13:53031',
    'www.ntop.org',
    '2019-12-17T01:17:28Z',
    '2020-03-16T01:17:28Z',
  ],
  ['ndpi-selfsigned.pcap', '127.0.0.1:51607', undefined, '2015-10-10T15:55:47Z', '2016-10-09T15:55:47Z'],
  [
    'ndpi-tls_malicious_sha1.pcapng',
    '[2001:b07:a3d:c112:9726:f643:a838:b0c4]:40294',
    'www.prbtest.dev',
    '2023-11-28T12:50:11Z',
    '2024-02-26T13:39:22Z',
  ],
];

describeWithCaptures(files, 'certificates', () => {
  it.each(CERTIFICATES)('%s', async (name, source, subject, notBefore, notAfter) => {
    const file = sharedCaptures('real').find((one) => basename(one) === name)!;
    const { facts } = (await inspectCapture(file, { certificate: true })).find(
      (flow) => flow.source === source,
    )!;
    expect(facts.tlsCertificateName).toBe(subject);
    expect(facts.tlsCertificateNotBefore).toBe(Date.parse(notBefore) / 1000);
    expect(facts.tlsCertificateNotAfter).toBe(Date.parse(notAfter) / 1000);
    expect(
      (await inspectCapture(file)).find((flow) => flow.source === source)!.facts.tlsCertificateName,
    ).toBeUndefined();
  });
});
