import { describe, expect, it } from 'vitest';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import {
  CLOCK_REBASES,
  FLOWS_ACTIVE,
  FLOWS_CREATED,
  FLOWS_EXPIRED,
  FLOWS_PEAK,
  FRAGMENTS_FORGOTTEN,
  FRAGMENTS_MATCHED,
  FRAGMENTS_UNMATCHED,
  METERED_OCTETS,
  METERED_PACKETS,
} from '../../src/metering/table/counters.ts';
import type { FlowKeyExtension } from '../../src/metering/table/flow-key.ts';
import { FLOW_END_REASON } from '../../src/records/flow-layout.ts';
import { decodedBatchOf, type TestPacket } from '../support/decoded.ts';
import { CollectingSink } from '../support/flows.ts';
import { endMetering, meterPrepared, TEST_SEEDS, testEngine } from '../support/metering.ts';

const S = 1e9;
const SYN = 2;
const ACK = 16;
const FIN = 1;
const RST = 4;

function meter(
  packets: TestPacket[],
  options: { entries?: number; batch?: number; end?: boolean; flowKey?: FlowKeyExtension } = {},
) {
  const sink = new CollectingSink();
  const batch = options.batch ?? 64;
  const process = new MeteringProcess({
    idleTimeoutMs: 15_000,
    activeTimeoutMs: 60_000,
    tcpEndDelayMs: 2_000,
    flowTableEntries: options.entries ?? 1024,
    flowKey: options.flowKey ?? { mac: false, mpls: false, tunnel: false },
    encapsulation: false,
    batchCapacity: batch,
    engine: testEngine(options.entries ?? 1024),
    seeds: TEST_SEEDS,
    sink,
  });
  for (let i = 0; i < packets.length; i += batch) {
    meterPrepared(process, decodedBatchOf(packets.slice(i, i + batch), batch), options.flowKey);
  }
  if (options.end !== false) endMetering(process);
  return { flows: sink.flows, counters: process.counters, process };
}

function packet(change: Partial<TestPacket> = {}): TestPacket {
  return {
    source: 0x0a000001,
    destination: 0x0a000002,
    sourcePort: 40_000,
    destinationPort: 443,
    protocol: 6,
    timeNs: 0,
    octets: 100,
    ...change,
  };
}

/** The same packet the other way. */
function back(change: Partial<TestPacket> = {}): TestPacket {
  return packet({
    source: 0x0a000002,
    destination: 0x0a000001,
    sourcePort: 443,
    destinationPort: 40_000,
    ...change,
  });
}

