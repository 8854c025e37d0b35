/** A live interface that goes away, on a machine that gives the thread no processor at the wrong moment. */
import { expect, it } from 'vitest';
import type { LiveCapture } from '../../../src/capture/live/live-capture.ts';
import { LiveSource } from '../../../src/capture/live/live-source.ts';
import { createLiveBatch } from '../../../src/capture/live-batch.ts';
import type { LiveCaptureOptions } from '../../../src/capture/live-options.ts';

const OPTIONS: LiveCaptureOptions = {
  capture: 'ring',
  interface: 'gone0',
  interfaceIndex: 0,
  blockOctets: 4096,
  blocks: 2,
  blockTimeoutMs: 1,
  snapLength: 256,
  promiscuous: false,
  outgoing: false,
};

/** An interface that is gone; its last packets come while the thread sleeps far longer than it meant to. */
class LateCapture implements LiveCapture {
  readonly interface = { name: 'gone0', linkType: 1, snapLength: 256, ifIndex: 7 };
  readonly ring = { blocks: 2, blockOctets: 4096, octets: 8192 };
  readonly handles = undefined;
  readonly samplesBy = [];
  readonly faults = 0;
  isClosed = false;
  waits = 0;
  #packets = 0;

  blocksUsed(): number {
    return 0;
  }
  readBatch(): number {
    const count = this.#packets;
    this.#packets = 0;
    return count;
  }
  async wait(): Promise<boolean> {
    if (++this.waits > 1) return true;
    await new Promise((resolve) => setTimeout(resolve, 200));
    this.#packets = 3;
    return true;
  }
  state() {
    return 'gone' as const;
  }
  takeStatistics() {
    return { drops: 0, freezes: 0, leftOut: 0 };
  }
  close(): void {
    this.isClosed = true;
  }
}

it('reads what came last before it gives up an interface that is gone', async () => {
  const capture = new LateCapture();
  const source = new LiveSource(OPTIONS, () => capture, { onOpened: () => {}, onLog: () => {} });
  const batch = createLiveBatch(8);
  let read = 0;
  while (source.capture !== undefined) {
    const count = source.readBatch(batch);
    read += count;
    if (count === 0) await source.wait();
  }
  expect([read, capture.isClosed]).toEqual([3, true]);
});
