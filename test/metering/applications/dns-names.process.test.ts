/**
 * Names by DNS from captures to lines of JSON: of the flow's own client, as they were when the flow began, where nothing
 * better is known; over the active timeout, without payload, over IPv6, in the table, and not beside hidden addresses.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFlowtap } from '../../cli/flowtap.ts';
import { clientHello, exampleHello, inRecords } from '../../support/client-hello.ts';
import {
  a,
  aaaa,
  cname,
  type DnsRecord,
  dnsQuery,
  dnsResponse,
  TYPE,
  withLength,
} from '../../support/dns-messages.ts';
import { type CapturedFrame, ethernet, ipv4, ipv6, pcapFile, tcp, udp } from '../../support/frames.ts';

const START_NS = 1_700_000_000_000_000_000n;
const RESOLVER = '192.0.2.53';
const CDN = '198.51.100.80';
const UDP = 17;
const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;

type Line = Readonly<Record<string, unknown>>;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-dns-names-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (seconds: number) => START_NS + BigInt(Math.round(seconds * 1e9));
const frame = (seconds: number, packet: Uint8Array): CapturedFrame => ({
  frame: ethernet(packet),
  timeNs: at(seconds),
});

/** A question and, 10 ms later, its response. */
function resolved(
  seconds: number,
  client: string,
  name: string,
  records: readonly DnsRecord[],
  port = 40_000,
): CapturedFrame[] {
  const there = { source: client, destination: RESOLVER, protocol: UDP };
  const back = { source: RESOLVER, destination: client, protocol: UDP };
  return [
    frame(seconds, ipv4(there, udp(port, 53, dnsQuery(port & 0xffff, name)))),
    frame(seconds + 0.01, ipv4(back, udp(53, port, dnsResponse(port & 0xffff, name, records)))),
  ];
}

function segment(
  seconds: number,
  client: string,
  port: number,
  flags: number,
  payload: readonly number[] = [],
): CapturedFrame {
  const packet = ipv4({ source: client, destination: CDN, protocol: TCP }, tcp(port, 443, flags, payload));
  return frame(seconds, packet);
}

function run(frames: readonly CapturedFrame[], args: readonly string[]): string {
  const file = join(folder, 'capture.pcap');
  writeFileSync(file, pcapFile(frames, { nanoseconds: true }));
  const { code, out, err } = runFlowtap(['replay', '-q', ...args, file]);
  expect([code, err]).toEqual([0, '']);
  return out;
}

/** Flows that are not those of DNS. */
function replay(frames: readonly CapturedFrame[], args: readonly string[] = []): Line[] {
  const all = ['-o', 'json', '--biflow', '--applications', 'on', '--dns-names', 'client', ...args];
  const lines = run(frames, all)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return lines.filter(({ destinationTransportPort }) => destinationTransportPort !== 53);
}

const nameOf = ({ serverName, serverNameSource }: Line) => [serverName, serverNameSource];
const [ALICE, BOB] = ['192.0.2.1', '192.0.2.2'] as const;

