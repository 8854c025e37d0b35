/** The record queue's handover: its reader is woken by what happens, without ever looking again by the clock. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRecordQueue, RecordQueueReader } from '../../src/metering/record-queue.ts';
import { RecordQueueWriter } from '../../src/metering/record-queue-writer.ts';
import { METERING_COUNTERS, RECORDS_DROPPED } from '../../src/metering/table/counters.ts';
import { createHashSeeds } from '../../src/metering/table/flow-key.ts';
import { FlowTable } from '../../src/metering/table/flow-table.ts';
import { NO_SECTIONS } from '../../src/records/record-sections.ts';
import { testEngine } from '../support/metering.ts';

/** Waits have no end but a wake: a test that hangs here has lost one. */
function withoutTimeouts(): void {
  const { waitAsync } = Atomics;
  vi.spyOn(Atomics, 'waitAsync').mockImplementation(((words: Int32Array, at: number, value: number) =>
    waitAsync(words, at, value)) as typeof Atomics.waitAsync);
}

function makeQueue(): {
  reader: RecordQueueReader;
  writer: RecordQueueWriter;
  table: FlowTable;
  counters: Float64Array;
} {
  const memory = createRecordQueue(NO_SECTIONS, { recordsPerBatch: 4, batches: 2 });
  const counters = new Float64Array(METERING_COUNTERS);
  const writer = new RecordQueueWriter(memory, {
    recordsPerStep: 0,
    counters,
    timeBaseSeconds: () => 7,
    clockNs: () => 9,
  });
  const table = new FlowTable({
    capacity: 8,
    seeds: createHashSeeds(),
    keyExtension: false,
    encapsulation: false,
    engine: testEngine(8),
  });
  return { reader: new RecordQueueReader(memory), writer, table, counters };
}

describe('a reader that waits', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is woken by a batch, and by the end', async () => {
    withoutTimeouts();
    const { reader, writer, table } = makeQueue();
    const first = reader.next();
    writer.emit(table, 0, 1);
    writer.flush();
    const batch = await first;
    expect(batch).toMatchObject({ count: 1, timeBaseSeconds: 7, clockNs: 9 });
    reader.release();
    const last = reader.next();
    writer.close();
    expect(await last).toBeUndefined();
  });

  it('is woken when the writer is given up', async () => {
    withoutTimeouts();
    const { reader } = makeQueue();
    const last = reader.next();
    reader.abandon();
    expect(await last).toBeUndefined();
  });

  it('gets what was handed over before the end, and a full queue counts what it drops', async () => {
    withoutTimeouts();
    const { reader, writer, table, counters } = makeQueue();
    for (let i = 0; i < 10; i++) writer.emit(table, 0, 1);
    writer.close();
    expect(counters[RECORDS_DROPPED]).toBe(2);
    for (let i = 0; i < 2; i++) {
      expect((await reader.next())?.count).toBe(4);
      reader.release();
    }
    expect(await reader.next()).toBeUndefined();
  });
});
