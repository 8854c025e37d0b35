/** DNS in payload inspection: names, pointers and lengths of RFC 1035, EDNS, TCP framing, and any octets at all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DnsMessage, readDnsMessage } from '../../src/applications/dns-message.ts';
import { cases } from '../support/cases.ts';
import { PayloadFlow } from '../support/payload-flow.ts';

/** `7 example 3 com 0` */
const name = (text: string) => [
  ...text.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]),
  0,
];
const word = (value: number) => [value >>> 8, value & 0xff];
const header = (flags: number, ...counts: number[]) => [
  ...word(0x1234),
  ...word(flags),
  ...[...counts, 0, 0, 0].slice(0, 4).flatMap(word),
];
const question = (text: string, type = 1) => [...name(text), ...word(type), ...word(1)];
const record = (owner: number[], type: number, timeToLive: number, data: number[]) => [
  ...owner,
  ...word(type),
  ...word(1),
  ...word(timeToLive >>> 16),
  ...word(timeToLive & 0xffff),
  ...word(data.length),
  ...data,
];
const TO_QUESTION = [0xc0, 12];
const RESPONSE = 0x8180;

function read(octets: readonly number[]): DnsMessage | undefined {
  const message = new DnsMessage();
  // Octets before and behind, which must not be read: 0x3f would be a label of 63 octets.
  const memory = Uint8Array.from([...new Array(5).fill(0x3f), ...octets, ...new Array(80).fill(0x3f)]);
  return readDnsMessage(memory, 5, 5 + octets.length, message) ? message : undefined;
}

describe('names', () => {
  it('are those of RFC 1035 §4.1.4: F.ISI.ARPA, FOO and a pointer, ARPA by a pointer, the root', () => {
    const octets = [
      ...header(RESPONSE, 1, 3),
      ...question('F.ISI.ARPA'),
      ...record([3, ...Buffer.from('FOO'), 0xc0, 12], 5, 60, [0xc0, 12]),
      ...record([0xc0, 18], 5, 50, [3, ...Buffer.from('bar'), 0xc0, 18]),
      ...record([0], 5, 40, [0]),
    ];
    const message = read(octets)!;
    expect(message).toMatchObject({ name: 'f.isi.arpa', isWhole: true, minimumTtl: 40 });
    expect(message.answers.map(({ text }) => text)).toEqual(['f.isi.arpa', 'bar.arpa', '.']);
  });

  it('have octets that no host has escaped as RFC 4343 §2.1 says', () => {
    const octets = [...header(0, 1), 5, 0x41, 0x2e, 0x5c, 0x00, 0xff, 0, ...word(1), ...word(1)];
    expect(read(octets)!.name).toBe('a\\.\\\\\\000\\255');
  });

  it.each([
    ['a pointer to itself', [0xc0, 12]],
    ['a pointer ahead', [0xc0, 14, 0]],
    ['a pointer into the header', [0xc0, 2]],
    ['a reserved label type', [0x41, 1, 0]],
    ['a label of 64 octets', [64, ...new Array(64).fill(0x61), 0]],
    [
      'a name of 256 octets',
      [...new Array(4).fill([62, ...new Array(62).fill(0x61)]).flat(), 2, 0x61, 0x61, 0],
    ],
  ])('are none with %s', (_, octets) => {
    expect(read([...header(0, 1), ...octets, ...word(1), ...word(1)])).toBeUndefined();
  });

  it('may have 255 octets', () => {
    const labels = [...new Array(4).fill([62, ...new Array(62).fill(0x61)]).flat(), 1, 0x61, 0];
    expect(labels).toHaveLength(255);
    expect(read([...header(0, 1), ...labels, ...word(1), ...word(1)])!.name).toHaveLength(253);
  });

  it('have no loop of two pointers', () => {
    const octets = [
      ...header(RESPONSE, 1, 1),
      ...question('a.b'),
      ...record(TO_QUESTION, 5, 1, [0xc0, 35, 0xc0, 33]),
    ];
    expect(read(octets)!.answers).toEqual([]);
  });
});