describe('a flow', () => {
  it('holds both directions, its initiator first', () => {
    const { flows } = meter([
      packet({ timeNs: 1, tcpFlags: SYN, octets: 60 }),
      back({ timeNs: 2, tcpFlags: SYN | ACK, octets: 61 }),
      packet({ timeNs: 3, tcpFlags: ACK, octets: 52 }),
    ]);
    expect(flows).toEqual([
      {
        key: 'a000001:0:0:0 40000 > a000002:0:0:0 443 p6 v0 o1',
        endReason: FLOW_END_REASON.forcedEnd,
        forward: { packets: 2, octets: 112, firstNs: 1, lastNs: 3, tcpFlags: SYN | ACK },
        reverse: { packets: 1, octets: 61, firstNs: 2, lastNs: 2, tcpFlags: SYN | ACK },
      },
    ]);
  });

  it('is the same whichever endpoint has the smaller address', () => {
    const { flows } = meter([back({ timeNs: 1 }), packet({ timeNs: 2 })]);
    expect(flows).toHaveLength(1);
    expect(flows[0]!.key).toBe('a000002:0:0:0 443 > a000001:0:0:0 40000 p6 v0 o1');
    expect(flows[0]!.forward.packets).toBe(1);
    expect(flows[0]!.reverse.packets).toBe(1);
  });

  it('is initiated by whoever did not answer with SYN, ACK', () => {
    const { flows } = meter([back({ timeNs: 1, tcpFlags: SYN | ACK })]);
    expect(flows[0]!.key).toMatch(/^a000001:0:0:0 40000 >/);
    expect(flows[0]!.forward.packets).toBe(0);
    expect(flows[0]!.reverse.packets).toBe(1);
  });

  it.each([
    ['protocol', { protocol: 17 }],
    ['VLAN', { vlan: 7 }],
    ['observation point', { point: 2 }],
    ['source port', { sourcePort: 40_001 }],
    ['destination port', { destinationPort: 444 }],
    ['source address', { source: 0x8a000001 | 0 }],
    ['destination address', { destination: 0x8a000002 | 0 }],
    ['last word of an IPv6 address', { source: [1, 2, 3, 4], destination: [1, 2, 3, 5] }],
  ])('differs from another with a different %s', (_, change) => {
    expect(meter([packet(), packet(change)]).flows).toHaveLength(2);
  });

  it.each([0, 1, 2, 3])('of IPv6 differs by word %i of the address', (word) => {
    const address = [1, 2, 3, 4];
    address[word] = -9;
    const other = { destination: [9, 9, 9, 9] };
    const { flows } = meter([
      packet({ source: [1, 2, 3, 4], ...other }),
      packet({ source: address, ...other }),
    ]);
    expect(flows).toHaveLength(2);
  });

  it('pairs IPv6 directions whatever the order of their words', () => {
    const a = [0xfd000000 | 0, 0, 0, 1];
    const b = [0x20010db8, 0, 0, 2];
    const { flows } = meter([
      packet({ source: a, destination: b }),
      packet({ source: b, destination: a, sourcePort: 443, destinationPort: 40_000 }),
    ]);
    expect(flows).toHaveLength(1);
    expect(flows[0]!.reverse.packets).toBe(1);
  });

  it('between two ports of one address has two directions', () => {
    const self = { destination: 0x0a000001 };
    const { flows } = meter([
      packet({ ...self, sourcePort: 9, destinationPort: 5 }),
      packet({ ...self, sourcePort: 5, destinationPort: 9 }),
    ]);
    expect(flows).toHaveLength(1);
    expect(flows[0]!.key).toBe('a000001:0:0:0 9 > a000001:0:0:0 5 p6 v0 o1');
  });
});

describe('timeouts', () => {
  it('end a flow after exactly the idle timeout, not a nanosecond before', () => {
    expect(meter([packet(), packet({ timeNs: 15 * S - 1 })]).flows).toHaveLength(1);
    const { flows } = meter([packet(), packet({ timeNs: 15 * S })]);
    expect(flows.map((flow) => flow.endReason)).toEqual([
      FLOW_END_REASON.idleTimeout,
      FLOW_END_REASON.forcedEnd,
    ]);
  });

  it('cut a long flow at the active timeout without overshooting', () => {
    const packets = Array.from({ length: 131 }, (_, i) => packet({ timeNs: i * S }));
    const { flows } = meter(packets);
    expect(flows.map((flow) => [flow.forward.packets, flow.endReason])).toEqual([
      [60, FLOW_END_REASON.activeTimeout],
      [60, FLOW_END_REASON.activeTimeout],
      [11, FLOW_END_REASON.forcedEnd],
    ]);
  });

  it('keep the initiator of a flow that the active timeout cut while the other side was sending', () => {
    const { flows } = meter([
      packet(),
      ...Array.from({ length: 7 }, (_, i) => back({ timeNs: (i + 1) * 10 * S })),
    ]);
    expect(flows.map((flow) => [flow.key.slice(0, 7), flow.forward.packets, flow.reverse.packets])).toEqual([
      ['a000001', 1, 5],
      ['a000001', 0, 2],
    ]);
  });

  it('are noticed by other traffic, and the table gives the slot back', () => {
    const { counters, flows } = meter(
      [packet(), ...Array.from({ length: 20 }, (_, i) => packet({ source: 99, timeNs: (i + 1) * S }))],
      { end: false },
    );
    expect(flows.map((flow) => [flow.key.slice(0, 7), flow.endReason])).toEqual([
      ['a000001', FLOW_END_REASON.idleTimeout],
    ]);
    expect(counters[FLOWS_ACTIVE]).toBe(1);
    expect(counters[FLOWS_PEAK]).toBe(2);
  });

  it('do not expire the world when one packet lies far ahead', () => {
    const ahead = 80 * 365 * 86_400 * S;
    const others = Array.from({ length: 50 }, (_, i) => packet({ source: i + 1 }));
    const later = others.map((one) => ({ ...one, timeNs: S }));
    const { flows } = meter([...others, packet({ source: 77, timeNs: ahead }), ...later]);
    expect(flows).toHaveLength(51);
  });

  it('go back with the clock when files come in the wrong order', () => {
    const day = 86_400 * S;
    const now = [packet({ timeNs: day }), packet({ timeNs: day + S })];
    const before = Array.from({ length: 30 }, (_, i) => packet({ timeNs: i * 0.5 * S, source: 5 }));
    const { flows, counters } = meter([...now, ...before]);
    expect(counters[CLOCK_REBASES]).toBe(1);
    // The later file's flow is left behind and ends; the earlier one's stays whole.
    expect(flows.map((flow) => flow.forward.packets).sort()).toEqual([2, 30]);
  });

  it('take a packet from long before a flow as another flow, one a little late as part of it', () => {
    const { flows } = meter([
      packet({ timeNs: 20 * S }),
      packet({ timeNs: 19 * S }),
      packet({ timeNs: 5 * S }),
    ]);
    expect(flows.map((flow) => [flow.forward.packets, flow.forward.firstNs])).toEqual([
      [2, 19 * S],
      [1, 5 * S],
    ]);
  });
});

