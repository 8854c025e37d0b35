/** Where a live worker's packets are to lie. */
import { describe, expect, it } from 'vitest';
import { healthEngineOctets, tableOctets } from '../../../src/metering/table/flow-table.ts';
import { createLiveMemory } from '../../../src/probe/live/memory.ts';

const MIB = 2 ** 20;
const RING = { capture: 'ring', blocks: 64, blockOctets: MIB, snapLength: 256 } as const;

describe('the memory of a live worker', () => {
  it('has room for the ring beside the flow table, on pages of its own', () => {
    const { engine, captureMemory } = createLiveMemory({
      metering: { flowTableEntries: 262_144 },
      capture: RING,
    });
    const { buffer, byteOffset, octets } = captureMemory;
    expect(buffer).toBe(engine.buffer);
    expect(octets).toBe(64 * MIB);
    // The largest page that the systems have which flowtap runs on.
    expect(byteOffset % 65_536).toBe(0);
    expect(engine.allocate(tableOctets(262_144)).byteOffset).toBeGreaterThanOrEqual(byteOffset + octets);
  });

  it('has room for a block where it has none for the ring: the largest table leaves 380 MiB', () => {
    const metering = { flowTableEntries: 16_777_214 };
    const octetsFor = (capture: Parameters<typeof createLiveMemory>[0]['capture']) =>
      createLiveMemory({ metering, capture }).captureMemory.octets;
    expect(octetsFor({ ...RING, blocks: 512 })).toBe(MIB);
    expect(octetsFor(RING)).toBe(64 * MIB);
  });

  it('has room for path health, in place of a ring where both have none, and none where it is not to be measured there', () => {
    const memoryOf = (flowTableEntries: number, health: 'on' | 'sampled' | 'off', blocks = 64) =>
      createLiveMemory({ metering: { flowTableEntries }, capture: { ...RING, blocks }, health });
    const { engine, captureMemory, allocateHealth } = memoryOf(262_144, 'on');
    expect(captureMemory.octets).toBe(64 * MIB);
    const octets = healthEngineOctets(262_144);
    expect(octets).toBeGreaterThan(0);
    engine.allocate(tableOctets(262_144));
    expect(allocateHealth!(octets).buffer).toBe(engine.buffer);
    for (const health of ['sampled', 'off'] as const)
      expect(memoryOf(262_144, health).allocateHealth).toBeUndefined();
    const large = memoryOf(1_000_000, 'on', 3000);
    expect([large.allocateHealth === undefined, large.captureMemory.octets]).toEqual([false, MIB]);
    // So many flows that what is kept of their paths lies outside.
    const largest = memoryOf(16_777_214, 'on');
    expect([largest.allocateHealth, largest.captureMemory.octets]).toEqual([undefined, 64 * MIB]);
  });

  it('has a window for captures without a ring, for packets of any length', () => {
    const metering = { flowTableEntries: 1024 };
    for (const capture of ['libpcap', 'cap'] as const) {
      for (const snapLength of [0, 64, 262_144]) {
        const { engine, captureMemory } = createLiveMemory({
          metering,
          capture: { ...RING, capture, snapLength },
        });
        expect(captureMemory.buffer).toBe(engine.buffer);
        expect(captureMemory.octets).toBeGreaterThan(16 + (snapLength === 0 ? 262_144 : snapLength));
      }
    }
  });
});
