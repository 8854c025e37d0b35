/** Flows that are in the table now: those that a look at all of them finds, however it is cut into pieces. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveFlows } from '../../src/metering/live-flows.ts';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import type { FlowRecordBatch } from '../../src/records/flow-layout.ts';
import * as layout from '../../src/records/flow-layout.ts';
import type { FlowFilter, FlowSort } from '../../src/records/flow-query.ts';
import { cases } from '../support/cases.ts';
import { decodedBatchOf, type TestPacket } from '../support/decoded.ts';
import { CollectingSink } from '../support/flows.ts';
import { meterPrepared, TEST_SEEDS, testEngine } from '../support/metering.ts';

const { FORWARD_DOUBLE, OCTETS, PACKETS, FLOW_PORTS, FLOW_STATE, STATE_END_REASON_SHIFT } = layout;
const ENTRIES = 1024;
const BATCH = 64;
const ANY: FlowFilter = { networks: [], ports: [], protocols: [], points: [] };

function metered(packets: readonly TestPacket[]): { process: MeteringProcess; sink: CollectingSink } {
  const sink = new CollectingSink();
  const process = new MeteringProcess({
    idleTimeoutMs: 15_000,
    activeTimeoutMs: 60_000,
    tcpEndDelayMs: 2_000,
    flowTableEntries: ENTRIES,
    flowKey: { mac: false, mpls: false, tunnel: false },
    encapsulation: false,
    batchCapacity: BATCH,
    engine: testEngine(ENTRIES),
    seeds: TEST_SEEDS,
    sink,
  });
  for (let i = 0; i < packets.length; i += BATCH)
    meterPrepared(process, decodedBatchOf(packets.slice(i, i + BATCH), BATCH));
  return { process, sink };
}

/** One packet of flow number `flow`: its source port. */
function packetOf(flow: number, octets: number, change: Partial<TestPacket> = {}): TestPacket {
  const ends = { source: 0x0a000001, destination: 0x0a000002, sourcePort: flow, destinationPort: 443 };
  return { ...ends, protocol: 17, timeNs: 1e9, octets, ...change };
}

function find(flows: LiveFlows, sort: FlowSort, top: number, filter: FlowFilter = ANY, turns = Infinity) {
  flows.begin({ sort, top, filter });
  // A time that has passed ends each turn after 64 places.
  while (!flows.look(turns === Infinity ? Infinity : 0));
  const batch = flows.allocateCopy(1000, 0);
  return { batch, ports: portsOf(batch) };
}

function portsOf({ words, count, stride }: FlowRecordBatch): number[] {
  return Array.from({ length: count }, (_, i) => words[i * stride + FLOW_PORTS]! >>> 16);
}

function liveFlows(process: MeteringProcess, scale = 1): LiveFlows {
  return new LiveFlows({ table: process.table, encapsulation: false, scale });
}

