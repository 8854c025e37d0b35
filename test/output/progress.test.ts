/** The progress line, on a clock of the test's own. */
import { describe, expect, it } from 'vitest';
import { ProgressLine, progressLine } from '../../src/output/progress.ts';

describe('progressLine', () => {
  it('shows a bar, packets, their rate and the time left', () => {
    const line = progressLine({ octets: 25, octetsTotal: 100, packets: 2_000_000 }, 1000, 100);
    expect(line).toBe(`${'█'.repeat(8)}${'░'.repeat(22)}  25 %  2.00 M packets, 2.00 M/s, 3 s left`);
  });

  it('does without an end', () => {
    const line = progressLine({ octets: 5_000, octetsTotal: undefined, packets: 10 }, 1000, 100);
    expect(line).toBe('5.00 kB read, 10 packets, 10/s, 1.000 s');
  });

  it('never says more than all, nor fills more than the line', () => {
    const line = progressLine({ octets: 200, octetsTotal: 100, packets: 1 }, 1000, 40);
    expect(line).toContain('100 %');
    expect(line.length).toBe(40);
  });
});

describe('ProgressLine', () => {
  it('waits before it appears, draws ten times a second at most, and wipes itself', () => {
    let now = 0;
    const written: string[] = [];
    const line = new ProgressLine({ columns: 80, write: (text) => written.push(text) }, () => now);
    line.clear();
    for (; now < 500; now += 10) line.update({ octets: 1, octetsTotal: 2, packets: 1 });
    expect(written).toEqual([]);
    for (; now < 1500; now += 10) line.update({ octets: 1, octetsTotal: 2, packets: 1 });
    expect(written).toHaveLength(10);
    line.clear();
    line.clear();
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toBe('\r\x1b[K');
  });
});
