/**
 * tshark's opinion of what payload inspection tells: which protocol each example is of, and certificates. What it says of
 * real captures is in test/golden (applications.process.test.ts).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EXAMPLES } from '../support/application-examples.ts';
import { describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { ethernet, ipv4, pcapFile, tcp, udp } from '../support/frames.ts';
import { inspectCapture } from '../support/inspect-capture.ts';
import { describeWithTools } from '../support/tools.ts';
import { readFields } from '../support/tshark.ts';

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

const files = sharedCaptures('real').filter((file) => CERTIFICATES.some(([name]) => name === basename(file)));

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
