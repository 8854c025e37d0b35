/** Times of packets, compared with exact ones. */
import { expect } from 'vitest';

/** What `timeNs` gives for a time: exact near the first packet, else rounded up by at most 512 ns. */
export function expectTime(found: bigint, exact: bigint, firstNs: bigint, place: string): void {
  const excess = found - exact;
  const distance = exact > firstNs ? exact - firstNs : firstNs - exact;
  if (distance < 2n ** 52n) expect(excess, place).toBe(0n);
  else expect(excess >= 0n && excess <= 512n, `${place}: ${excess}`).toBe(true);
}