describe("TCP's end", () => {
  const connection = (start: number) => [
    packet({ timeNs: start, tcpFlags: SYN }),
    back({ timeNs: start + 1, tcpFlags: SYN | ACK }),
    packet({ timeNs: start + 2, tcpFlags: FIN | ACK }),
    back({ timeNs: start + 3, tcpFlags: FIN | ACK }),
    packet({ timeNs: start + 4, tcpFlags: ACK }),
  ];
  const clock = (seconds: number) => packet({ source: 99, protocol: 17, timeNs: seconds * S });

  it('is noticed two seconds after both FINs, with the last ACK', () => {
    const { flows } = meter([...connection(0), clock(1), clock(2), clock(2.3), clock(2.4)], { end: false });
    expect(flows.map((flow) => [flow.endReason, flow.forward.packets, flow.reverse.packets])).toEqual([
      [FLOW_END_REASON.endOfFlow, 3, 2],
    ]);
  });

  it('needs both FINs', () => {
    const halfClosed = connection(0).slice(0, 3);
    expect(meter([...halfClosed, clock(1), clock(9), clock(10)], { end: false }).flows).toHaveLength(0);
  });

  it('comes at once with RST', () => {
    const { flows } = meter([packet({ tcpFlags: SYN }), back({ tcpFlags: RST | ACK }), clock(3), clock(3)], {
      end: false,
    });
    expect(flows).toHaveLength(1);
    expect(flows[0]!.endReason).toBe(FLOW_END_REASON.endOfFlow);
  });

  it('makes way for a new connection on the same ports', () => {
    const { flows } = meter([...connection(0), ...connection(0.5 * S)]);
    expect(flows.map((flow) => [flow.forward.packets, flow.reverse.packets, flow.endReason])).toEqual([
      [3, 2, FLOW_END_REASON.endOfFlow],
      [3, 2, FLOW_END_REASON.endOfFlow],
    ]);
  });

  it.each([
    ['compared by the engine', { mac: false, mpls: false, tunnel: false }],
    ['beside an extension', { mac: false, mpls: false, tunnel: true }],
  ])('is not undone by a SYN that is older than it, %s', (_, flowKey) => {
    const [syn, ...rest] = connection(0);
    const lastAck = rest.pop()!;
    // As it is captured out of order: the SYN stands behind both FINs, once more between them and a new connection.
    const { flows } = meter([...rest, syn!, lastAck, { ...syn!, timeNs: 1 }, ...connection(0.5 * S)], {
      flowKey,
    });
    expect(flows).toMatchObject([
      {
        key: 'a000001:0:0:0 40000 > a000002:0:0:0 443 p6 v0 o1',
        endReason: FLOW_END_REASON.endOfFlow,
        forward: { packets: 4, firstNs: 0, lastNs: 4 },
        reverse: { packets: 2, firstNs: 1, lastNs: 3 },
      },
      { forward: { packets: 3, firstNs: 0.5 * S }, reverse: { packets: 2 } },
    ]);
    expect(flows).toHaveLength(2);
  });

  it('is not needed for a SYN amid a connection, which begins nothing', () => {
    const [syn, answer, ...rest] = connection(10);
    const { flows } = meter([syn!, answer!, syn!, { ...syn!, timeNs: 0 }, { ...syn!, timeNs: 12 }, ...rest]);
    expect(flows).toHaveLength(1);
    expect(flows[0]!.forward).toMatchObject({ packets: 6, firstNs: 0, lastNs: 14 });
  });

  it('means nothing in UDP, whose bits are not flags', () => {
    const { flows } = meter([packet({ protocol: 17, tcpFlags: RST }), clock(3), clock(3)], { end: false });
    expect(flows).toHaveLength(0);
  });
});

