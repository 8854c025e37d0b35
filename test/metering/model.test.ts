/**
 * The table against a naive `Map` that knows nothing of slots, wheels and batches: only when a flow must end.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowSink } from '../../src/metering/expiry.ts';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import { METERED_OCTETS, METERED_PACKETS } from '../../src/metering/table/counters.ts';
import { CAPACITY_MAX, FlowTable } from '../../src/metering/table/flow-table.ts';
import { TICK_NS } from '../../src/metering/timing-wheel.ts';
import { ENTRY_WORDS, FLOW_END_REASON, FLOW_STATE, STATE_IN_USE } from '../../src/records/flow-layout.ts';
import { cases } from '../support/cases.ts';
import { decodedBatchOf, type TestPacket } from '../support/decoded.ts';
import { CollectingSink, type TestFlow } from '../support/flows.ts';
import { endMetering, meterPrepared, TEST_SEEDS, testEngine } from '../support/metering.ts';

const IDLE_MS = 1_500;
const ACTIVE_MS = 6_000;
const TCP_END_MS = 200;

function metering(entries: number, batchCapacity: number, sink: FlowSink): MeteringProcess {
  return new MeteringProcess({
    idleTimeoutMs: IDLE_MS,
    activeTimeoutMs: ACTIVE_MS,
    tcpEndDelayMs: TCP_END_MS,
    flowTableEntries: entries,
    flowKey: { mac: false, mpls: false, tunnel: false },
    encapsulation: false,
    batchCapacity,
    engine: testEngine(entries),
    seeds: TEST_SEEDS,
    sink,
  });
}

function run(
  packets: TestPacket[],
  entries: number,
  batch: number,
): { flows: TestFlow[]; process: MeteringProcess } {
  const sink = new CollectingSink();
  const process = metering(entries, batch, sink);
  for (let i = 0; i < packets.length; i += batch) {
    meterPrepared(process, decodedBatchOf(packets.slice(i, i + batch), batch));
  }
  endMetering(process);
  return { flows: sink.flows, process };
}

/** Packets of few flows, close in time, so that flows are hit, missed, ended and reopened all the time. */
const GAPS_MS = {
  monotonic: fc.constantFrom(0, 1, 50, 199, 200, 700, 1_499, 1_500, 9_000),
  dense: fc.constantFrom(0, 1, 20, 90),
  random: fc.integer({ min: -3_000, max: 4_000 }),
  fragments: fc.constantFrom(0, 0, 1, 300, 700, 1_200, -200),
};

function packetsArbitrary(order: keyof typeof GAPS_MS) {
  const one = fc.record({
    source: fc.integer({ min: 1, max: 6 }),
    destination: fc.integer({ min: 1, max: 6 }),
    sourcePort: fc.constantFrom(0, 1, 65_535),
    destinationPort: fc.constantFrom(0, 1),
    protocol: fc.constantFrom(6, 17),
    isIPv6: fc.boolean(),
    gapMs: GAPS_MS[order],
    octets: fc.integer({ min: 20, max: 0x7fffffff }),
    tcpFlags: fc.constantFrom(0, 0x02, 0x12, 0x10, 0x11, 0x04),
    fragment:
      order === 'fragments' ? fc.constantFrom(undefined, 'first', 'later', 'later') : fc.constant(undefined),
    fragmentId: fc.constantFrom(1, 2),
  });
  return fc.array(one, { maxLength: 400, size: 'max' }).map((rows) => {
    let timeMs = 0;
    return rows.map(({ isIPv6, gapMs, fragment, ...row }): TestPacket => {
      timeMs += gapMs;
      if (fragment === 'later') Object.assign(row, { sourcePort: 0, destinationPort: 0, tcpFlags: 0 });
      const source = isIPv6 ? [row.source, 0, -1, 5] : row.source;
      const destination = isIPv6 ? [row.destination, 0, -1, 5] : row.destination;
      return { ...row, ...(fragment && { fragment }), source, destination, timeNs: timeMs * 1e6 };
    });
  });
}

const anyOrder = fc.oneof(packetsArbitrary('random'), packetsArbitrary('fragments'));

interface ModelFlow {
  firstNs: number;
  lastNs: number;
  endedNs: number | undefined;
  fins: Set<string>;
  directions: Map<string, { packets: number; octets: number }>;
}

/** Flows as a reader of the rules would cut them by hand, for packets in the order of time. */
function model(packets: TestPacket[]): string[] {
  const open = new Map<string, ModelFlow>();
  const done: string[] = [];
  const finish = (key: string, flow: ModelFlow) => {
    const directions = [...flow.directions]
      .map(([name, { packets, octets }]) => `${name}=${packets}/${octets}`)
      .sort();
    done.push(`${key} ${flow.firstNs}-${flow.lastNs} ${directions.join(' ')}`);
  };
  for (const packet of packets) {
    const source = `${packet.source}/${packet.sourcePort}`;
    const destination = `${packet.destination}/${packet.destinationPort}`;
    const key = `${[source, destination].sort().join(' ')} ${packet.protocol}`;
    const t = packet.timeNs;
    const flags = packet.tcpFlags ?? 0;
    let flow = open.get(key);
    if (flow !== undefined) {
      const isEnded = flow.endedNs !== undefined && t - flow.endedNs >= TCP_END_MS * 1e6;
      const isReopened = flow.endedNs !== undefined && (flags & 6) === 2;
      if (isEnded || isReopened || t - flow.lastNs >= IDLE_MS * 1e6 || t - flow.firstNs >= ACTIVE_MS * 1e6) {
        finish(key, flow);
        flow = undefined;
      }
    }
    flow ??= { firstNs: t, lastNs: t, endedNs: undefined, fins: new Set(), directions: new Map() };
    open.set(key, flow);
    flow.lastNs = t;
    const direction = flow.directions.get(source) ?? { packets: 0, octets: 0 };
    flow.directions.set(source, { packets: direction.packets + 1, octets: direction.octets + packet.octets });
    if (packet.protocol === 6 && (flags & 5) !== 0) {
      if ((flags & 1) !== 0) flow.fins.add(source);
      if (flow.fins.size === 2 || (flags & 4) !== 0) flow.endedNs ??= t;
    }
  }
  for (const [key, flow] of open) finish(key, flow);
  return done.sort();
}

