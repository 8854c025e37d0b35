/**
 * Names by client and address against a plain list of all answers: the newest name before a flow, by whose answer, for how
 * long, beside which others; and which of them has to go where there is no room.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as counts from '../../src/applications/dns-name-counts.ts';
import * as names from '../../src/applications/dns-names.ts';
import { cases } from '../support/cases.ts';

const S = 1e9;
const address = (last: number) => Int32Array.of(0, 0, 0xffff, (0xc000_0200 + last) | 0);

interface Known {
  readonly text: string;
  readonly isOfAnybody: boolean;
  readonly isAmbiguous: boolean;
}

class Tried {
  readonly counts = new Float64Array(counts.DNS_NAME_COUNTS.length);
  readonly names: names.DnsNames;

  constructor(entries = 1024, scope: names.DnsNameScope = 'client') {
    this.names = new names.DnsNames(entries, scope, this.counts);
  }

  remember(client: number, server: number, name: string, timeToLive: number, timeS: number): void {
    this.names.remember(address(client), address(server), 0, name, timeToLive, timeS * S);
  }

  lookUp(client: number, server: number, timeS: number): Known | undefined {
    const found = this.names.lookUp(address(client), address(server), timeS * S);
    if (found < 0) return undefined;
    const number = found & names.FOUND_NAME_MASK;
    const text = this.names.pool.text(number);
    this.names.pool.release(number);
    return {
      text,
      isOfAnybody: (found & names.FOUND_OF_ANYBODY) !== 0,
      isAmbiguous: (found & names.FOUND_AMBIGUOUS) !== 0,
    };
  }
}

describe('a name', () => {
  it('is that which the client itself had asked for', () => {
    const tried = new Tried();
    tried.remember(1, 100, 'a.example', 300, 0);
    tried.remember(2, 100, 'b.example', 300, 1);
    expect(tried.lookUp(1, 100, 10)).toEqual({ text: 'a.example', isOfAnybody: false, isAmbiguous: false });
    expect(tried.lookUp(2, 100, 10)?.text).toBe('b.example');
    expect(tried.lookUp(3, 100, 10)).toBeUndefined();
    expect(tried.lookUp(1, 101, 10)).toBeUndefined();
    expect([...tried.counts.slice(counts.COUNT_LOOKUPS, counts.COUNT_FOUND + 1)]).toEqual([4, 2]);
  });

  it('is that which was the newest when the flow began, though another one came since', () => {
    const tried = new Tried();
    tried.remember(1, 100, 'a.example', 300, 10);
    tried.remember(1, 100, 'b.example', 300, 20);
    expect(tried.lookUp(1, 100, 5)).toBeUndefined();
    expect(tried.lookUp(1, 100, 15)).toEqual({ text: 'a.example', isOfAnybody: false, isAmbiguous: false });
    expect(tried.lookUp(1, 100, 25)).toEqual({ text: 'b.example', isOfAnybody: false, isAmbiguous: true });
  });

  it('is found by a flow between, where another meter tells the older one after the newer one', () => {
    const tried = new Tried();
    tried.remember(1, 100, 'newer.example', 300, 20);
    tried.remember(1, 100, 'older.example', 60, 10);
    tried.remember(1, 100, 'oldest.example', 60, 5);
    expect(tried.lookUp(1, 100, 9)).toBeUndefined();
    expect(tried.lookUp(1, 100, 15)).toEqual({
      text: 'older.example',
      isOfAnybody: false,
      isAmbiguous: false,
    });
    expect(tried.lookUp(1, 100, 25)).toEqual({
      text: 'newer.example',
      isOfAnybody: false,
      isAmbiguous: true,
    });
    // The same name, told before.
    const same = new Tried();
    same.remember(1, 100, 'a.example', 60, 20);
    same.remember(1, 100, 'a.example', 60, 10);
    expect([9, 10, 80, 81].map((time) => same.lookUp(1, 100, time)?.text)).toEqual([
      undefined,
      'a.example',
      'a.example',
      undefined,
    ]);
  });

  it('is not ambiguous where the one before was over', () => {
    const tried = new Tried();
    tried.remember(1, 100, 'a.example', 60, 0);
    tried.remember(1, 100, 'b.example', 60, 61);
    expect(tried.lookUp(1, 100, 60.5)).toBeUndefined();
    expect(tried.lookUp(1, 100, 62)?.isAmbiguous).toBe(false);
  });

  it.each([
    [0, 60],
    [59, 60],
    [3600, 3600],
    [1_000_000, 86_400],
    // RFC 2181 §8
    [0x8000_0001, 60],
  ])('with a time to live of %d s holds for %d s', (timeToLive, heldS) => {
    const tried = new Tried();
    tried.remember(1, 100, 'a.example', timeToLive, 5);
    expect(tried.lookUp(1, 100, 5 + heldS)?.text).toBe('a.example');
    expect(tried.lookUp(1, 100, 5 + heldS + 0.001)).toBeUndefined();
  });

  it('is that of anybody where that is asked for', () => {
    const any = new Tried(1024, 'any');
    any.remember(9, 100, 'a.example', 300, 0);
    expect(any.lookUp(1, 100, 1)).toEqual({ text: 'a.example', isOfAnybody: true, isAmbiguous: false });
    const both = new Tried(1024, 'clientThenAny');
    both.remember(1, 100, 'own.example', 300, 0);
    both.remember(9, 100, 'other.example', 300, 1);
    expect(both.lookUp(1, 100, 2)).toEqual({ text: 'own.example', isOfAnybody: false, isAmbiguous: false });
    expect(both.lookUp(2, 100, 2)).toEqual({ text: 'other.example', isOfAnybody: true, isAmbiguous: true });
  });
});

describe('where there is no room', () => {
  it('the name goes whose time is over first, and that is counted', () => {
    const tried = new Tried(4);
    const held = [400, 100, 300, 200];
    for (const [i, timeToLive] of held.entries()) tried.remember(1, 100 + i, `${i}.example`, timeToLive, 0);
    tried.remember(1, 110, 'new.example', 600, 1);
    tried.remember(1, 111, 'newer.example', 600, 2);
    expect(held.map((_, i) => tried.lookUp(1, 100 + i, 3)?.text)).toEqual([
      '0.example',
      undefined,
      '2.example',
      undefined,
    ]);
    expect(tried.lookUp(1, 110, 3)?.text).toBe('new.example');
    expect(tried.counts[counts.COUNT_EVICTED]).toBe(2);
    expect(tried.names.size).toBe(4);
  });

  it('those that are over make it, uncounted', () => {
    const tried = new Tried(2);
    tried.remember(1, 100, 'a.example', 60, 0);
    tried.remember(1, 101, 'b.example', 60, 0);
    tried.remember(1, 102, 'c.example', 60, 61);
    expect(tried.counts[counts.COUNT_EVICTED]).toBe(0);
    // Long after their end they are forgotten at once.
    tried.remember(1, 103, 'd.example', 60, 1000);
    expect(tried.names.size).toBe(1);
  });

  it('for a name that flows still hold others back, the address is refused, and that is counted', () => {
    const tried = new Tried(2);
    tried.remember(1, 100, 'a'.repeat(60), 60, 0);
    const held = tried.names.lookUp(address(1), address(100), S);
    tried.remember(1, 101, 'b'.repeat(60), 60, 0);
    expect(tried.counts[counts.COUNT_REFUSED]).toBe(1);
    expect(tried.names.pool.text(held)).toBe('a'.repeat(60));
    tried.names.pool.release(held);
    tried.remember(1, 101, 'b'.repeat(60), 60, 0);
    expect(tried.lookUp(1, 101, 1)?.text).toBe('b'.repeat(60));
  });
});

it('is the same as in a list of all answers', () => {
  const event = fc.record({
    isFlow: fc.boolean(),
    client: fc.nat({ max: 2 }),
    server: fc.nat({ max: 3 }),
    name: fc.nat({ max: 3 }),
    timeToLive: fc.constantFrom(1, 60, 90, 200),
    stepS: fc.nat({ max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const tried = new Tried();
      const answers: { key: string; name: string; atS: number; untilS: number }[] = [];
      let nowS = 0;
      for (const { isFlow, client, server, name, timeToLive, stepS } of events) {
        nowS += stepS;
        const key = `${client} ${server}`;
        if (isFlow) {
          const last = answers.filter((one) => one.key === key).at(-1);
          const expected = last !== undefined && nowS <= last.untilS ? last.name : undefined;
          expect(tried.lookUp(client, 100 + server, nowS)?.text).toBe(expected);
        } else {
          tried.remember(client, 100 + server, `n${name}`, timeToLive, nowS);
          answers.push({ key, name: `n${name}`, atS: nowS, untilS: nowS + Math.max(60, timeToLive) });
        }
      }
    }),
    { numRuns: cases(200) },
  );
});

it('never has more than its room, and none of another client, in any order of times', () => {
  const event = fc.tuple(
    fc.nat({ max: 20 }),
    fc.nat({ max: 20 }),
    fc.nat({ max: 30 }),
    fc.nat({ max: 5000 }),
    fc.nat({ max: 4000 }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 150 }), (events) => {
      const tried = new Tried(8);
      for (const [client, server, name, timeToLive, atS] of events) {
        tried.remember(client, server, `${client}-${server}-${name}`, timeToLive, atS);
        expect(tried.names.size).toBeLessThanOrEqual(8);
        const found = tried.lookUp(client, server, atS);
        if (found !== undefined) expect(found.text).toMatch(new RegExp(`^${client}-${server}-`));
      }
    }),
    { numRuns: cases(200) },
  );
});
