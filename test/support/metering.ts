/** Runs both halves of the metering process on decoded batches, in one thread. */
import type { DecodedBatch } from '../../src/decode/decoded-batch.ts';
import { createHashSeeds } from '../../src/metering/flow-key.ts';
import { createPreparedBatch, KeyPreparer } from '../../src/metering/key-preparer.ts';
import type { MeteringProcess } from '../../src/metering/metering-process.ts';

export const TEST_SEEDS = createHashSeeds();
const KEY = { mac: false, mpls: false, tunnel: false };
const NO_VIEW = new DataView(new ArrayBuffer(0));
const preparers = new WeakMap<MeteringProcess, KeyPreparer>();

export function meterPrepared(process: MeteringProcess, decoded: DecodedBatch): void {
  const preparer = preparers.get(process) ?? new KeyPreparer(TEST_SEEDS, KEY, process.counters);
  preparers.set(process, preparer);
  const batch = createPreparedBatch(decoded, decoded.timeNs.length, KEY);
  preparer.prepare(batch, NO_VIEW);
  process.meter(batch, NO_VIEW);
}