describe('a full table', () => {
  it('exports the flow nearest to its deadline early and counts it', () => {
    const packets = [
      packet({ source: 1, timeNs: 0 }),
      packet({ source: 2, timeNs: 1 * S }),
      packet({ source: 3, timeNs: 2 * S }),
      packet({ source: 1, timeNs: 3 * S }),
      packet({ source: 4, timeNs: 4 * S }),
    ];
    const { flows, counters } = meter(packets, { entries: 3, end: false });
    expect(flows.map((flow) => [flow.key[0], flow.endReason])).toEqual([
      ['2', FLOW_END_REASON.lackOfResources],
    ]);
    expect(counters[FLOWS_EXPIRED + FLOW_END_REASON.lackOfResources]).toBe(1);
  });

  it('of one entry still counts every packet', () => {
    const packets = Array.from({ length: 500 }, (_, i) => packet({ source: i % 7, timeNs: i * 1e6 }));
    const { flows, counters } = meter(packets, { entries: 1 });
    expect(flows.reduce((sum, flow) => sum + flow.forward.packets + flow.reverse.packets, 0)).toBe(500);
    expect(counters[METERED_PACKETS]).toBe(500);
    expect(counters[METERED_OCTETS]).toBe(50_000);
    expect(counters[FLOWS_CREATED]).toBe(500);
  });
});

