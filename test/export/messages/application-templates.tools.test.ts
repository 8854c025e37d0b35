/**
 * Templates by kind of application, as tshark reads the records: each has the values that its flow has, and no place for
 * those that only other flows can have.
 */
import { expect, it } from 'vitest';
import type { ApplicationFacts } from '../../../src/applications/facts.ts';
import { writeFacts, writeNothing } from '../../../src/metering/applications/write-facts.ts';
import { APPLICATION_WORD } from '../../../src/records/application-layout.ts';
import * as layout from '../../../src/records/flow-layout.ts';
import { recordStride } from '../../../src/records/record-sections.ts';
import { describeWithTools } from '../../support/tools.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { flowsAt } from '../files/sink-support.ts';
import { tshark } from './outside-tools.ts';

const FACTS: readonly (ApplicationFacts | undefined)[] = [
  undefined,
  // CAA is 257, which is too much for an element of one octet.
  { applicationName: 'dns', dnsQueryName: 'www.example.org', dnsQueryType: 257, dnsResponseCode: 3 },
  { applicationName: 'tls', tlsServerName: 'tls.example.org', tlsVersion: 772, tlsCipherSuite: 4865 },
  { applicationName: 'quic', tlsServerName: 'quic.example.org', quicVersion: 1 },
  { applicationName: 'http', httpRequestHost: 'www.example.com', httpStatusCode: 204 },
  { applicationName: 'ssh', sshClientVersion: 'SSH-2.0-a', sshServerVersion: 'SSH-2.0-b' },
  { applicationName: 'http', httpRequestMethod: 'CONNECT', tlsServerName: 'behind.example.org' },
];

/** IPv4 flows of both directions, one for each of FACTS. @param health records have path health too, of which nothing is known */
function batchOf(health = false): layout.FlowRecordBatch {
  const plain = flowsAt(1, 40);
  const stride = recordStride({ encapsulation: false, health, applications: true, networks: false });
  const doubles = new Float64Array((FACTS.length * stride) / 2);
  const words = new Int32Array(doubles.buffer);
  FACTS.forEach((facts, i) => {
    const row = i * stride;
    words.set(plain.words.subarray(0, layout.ENCAPSULATION_WORD), row);
    words[row + layout.FLOW_PORTS] = (40_000 + i) << 16;
    const at = row + APPLICATION_WORD;
    if (facts === undefined) writeNothing(words, at);
    else writeFacts(words, at, facts, 1);
  });
  return { ...plain, words, doubles, stride, count: FACTS.length };
}

/** The lines of each data record, by its source port; what records have of private elements is in hex. */
function recordsOf(text: string): Map<number, string> {
  const flows = text.split(/^ {8}Flow \d+.*$/m).slice(1);
  const records = flows.flatMap((flow) => {
    const port = /SrcPort: (\d+)/.exec(flow)?.[1];
    return Number(port) >= 40_000 ? [[Number(port), flow] as const] : [];
  });
  return new Map(records);
}

/** What a text or number looks like where tshark knows no more than octets. */
const hex = (text: string) => Buffer.from(text).toString('hex');

/** tshark reads templates of up to 60 fields unless told otherwise: that of mixed flows has more. */
const shown = (messages: readonly Uint8Array[]) =>
  tshark(messages, ['-V', '-o', 'cflow.max_template_fields:200']);

const template = { ipv4: ['applications'], ipv6: ['applications'] };

