/** TLS and DTLS in payload inspection: hellos over records, segments and fragments, JA4's rules, hostile lengths. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientHello, isGrease, readClientHello } from '../../src/applications/client-hello.ts';
import { ja4Of } from '../../src/applications/ja4.ts';
import { cases } from '../support/cases.ts';
import {
  algorithms,
  alpn,
  clientHello,
  EXAMPLE_JA4,
  exampleHello,
  type HelloOptions,
  inDatagram,
  inRecords,
  serverName,
  versions,
} from '../support/client-hello.ts';
import { PayloadFlow } from '../support/payload-flow.ts';

const CLIENT_FACTS = {
  applicationName: 'tls',
  applicationConfidence: 4,
  tlsServerName: 'example.com',
  serverName: 'example.com',
  serverNameSource: 1,
  tlsAlpn: 'h2,http/1.1',
  tlsClientVersion: 0x0304,
  tlsFlags: 0,
  tlsJa4: EXAMPLE_JA4,
};
const SERVER_HELLO = [
  ...[2, 0, 0, 86, 3, 3, ...new Array(32).fill(9), 0, 0x13, 0x01, 0],
  ...[0, 46, 0, 51, 0, 36, 0x11, 0xec, 0, 32, ...new Array(32).fill(5), 0, 43, 0, 2, 3, 4],
];

describe('a ClientHello over TCP', () => {
  const hello = clientHello(exampleHello());

  it('in one segment, and its ServerHello, are all there is', () => {
    const flow = new PayloadFlow(6, 50_000, 443);
    expect(flow.send(inRecords(hello))).toBe(false);
    expect(flow.facts).toEqual(CLIENT_FACTS);
    expect(flow.reply(inRecords(SERVER_HELLO))).toBe(true);
    expect(flow.facts).toEqual({
      ...CLIENT_FACTS,
      ...{ tlsVersion: 0x0304, tlsCipherSuite: 0x1301, tlsKeyShareGroup: 0x11ec },
    });
  });

  it.each([16_384, 700, 100, 50])('in records of %d octets and segments of any', (recordOctets) => {
    const octets = inRecords(hello, recordOctets);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: octets.length - 1 }), { maxLength: 6 }),
        (cuts) => {
          const flow = new PayloadFlow(6, 50_000, 443);
          const ends = [...cuts.sort((a, b) => a - b), octets.length];
          for (const [i, end] of ends.entries()) flow.send(octets.slice(ends[i - 1] ?? 0, end));
          expect(flow.facts).toEqual(CLIENT_FACTS);
        },
      ),
      { numRuns: cases(100) },
    );
  });

  it('of a post-quantum size whose segments come in the wrong order, and twice', () => {
    const octets = inRecords(clientHello(exampleHello('example.com', 1700)));
    const flow = new PayloadFlow(6, 50_000, 443);
    flow.send(octets.slice(0, 700));
    flow.send(octets.slice(1400), 700);
    flow.send(octets.slice(0, 700), -octets.length);
    expect(flow.facts.tlsFlags).toBe(32);
    expect(flow.facts.tlsJa4).toBeUndefined();
    flow.send(octets.slice(650, 1450), -50);
    expect(flow.facts).toEqual(CLIENT_FACTS);
  });

  it('whose second segment comes first is put in order on a port of TLS', () => {
    const octets = inRecords(clientHello(exampleHello('example.com', 1700)));
    const flow = new PayloadFlow(6, 50_000, 443);
    flow.send(octets.slice(1000), 1000);
    flow.send(octets.slice(0, 1000), -octets.length);
    expect(flow.facts).toEqual(CLIENT_FACTS);
  });

  it('without a free buffer tells what its first segment has, and counts', () => {
    const flow = new PayloadFlow(6, 50_000, 443, { bufferCount: 0 });
    flow.send(inRecords(clientHello(exampleHello())).slice(0, 200));
    expect(flow.facts).toMatchObject({ applicationName: 'tls', tlsAlpn: 'h2,http/1.1', tlsFlags: 32 });
    expect(flow.context.counts[4]).toBe(1);
  });

  it('that the snap length cut is told as incomplete, and nothing of it is wrong', () => {
    const octets = inRecords(hello);
    for (let length = 9; length < octets.length; length++) {
      const flow = new PayloadFlow(6, 50_000, 443);
      flow.send(octets.slice(0, length), 0, true);
      const { tlsFlags, ...facts } = flow.facts;
      expect(tlsFlags).toBe(32);
      expect({ ...CLIENT_FACTS, ...facts, applicationConfidence: 4 }).toEqual(CLIENT_FACTS);
      expect(facts.tlsJa4).toBeUndefined();
    }
  });

  it('gives its buffer back when it is done', () => {
    const flow = new PayloadFlow(6, 50_000, 443, { bufferCount: 1 });
    const octets = inRecords(hello);
    flow.send(octets.slice(0, 100));
    expect(flow.context.buffers.take()).toBeUndefined();
    flow.send(octets.slice(100));
    expect(flow.context.buffers.take()).toBeDefined();
  });

  it('and a HelloRetryRequest: the first hello counts', () => {
    const flow = new PayloadFlow(6, 50_000, 443);
    flow.send(inRecords(hello));
    const random = [
      ...Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'),
    ];
    const extensions = [0, 12, 0, 51, 0, 2, 0, 0x17, 0, 43, 0, 2, 3, 4];
    const retry = [3, 3, ...random, 0, 0x13, 0x02, 0, ...extensions];
    expect(flow.reply(inRecords([2, 0, 0, retry.length, ...retry]))).toBe(true);
    expect(flow.facts).toEqual({
      ...CLIENT_FACTS,
      ...{ tlsFlags: 2, tlsVersion: 0x0304, tlsCipherSuite: 0x1302, tlsKeyShareGroup: 0x17 },
    });
  });

  it.each([
    [465, 'smtps'],
    [853, 'dot'],
    [993, 'imaps'],
    [8443, 'tls'],
    [1234, 'tls'],
  ])('to port %d is of %s', (port, name) => {
    const flow = new PayloadFlow(6, 50_000, port);
    flow.send(inRecords(hello));
    expect(flow.facts.applicationName).toBe(name);
  });
});

/** JA4 of a hello by its rules. */
function fingerprint(options: HelloOptions, transport: 't' | 'd' | 'q' = 't'): string {
  const octets = Uint8Array.from(clientHello(options));
  const hello = new ClientHello();
  const isDatagram = transport === 'd';
  expect(readClientHello(octets, 4, octets.length, octets.length, hello, isDatagram)).toBe(true);
  expect(hello.isComplete).toBe(true);
  return ja4Of(hello, transport);
}

