/** The memory that applications say they take at most: that of their arrays, and so much for each inspection. */
import { expect, it } from 'vitest';
import { DNS_LEARNER_OCTETS } from '../../../src/applications/dns-learner.ts';
import { dnsNamesOctets } from '../../../src/applications/dns-names.ts';
import { applicationMemory } from '../../../src/metering/table/application-memory.ts';
import { createApplicationTable, takeBlock } from '../../../src/metering/table/application-table.ts';
import { allocateOnHeap } from '../../../src/records/memory.ts';

/** An inspection lies on the heap, where nobody tells its size. */
const INSPECTION_OCTETS = 1024;
const BUFFER_OCTETS = 4096;

it.each([
  [1000, 1000, 65_536],
  [1000, 16, 16],
])('of %d slots is that of inspections of %d flows', (slots, flows, wanted) => {
  const options = { flows: wanted, bufferCount: 8, dnsNames: 'client', dnsNameEntries: 2048 } as const;
  const table = createApplicationTable(slots, options, allocateOnHeap);
  for (let slot = 0; slot < flows; slot++) expect(takeBlock(table, slot)).toBe(slot);
  expect(takeBlock(table, 0)).toBe(-1);
  const { inspectionPool, blockPool, blockPieces, continued, continuedUntilNs, firstLook } = table;
  const arrays = [
    inspectionPool.freed,
    blockPool.freed,
    ...blockPieces,
    continued,
    continuedUntilNs,
    firstLook,
  ];
  const octets = [table.slots, ...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
  const memory = applicationMemory(slots, options);
  expect(memory).toEqual({
    flows,
    inspectionOctets: octets + flows * INSPECTION_OCTETS + 8 * BUFFER_OCTETS,
    dnsNameEntries: 2048,
    dnsNameOctets: table.names!.slots.byteLength + DNS_LEARNER_OCTETS + dnsNamesOctets(2048),
  });
});

it('is none where nothing is looked into', () => {
  expect(Object.values(applicationMemory(1000, undefined))).toEqual([0, 0, 0, 0]);
});
