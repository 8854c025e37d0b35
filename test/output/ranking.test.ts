/** Sums in bounded memory against sums in a Map: what Space-Saving promises, for any records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ranking from '../../src/output/ranking.ts';
import { cases } from '../support/cases.ts';

interface Use {
  readonly name: string;
  readonly sent: number;
  readonly received: number;
}

const USES = fc.array(
  fc.record({
    name: fc.integer({ min: 0, max: 30 }).map((number) => `name-${number}`),
    sent: fc.nat({ max: 2000 }),
    received: fc.nat({ max: 2000 }),
  }),
  { maxLength: 300 },
);

function rank(uses: readonly Use[], capacity: number): ranking.Ranking {
  const all = new ranking.Ranking(capacity);
  const added = ranking.createAdded();
  for (const { name, sent, received } of uses) {
    added[ranking.OCTETS] = sent + received;
    added[ranking.PACKETS] = 2;
    added[ranking.FLOWS] = 1;
    added[ranking.SENT_OCTETS] = sent;
    added[ranking.RECEIVED_OCTETS] = received;
    added[ranking.ROUND_TRIP_MIN_MS] = sent + 1;
    all.add(name, added);
  }
  return all;
}

function truth(uses: readonly Use[]): Map<string, Use & { flows: number; least: number }> {
  const sums = new Map<string, Use & { flows: number; least: number }>();
  for (const { name, sent, received } of uses) {
    const one = sums.get(name) ?? { name, sent: 0, received: 0, flows: 0, least: Number.POSITIVE_INFINITY };
    sums.set(name, {
      name,
      sent: one.sent + sent,
      received: one.received + received,
      flows: one.flows + 1,
      least: Math.min(one.least, sent + 1),
    });
  }
  return sums;
}

const octetsOf = ({ sent, received }: Use) => sent + received;

describe('Ranking', () => {
  it('is exact while there are no more names than rows', () => {
    fc.assert(
      fc.property(USES, (uses) => {
        const sums = truth(uses);
        const all = rank(uses, Math.max(1, sums.size));
        expect(all.evictions).toBe(0);
        const rows = all.sorted();
        expect(rows.map(({ name }) => name).sort()).toEqual([...sums.keys()].sort());
        for (const { name, figures } of rows) {
          const { sent, received, flows, least } = sums.get(name)!;
          const expected = [sent + received, 2 * flows, flows, sent, 0, received, 0, 0, 0, least, 0];
          expect([...figures]).toEqual(expected);
        }
        const octets = rows.map(({ figures }) => figures[ranking.OCTETS]!);
        expect(octets).toEqual([...octets].sort((a, b) => b - a));
      }),
      { numRuns: cases(200) },
    );
  });

  it('keeps within its rows, loses nothing, and says how much a row may lack', () => {
    fc.assert(
      fc.property(USES, fc.integer({ min: 1, max: 12 }), (uses, capacity) => {
        const sums = truth(uses);
        const total = uses.reduce((sum, use) => sum + octetsOf(use), 0);
        const all = rank(uses, capacity);
        const rows = all.sorted();
        expect(rows.length).toBe(Math.min(capacity, sums.size));
        const parts = [...rows.map(({ figures }) => figures), all.evicted];
        const sumOf = (figure: number) => parts.reduce((sum, figures) => sum + figures[figure]!, 0);
        expect(sumOf(ranking.OCTETS)).toBe(total);
        expect(sumOf(ranking.FLOWS)).toBe(uses.length);
        expect(sumOf(ranking.SENT_OCTETS) + sumOf(ranking.RECEIVED_OCTETS)).toBe(total);
        for (const { name, figures } of rows) {
          const octets = octetsOf(sums.get(name)!);
          expect(figures[ranking.OCTETS]).toBeLessThanOrEqual(octets);
          expect(figures[ranking.OCTETS]! + figures[ranking.MISSED_MAX]!).toBeGreaterThanOrEqual(octets);
          // Metwally et al., lemma 3.4: no row lacks more than an even share of all.
          expect(figures[ranking.MISSED_MAX]).toBeLessThanOrEqual(total / capacity);
        }
        // Theorem 3.5: who used more than that has a row.
        const names = new Set(rows.map(({ name }) => name));
        for (const use of sums.values())
          if (octetsOf(use) > total / capacity) expect(names).toContain(use.name);
      }),
      { numRuns: cases(400) },
    );
  });
});
