/** Lists that are cut for want of room. */
import { expect, it } from 'vitest';
import { wholeParts } from '../../src/applications/text.ts';

it.each([
  ['h2,h3', 5, 'h2,h3'],
  ['h2,h3', 4, 'h2'],
  ['h2,http/1.1,x', 11, 'h2,http/1.1'],
  ['h2,http/1.1,x', 10, 'h2'],
  // Octets count, not characters.
  ['éé,é,é', 7, 'éé,é'],
  ['longer,h2', 3, 'longer,h2'],
] as const)('of %s there is room for whole parts in %i octets: %s', (list, octets, expected) => {
  expect(wholeParts(list, ',', octets)).toBe(expected);
});
