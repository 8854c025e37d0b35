/** Fragments whose packets differ by what stands around them, and what is kept of those that are held. */
import { describe, expect, it } from 'vitest';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import { FRAGMENTS_MATCHED, METERED_PACKETS } from '../../src/metering/table/counters.ts';
import { createHashSeeds, type FlowKeyExtension } from '../../src/metering/table/flow-key.ts';
import {
  DECODED_WORDS,
  ENCAPSULATION_WORDS,
  LINK_OFFSET,
  OUTER_KIND,
  TUNNEL_ID,
} from '../../src/records/decoded-batch.ts';
import { decodedBatchOf, type TestPacket } from '../support/decoded.ts';
import { CollectingSink } from '../support/flows.ts';
import { testEngine } from '../support/metering.ts';

const FRAME_OCTETS = 64;

interface FramedPacket extends TestPacket {
  /** Last octet of the source's MAC address; the destination's is one more. */
  readonly mac?: number;
  readonly tunnelId?: number;
}

const first: FramedPacket = {
  source: 1,
  destination: 2,
  sourcePort: 40_000,
  destinationPort: 53,
  protocol: 17,
  timeNs: 0,
  octets: 1500,
  fragment: 'first',
  fragmentId: 7,
};
const later: FramedPacket = { ...first, fragment: 'later', sourcePort: 0, destinationPort: 0, octets: 700 };

/** Meters packets in batches, each with frames in memory of its own that is overwritten after it. */
function meter(packets: readonly FramedPacket[], key: Partial<FlowKeyExtension>, batchOf = 1) {
  const flowKey = { mac: false, mpls: false, tunnel: false, ...key };
  const seeds = createHashSeeds(flowKey);
  const engine = testEngine(64);
  const sink = new CollectingSink(true);
  const metering = new MeteringProcess({
    idleTimeoutMs: 15_000,
    activeTimeoutMs: 60_000,
    tcpEndDelayMs: 2_000,
    flowTableEntries: 64,
    flowKey,
    encapsulation: flowKey.tunnel,
    batchCapacity: batchOf,
    engine,
    seeds,
    sink,
  });
  const preparer = new KeyPreparer(engine, seeds, flowKey, metering.counters);
  const batch = createPreparedBatch(batchOf, flowKey, engine, { encapsulation: flowKey.tunnel });
  const view = new DataView(new ArrayBuffer(batchOf * FRAME_OCTETS));
  for (let i = 0; i < packets.length; i += batchOf) {
    const some = packets.slice(i, i + batchOf);
    const decoded = decodedBatchOf(some);
    batch.count = some.length;
    batch.hasFragments = decoded.hasFragments;
    batch.words.set(decoded.words);
    batch.timeNs.set(decoded.timeNs);
    new Uint8Array(view.buffer).fill(0);
    some.forEach(({ mac = 1, tunnelId = 0 }, n) => {
      batch.words[n * DECODED_WORDS + LINK_OFFSET] = n * FRAME_OCTETS;
      view.setUint8(n * FRAME_OCTETS + 5, mac + 1);
      view.setUint8(n * FRAME_OCTETS + 11, mac);
      batch.encapsulation?.fill(0, n * ENCAPSULATION_WORDS, (n + 1) * ENCAPSULATION_WORDS);
      if (batch.encapsulation === undefined) return;
      batch.encapsulation[n * ENCAPSULATION_WORDS + TUNNEL_ID] = tunnelId;
      batch.encapsulation[n * ENCAPSULATION_WORDS + OUTER_KIND] = 0x504;
    });
    preparer.prepare(batch, view);
    metering.meter(batch, view);
    new Uint8Array(view.buffer).fill(0xee);
  }
  const overdue = preparer.takeOverdue(Number.POSITIVE_INFINITY);
  if (overdue !== undefined) metering.meter(overdue, view);
  expect(preparer.takeOverdue(Number.POSITIVE_INFINITY)).toBeUndefined();
  metering.expireAll();
  expect(metering.counters[METERED_PACKETS]).toBe(packets.length);
  return { flows: sink.flows, counters: metering.counters };
}

const portsOf = ({ key }: { key: string }) => Number(/ (\d+) > /.exec(key)![1]);

describe.each([
  ['behind', (parts: FramedPacket[]) => parts],
  ['before', (parts: FramedPacket[]) => parts.toReversed()],
])('later fragments %s their first one', (_, order) => {
  it('are found at another interface where the flow key leaves interfaces out', () => {
    const parts = order([first, { ...later, point: 2 }]);
    const { flows, counters } = meter(parts, { interface: false });
    expect(counters[FRAGMENTS_MATCHED]).toBe(1);
    expect(flows.map(({ forward }) => forward.packets)).toEqual([2]);
    expect(meter(parts, {}).flows).toHaveLength(2);
  });

  it('are found where a router marked them and the ToS is in the key', () => {
    // ToS in the key stands above the observation point.
    const parts = order([
      { ...first, point: 1 | (0x02 << 16) },
      { ...later, point: 1 | (0x03 << 16) },
    ]);
    expect(meter(parts, {}).flows.map(portsOf)).toEqual([40_000, 40_000]);
  });

  it('keep to their own tunnel where tunnels are in the flow key', () => {
    const parts = order([
      { ...first, tunnelId: 1 },
      { ...first, tunnelId: 2, sourcePort: 50_000 },
      { ...later, tunnelId: 1 },
      { ...later, tunnelId: 2 },
    ]);
    const { flows } = meter(parts, { tunnel: true }, 3);
    expect(flows.map((flow) => [portsOf(flow), flow.forward.packets]).sort()).toEqual([
      [40_000, 2],
      [50_000, 2],
    ]);
  });

  it('have the MAC addresses of their own frames', () => {
    const parts = order([
      { ...first, mac: 1 },
      { ...later, mac: 5 },
    ]);
    const { flows } = meter(parts, { mac: true });
    expect(flows.map((flow) => [portsOf(flow), flow.link!.slice(0, 3)]).sort()).toEqual([
      [40_000, [0, 5 << 16, 6]],
      [40_000, [0, 1 << 16, 2]],
    ]);
  });
});

it('a fragment whose first one never comes begins a flow with the MAC addresses of its frame', () => {
  for (const batchOf of [1, 4]) {
    const { flows } = meter([{ ...later, mac: 9 }], {}, batchOf);
    expect(flows.map((flow) => [portsOf(flow), flow.link!.slice(0, 3)])).toEqual([[0, [0, 9 << 16, 10]]]);
  }
  const waited = meter(
    [
      { ...later, mac: 9 },
      { ...first, mac: 3, timeNs: 2e9, fragmentId: 8 },
    ],
    {},
  );
  expect(waited.flows[0]!.link!.slice(0, 3)).toEqual([0, 9 << 16, 10]);
});
