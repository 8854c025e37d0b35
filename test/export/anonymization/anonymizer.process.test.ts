/** Values that are replaced in a record or left alone, and faults of keys. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AnonymizationConfig,
  createAnonymizer,
  readKey,
} from '../../../src/export/anonymization/anonymizer.ts';
import { CryptoPan } from '../../../src/export/anonymization/crypto-pan.ts';
import { ENCAPSULATION_WORDS } from '../../../src/records/decoded-batch.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../records.ts';

const KEY = '32-char-str-for-AES-key-and-pad.';
const folder = mkdtempSync(join(tmpdir(), 'flowtap-anonymization-'));
const keyFile = join(folder, 'key');

beforeAll(() => writeFileSync(keyFile, `${KEY}\n`));
afterAll(() => rmSync(folder, { recursive: true }));

const config = (part: Partial<AnonymizationConfig>): AnonymizationConfig => ({
  method: 'none',
  keyFile: '',
  ipv4PrefixLength: 24,
  ipv6PrefixLength: 48,
  macAddresses: 'keep',
  names: 'drop',
  networks: 'keep',
  ...part,
});

const LINE = { packets: 1, octets: 100, firstNs: 0, lastNs: 0 };
const MACS = [
  [2, 0x11, 0x22, 0x33, 0x44, 0x55],
  [2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee],
] as const;
const outer = (version: number, source: number[], destination: number[]) => {
  const words = new Array<number>(ENCAPSULATION_WORDS).fill(0);
  words[0] = version | (5 << 8);
  words.splice(2, 8, ...source, ...destination);
  return words;
};
const FLOWS: readonly TestFlow[] = [
  {
    source: ipv4('192.0.2.77'),
    destination: ipv4('198.51.100.255'),
    ipVersion: 4,
    protocol: 6,
    ports: [1, 2],
    macs: MACS,
    encapsulation: outer(6, ipv6('2001:db8:1:2:3:4:5:6'), ipv6('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff')),
    forward: LINE,
  },
  {
    source: ipv6('2001:db8:1:2:3:4:5:6'),
    destination: ipv6('fe80:0:0:0:ffff:ffff:ffff:ffff'),
    ipVersion: 6,
    protocol: 17,
    ports: [3, 4],
    macs: MACS,
    encapsulation: outer(4, ipv4('192.0.2.77'), ipv4('203.0.113.9')),
    forward: LINE,
  },
  {
    source: ipv4('10.1.2.3'),
    destination: ipv4('10.1.2.4'),
    ipVersion: 4,
    protocol: 17,
    ports: [3, 4],
    forward: LINE,
  },
];

describe('the anonymizer', () => {
  it('is absent where nothing is to be changed', () => {
    expect(createAnonymizer(config({}))).toBeUndefined();
  });

  it('truncates addresses, outer ones included, and touches nothing else', () => {
    const truncated = (flow: TestFlow, addresses: Partial<TestFlow>): TestFlow => ({ ...flow, ...addresses });
    const expected = [
      truncated(FLOWS[0]!, {
        source: ipv4('192.0.2.0'),
        destination: ipv4('198.51.100.0'),
        encapsulation: outer(6, ipv6('2001:db8:1:0:0:0:0:0'), ipv6('2001:db8:ffff:0:0:0:0:0')),
      }),
      truncated(FLOWS[1]!, {
        source: ipv6('2001:db8:1:0:0:0:0:0'),
        destination: ipv6('fe80:0:0:0:0:0:0:0'),
        encapsulation: outer(4, ipv4('192.0.2.0'), ipv4('203.0.113.0')),
      }),
      truncated(FLOWS[2]!, { source: ipv4('10.1.2.0'), destination: ipv4('10.1.2.0') }),
    ];
    const batch = recordBatch(FLOWS, { withEncapsulation: true });
    createAnonymizer(config({ method: 'truncate' }))!.apply(batch);
    expect(batch.words).toEqual(recordBatch(expected, { withEncapsulation: true }).words);
  });

  it.each([
    ['vendor', [2, 0x11, 0x22, 0, 0, 0], [2, 0xaa, 0xbb, 0, 0, 0]],
    ['zero', [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
  ] as const)('leaves of MAC addresses: %s', (macAddresses, source, destination) => {
    const batch = recordBatch(FLOWS.slice(0, 1));
    createAnonymizer(config({ macAddresses }))!.apply(batch);
    expect(batch.words).toEqual(recordBatch([{ ...FLOWS[0]!, macs: [source, destination] }]).words);
  });

  it('replaces every address by Crypto-PAn, the same one everywhere by the same', () => {
    const pan = new CryptoPan(Buffer.from(KEY));
    const four = (words: readonly number[]) => {
      const record = Int32Array.from(words);
      pan.ipv4(record, 0);
      return [...record];
    };
    const six = (words: readonly number[]) => {
      const record = Int32Array.from(words);
      pan.ipv6(record, 0);
      return [...record];
    };
    const expected = FLOWS.map((flow, i): TestFlow => {
      const [inner, around] = flow.ipVersion === 4 ? [four, six] : [six, four];
      const { source, destination, encapsulation } = flow;
      return {
        ...flow,
        source: inner(source),
        destination: inner(destination),
        ...(i < 2 && encapsulation
          ? {
              encapsulation: outer(
                encapsulation[0]! & 0xff,
                around(encapsulation.slice(2, 6)),
                around(encapsulation.slice(6, 10)),
              ),
            }
          : {}),
      };
    });
    const batch = recordBatch(FLOWS, { withEncapsulation: true });
    createAnonymizer(config({ method: 'cryptopan', keyFile }))!.apply(batch);
    expect(batch.words).toEqual(recordBatch(expected, { withEncapsulation: true }).words);
  });
});

describe('keys', () => {
  it.each([
    ['octets', KEY],
    ['octets and a line feed', `${KEY}\n`],
    ['hexadecimal digits', `${Buffer.from(KEY).toString('hex')}\n`],
    ['hexadecimal digits after 0x', `0x${Buffer.from(KEY).toString('hex')}`],
  ])('may be %s', (_, text) => {
    const file = join(folder, 'other');
    writeFileSync(file, text);
    expect(Buffer.from(readKey(file)).toString()).toBe(KEY);
  });

  it.each([
    ['', /anonymization\.keyFile: found none; allowed: a file with 32 octets/],
    [join(folder, 'missing'), /missing: ENOENT; allowed/],
    [join(folder, 'short'), /short: 5 octets; allowed/],
  ])('that are none are refused', (file, message) => {
    writeFileSync(join(folder, 'short'), 'short');
    expect(() => readKey(file)).toThrow(message);
  });

  it('are asked for by the command line', async () => {
    const run = await runFlowtap(['replay', join(PCAPS_FOLDER, 'icmp.pcap'), '--anonymize', 'cryptopan']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/anonymization\.keyFile: found none/);
  });
});
