/**
 * Payload that the packet path hands over, from captures to lines of JSON: whichever way packets are read and decoded, with
 * one meter and two, over the active timeout, with fewer inspections than flows, with hidden addresses. Messages are made
 * by hand after RFC 1035 §4.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFlowtap } from '../../cli/flowtap.ts';
import { type CapturedFrame, ethernet, ipv4, ipv6, pcapFile, udp } from '../../support/frames.ts';

const START_NS = 1_700_000_000_000_000_000n;
const CLIENT = { source: '192.0.2.1', destination: '192.0.2.53' };
const SERVER = { source: '192.0.2.53', destination: '192.0.2.1' };
const UDP = 17;

/** Labels of a name, and the root. */
function nameOctets(name: string): number[] {
  return [...name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0];
}

/** A question for the IPv4 address of a name. */
function question(id: number, name: string): number[] {
  return [id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...nameOctets(name), 0, 1, 0, 1];
}

/** Its answer 192.0.2.99, for 300 s. */
function answer(id: number, name: string): number[] {
  const head = [id >> 8, id & 0xff, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
  return [
    ...[...head, ...nameOctets(name), 0, 1, 0, 1],
    ...[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 99],
  ];
}

interface Line {
  readonly [key: string]: unknown;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-hand-over-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of a replay of these frames. */
function replay(
  frames: readonly CapturedFrame[],
  args: readonly string[] = [],
  options: Parameters<typeof pcapFile>[1] = {},
): Line[] {
  const file = join(folder, 'capture.pcap');
  writeFileSync(file, pcapFile(frames, options));
  const flags = args.includes('--applications') ? [] : ['--applications', 'on'];
  const { code, out, err } = runFlowtap(['replay', '-q', '-o', 'json', '--biflow', ...flags, ...args, file]);
  expect([code, err]).toEqual([0, '']);
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const at = (ms: number, frame: Uint8Array): CapturedFrame => ({
  frame,
  timeNs: START_NS + BigInt(ms) * 1_000_000n,
});
const ask = (id: number, name: string, port = 40_000) =>
  ethernet(ipv4({ ...CLIENT, protocol: UDP }, udp(port, 53, question(id, name))));
const reply = (id: number, name: string, port = 40_000) =>
  ethernet(ipv4({ ...SERVER, protocol: UDP }, udp(53, port, answer(id, name))));

const DNS = {
  applicationId: '1600000005',
  applicationName: 'dns',
  applicationConfidence: 4,
  dnsQueryName: 'www.example.org',
  dnsQueryType: 1,
  dnsResponseCode: 0,
  dnsTransactionId: 7,
  dnsAnswerCount: 1,
  dnsAnswers: ['192.0.2.99'],
  dnsMinimumTtl: 300,
  dnsResponseTimeMicroseconds: 12_000,
  dnsFlags: 0x8180,
};
const TALK = [at(0, ask(7, 'www.example.org')), at(12, reply(7, 'www.example.org'))];

describe('what payload says', () => {
  it('is the same by the direct path, by the general one, and with two meters', () => {
    expect(replay(TALK)).toMatchObject([DNS]);
    // Big-endian records are read in TypeScript; two tags are decoded there.
    expect(replay(TALK, [], { bigEndian: true })).toMatchObject([DNS]);
    for (const workers of ['2', '3']) expect(replay(TALK, ['--workers', workers])).toMatchObject([DNS]);
    const tagged = (ms: number, payload: Uint8Array, direction: typeof CLIENT) =>
      at(ms, ethernet(ipv4({ ...direction, protocol: UDP }, payload), { vlans: [5, 6] }));
    const inTags = [
      tagged(0, udp(40_000, 53, question(7, 'www.example.org')), CLIENT),
      tagged(12, udp(53, 40_000, answer(7, 'www.example.org')), SERVER),
    ];
    expect(replay(inTags)).toMatchObject([DNS]);
    expect(replay(TALK, ['--path-health', 'on'])).toMatchObject([DNS]);
  });

  it('is found behind IPv6 and its extension headers', () => {
    const hosts = { source: '2001:db8::1', destination: '2001:db8::53' };
    const options = [UDP, 0, 1, 4, 0, 0, 0, 0];
    const packet = [...options, ...udp(40_000, 53, question(7, 'www.example.org'))];
    const frame = ethernet(ipv6({ ...hosts, nextHeader: 60 }, packet));
    expect(replay([at(0, frame)])).toMatchObject([{ dnsQueryName: 'www.example.org', dnsQueryType: 1 }]);
  });

  it('is that of the first fragment of a datagram, whichever comes first: the rest is unknown', () => {
    const whole = udp(53, 40_000, answer(7, 'www.example.org'));
    // Behind it come the last octets of the only answer, its address among them.
    const end = 48;
    const fragment = (part: Uint8Array, options: { moreFragments?: boolean; fragmentOffset?: number }) =>
      ethernet(ipv4({ ...SERVER, protocol: UDP, id: 9, ...options }, part));
    const first = fragment(whole.subarray(0, end), { moreFragments: true });
    const later = fragment(whole.subarray(end), { fragmentOffset: end });
    const { dnsAnswers: _, dnsMinimumTtl: __, ...known } = DNS;
    for (const [one, other] of [
      [first, later],
      [later, first],
    ] as const) {
      const [line, ...more] = replay([TALK[0]!, at(12, one), at(12, other)]);
      expect(more).toEqual([]);
      expect(line).toMatchObject(known);
      expect(line).not.toHaveProperty('dnsAnswers');
      expect(line).not.toHaveProperty('dnsMinimumTtl');
    }
  });

  it('is a guess by the port where nothing is said, and absent without one', () => {
    const silent = ethernet(ipv4({ ...CLIENT, protocol: UDP }, udp(40_000, 53)));
    const other = ethernet(
      ipv4({ ...CLIENT, protocol: UDP }, udp(40_000, 40_001, 'ff ff ff ff ff ff ff ff')),
    );
    const [guess] = replay([at(0, silent)]);
    expect(guess).toMatchObject({
      applicationId: '0300000035',
      applicationName: 'dns',
      applicationConfidence: 1,
    });
    expect(replay([at(0, other)])[0]).not.toHaveProperty('applicationName');
    const [plain] = replay(TALK, ['--applications', 'off']);
    expect(plain).not.toHaveProperty('applicationName');
    expect(plain).not.toHaveProperty('dnsQueryName');
  });

  it('stays known in each record of a flow that the active timeout cuts, while others come between', () => {
    const frames = [...TALK];
    for (let second = 1; second < 25; second++) {
      frames.push(at(second * 1000, ask(8, 'later.example.org')));
      frames.push(at(second * 1000 + 500, ask(9, 'other.example.org', 50_000 + second)));
      frames.push(at(second * 1000 + 700, ask(9, 'other.example.org', 50_000 + second)));
    }
    const records = replay(frames, ['--active-timeout', '5s', '--idle-timeout', '4s']).filter(
      ({ sourceTransportPort }) => sourceTransportPort === 40_000,
    );
    expect(records.length).toBeGreaterThanOrEqual(4);
    for (const record of records) expect(record).toMatchObject({ dnsQueryName: 'www.example.org' });
  });

  it('is kept of no more flows than there is room for: the others are guesses, and none is lost', () => {
    const config = join(folder, 'few.yaml');
    writeFileSync(config, 'applications:\n  flows: 16\n');
    const frames = Array.from({ length: 40 }, (_, i) => at(i, ask(i, `host${i}.example.org`, 41_000 + i)));
    const records = replay(frames, ['-c', config]);
    expect(records).toHaveLength(40);
    const named = records.filter((record) => 'dnsQueryName' in record);
    expect(named).toHaveLength(16);
    for (const record of records) expect(record).toMatchObject({ applicationName: 'dns' });
    const file = join(folder, 'capture.pcap');
    const told = runFlowtap(['replay', '-o', 'none', '--applications', 'on', '-c', config, file]);
    expect(told.err).toMatch(/^Payload {3}24 flows .*raise applications\.flows$/m);
  });

  it('has no names beside hidden addresses, unless they are asked for', () => {
    const hidden = ['--anonymize', 'truncate'];
    const [dropped] = replay(TALK, hidden);
    expect(dropped).toMatchObject({ applicationName: 'dns', dnsQueryType: 1, dnsResponseCode: 0 });
    expect(dropped).not.toHaveProperty('dnsQueryName');
    expect(dropped).not.toHaveProperty('dnsAnswers');
    const config = join(folder, 'keep.yaml');
    writeFileSync(config, 'anonymization:\n  names: keep\n');
    expect(replay(TALK, [...hidden, '-c', config])[0]).toMatchObject({ dnsQueryName: 'www.example.org' });
  });
});
