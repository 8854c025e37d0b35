/** The ring of batches between the thread that reads and the one that meters, both ends on one thread. */
import { describe, expect, it } from 'vitest';
import { allocateInPart, divideMemory } from '../../../src/engine/engine.ts';
import {
  BatchRingReader,
  BatchRingWriter,
  batchRingOctets,
  RING_BATCHES,
} from '../../../src/probe/replay/batch-ring.ts';
import { NO_SECTIONS } from '../../../src/records/record-sections.ts';

const OPTIONS = {
  capacity: 4,
  flowKey: { mac: false, mpls: false, tunnel: false },
  sections: NO_SECTIONS,
};
const NOTES = { view: 0, messages: 0, latestNs: 0, timeBaseSeconds: 0 };

/**
 * @param onAsked called whenever the end that reads looks whether it is to stop; its answer
 * @param whileWaiting called whenever it has slept
 */
function createRing(onAsked: (meter: BatchRingReader) => boolean, whileWaiting = () => {}) {
  const [part] = divideMemory([batchRingOctets(OPTIONS)]);
  const meter = new BatchRingReader(allocateInPart(part), OPTIONS);
  const reader = new BatchRingWriter(allocateInPart(part), OPTIONS, () => onAsked(meter), whileWaiting);
  const hand = (count: number) => {
    reader.next().count = count;
    reader.hand(NOTES);
  };
  return { meter, reader, hand };
}

/** The meter takes a batch and gives it back. @returns its packets */
function meterOne(meter: BatchRingReader): number | undefined {
  const count = meter.take()?.count;
  if (count !== undefined) meter.release();
  return count;
}

describe('a full ring', () => {
  it('gives no batch out that is not done with, though the reader is to stop', () => {
    const metered: (number | undefined)[] = [];
    let asked = 0;
    const ring = createRing((meter) => {
      // The meter is slow: it is done with one batch after the reader has asked three times.
      if (++asked % 3 === 0) metered.push(meterOne(meter));
      return true;
    });
    const handed = Array.from({ length: RING_BATCHES + 2 }, (_, i) => i);
    for (const count of handed) ring.hand(count);
    expect(metered).toEqual([0, 1]);
    ring.reader.end();
    while (!ring.meter.isEnded) metered.push(meterOne(ring.meter));
    expect(metered).toEqual(handed);
  });

  it('is not waited for until half of it is free, where the reader is to stop', () => {
    let isStopped = false;
    const ring = createRing((meter) => {
      meterOne(meter);
      return isStopped;
    });
    for (let i = 0; i < RING_BATCHES; i++) ring.hand(i);
    ring.reader.next();
    expect(ring.reader.isDone(RING_BATCHES >> 1)).toBe(true);
    for (let i = 0; i < RING_BATCHES >> 1; i++) ring.hand(i);
    isStopped = true;
    ring.reader.next();
    expect(ring.reader.isDone(RING_BATCHES >> 1)).toBe(true);
    expect(ring.reader.isDone((RING_BATCHES >> 1) + 2)).toBe(false);
  });

  it('has the reader see to other things while it waits', () => {
    let sleeps = 0;
    const ring = createRing(
      (meter) => {
        if (sleeps === 3) meterOne(meter);
        return true;
      },
      () => {
        sleeps++;
      },
    );
    for (let i = 0; i <= RING_BATCHES; i++) ring.hand(i);
    expect(sleeps).toBe(3);
  });

  it('keeps frames of batches that are not done with, though the reader is to stop', () => {
    let asked = 0;
    const ring = createRing((meter) => {
      if (++asked === 4) meterOne(meter);
      return true;
    });
    ring.hand(1);
    ring.reader.waitFor(1);
    expect([asked, ring.reader.isDone(1)]).toEqual([4, true]);
  });
});
