/** Whatever a capture holds, path health neither fails nor changes what flows are, and the packet path allocates nothing. */
import { describe, expect, it } from 'vitest';
import { createDecoder, decodeBatch } from '../../../src/decode/decoder.ts';
import { createPreparedBatch, KeyPreparer } from '../../../src/metering/key-preparer.ts';
import { MeteringProcess } from '../../../src/metering/metering-process.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { capturesIn, PCAPS_FOLDER, sharedCaptures } from '../../support/captures.ts';
import { testEngine } from '../../support/metering.ts';
import { runPipeline } from '../../support/pipeline.ts';
import { type Segment, segmentFrame } from '../../support/segments.ts';

const files = [...capturesIn(PCAPS_FOLDER), ...sharedCaptures('real', 'hostile')];

describe('path health', () => {
  it('leaves flows as they are, on every capture there is', async () => {
    for (const file of files) {
      const plain = await runPipeline([file], { flowTableEntries: 256 });
      const measured = await runPipeline([file], { flowTableEntries: 256, health: 'on' });
      const without = measured.flows.map(({ health: _, record: __, ...flow }) => flow);
      expect(without, file).toEqual(plain.flows);
      for (const { health } of measured.flows) {
        for (const one of [health!.forward, health!.reverse]) {
          expect(one.intervalOctets.length, file).toBeLessThanOrEqual(24);
          expect(one.ackRtt.samples === 0 || one.ackRtt.minMs >= 0, file).toBe(true);
        }
      }
    }
    expect(files.length).toBeGreaterThan(10);
  }, 300_000);

  it('does not let the heap grow, not by an octet a packet', () => {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error('run with --expose-gc, as vitest.config.ts does');
    const CAPACITY = 128;
    const OCTETS = 128;
    const batch = createPacketBatch(CAPACITY);
    const bytes = new Uint8Array(CAPACITY * OCTETS);
    batch.view = new DataView(bytes.buffer);
    batch.count = CAPACITY;
    const engine = testEngine(64);
    const seeds = createHashSeeds();
    const key = { mac: false, mpls: false, tunnel: false };
    const metering = new MeteringProcess({
      idleTimeoutMs: 15_000,
      activeTimeoutMs: 60_000,
      tcpEndDelayMs: 2_000,
      flowTableEntries: 64,
      flowKey: key,
      encapsulation: false,
      health: 'on',
      batchCapacity: CAPACITY,
      engine,
      seeds,
      sink: { emit() {} },
    });
    const preparer = new KeyPreparer(engine, seeds, key, metering.counters);
    const decoder = createDecoder();
    const prepared = createPreparedBatch(CAPACITY, key, engine, { offsets: true });
    const linkTypes = new Int32Array([1]);
    for (let i = 0; i < CAPACITY; i++) {
      const from = i % 3 === 2 ? 'server' : 'client';
      // In order, missing, late and again, with timestamps, acknowledgements and both windows.
      const segment: Segment = {
        ms: 0,
        from,
        seq: 1 + ((i * 37) % 50) * 10,
        ack: 1 + ((i * 11) % 60) * 10,
        payload: i % 4 === 0 ? 0 : 10,
        window: i % 9,
        id: 1 + i,
        timestamps: [i, i - 1],
      };
      const { frame } = segmentFrame(segment, { client: 1, server: 1 });
      bytes.set(frame as Uint8Array, i * OCTETS);
      batch.frameOffset[i] = i * OCTETS;
      batch.capturedLength[i] = (frame as Uint8Array).length;
      batch.wireLength[i] = (frame as Uint8Array).length;
    }
    let packets = 0;
    const run = (until: number) => {
      while (packets < until) {
        for (let i = 0; i < CAPACITY; i++) {
          batch.view.setUint8(i * OCTETS + 29, packets % 100);
          batch.timeNs[i] = packets++ * 1e5;
        }
        decodeBatch(decoder, batch, linkTypes, prepared);
        preparer.prepare(prepared, batch.view);
        metering.meter(prepared, batch.view);
      }
    };
    run(400_000);
    gc();
    const before = process.memoryUsage().heapUsed;
    run(1_000_000);
    gc();
    expect((process.memoryUsage().heapUsed - before) / 600_000).toBeLessThan(1);
  });
});