describe('fragments', () => {
  const first = packet({ protocol: 17, fragment: 'first', fragmentId: 7, octets: 1500 });
  const later = packet({
    protocol: 17,
    fragment: 'later',
    fragmentId: 7,
    sourcePort: 0,
    destinationPort: 0,
    octets: 700,
  });

  it('are counted to the flow of their first one', () => {
    const { flows, counters } = meter([first, later, { ...later, timeNs: 29 * S }]);
    expect(counters[FRAGMENTS_MATCHED]).toBe(2);
    expect(flows[0]!.key).toContain(' 40000 > ');
    expect(flows[0]!.forward).toMatchObject({ packets: 2, octets: 2200 });
  });

  it.each([
    ['after 30 s', { timeNs: 30 * S + 1 }],
    ['of another identification', { fragmentId: 8 }],
    ['of another protocol', { protocol: 1 }],
    ['of another address', { source: 5 }],
    ['the other way', { source: 0x0a000002, destination: 0x0a000001 }],
  ])('%s go to ports 0, counted', (_, change) => {
    const { flows, counters } = meter([first, { ...later, ...change }]);
    expect(counters[FRAGMENTS_UNMATCHED]).toBe(1);
    expect(flows).toHaveLength(2);
    expect(flows[1]!.key).toMatch(/ 0 > .* 0 p/);
  });

  it.each([1, 2, 64])('that come before their first one are counted to its flow: batches of %i', (batch) => {
    const last = { ...later, octets: 68, timeNs: 1e5 };
    const middle = { ...later, octets: 1500, timeNs: 2e5 };
    const other = packet({ timeNs: 2.5e5 });
    const { flows, counters } = meter([last, middle, other, { ...first, timeNs: 3e5 }], { batch });
    expect(counters[FRAGMENTS_MATCHED]).toBe(2);
    expect(counters[FRAGMENTS_UNMATCHED]).toBe(0);
    expect(flows).toHaveLength(2);
    const flow = flows.find(({ key }) => key.includes('p17'))!;
    expect(flow.key).toContain(' 40000 > ');
    expect(flow.forward).toMatchObject({ packets: 3, octets: 3068, firstNs: 1e5, lastNs: 3e5 });
  });

  it.each([
    ['1 s before', S, 1],
    ['more than that before', S + 1, 2],
  ])('%s their first one', (_, timeNs, expected) => {
    expect(meter([later, { ...first, timeNs }]).flows).toHaveLength(expected);
  });

  it('without their first one wait for a second of packet time, and go to ports 0', () => {
    const clock = packet({ source: 99, timeNs: S + 1 });
    const { flows, counters } = meter([later, clock], { end: false, entries: 1 });
    expect(counters[FRAGMENTS_UNMATCHED]).toBe(1);
    expect(counters[METERED_PACKETS]).toBe(2);
    expect(flows[0]!.key).toMatch(/ 0 > .* 0 p17/);
    expect(flows[0]!.forward).toMatchObject({ packets: 1, octets: 700, firstNs: 0 });
  });

  it.each([1, 7, 1024])('beyond 256 that wait go to ports 0, the oldest first: batches of %i', (batch) => {
    const ids = Array.from({ length: 300 }, (_, fragmentId) => ({ fragmentId, timeNs: fragmentId }));
    const laters = ids.map((id) => ({ ...later, ...id }));
    const firsts = ids.map((id) => ({ ...first, ...id, sourcePort: 1000 + id.fragmentId }));
    const { flows, counters } = meter([...laters, ...firsts], { batch });
    expect(counters[FRAGMENTS_UNMATCHED]).toBe(44);
    expect(counters[FRAGMENTS_MATCHED]).toBe(256);
    expect(counters[METERED_PACKETS]).toBe(600);
    const without = flows.find(({ key }) => key.includes(' 0 > '))!;
    expect(without.forward).toMatchObject({ packets: 44, octets: 44 * 700, lastNs: 43 });
    const withFirst = flows.filter(({ forward }) => forward.packets === 2);
    expect(withFirst).toHaveLength(256);
    expect(withFirst.every(({ key }) => Number(/ (\d+) > /.exec(key)![1]) >= 1044)).toBe(true);
  });

  it.each([
    ['VLANs', { vlan: 7 }],
    ['customer VLANs', { customerVlan: 0x123 }],
    ['PPPoE sessions', { pppoeSession: 9 }],
    ['interfaces', { point: 2 }],
  ])('of equal packets in two %s keep to their own', (_, change) => {
    const there = { ...change, fragmentId: 7 };
    const { flows } = meter([
      first,
      { ...first, ...there, sourcePort: 50_000, timeNs: 1 },
      { ...later, timeNs: 2 },
      { ...later, ...there, timeNs: 3 },
    ]);
    expect(flows.map(({ key }) => / (\d+) > /.exec(key)![1]).sort()).toEqual(['40000', '50000']);
    expect(flows.map(({ forward }) => forward.packets)).toEqual([2, 2]);
  });

  it('are forgotten, counted, when too many first ones come', () => {
    const many = Array.from({ length: 40_000 }, (_, i) => ({ ...first, fragmentId: i }));
    const { counters } = meter(many);
    expect(counters[FRAGMENTS_FORGOTTEN]).toBeGreaterThan(40_000 - 4096 * 4 - 1);
  });
});
