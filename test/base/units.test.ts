import { describe, expect, it } from 'vitest';
import { formatCounted } from '../../src/base/units.ts';

describe('formatCounted', () => {
  it.each([
    [1, 'packets lost, the ring was full', '1 packet lost, the ring was full'],
    [2, 'packets lost, the ring was full', '2 packets lost, the ring was full'],
    [1, 'messages not sent', '1 message not sent'],
    [1, 'flow records lost', '1 flow record lost'],
    [0, 'flows', '0 flows'],
    [1234, 'octets', '1,234 octets'],
  ])('%i %s', (count, nouns, text) => {
    expect(formatCounted(count, nouns)).toBe(text);
  });
});