describe('JA4', () => {
  it.each([
    [['http/1.1'], 'h1'],
    [['h3-29'], 'h9'],
    [[[0xab]], 'ab'],
    [[[0xab, 0xcd]], 'ad'],
    [[[0x30, 0xab]], '3b'],
    [[[0x20, 0x61]], '21'],
    [[[0x61, 0x20]], '60'],
    [[[0x30, 0xab, 0xcd, 0x31]], '01'],
    [[], '00'],
    [[''], '00'],
  ])('has of ALPN %j the characters %s (JA4.md, ALPN Extension Value)', (names, expected) => {
    expect(fingerprint({ ciphers: [0x1301], extensions: [alpn(...names)] }).slice(8, 10)).toBe(expected);
  });

  it('is twelve zeros for lists of nothing, and without a name the letter i', () => {
    expect(fingerprint({ ciphers: [], extensions: [] })).toBe('t12i000000_000000000000_000000000000');
    expect(fingerprint({ ciphers: [0x0a0a], extensions: [serverName('a'), alpn('h2')] })).toBe(
      't12d0002h2_000000000000_000000000000',
    );
  });

  it.each([
    [0x0303, versions(0x0304), '13'],
    [0x0303, versions(0x4a4a, 0x7f1c), '00'],
    [0x0303, versions(), '00'],
    [0x0302, undefined, '11'],
    [0x0300, undefined, 's3'],
    [0x0002, undefined, 's2'],
  ] as const)('has the version of %i with %j: %s', (version, extension, expected) => {
    const extensions = extension === undefined ? [] : [extension];
    expect(fingerprint({ version, ciphers: [1], extensions }).slice(1, 3)).toBe(expected);
  });

  it('counts to 99', () => {
    const extensions = Array.from({ length: 120 }, (_, i): [number, number[]] => [1000 + i, []]);
    const ciphers = Array.from({ length: 150 }, (_, i) => 256 + i);
    expect(fingerprint({ ciphers, extensions }).slice(3, 8)).toBe('i9999');
  });

  it('leaves GREASE out of the algorithms, and keeps their order; hashes are those of sha256sum', () => {
    // printf 000d_0403,0804 | sha256sum
    expect(fingerprint({ ciphers: [1], extensions: [algorithms(0x3a3a, 0x0403, 0x0804)] })).toMatch(
      /_ef95ca21a004$/,
    );
  });

  it('is that of the sorted lists by node:crypto, of hellos seen before and of others between them', () => {
    const short = (text: string) =>
      text === '' ? '000000000000' : createHash('sha256').update(text).digest('hex').slice(0, 12);
    const hexadecimal = (values: readonly number[]) =>
      values.map((value) => value.toString(16).padStart(4, '0')).join();
    const ascending = (values: readonly number[]) => hexadecimal(values.toSorted((a, b) => a - b));
    const number = fc.integer({ min: 0x1000, max: 0x10ff }).filter((value) => !isGrease(value));
    const lists = (maxLength: number) => fc.uniqueArray(number, { maxLength });
    fc.assert(
      fc.property(lists(100), lists(100), lists(8), fc.boolean(), (ciphers, types, signatures, isTurned) => {
        const extensions = types.map((type): [number, number[]] => [type, []]);
        if (signatures.length > 0) extensions.push(algorithms(...signatures));
        const extensionPart = ascending(signatures.length > 0 ? [...types, 13] : types);
        const algorithmPart = signatures.length > 0 ? `_${hexadecimal(signatures)}` : '';
        const expected = `_${short(ascending(ciphers))}_${short(extensionPart + algorithmPart)}`;
        const second = isTurned ? { ciphers: ciphers.toReversed(), extensions: extensions.toReversed() } : {};
        expect(fingerprint({ ciphers, extensions }).slice(10)).toBe(expected);
        expect(fingerprint({ ciphers, extensions, ...second }).slice(10)).toBe(expected);
      }),
      { numRuns: cases(100) },
    );
  });
});

