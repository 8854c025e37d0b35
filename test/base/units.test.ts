import { describe, expect, it } from 'vitest';
import { formatCounted } from '../../src/base/units.ts';

describe('formatCounted', () => {
  it.each([
    [1, 'packets lost, the ring was full', '1 packet lost, the ring was full'],
    [2, 'packets lost, the ring was full', '2 packets lost, the ring was full'],
    [1, 'messages not sent', '1 message not sent'],
    [1, 'flow records lost', '1 flow record lost'],
    [1, 'IP octets', '1 IP octet'],
    [1, 'failed connections', '1 failed connection'],
    [1, 'more flows (--top 0 shows all)', '1 more flow (--top 0 shows all)'],
    [1, 'batches', '1 batch'],
    [1, 'losses', '1 loss'],
    [2, 'losses', '2 losses'],
    [1, 'workers each', '1 worker each'],
    [1, 'packets/s', '1 packet/s'],
    [0, 'flows', '0 flows'],
    [1234, 'octets', '1,234 octets'],
  ])('%i %s', (count, nouns, text) => {
    expect(formatCounted(count, nouns)).toBe(text);
  });
});
