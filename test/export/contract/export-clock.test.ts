import { describe, expect, it } from 'vitest';
import {
  ExportClock,
  systemUpTimeMs,
  UP_TIME_SPAN_MAX_MS,
} from '../../../src/export/contract/export-clock.ts';
import { recordBatch } from '../records.ts';

const T = 1_700_000_000;
const DAY_NS = 86_400e9;
const batchAt = (clockNs: number, timeBaseSeconds = T) => recordBatch([], { timeBaseSeconds, clockNs });

describe('ExportClock', () => {
  it('starts the system a minute before the first flow', () => {
    const clock = new ExportClock('capture');
    expect(clock.update(batchAt(5e9), 1.5e9, 4e9)).toBe(false);
    expect(clock.systemInitMs).toBe(T * 1000 + 1500 - 60_000);
    expect(clock.nowMs).toBe(T * 1000 + 5000);
  });

  it('is never before the last packet, whatever the metering process says', () => {
    const clock = new ExportClock('capture');
    clock.update(batchAt(1e9), 0, 2_000_000_001);
    expect(clock.nowMs).toBe(T * 1000 + 2001);
    clock.update(batchAt(Number.NEGATIVE_INFINITY), 0, 3e9);
    expect(clock.nowMs).toBe(T * 1000 + 3000);
  });

  it('moves the start for flows from before it, and before 32 bits are full', () => {
    const clock = new ExportClock('capture');
    clock.update(batchAt(0), 0, 0);
    expect(clock.update(batchAt(0), -59e9, 0)).toBe(false);
    expect(clock.update(batchAt(0), -61e9, 0)).toBe(true);
    clock.moveStart(-61e9);
    expect(clock.systemInitMs).toBe((T - 121) * 1000);
    expect(clock.update(batchAt(49 * DAY_NS), 49 * DAY_NS, 49 * DAY_NS)).toBe(false);
    const late = 49.8 * DAY_NS;
    expect(clock.update(batchAt(late), late, late)).toBe(true);
    clock.moveStart(late);
    expect(systemUpTimeMs(clock.nowMs, clock.systemInitMs)).toBe(60_000);
  });

  it('tells how far a batch reaches back', () => {
    const clock = new ExportClock('capture');
    const late = 100 * DAY_NS;
    clock.update(batchAt(late), 0, late);
    expect(clock.spanMs(0)).toBe(100 * 86_400_000);
    expect(clock.nowMs - clock.systemInitMs).toBeLessThan(2 ** 32);
    expect(UP_TIME_SPAN_MAX_MS + 120_000).toBeLessThan(2 ** 32);
  });

  it('shifts the first time base to the present by whole seconds', () => {
    const clock = new ExportClock('now');
    const before = Math.floor(Date.now() / 1000);
    clock.update(batchAt(1.25e9), 0, 1.25e9);
    expect(clock.epochSeconds - before).toBeLessThanOrEqual(1);
    expect(clock.epochSeconds).toBeGreaterThanOrEqual(before);
    expect(clock.nowMs % 1000).toBe(250);
    const first = clock.epochSeconds;
    clock.update(batchAt(0, T + 7), 0, 0);
    expect(clock.epochSeconds).toBe(first + 7);
  });
});