describe('names by DNS', () => {
  it('are those that each client asked for, though they share an address', () => {
    const frames = [
      ...resolved(0, ALICE, 'www.a.example', [
        cname('www.a.example', 'edge.cdn.example'),
        a('edge.cdn.example', CDN),
      ]),
      ...resolved(1, BOB, 'www.b.example', [a('www.b.example', CDN)]),
      segment(2, ALICE, 1001, SYN),
      segment(2, BOB, 1002, SYN),
      segment(2, '192.0.2.3', 1003, SYN),
      segment(3, ALICE, 1001, ACK, [0xff, 0xfe, 1, 2, 3]),
    ];
    const names = replay(frames).map((line) => [line.sourceTransportPort, ...nameOf(line)]);
    expect(names.sort()).toEqual([
      [1001, 'www.a.example', 5],
      [1002, 'www.b.example', 5],
      [1003, undefined, undefined],
    ]);
    const any = replay(frames, ['--dns-names', 'clientThenAny']);
    const other = any.find(({ sourceTransportPort }) => sourceTransportPort === 1003);
    expect(nameOf(other!)).toEqual(['www.b.example', 128 + 6]);
  });

  it('are those that were the newest when the flow began, whatever its first payload comes behind', () => {
    const frames = [
      ...resolved(0, ALICE, 'old.example', [a('old.example', CDN)], 40_000),
      segment(1, ALICE, 1001, SYN),
      ...resolved(2, ALICE, 'new.example', [a('new.example', CDN)], 40_001),
      segment(3, ALICE, 1002, SYN),
      segment(4, ALICE, 1001, ACK, [0xff, 0xfe, 1, 2, 3]),
    ];
    const names = replay(frames).map((line) => [line.sourceTransportPort, ...nameOf(line)]);
    expect(names.sort()).toEqual([
      [1001, 'old.example', 5],
      [1002, 'new.example', 128 + 5],
    ]);
  });

  it('hold for a minute at least, and then no more', () => {
    const frames = [
      ...resolved(0, ALICE, 'short.example', [a('short.example', CDN, 1)]),
      segment(60, ALICE, 1001, SYN),
      segment(60.02, ALICE, 1002, SYN),
    ];
    const names = replay(frames).map((line) => [line.sourceTransportPort, ...nameOf(line)]);
    expect(names.sort()).toEqual([
      [1001, 'short.example', 5],
      [1002, undefined, undefined],
    ]);
  });

  it('give way to what the client says to the server', () => {
    const hello = inRecords(clientHello(exampleHello('said.example')));
    const frames = [
      ...resolved(0, ALICE, 'asked.example', [a('asked.example', CDN)]),
      segment(1, ALICE, 1001, SYN),
      segment(1.1, ALICE, 1001, ACK, hello),
    ];
    expect(replay(frames).map(nameOf)).toEqual([['said.example', 1]]);
  });

  it('are learned from every response of a flow: A and AAAA from one port, and many over one connection', () => {
    const server = '2001:db8:0:0:0:0:0:80';
    const one = { source: ALICE, destination: RESOLVER, protocol: UDP };
    const two = { source: RESOLVER, destination: ALICE, protocol: UDP };
    const names = ['one.example', 'two.example', 'three.example'];
    const queries = names.flatMap((name, id) => withLength(dnsQuery(id, name)));
    const responses = names.flatMap((name, id) =>
      withLength(dnsResponse(id, name, [a(name, `198.51.100.${id + 1}`)])),
    );
    const over = (
      packet: { source: string; destination: string },
      ports: readonly [number, number],
      payload: readonly number[],
    ) => ipv4({ ...packet, protocol: TCP }, tcp(...ports, ACK, payload));
    const frames = [
      frame(0, ipv4(one, udp(5000, 53, dnsQuery(1, 'dual.example')))),
      frame(0, ipv4(one, udp(5000, 53, dnsQuery(2, 'dual.example', TYPE.AAAA)))),
      frame(0.1, ipv4(two, udp(53, 5000, dnsResponse(1, 'dual.example', [a('dual.example', CDN)])))),
      frame(
        0.2,
        ipv4(
          two,
          udp(53, 5000, dnsResponse(2, 'dual.example', [aaaa('dual.example', server)], { type: TYPE.AAAA })),
        ),
      ),
      frame(0.3, over(one, [5001, 53], queries)),
      frame(0.4, over(two, [53, 5001], responses)),
      segment(1, ALICE, 1001, SYN),
      ...[1, 2, 3].map((last) =>
        frame(1, ipv4({ ...one, destination: `198.51.100.${last}` }, udp(2000 + last, 9999, [1, 2, 3]))),
      ),
    ];
    const found = replay(frames).map((line) => [line.sourceTransportPort, ...nameOf(line)]);
    expect(found.sort()).toEqual([
      [1001, 'dual.example', 5],
      [2001, 'one.example', 5],
      [2002, 'two.example', 5],
      [2003, 'three.example', 5],
    ]);
  });

  it('are of IPv6 addresses for a client that asks and connects over IPv6', () => {
    const [client, resolver, server] = ['2001:db8::1', '2001:db8::53', '2001:db8::80'];
    const there = { source: client, destination: resolver, nextHeader: UDP };
    const back = { source: resolver, destination: client, nextHeader: UDP };
    const records = [aaaa('v6.example', '2001:db8:0:0:0:0:0:80')];
    const response = dnsResponse(9, 'v6.example', records, { type: TYPE.AAAA });
    const frames = [
      frame(0, ipv6(there, udp(5000, 53, dnsQuery(9, 'v6.example', TYPE.AAAA)))),
      frame(0.1, ipv6(back, udp(53, 5000, response))),
      frame(1, ipv6({ ...there, destination: server }, udp(5001, 443, [1, 2, 3, 4]))),
      frame(1, ipv6({ source: server, destination: client, nextHeader: UDP }, udp(7, 443, [1, 2]))),
    ];
    const found = replay(frames).map((line) => [line.sourceTransportPort, ...nameOf(line)]);
    // The server's own flow to the client is none to a server that was asked for.
    expect(found.sort()).toEqual([
      [5001, 'v6.example', 5],
      [7, undefined, undefined],
    ]);
  });

  it('stay with a flow that the active timeout cuts, though the answer is long over', () => {
    const frames = [
      ...resolved(0, ALICE, 'long.example', [a('long.example', CDN, 60)]),
      ...Array.from({ length: 200 }, (_, i) => segment(1 + i, ALICE, 1001, ACK, [0xff, 0xfe, i])),
      // Somebody else's packets move the clock, so that flows leave the table meanwhile.
      ...Array.from({ length: 200 }, (_, i) => segment(1.5 + i, BOB, 1002, ACK, [0xff, 0xfe, i])),
    ].sort((x, y) => Number(x.timeNs - y.timeNs));
    const lines = replay(frames, ['--active-timeout', '20s']);
    const own = lines.filter(({ sourceTransportPort }) => sourceTransportPort === 1001);
    expect(own.length).toBeGreaterThan(5);
    for (const line of own) expect(nameOf(line)).toEqual(['long.example', 5]);
    for (const line of lines.filter((other) => !own.includes(other)))
      expect(nameOf(line)).toEqual([undefined, undefined]);
  });

  it('are in the table of a replay unless told otherwise, and in rankings', () => {
    const frames = [
      ...resolved(0, ALICE, 'www.a.example', [a('www.a.example', CDN)]),
      segment(1, ALICE, 1001, SYN),
    ];
    expect(run(frames, [])).toMatch(/tls\? www\.a\.example/);
    expect(run(frames, ['--workers', '2'])).toBe(run(frames, []));
    expect(run(frames, ['--dns-names', 'off'])).not.toMatch(/tls\? www/);
    expect(run(frames, ['--top-by', 'serverName', '-o', 'csv'])).toMatch(/,www\.a\.example,40,/);
    const lines = run(frames, ['-o', 'json', '--applications', 'on']);
    expect(lines).not.toContain('serverName');
    expect(run(frames, ['-o', 'json', '--dns-names', 'client'])).toContain('"serverName":"www.a.example"');
  });

  it('are counted, and the summary says how many', () => {
    const [query, response] = resolved(0, ALICE, 'www.a.example', [a('www.a.example', CDN)]);
    const spoofed = resolved(0.5, ALICE, 'bank.example', [a('bank.example', CDN)], 40_001)[1]!;
    const frames = [query!, response!, spoofed, segment(1, ALICE, 1001, SYN), segment(1, BOB, 1002, SYN)];
    const file = join(folder, 'counted.pcap');
    writeFileSync(file, pcapFile(frames, { nanoseconds: true }));
    const { code, out, err } = runFlowtap(['replay', file, '--no-progress']);
    expect(code).toBe(0);
    expect(out).not.toMatch(/tls.*bank\.example/);
    expect(err).toMatch(/Names +1 address remembered of DNS answers, 1 of 2 flows named by them\n/);
    expect(err).toMatch(/\n +1 +unasked +DNS responses without a question/);
  });

  it('are not told where addresses are hidden, unless they are to be kept', () => {
    const frames = [
      ...resolved(0, ALICE, 'www.a.example', [a('www.a.example', CDN)]),
      segment(1, ALICE, 1001, SYN),
    ];
    const [hidden] = replay(frames, ['--anonymize', 'truncate']);
    expect(nameOf(hidden!)).toEqual([undefined, undefined]);
    const config = join(folder, 'keep.yaml');
    writeFileSync(config, 'anonymization: { method: truncate, names: keep }\n');
    const [kept] = replay(frames, ['-c', config]);
    expect([kept!.sourceIPv4Address, ...nameOf(kept!)]).toEqual(['192.0.2.0', 'www.a.example', 5]);
  });
});