describeWithTools(['tshark'], 'templates by kind of application', () => {
  it('have, in IPFIX, what the flow has, and no values of other kinds', async () => {
    const { messages } = await exportAll([batchOf()], collector('ipfix'), { ...CONFIG, template });
    const text = shown(messages);
    expect(text).not.toMatch(/malformed/i);
    const records = recordsOf(text);
    expect([...records.keys()].sort()).toEqual(FACTS.map((_, i) => 40_000 + i));
    const lengthOf = (i: number) => records.get(40_000 + i)!.length;
    const has = (i: number, what: string) =>
      records
        .get(40_000 + i)!
        .replaceAll(' ', '')
        .includes(what);
    const names = [
      'www.example.org',
      'tls.example.org',
      'quic.example.org',
      'SSH-2.0-a',
      'behind.example.org',
    ];
    expect([1, 2, 3, 5, 6].map((i, n) => has(i, hex(names[n]!)))).toEqual([true, true, true, true, true]);
    expect(records.get(40_004)).toContain('www.example.com');
    expect(records.get(40_004)).toMatch(/Http ?Status.*204/i);
    expect(records.get(40_006)).toContain('CONNECT');
    // The name of the application stands in each, and elements of HTTP only where there are some.
    for (let i = 1; i < FACTS.length; i++)
      expect(records.get(40_000 + i)).toContain(`ApplicationName: ${FACTS[i]!.applicationName}`);
    for (const i of [0, 1, 2, 3, 5]) expect(records.get(40_000 + i)).not.toMatch(/http/i);
    for (const i of [0, 1, 2, 3, 4, 5]) expect(lengthOf(i)).toBeLessThan(lengthOf(6));
  });

  it('have, in NetFlow v9, fixed lengths of HTTP only where there is HTTP', async () => {
    const { messages } = await exportAll([batchOf()], collector('netflow9'), { ...CONFIG, template });
    const text = shown(messages);
    expect(text).not.toMatch(/malformed/i);
    const records = recordsOf(text);
    expect([...records.keys()].sort()).toEqual(FACTS.map((_, i) => 40_000 + i));
    expect(records.get(40_004)).toContain('www.example.com');
    expect(records.get(40_006)).toContain('CONNECT');
    for (const i of [0, 1, 2, 3, 5]) expect(records.get(40_000 + i)).not.toMatch(/http/i);
  });

  it('are none of a list of the user’s, nor of another profile', async () => {
    const lists = [
      ['sourceIPv4Address', 'sourceTransportPort', 'dnsQueryName', 'tlsServerName'],
      ['default'],
    ];
    for (const names of lists) {
      const config = { ...CONFIG, template: { ipv4: names, ipv6: ['minimal'] } };
      const { messages } = await exportAll([batchOf()], collector('ipfix'), config);
      const sets = new Set(
        [...shown(messages).matchAll(/FlowSet Id: \(Data\) \((\d+)\)/g)].map(([, id]) => id),
      );
      // The other sets are of options data.
      const flows = shown(messages)
        .split(/FlowSet Id: /)
        .filter((set) => set.includes('SrcPort: 40000'));
      expect(flows).toHaveLength(1);
      expect(sets.size).toBeGreaterThan(0);
      for (let i = 0; i < FACTS.length; i++) expect(flows[0]).toContain(`SrcPort: ${40_000 + i}`);
    }
  });

  it.each(['ipfix', 'netflow9'] as const)(
    'have ntop’s elements in the profile nprobe, which tshark knows by name: %s',
    async (protocol) => {
      const config = { ...CONFIG, template: { ipv4: ['nprobe'], ipv6: ['nprobe'] } };
      const { messages } = await exportAll([batchOf(true)], collector(protocol), config);
      const text = shown(messages);
      expect(text).not.toMatch(/malformed/i);
      const records = recordsOf(text);
      const lines = (i: number) =>
        records
          .get(40_000 + i)!
          .split('\n')
          .map((line) => line.trim());
      expect(lines(1)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^Layer 7 protocol \(numeric\): 5$/),
          expect.stringMatching(/^Layer 7 protocol name: dns/i),
          expect.stringMatching(/^DNS query: www\.example\.org/i),
          expect.stringMatching(/^DNS query type: 255/i),
          expect.stringMatching(/^DNS return code: 3/i),
        ]),
      );
      expect(lines(2)).toContainEqual(expect.stringMatching(/^SSL server name: tls\.example\.org/i));
      expect(lines(4)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^HTTP host.*: www\.example\.com/i),
          expect.stringMatching(/^HTTP Ret(urn)? Code: 204/i),
        ]),
      );
      for (const i of [0, 2, 3, 4, 5]) expect(records.get(40_000 + i)).not.toMatch(/DNS query/i);
      for (const i of [0, 1, 2, 3, 5]) expect(records.get(40_000 + i)).not.toMatch(/HTTP host/i);
    },
  );

  it.each([
    ['cert', 6871, { 1: '0035', 2: hex('tls.example.org') }],
    ['cesnet', 8057, { 1: hex('www.example.org'), 3: hex('quic.example.org'), 4: hex('www.example.com') }],
  ] as const)('have %s’s elements in its profile', async (profile, enterprise, values) => {
    const config = { ...CONFIG, template: { ipv4: [profile], ipv6: [profile] } };
    const { messages } = await exportAll([batchOf(true)], collector('ipfix'), config);
    const text = shown(messages);
    expect(text).not.toMatch(/malformed/i);
    expect(text).toContain(`PEN: ${enterprise === 6871 ? 'CERT' : ''}`);
    expect(text).toContain(`(${enterprise})`);
    const records = recordsOf(text);
    for (const [i, value] of Object.entries(values))
      expect(records.get(40_000 + Number(i))!.replaceAll(' ', ''), i).toContain(value);
  });
});
