/** Where a live worker's ring is to lie. */
import { describe, expect, it } from 'vitest';
import { tableOctets } from '../../../src/metering/table/flow-table.ts';
import { createLiveMemory } from '../../../src/probe/live/memory.ts';

const MIB = 2 ** 20;
const RING = { capture: 'ring', blocks: 64, blockOctets: MIB } as const;

describe('the memory of a live worker', () => {
  it('has room for the ring beside the flow table, on pages of its own', () => {
    const { engine, ringMemory, fault } = createLiveMemory({
      metering: { flowTableEntries: 262_144 },
      capture: RING,
    });
    const { buffer, byteOffset, octets } = ringMemory!;
    expect(fault).toBeUndefined();
    expect(buffer).toBe(engine.buffer);
    expect(octets).toBe(64 * MIB);
    // The largest page that the systems have which flowtap runs on.
    expect(byteOffset % 65_536).toBe(0);
    expect(engine.allocate(tableOctets(262_144)).byteOffset).toBeGreaterThanOrEqual(byteOffset + octets);
  });

  it('says where there is no room for it: the largest table leaves 380 MiB', () => {
    const metering = { flowTableEntries: 16_777_214 };
    const { ringMemory, fault } = createLiveMemory({ metering, capture: { ...RING, blocks: 512 } });
    expect(ringMemory).toBeUndefined();
    expect(fault).toBe('a ring of 536870912 octets has no room beside a flow table of 16777214 entries');
    expect(createLiveMemory({ metering, capture: RING }).ringMemory?.octets).toBe(64 * MIB);
  });

  it('has none for captures without a ring', () => {
    const capture = { ...RING, capture: 'libpcap' } as const;
    const { ringMemory, fault } = createLiveMemory({ metering: { flowTableEntries: 1024 }, capture });
    expect([ringMemory, fault]).toEqual([undefined, undefined]);
  });
});
