/** The pages of a flow table are made ahead of its flows: the kernel is asked which of them there are (mincore). */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/engine.ts';
import { FlowTable, healthEngineOctets, tableOctets } from '../../src/metering/table/flow-table.ts';
import {
  type HealthTable,
  HOT_WORDS,
  LINE_WORDS,
  POOL_LINES,
  POOL_MOST,
} from '../../src/metering/table/path-health-table.ts';
import { HEALTH_SLOTS_AHEAD, LEAD_OCTETS, SLOTS_AHEAD, TablePages } from '../../src/probe/table-pages.ts';
import { SLOTS_TOUCHED } from '../../src/records/table-words.ts';
import { addressOf, loadLibc } from '../../src/sys/koffi.ts';
import { populatePages } from '../../src/sys/libc.ts';
import { TEST_SEEDS } from '../support/metering.ts';
import { waitFor } from '../support/wait.ts';

const MIB = 2 ** 20;
const PAGE_OCTETS = 4096;
/** At either end of what was asked for a huge page may be there as a whole, and a step goes beyond it. */
const ROUNDING_OCTETS = 8 * MIB;
const LARGE = 2 ** 20;
const SMALL = 2 ** 17;

const canPopulate = await populatePages(new ArrayBuffer(MIB), 0, MIB);
if (!canPopulate) console.warn('SKIPPED: no MADV_POPULATE_WRITE here (Linux 5.14)');

function table(capacity: number): FlowTable {
  return new FlowTable({
    capacity,
    seeds: TEST_SEEDS,
    keyExtension: false,
    encapsulation: false,
    engine: createEngine(tableOctets(capacity) + MIB),
  });
}

/** A table with path health in the engine's memory. */
function tableWithHealth(capacity: number): FlowTable & { health: HealthTable } {
  const engine = createEngine(tableOctets(capacity) + healthEngineOctets(capacity) + MIB);
  const options = { capacity, seeds: TEST_SEEDS, keyExtension: false, encapsulation: false, engine };
  const made = new FlowTable({ ...options, health: 'on', allocate: engine.allocate });
  const { health } = made;
  if (health === undefined) throw new Error('no path health');
  return Object.assign(made, { health });
}

/** Octets of an array that have pages. */
function resident({ buffer, byteOffset, byteLength }: Int32Array | Float64Array): number {
  const mincore = loadLibc().library.func('int mincore(uintptr_t, size_t, void *)');
  const first = (addressOf(new Uint8Array(buffer)) + BigInt(byteOffset)) & ~BigInt(PAGE_OCTETS - 1);
  const pages = new Uint8Array(Math.ceil(byteLength / PAGE_OCTETS));
  expect(mincore(first, byteLength, pages)).toBe(0);
  return pages.reduce((sum, page) => sum + (page & 1), 0) * PAGE_OCTETS;
}

/** Has pages made, and waits until they are. */
async function look(pages: TablePages): Promise<void> {
  pages.look();
  await waitFor('no more pages are made', () => !pages.isBusy);
}

describe.skipIf(!canPopulate)('the pages of a table', () => {
  it('are made ahead of its flows, and no further', async () => {
    const large = table(LARGE);
    const arrays = [large.words, large.link, large.schedule];
    const pages = new TablePages(large);
    for (const touched of [0, 3 * SLOTS_AHEAD]) {
      large.state[SLOTS_TOUCHED] = touched;
      const before = arrays.map(resident);
      await look(pages);
      for (const [i, array] of arrays.entries()) {
        const perSlot = array.length / LARGE;
        const lead = LEAD_OCTETS / array.BYTES_PER_ELEMENT;
        const ahead = array.subarray(touched * perSlot + lead, (touched + SLOTS_AHEAD) * perSlot);
        expect(resident(ahead)).toBeGreaterThanOrEqual(ahead.byteLength);
        const made = resident(array) - before[i]!;
        expect(made).toBeLessThanOrEqual(ahead.byteLength + ROUNDING_OCTETS);
      }
    }
    expect(large.words.every((word) => word === 0)).toBe(true);
  });

  it('are made ahead for path health too, of its lines as many for each flow as so far', async () => {
    const slots = 2 * SLOTS_AHEAD;
    const linesPerSlot = 2;
    const withHealth = tableWithHealth(LARGE);
    const { hot, lines, loss, pools } = withHealth.health;
    withHealth.state[SLOTS_TOUCHED] = slots;
    pools[POOL_LINES + POOL_MOST] = slots * linesPerSlot;
    await look(new TablePages(withHealth));
    const lead = LEAD_OCTETS / 4;
    for (const [array, wordsPerSlot] of [
      [hot, HOT_WORDS],
      [lines, linesPerSlot * LINE_WORDS],
    ] as const) {
      const ahead = array.subarray(slots * wordsPerSlot + lead, (slots + HEALTH_SLOTS_AHEAD) * wordsPerSlot);
      expect(resident(ahead)).toBeGreaterThanOrEqual(ahead.byteLength);
      expect(resident(array)).toBeLessThanOrEqual(ahead.byteLength + ROUNDING_OCTETS);
    }
    expect(resident(loss)).toBeLessThanOrEqual(ROUNDING_OCTETS);
  });

  it('are not made for lines before a flow has one', async () => {
    const withHealth = tableWithHealth(LARGE);
    await look(new TablePages(withHealth));
    expect(resident(withHealth.health.hot)).toBeGreaterThanOrEqual(
      HEALTH_SLOTS_AHEAD * HOT_WORDS * 4 - LEAD_OCTETS,
    );
    expect(resident(withHealth.health.lines)).toBeLessThanOrEqual(ROUNDING_OCTETS);
  });

  it('are made while the look goes on', async () => {
    const large = table(LARGE);
    const pages = new TablePages(large);
    pages.look();
    expect(pages.isBusy).toBe(true);
    expect(resident(large.words)).toBeLessThanOrEqual(ROUNDING_OCTETS);
    await look(pages);
    expect(resident(large.words)).toBeGreaterThan(2 * ROUNDING_OCTETS);
  });

  it('end where the table ends', async () => {
    const small = table(SMALL);
    small.state[SLOTS_TOUCHED] = SMALL - 1;
    await look(new TablePages(small));
    expect(resident(small.words)).toBeLessThanOrEqual(ROUNDING_OCTETS);
  });

  it('of a small table are left alone until it has many flows', async () => {
    const small = table(SMALL);
    const pages = new TablePages(small);
    await look(pages);
    expect(resident(small.words)).toBe(0);
    small.state[SLOTS_TOUCHED] = 8192;
    await look(pages);
    expect(resident(small.words)).toBeGreaterThan(small.words.byteLength / 2);
  });
});
