/** Which path a flow belongs to: held against Node's own lists of subnets, and against cases by hand. */
import type { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NamedPath } from '../../src/config/types/named-paths.ts';
import { NO_PATH, PathMatch } from '../../src/paths/path-match.ts';
import { NO_PREFIX, PrefixTable } from '../../src/paths/prefix-table.ts';
import { networkWords } from '../../src/records/network.ts';
import { recordBatch } from '../output/records.ts';
import { cases } from '../support/cases.ts';

/** As src/diagnose/select.ts has it: nothing here opens a socket. */
const SubnetList: typeof BlockList = process.getBuiltinModule('node:net').BlockList;

interface TestPrefix {
  readonly version: 4 | 6;
  readonly words: readonly number[];
  readonly prefixLength: number;
}

function addressText(version: 4 | 6, words: readonly number[]): string {
  const octets = words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
  if (version === 4) return octets.slice(0, 4).join('.');
  return Array.from({ length: 8 }, (_, i) => ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16)).join(
    ':',
  );
}

/** Few different bits, so that prefixes hold each other. */
const WORD = fc.constantFrom(
  0,
  1,
  0x0a000000,
  0x0a800000,
  0x0a80ff00,
  0x7fffffff,
  0x80000000,
  0xffffffff,
  0xfffffffe,
);
const VERSION = fc.constantFrom(4 as const, 6 as const);
const WORDS = fc.array(WORD, { minLength: 4, maxLength: 4 });
const PREFIX = fc
  .record({ version: VERSION, words: WORDS, bits: fc.integer({ min: 0, max: 128 }) })
  .map(({ version, words, bits }): TestPrefix => {
    const prefixLength = version === 4 ? bits % 33 : bits;
    const masked = words.map((word, w) => {
      const counting = Math.min(32, Math.max(0, prefixLength - 32 * w));
      return counting === 0 || (version === 4 && w > 0) ? 0 : (word & (-1 << (32 - counting))) >>> 0;
    });
    return { version, words: masked, prefixLength };
  });

describe('longest-prefix match', () => {
  it('finds the longest of the subnets that hold an address', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(PREFIX, { maxLength: 30, selector: (one) => JSON.stringify(one) }),
        fc.array(fc.record({ version: VERSION, words: WORDS }), { minLength: 1, maxLength: 20 }),
        (prefixes, addresses) => {
          const texts = prefixes.map(({ version, words }) => addressText(version, words));
          const table = new PrefixTable(
            prefixes.map(({ version, prefixLength }, i) =>
              networkWords({ version, address: texts[i]!, prefixLength }),
            ),
          );
          for (const { version, words } of [...addresses, ...prefixes]) {
            const text = addressText(version, words);
            let longest = NO_PREFIX;
            for (const [i, prefix] of prefixes.entries()) {
              if (prefix.version !== version) continue;
              const list = new SubnetList();
              list.addSubnet(texts[i]!, prefix.prefixLength, `ipv${version}`);
              if (!list.check(text, `ipv${version}`)) continue;
              if (longest === NO_PREFIX || prefix.prefixLength > prefixes[longest]!.prefixLength) longest = i;
            }
            const address = Int32Array.from([0, ...words.map((word) => word | 0)]);
            expect(table.match(address, 1, version === 6), text).toBe(longest);
          }
        },
      ),
      { numRuns: cases(400) },
    );
  });

  it('knows which prefix holds another', () => {
    const prefixes = ['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/24', '10.2.0.0/16', '11.0.0.0/8'];
    const networks = prefixes.map((text) => {
      const [address, bits] = text.split('/');
      return networkWords({ version: 4, address: address!, prefixLength: Number(bits) });
    });
    expect([...new PrefixTable(networks).parents]).toEqual([NO_PREFIX, 0, 1, 0, NO_PREFIX]);
  });
});

describe('paths', () => {
  const paths: NamedPath[] = [
    { name: 'site', from: ['10.0.0.0/8'], to: ['192.0.2.0/24', '2001:db8:2::/48'] },
    { name: 'lab', from: ['10.1.0.0/16', '2001:db8:1::/48'], to: ['192.0.2.0/24', '2001:db8:2::/48'] },
    { name: 'all', from: ['0.0.0.0/0'], to: ['192.0.2.128/25'] },
  ];
  const match = new PathMatch(paths);
  const find = (a: readonly number[], b: readonly number[]) =>
    match.match(recordBatch([{ a, b, protocol: 6, counts: [1, 1, 1, 1] }]).words, 0);
  const [LAB, SITE, THERE, THERE_HIGH, ELSEWHERE] = [
    0x0a010005, 0x0a020005, 0xc0000205, 0xc0000285, 0x08080808,
  ].map((word) => [word | 0]) as [number[], number[], number[], number[], number[]];
  const LAB6 = [0x20010db8, 0x00010000, 0, 5];
  const THERE6 = [0x20010db8, 0x00020000, 0, 5];

  it('are told by both ends, in either direction', () => {
    expect([find(SITE, THERE), find(THERE, SITE)]).toEqual([0, 1]);
    expect([find(LAB6, THERE6), find(THERE6, LAB6)]).toEqual([2, 3]);
  });

  it('with longer prefixes win, and the first of those with equal ones', () => {
    expect([find(LAB, THERE), find(THERE, LAB)]).toEqual([2, 3]);
    // 16 + 24 bits are more than 0 + 25.
    expect(find(LAB, THERE_HIGH)).toBe(2);
    expect(find(ELSEWHERE, THERE_HIGH)).toBe(4);
    const equal = new PathMatch([
      { name: 'b', from: ['10.0.0.0/8'], to: ['192.0.2.0/24'] },
      { name: 'a', from: ['10.1.0.0/16'], to: ['192.0.0.0/16'] },
    ]);
    expect(equal.match(recordBatch([{ a: LAB, b: THERE, protocol: 6, counts: [1, 1, 1, 1] }]).words, 0)).toBe(
      0,
    );
  });

  it('have no flows of others, nor of two ends on one side', () => {
    for (const [a, b] of [
      [SITE, ELSEWHERE],
      [LAB, SITE],
      [THERE, THERE_HIGH],
    ] as const)
      if (a !== THERE) expect(find(a, b)).toBe(NO_PATH);
    // The whole of IPv4 is one side of `all`.
    expect(find(THERE, THERE_HIGH)).toBe(4);
  });
});
