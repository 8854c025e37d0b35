/** The progress line and the limits of log lines, on a clock of the test's own. */
import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
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

describe('createLog', () => {
  it('leaves out what is below its level', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warning', print: (line) => lines.push(line) });
    log.write('info', 'a', 'not this');
    log.write('error', 'a', 'this');
    expect(lines).toEqual(['flowtap: error: this']);
  });

  it('holds back a kind that repeats, others not, and says how many', () => {
    let now = 0;
    const lines: string[] = [];
    const log = createLog({ level: 'info', print: (line) => lines.push(line), now: () => now });
    for (let i = 0; i < 100; i++) log.write('warning', 'send failed', `n ${i}`);
    log.write('warning', 'other', 'once');
    expect(lines).toHaveLength(6);
    now = 10_000;
    log.write('warning', 'send failed', 'again');
    expect(lines.slice(6)).toEqual([
      'flowtap: warning: 95 more like this held back: send failed',
      'flowtap: warning: again',
    ]);
  });
});
