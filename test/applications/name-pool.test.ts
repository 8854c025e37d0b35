/** Names in fixed memory against a Map that counts references: nothing is mixed up, nothing is lost, room comes back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NamePool } from '../../src/applications/name-pool.ts';
import { cases } from '../support/cases.ts';

const NAMES = 16;
const name = fc
  .tuple(fc.nat({ max: 23 }), fc.constantFrom(1, 27, 28, 29, 56, 255))
  .map(([number, length]) => String.fromCharCode(97 + number).repeat(length));

describe('NamePool', () => {
  it('has each name once, as long as somebody refers to it', () => {
    const step = fc.oneof(
      fc.record({ take: name }),
      fc.record({ release: fc.nat({ max: 100 }) }),
      fc.record({ refer: fc.nat({ max: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pool = new NamePool(NAMES);
        const held: { number: number; text: string }[] = [];
        for (const one of steps) {
          if ('take' in one) {
            const number = pool.take(one.take);
            const texts = new Set(held.map(({ text }) => text));
            if (number >= 0) held.push({ number, text: one.take });
            // 32 chunks of 28 octets, 16 names: it may only refuse a name that it does not have.
            else {
              expect(texts.has(one.take)).toBe(false);
              const chunks = [...texts].reduce((sum, text) => sum + Math.ceil(text.length / 28), 0);
              expect(texts.size === NAMES || chunks + Math.ceil(one.take.length / 28) > 2 * NAMES).toBe(true);
            }
          } else if ('release' in one && held.length > 0)
            pool.release(held.splice(one.release % held.length, 1)[0]!.number);
          else if ('refer' in one && held.length > 0) {
            const kept = held[one.refer % held.length]!;
            pool.refer(kept.number);
            held.push(kept);
          }
          for (const { number, text } of held) expect(pool.text(number)).toBe(text);
          const numbers = new Map(held.map(({ number, text }) => [text, number]));
          for (const { number, text } of held) expect(numbers.get(text)).toBe(number);
        }
        for (const { number } of held) pool.release(number);
        // All room is there again.
        for (let n = 0; n < NAMES; n++) expect(pool.take(`${n}`.padEnd(56, 'x'))).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: cases(200) },
    );
  });

  it('cuts a name that is longer than an element has room for', () => {
    const pool = new NamePool(32);
    expect(pool.text(pool.take('x'.repeat(1000)))).toBe('x'.repeat(255));
  });
});