describe('the flows in the table', () => {
  it('are found by octets, the greatest first, in one turn or in many', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 40, max: 9000 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 200 }),
        fc.boolean(),
        (octets, top, inTurns) => {
          const { process } = metered(octets.map((count, i) => packetOf(i + 1, count)));
          const expected = octets
            .map((count, i) => [i + 1, count] as const)
            .sort((a, b) => b[1] - a[1])
            .slice(0, top)
            .map(([port]) => port);
          const flows = liveFlows(process);
          expect(find(flows, 'octets', top, ANY, inTurns ? 0 : Infinity).ports).toEqual(expected);
          // Where a question begins is no matter.
          expect(find(flows, 'octets', top).ports).toEqual(expected);
          expect(flows.looked).toBe(process.table.slotsTouched);
        },
      ),
      { numRuns: cases(40) },
    );
  });

  it('are found by packets, rate and start', () => {
    const { process } = metered([
      packetOf(1, 100),
      packetOf(1, 100, { timeNs: 3e9 }),
      packetOf(1, 100, { timeNs: 5e9 }),
      packetOf(2, 250, { timeNs: 4e9 }),
      packetOf(3, 150, { timeNs: 2e9 }),
      packetOf(3, 150, { timeNs: 2.5e9 }),
    ]);
    const flows = liveFlows(process);
    expect(find(flows, 'packets', 3).ports).toEqual([1, 3, 2]);
    // 300 octets in half a second count as in a second; 250 at once too; 300 in 4 s.
    expect(find(flows, 'rate', 3).ports).toEqual([3, 2, 1]);
    expect(find(flows, 'start', 3).ports).toEqual([2, 3, 1]);
  });

  it.each<[string, Partial<FlowFilter>, number[]]>([
    ['a network', { networks: [{ isIPv6: false, words: Int32Array.of(0x0b000000, 0, 0, 0), bits: 8 }] }, [2]],
    [
      'an IPv6 network',
      { networks: [{ isIPv6: true, words: Int32Array.of(0x20010db8, 0, 0, 0), bits: 32 }] },
      [4],
    ],
    ['all of IPv4', { networks: [{ isIPv6: false, words: new Int32Array(4), bits: 0 }] }, [3, 2, 1]],
    ['ports of either end', { ports: [3, 53] }, [3, 2]],
    ['a protocol', { protocols: [6] }, [3]],
    ['an observation point', { points: [2] }, [1]],
    ['several at once', { ports: [53, 3], protocols: [17] }, [2]],
    ['nothing that is there', { ports: [9] }, []],
  ])('are left by a filter on %s', (_, filter, ports) => {
    const v6 = [0x20010db8, 0, 0, 1];
    const { process } = metered([
      packetOf(1, 100, { point: 2 }),
      packetOf(2, 200, { source: 0x0b010203, destinationPort: 53, point: 1 }),
      packetOf(3, 300, { protocol: 6, point: 1 }),
      packetOf(4, 400, { source: v6, destination: [0x20010db9, 0, 0, 1], point: 1 }),
    ]);
    expect(find(liveFlows(process), 'octets', 9, { ...ANY, ...filter }).ports).toEqual(ports);
  });

  it('stay as they are, and are exported as if nobody had asked', () => {
    const packets = Array.from({ length: 200 }, (_, i) => packetOf(i + 1, 100 + i));
    const [asked, unasked] = [metered(packets), metered(packets)];
    const { batch } = find(liveFlows(asked.process, 10), 'octets', 2);
    expect(batch.doubles[FORWARD_DOUBLE + OCTETS]).toBe(2990);
    expect(batch.doubles[FORWARD_DOUBLE + PACKETS]).toBe(10);
    expect((batch.words[FLOW_STATE]! >>> STATE_END_REASON_SHIFT) & 0xff).toBe(0);
    asked.process.expireAll();
    unasked.process.expireAll();
    expect(asked.sink.flows).toEqual(unasked.sink.flows);
  });

  it('are exported at once by places, and metering goes on', () => {
    const packets = Array.from({ length: 100 }, (_, i) => packetOf(i + 1, 100 + i));
    const { process, sink } = metered(packets);
    expect(process.expireSlots(0, 60) + process.expireSlots(60, process.table.slotsTouched)).toBe(100);
    expect([process.table.active, sink.flows.length]).toEqual([0, 100]);
    meterPrepared(process, decodedBatchOf(packets.slice(0, 40), BATCH));
    expect(process.table.active).toBe(40);
    process.expireAll();
    expect(sink.flows).toHaveLength(140);
  });

  it('that end before they are copied are left out', () => {
    const { process } = metered([packetOf(1, 100), packetOf(2, 200, { timeNs: 14e9 })]);
    const flows = liveFlows(process);
    flows.begin({ sort: 'octets', top: 5, filter: ANY });
    expect(flows.look(Infinity)).toBe(true);
    while (process.advanceTo(20e9, 64));
    expect(portsOf(flows.allocateCopy(0, 0))).toEqual([2]);
  });
});