describe('messages', () => {
  it('tell addresses, aliases, hints of HTTPS records and the least TTL', () => {
    const hints = [0, 1, 0, 0, 1, 0, 3, 2, ...Buffer.from('h2'), 0, 4, 0, 4, 192, 0, 2, 9];
    const octets = [
      ...header(RESPONSE, 1, 4),
      ...question('www.example.com'),
      ...record(TO_QUESTION, 5, 300, name('cdn.example.net')),
      ...record(name('cdn.example.net'), 1, 20, [192, 0, 2, 1]),
      ...record(name('cdn.example.net'), 28, 30, [0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 1]),
      ...record(TO_QUESTION, 65, 40, hints),
    ];
    expect(read(octets)).toMatchObject({ isWhole: true, minimumTtl: 20, answerCount: 4, responseCode: 0 });
    expect(read(octets)!.answers).toEqual([
      { type: 5, text: 'cdn.example.net', timeToLive: 300 },
      { type: 1, text: '192.0.2.1', timeToLive: 20 },
      { type: 28, text: '2001:db8::1', timeToLive: 30 },
      { type: 65, text: '192.0.2.9', timeToLive: 40 },
    ]);
  });

  it('have the upper bits of their code in EDNS (RFC 6891 §6.1.3): BADVERS is 16', () => {
    const octets = [
      ...header(RESPONSE, 1, 0, 0, 1),
      ...question('a.b'),
      0,
      ...word(41),
      ...word(1232),
      1,
      0,
      0,
      0,
      ...word(0),
    ];
    expect(read(octets)!.responseCode).toBe(16);
  });

  it('with more records than octets are none', () => {
    expect(read([...header(RESPONSE, 1, 1000), ...question('a.b')])).toBeUndefined();
  });

  it('are read within their bounds and within their time, any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(20), fc.boolean(), (octets, start, isCut) => {
        const message = new DnsMessage();
        const guarded = new Proxy(octets, {
          get(target, key) {
            const index = Number(key);
            if (Number.isInteger(index) && (index < Math.min(start, octets.length) || index >= octets.length))
              throw new RangeError(`octet ${index}`);
            return Reflect.get(target, key) as unknown;
          },
        });
        readDnsMessage(guarded, Math.min(start, octets.length), octets.length, message, isCut);
        expect(message.answers.length).toBeLessThanOrEqual(8);
      }),
      { numRuns: cases(2000) },
    );
  });
});

describe('flows', () => {
  const query = [...header(0x0100, 1), ...question('example.com', 28)];
  const answer = [
    ...header(RESPONSE, 1, 1),
    ...question('example.com', 28),
    ...record(TO_QUESTION, 28, 60, [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 1]),
  ];
  const expected = {
    applicationName: 'dns',
    applicationConfidence: 4,
    dnsQueryName: 'example.com',
    dnsQueryType: 28,
    dnsTransactionId: 0x1234,
    dnsResponseCode: 0,
    dnsFlags: RESPONSE,
    dnsAnswerCount: 1,
    dnsAnswers: [{ type: 28, text: '2001:db8::1', timeToLive: 60 }],
    dnsMinimumTtl: 60,
    dnsResponseTimeMicroseconds: 1500,
  };

  it('over UDP are known with the response to the first question', () => {
    const flow = new PayloadFlow(17, 50_000, 53);
    expect(flow.send(query)).toBe(false);
    flow.timeNs += 1_500_000;
    const other = [...answer];
    other[1] = 0x35;
    expect(flow.reply(other)).toBe(false);
    expect(flow.reply(answer)).toBe(true);
    expect(flow.facts).toEqual(expected);
  });

  it('over TCP are put together from segments, late and doubled ones too', () => {
    const flow = new PayloadFlow(6, 50_000, 53);
    const framed = [...word(query.length), ...query];
    flow.send(framed.slice(0, 10));
    flow.send(framed.slice(20), 10);
    flow.send(framed.slice(0, 10), -framed.length);
    flow.send(framed.slice(10, 20));
    flow.timeNs += 1_500_000;
    expect(flow.reply([...word(answer.length), ...answer])).toBe(true);
    expect(flow.facts).toEqual(expected);
  });

  it('off its ports are known only by a message that fits in every octet', () => {
    const flow = new PayloadFlow(17, 50_000, 9999);
    flow.send([...query, 0]);
    expect(flow.facts.applicationName).toBeUndefined();
    flow.send(query);
    expect(flow.facts.applicationName).toBe('dns');
  });

  it('on its port that say something else are guessed to be of it', () => {
    const flow = new PayloadFlow(17, 50_000, 53);
    for (let i = 0; i < 6; i++) flow.send(new Array(40).fill(0xff));
    expect(flow.facts).toEqual({ applicationName: 'dns', applicationConfidence: 1 });
  });

  it.each([
    [5355, 'llmnr'],
    [5353, 'mdns'],
  ])('to port %d are of %s', (port, applicationName) => {
    const flow = new PayloadFlow(17, 50_000, port);
    expect(flow.send(query)).toBe(applicationName === 'mdns');
    expect(flow.facts).toMatchObject({ applicationName, dnsQueryName: 'example.com', dnsQueryType: 28 });
  });

  it('of NetBIOS have their names decoded (RFC 1001 §14.1: "The NetBIOS name" is of 16 octets)', () => {
    const flow = new PayloadFlow(17, 137, 137);
    const encoded = [...'The NetBIOS nam\x00'].flatMap((c) => [
      0x41 + (c.charCodeAt(0) >>> 4),
      0x41 + (c.charCodeAt(0) & 15),
    ]);
    flow.send([...header(0x0110, 1), ...question(Buffer.from(encoded).toString(), 32)]);
    expect(flow.facts).toMatchObject({
      applicationName: 'netbios-ns',
      dnsQueryName: 'the netbios nam',
      dnsQueryType: 32,
    });
  });
});
