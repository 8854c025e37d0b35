/** The packet path allocates nothing: a million packets leave the heap as they found it. */
import { describe, expect, it } from 'vitest';
import { createDecoder, decodeBatch } from '../../src/decode/decoder.ts';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import { MeteringProcess } from '../../src/metering/metering-process.ts';
import { createHashSeeds } from '../../src/metering/table/flow-key.ts';
import { createPacketBatch } from '../../src/records/packet-batch.ts';
import { testEngine } from '../support/metering.ts';

const CAPACITY = 128;
const FLOWS = 2_000;
const FRAME_OCTETS = 64;
const KEY = { mac: false, mpls: false, tunnel: false };

/** A batch of frames in one buffer: Ethernet, IPv4, UDP, all of FLOWS flows in turn. */
function frames() {
  const batch = createPacketBatch(CAPACITY);
  const view = new DataView(new ArrayBuffer(CAPACITY * FRAME_OCTETS));
  batch.view = view;
  batch.count = CAPACITY;
  for (let i = 0; i < CAPACITY; i++) {
    const at = i * FRAME_OCTETS;
    batch.frameOffset[i] = at;
    batch.capturedLength[i] = FRAME_OCTETS;
    batch.wireLength[i] = FRAME_OCTETS;
    view.setUint16(at + 12, 0x0800);
    view.setUint8(at + 14, 0x45);
    view.setUint16(at + 16, 50);
    view.setUint8(at + 22, 64);
    view.setUint8(at + 23, 17);
    view.setUint32(at + 30, 0x0a000001);
    view.setUint16(at + 36, 53);
    view.setUint16(at + 38, 30);
  }
  return batch;
}

describe('the packet path', () => {
  it('does not let the heap grow, not by an octet a packet', () => {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error('run with --expose-gc, as vitest.config.ts does');
    const batch = frames();
    const engine = testEngine(FLOWS / 2);
    const seeds = createHashSeeds();
    const metering = new MeteringProcess({
      idleTimeoutMs: 15_000,
      activeTimeoutMs: 60_000,
      tcpEndDelayMs: 2_000,
      // Fewer than there are flows, so that insertion, eviction and expiry are part of it.
      flowTableEntries: FLOWS / 2,
      flowKey: KEY,
      encapsulation: false,
      batchCapacity: CAPACITY,
      engine,
      seeds,
      sink: { emit() {} },
    });
    const preparer = new KeyPreparer(engine, seeds, KEY, metering.counters);
    const decoder = createDecoder();
    const prepared = createPreparedBatch(CAPACITY, KEY, engine);
    const linkTypes = new Int32Array([1]);
    let packets = 0;
    const run = (until: number) => {
      while (packets < until) {
        for (let i = 0; i < CAPACITY; i++) {
          batch.view.setUint32(i * FRAME_OCTETS + 26, 0x0b000000 + (packets % FLOWS));
          batch.timeNs[i] = packets++ * 1e5;
        }
        decodeBatch(decoder, batch, linkTypes, prepared);
        preparer.prepare(prepared, batch.view);
        metering.meter(prepared, batch.view);
      }
    };
    run(500_000);
    gc();
    const before = process.memoryUsage().heapUsed;
    run(1_500_000);
    gc();
    expect((process.memoryUsage().heapUsed - before) / 1_000_000).toBeLessThan(1);
  });
});
