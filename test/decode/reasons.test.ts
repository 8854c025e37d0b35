import { describe, expect, it } from 'vitest';
import { createDecodeCounters, DECODE_COUNTERS_SIZE } from '../../src/decode/counters.ts';
import * as notices from '../../src/decode/notices.ts';
import { NOTICES } from '../../src/decode/notices.ts';
import * as reasons from '../../src/decode/reasons.ts';

describe('reasons and notices', () => {
  const tables = [
    { name: 'REASONS', rows: reasons.REASONS, module: reasons, prefix: '' },
    { name: 'NOTICES', rows: NOTICES, module: notices, prefix: 'NOTICE_' },
  ];
  for (const { name, rows, module, prefix } of tables) {
    it(`${name}: codes are positions, names are unique camelCase, help is a sentence`, () => {
      for (const [position, row] of rows.entries()) {
        expect(row.code).toBe(position);
        expect(row.name).toMatch(/^[a-z][a-zA-Z0-9]*$/);
        expect(row.help).toMatch(/^\S.*\.$/);
      }
      expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
    });

    it(`${name}: has a row for every constant, and no two constants are equal`, () => {
      const codes = Object.entries(module)
        .filter(([key, value]) => typeof value === 'number' && key.startsWith(prefix))
        .map(([, value]) => value as number);
      expect(codes.toSorted((a, b) => a - b)).toEqual(rows.map((row) => row.code));
    });
  }

  it('a packet can hold every notice as a bit', () => {
    expect(NOTICES.length).toBeLessThanOrEqual(31);
  });

  it('counters lie one behind the other in given memory and nowhere else', () => {
    const memory = new SharedArrayBuffer(DECODE_COUNTERS_SIZE + 32);
    const counters = createDecodeCounters(memory, 16);
    for (const array of Object.values(counters) as Float64Array[]) {
      for (const [place, count] of array.entries()) array[place] = count + 1;
    }
    const doubles = new Float64Array(memory);
    const inside = DECODE_COUNTERS_SIZE / 8;
    expect(doubles).toEqual(new Float64Array(inside + 4).fill(1, 2, inside + 2));
    expect(() => createDecodeCounters(memory, 40)).toThrow(RangeError);
    expect(() => createDecodeCounters(memory, 4)).toThrow(RangeError);
  });
});