describe('DTLS', () => {
  const options = { ...exampleHello(), version: 0xfefd, cookie: [] };
  const message = clientHello({
    ...options,
    extensions: options.extensions.filter(([type]) => type !== 43),
  });
  const ja4 = 'dd2d1515h2';

  it('hellos in one datagram and in fragments that come in any order say the same', () => {
    const whole = new PayloadFlow(17, 50_000, 4433);
    whole.send(inDatagram(message, 0));
    expect(whole.facts).toMatchObject({ applicationName: 'dtls', applicationConfidence: 4, tlsFlags: 16 });
    expect(whole.facts.tlsJa4?.slice(0, 10)).toBe(ja4);
    const pieces = new PayloadFlow(17, 50_000, 4433);
    const length = message.length - 4;
    pieces.send([...inDatagram(message, 0, 200, length), ...inDatagram(message, 0, 50, 120)]);
    expect(pieces.facts.tlsJa4).toBeUndefined();
    pieces.send(inDatagram(message, 0, 0, 60));
    pieces.send(inDatagram(message, 0, 100, 220));
    expect(pieces.facts).toEqual(whole.facts);
  });
});

describe('any octets', () => {
  it('after the beginning of a hello are read within their bounds', () => {
    const example = Uint8Array.from(clientHello(exampleHello()));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(example.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(example.length),
        fc.boolean(),
        (changes, length, isDatagram) => {
          const octets = example.slice();
          for (const [at, value] of changes) octets[at] = value;
          const guarded = new Proxy(octets, {
            get(target, key) {
              if (typeof key === 'string' && /^\d+$/.test(key) && Number(key) >= length)
                throw new RangeError(key);
              const value = Reflect.get(target, key) as unknown;
              return typeof value === 'function' ? (value.bind(target) as unknown) : value;
            },
          });
          const hello = new ClientHello();
          readClientHello(guarded, 4, octets.length, length, hello, isDatagram);
          expect(hello.isComplete && length < octets.length).toBe(false);
        },
      ),
      { numRuns: cases(2000) },
    );
  });
});
