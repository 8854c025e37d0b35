/**
 * What tells two flows apart: each part of the key alone, in the engine and in the functions that compare keys with an
 * extension, also where all hashes are alike.
 */
import { describe, expect, it } from 'vitest';
import { createPreparedBatch, KeyPreparer } from '../../../src/metering/key-preparer.ts';
import { MeteringProcess } from '../../../src/metering/metering-process.ts';
import { createHashSeeds, type FlowKeyExtension } from '../../../src/metering/table/flow-key.ts';
import { decodedBatchOf, type TestPacket } from '../../support/decoded.ts';
import { CollectingSink } from '../../support/flows.ts';
import { testEngine } from '../../support/metering.ts';

const ENTRIES = 64;
const V4: TestPacket = {
  source: 0x0a000001,
  destination: 0x0a000002,
  sourcePort: 5000,
  destinationPort: 53,
  protocol: 17,
  timeNs: 0,
  octets: 60,
  vlan: 100,
  customerVlan: 0x123,
  pppoeSession: 0x8001,
  point: 3,
};
const V6: TestPacket = { ...V4, source: [1, 2, 3, 4], destination: [1, 2, 3, 5] };

/** The same packet on its way back. */
const reply = (packet: TestPacket): TestPacket => ({
  ...packet,
  source: packet.destination,
  destination: packet.source,
  sourcePort: packet.destinationPort,
  destinationPort: packet.sourcePort,
});

/** Packets of each flow that these packets make. */
function meter(packets: readonly TestPacket[], key: FlowKeyExtension, random?: () => number): number[] {
  const engine = testEngine(ENTRIES);
  const seeds = createHashSeeds(key, random);
  const sink = new CollectingSink();
  const metering = new MeteringProcess({
    idleTimeoutMs: 15_000,
    activeTimeoutMs: 60_000,
    tcpEndDelayMs: 2_000,
    flowTableEntries: ENTRIES,
    flowKey: key,
    encapsulation: false,
    batchCapacity: packets.length,
    engine,
    seeds,
    sink,
  });
  const decoded = decodedBatchOf(packets);
  const batch = createPreparedBatch(packets.length, key, engine);
  batch.count = decoded.count;
  batch.words.set(decoded.words);
  batch.timeNs.set(decoded.timeNs);
  const view = new DataView(new ArrayBuffer(0));
  new KeyPreparer(engine, seeds, key, metering.counters).prepare(batch, view);
  metering.meter(batch, view);
  // One of them leaves the table before the others: deletion hashes its entry again.
  metering.advanceTo(60e9);
  return sink.flows.map(({ forward, reverse }) => forward.packets + reverse.packets).sort();
}

const INTERFACES = [true, false];
const EXTENSIONS = [
  ['in the engine', { mac: false, mpls: false, tunnel: false }],
  ['beside an extension', { mac: false, mpls: false, tunnel: true }],
] as const;

describe.each(EXTENSIONS)('the flow key, compared %s,', (_, extension) => {
  const others: [string, Partial<TestPacket>][] = [
    ['VLAN', { vlan: 101 }],
    ['customer VLAN, its lower bits', { customerVlan: 0x124 }],
    ['customer VLAN, its upper bits', { customerVlan: 0x223 }],
    ['PPPoE session', { pppoeSession: 1 }],
    ['PPPoE session, none', { pppoeSession: 0 }],
    ['port', { sourcePort: 5001 }],
    ['protocol', { protocol: 6 }],
  ];
  it.each(others)('has the %s', (__, change) => {
    for (const packet of [V4, V6]) {
      const other = { ...packet, ...change };
      const packets = [packet, other, reply(other), reply(packet), packet];
      for (const interfaceInKey of INTERFACES) {
        const key = { ...extension, interface: interfaceInKey };
        expect(meter(packets, key)).toEqual([2, 3]);
        expect(meter(packets, key, () => 0)).toEqual([2, 3]);
      }
    }
  });

  it('has the interface, unless it is told not to', () => {
    for (const packet of [V4, V6]) {
      const packets = [packet, { ...reply(packet), point: 4 }, packet];
      expect(meter(packets, extension)).toEqual([1, 2]);
      expect(meter(packets, { ...extension, interface: true })).toEqual([1, 2]);
      expect(meter(packets, { ...extension, interface: false })).toEqual([3]);
    }
  });
});
