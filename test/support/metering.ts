/** Runs both halves of the metering process on decoded batches, in one thread. */
import { CAPTURE_OCTETS } from '../../src/capture/files/capture-source.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { createPreparedBatch, KeyPreparer, type PreparedBatch } from '../../src/metering/key-preparer.ts';
import type { MeteringProcess } from '../../src/metering/metering-process.ts';
import { createHashSeeds, type FlowKeyExtension } from '../../src/metering/table/flow-key.ts';
import { tableOctets } from '../../src/metering/table/flow-table.ts';
import type { DecodedBatch } from '../../src/records/decoded-batch.ts';

export const TEST_SEEDS = createHashSeeds();
const KEY = { mac: false, mpls: false, tunnel: false };
const NO_VIEW = new DataView(new ArrayBuffer(0));
const known = new WeakMap<MeteringProcess, { preparer: KeyPreparer; batch: PreparedBatch }>();

/** An engine for a table of so many entries, and batches. */
export function testEngine(entries: number): Engine {
  return createEngine(tableOctets(entries) + CAPTURE_OCTETS);
}

/** @param key that the process was made with; the same for all of its batches */
export function meterPrepared(
  process: MeteringProcess,
  decoded: DecodedBatch,
  key: FlowKeyExtension = KEY,
): void {
  const { engine, counters } = process;
  const capacity = decoded.timeNs.length;
  let tools = known.get(process);
  if (tools === undefined) {
    const batch = createPreparedBatch(capacity, key, engine);
    tools = { preparer: new KeyPreparer(engine, TEST_SEEDS, key, counters), batch };
    known.set(process, tools);
  }
  const { preparer, batch } = tools;
  batch.count = decoded.count;
  batch.hasFragments = decoded.hasFragments;
  batch.words.set(decoded.words);
  batch.timeNs.set(decoded.timeNs);
  preparer.prepare(batch, NO_VIEW);
  process.meter(batch, NO_VIEW);
}

/** Meters what the first half still holds, and exports every flow. */
export function endMetering(process: MeteringProcess): void {
  const overdue = known.get(process)?.preparer.takeOverdue(Number.POSITIVE_INFINITY);
  if (overdue !== undefined) process.meter(overdue, NO_VIEW);
  process.expireAll();
}
