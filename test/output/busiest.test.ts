/** The busiest flows: equal to sorting all of them, in bounded memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BusiestFlows } from '../../src/output/busiest.ts';
import { ENTRY_DOUBLES, ENTRY_WORDS, FORWARD_DOUBLE, OCTETS } from '../../src/records/flow-layout.ts';
import { recordBatch, type TestFlow } from './records.ts';

function flow(octets: number, startNs: number): TestFlow {
  return { a: [1], b: [2], protocol: 17, startNs, counts: [1, octets, 0, 0] };
}

describe('BusiestFlows', () => {
  it('keeps what sorting everything would put first, in the same order', () => {
    const flows = fc.array(fc.tuple(fc.nat(20), fc.nat(5)), { maxLength: 300 });
    fc.assert(
      fc.property(flows, fc.integer({ min: 0, max: 40 }), (pairs, top) => {
        const busiest = new BusiestFlows(top);
        const half = pairs.length >> 1;
        for (const part of [pairs.slice(0, half), pairs.slice(half)]) {
          busiest.add(recordBatch(part.map(([octets, start]) => flow(octets, start))));
        }
        const kept = busiest
          .sorted()
          .map((place) => busiest.doubles[place * ENTRY_DOUBLES + FORWARD_DOUBLE + OCTETS]);
        const all = pairs.map(([octets]) => octets).sort((a, b) => b - a);
        expect(kept).toEqual(top === 0 ? all : all.slice(0, top));
        expect(busiest.seen).toBe(pairs.length);
      }),
    );
  });

  it('takes no more memory than its rows', () => {
    const busiest = new BusiestFlows(10);
    for (let i = 0; i < 50; i++)
      busiest.add(recordBatch(Array.from({ length: 100 }, (_, n) => flow(i * n, i))));
    expect(busiest.words.length).toBe(10 * ENTRY_WORDS);
    expect(busiest.seen).toBe(5000);
  });
});