/** The same line for an exported flow. */
function line(flow: TestFlow): string {
  const [, a, aPort, b, bPort, protocol] = /^(\S+) (\d+) > (\S+) (\d+) p(\d+)/.exec(flow.key)!;
  const address = (text: string) => {
    const words = text.split(':').map((word) => Number.parseInt(word, 16) | 0);
    return words[3] === 0 ? `${words[0]}` : words.join(',');
  };
  const from = `${address(a!)}/${aPort}`;
  const to = `${address(b!)}/${bPort}`;
  const { forward, reverse } = flow;
  const directions = [
    ...(forward.packets > 0 ? [`${from}=${forward.packets}/${forward.octets}`] : []),
    ...(reverse.packets > 0 ? [`${to}=${reverse.packets}/${reverse.octets}`] : []),
  ].sort();
  const used = [forward, reverse].filter((direction) => direction.packets > 0);
  const first = Math.min(...used.map((direction) => direction.firstNs));
  const last = Math.max(...used.map((direction) => direction.lastNs));
  return `${[from, to].sort().join(' ')} ${protocol} ${first}-${last} ${directions.join(' ')}`;
}

/** Endpoints that are equal have one direction in the model; leave them out. */
const isBetweenTwo = (packet: TestPacket) =>
  `${packet.source}` !== `${packet.destination}` || packet.sourcePort !== packet.destinationPort;

describe('the flow table', () => {
  it('equals a naive Map under random arrivals, timeouts and connection ends', () => {
    fc.assert(
      fc.property(packetsArbitrary('monotonic'), fc.constantFrom(1, 7, 64), (all, batch) => {
        const packets = all.filter(isBetweenTwo);
        const { flows } = run(packets, 512, batch);
        expect(flows.map(line).sort()).toEqual(model(packets));
      }),
      { numRuns: cases(300) },
    );
  });

  it('makes the same flows whatever the size of a batch, also when full and out of order', () => {
    fc.assert(
      fc.property(anyOrder, fc.integer({ min: 1, max: 20 }), (packets, entries) => {
        const one = run(packets, entries, 1).flows;
        for (const batch of [2, 13, 64])
          expect(run(packets, entries, batch).flows.map(line)).toEqual(one.map(line));
      }),
      { numRuns: cases(100) },
    );
  });

  it('conserves packets and octets', () => {
    fc.assert(
      fc.property(anyOrder, fc.integer({ min: 1, max: 20 }), (packets, entries) => {
        const { flows, process } = run(packets, entries, 64);
        const sum = (of: (flow: TestFlow) => number) => flows.reduce((total, flow) => total + of(flow), 0);
        expect(sum((flow) => flow.forward.packets + flow.reverse.packets)).toBe(packets.length);
        expect(sum((flow) => flow.forward.octets + flow.reverse.octets)).toBe(
          packets.reduce((total, packet) => total + packet.octets, 0),
        );
        expect(process.counters[METERED_PACKETS]).toBe(packets.length);
        expect(process.counters[METERED_OCTETS]).toBe(
          packets.reduce((total, packet) => total + packet.octets, 0),
        );
      }),
      { numRuns: cases(100) },
    );
  });

  it('evicts none whose deadline is later than that of a flow that stays', () => {
    let evictions = 0;
    const checking: FlowSink = {
      emit(table: FlowTable, slot: number, reason: number) {
        if (reason !== FLOW_END_REASON.lackOfResources) return;
        evictions++;
        const evicted = Math.ceil(table.engine.deadlineNs(slot) / TICK_NS);
        for (let other = 0; other < table.slotsTouched; other++) {
          if ((table.words[other * ENTRY_WORDS + FLOW_STATE]! & STATE_IN_USE) === 0) continue;
          expect(evicted).toBeLessThanOrEqual(Math.ceil(table.engine.deadlineNs(other) / TICK_NS) + 1);
        }
      },
    };
    fc.assert(
      fc.property(packetsArbitrary('dense'), (packets) => {
        const process = metering(10, 64, checking);
        for (let i = 0; i < packets.length; i += 64)
          meterPrepared(process, decodedBatchOf(packets.slice(i, i + 64), 64));
      }),
      { numRuns: cases(100) },
    );
    expect(evictions).toBeGreaterThan(100);
  });

  it('refuses a capacity that its slot numbers cannot hold', () => {
    const seeds = { multipliers: new Int32Array(32).fill(1) };
    const engine = testEngine(16);
    for (const capacity of [0, -1, Number.NaN, CAPACITY_MAX + 1]) {
      expect(
        () => new FlowTable({ capacity, seeds, engine, keyExtension: false, encapsulation: false }),
      ).toThrow(RangeError);
    }
  });
});
