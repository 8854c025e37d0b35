/** Sessions over TCP on loopback: templates and sequence numbers of each, collectors that come, go, reset and hang. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { SinkContext } from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { CONFIG } from '../exporter-support.ts';
import {
  BATCH_RECORDS,
  numberedBatch as batch,
  numbers,
  streamTo as to,
  unique,
  until,
} from '../spool/numbered-batches.ts';
import { StreamCollector } from './stream-collector.ts';

/** Sequence numbers as RFC 7011 §3.1 wants them for these records: each message's is what came before it. */
function expectSound(session: StreamCollector['sessions'][number]): void {
  expect(session.sequenceNumbers[0]).toBe(0);
  expect([...session.sequenceNumbers].sort((a, b) => a - b)).toEqual(session.sequenceNumbers);
  expect(session.sequenceNumbers.at(-1)!).toBeLessThanOrEqual(session.dataRecords);
  expect(new Set(session.templateIds).size).toBe(session.templateIds.length);
  expect(session.templateIds.length).toBeGreaterThan(0);
}

const collectors: StreamCollector[] = [];
async function collector(port = 0) {
  const one = new StreamCollector();
  collectors.push(one);
  return { one, port: await one.listen(port) };
}

afterEach(async () => {
  for (const one of collectors.splice(0)) await one.kill();
});

describe('a session over TCP', () => {
  it('brings every record, in order, behind its template', async () => {
    const { one, port } = await collector();
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    for (let b = 0; b < 500; b++) await exporting.exportBatch(batch(b));
    const [counters] = await exporting.close();
    expect(one.sessions).toHaveLength(1);
    expect(one.records).toEqual(numbers(500 * BATCH_RECORDS));
    expectSound(one.sessions[0]!);
    expect(counters).toMatchObject({
      dataRecords: 50_000,
      recordsPending: 0,
      recordsRepeated: 0,
      sessions: 1,
    });
  });

  it('waits for a collector that is not there yet', async () => {
    const { one: first, port } = await collector();
    await first.kill();
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    const exported = (async () => {
      for (let b = 0; b < 200; b++) await exporting.exportBatch(batch(b));
    })();
    await delay(300);
    const { one } = await collector(port);
    await exported;
    const [counters] = await exporting.close();
    expect(one.records).toEqual(numbers(200 * BATCH_RECORDS));
    expect(counters!.errors.econnrefused).toBeGreaterThan(0);
    expect(counters!.recordsOffered).toBe(counters!.dataRecords);
  });

  it('sends again what a reset session had not delivered, with templates and sequence numbers of its own', async () => {
    const { one: first, port } = await collector();
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    let second: StreamCollector | undefined;
    for (let b = 0; b < 600; b++) {
      await exporting.exportBatch(batch(b));
      if (b % 10 === 0) await delay(1);
      if (b === 300) {
        await first.kill();
        await delay(150);
        second = (await collector(port)).one;
      }
    }
    const [counters] = await exporting.close();
    expect(unique([...first.records, ...second!.records])).toEqual(numbers(600 * BATCH_RECORDS));
    for (const session of [...first.sessions, ...second!.sessions])
      if (session.records.length > 0) expectSound(session);
    expect(counters!.dataRecords).toBe(60_000);
    expect(counters!.sessions).toBe(2);
    expect(counters!.recordsRepeated).toBeGreaterThan(0);
    expect(
      counters!.errors.econnreset ?? 0 + counters!.errors.epipe! + counters!.errors.closed!,
    ).toBeGreaterThan(0);
  });

  it('with a spool loses nothing with a collector that had stopped reading', {
    timeout: 60_000,
  }, async () => {
    const { one: hanging, port } = await collector();
    hanging.isPaused = true;
    const spoolDirectory = mkdtempSync(join(tmpdir(), 'flowtap-session-'));
    const context: SinkContext = { whenFull: 'drop', log: () => {} };
    const exporting = await createExportingProcess(CONFIG, [to(port, { spoolDirectory })], context);
    await until(() => hanging.sessions.length === 1);
    // More than the sockets' buffers and the memory for batches hold: some are acknowledged, and many are not.
    const batches = 3000;
    for (let b = 0; b < batches; b++) {
      expect(await exporting.exportBatch(batch(b))).toBeUndefined();
      if (b % 20 === 0) await delay(0);
    }
    // Longer than a collector may be behind that goes on reading.
    await delay(4500);
    expect(exporting.statistics()[0]!.dataRecords).toBe(0);
    await hanging.kill();
    const { one } = await collector(port);
    await until(() => exporting.statistics()[0]!.recordsPending === 0);
    const [counters] = await exporting.close();
    expect(one.records).toEqual(numbers(batches * BATCH_RECORDS));
    expect(counters).toMatchObject({ dataRecords: batches * BATCH_RECORDS, recordsDropped: {} });
    rmSync(spoolDirectory, { recursive: true });
  });

  it('with a spool sends a replay that is over before it is connected, and what waited for it', async () => {
    const { one: away, port } = await collector();
    await away.kill();
    const spoolDirectory = mkdtempSync(join(tmpdir(), 'flowtap-session-'));
    const run = async (number: number) => {
      const exporting = await createExportingProcess(CONFIG, [to(port, { spoolDirectory })]);
      await exporting.exportBatch(batch(number));
      return (await exporting.close())[0]!;
    };
    expect(await run(0)).toMatchObject({ dataRecords: 0, recordsSpooled: BATCH_RECORDS });
    const { one } = await collector(port);
    expect(await run(1)).toMatchObject({ dataRecords: 2 * BATCH_RECORDS, recordsSpooled: 0 });
    expect(one.records).toEqual(numbers(2 * BATCH_RECORDS));
    rmSync(spoolDirectory, { recursive: true });
  });

  it('in a replay is given up after a while, and everything is accounted for', async () => {
    const { one, port } = await collector();
    await one.kill();
    const exporting = await createExportingProcess(CONFIG, [to(port, { giveUpAfterMs: 300 })]);
    for (let b = 0; b < 100; b++) await exporting.exportBatch(batch(b));
    const [counters] = await exporting.close();
    expect(counters).toMatchObject({ recordsOffered: 10_000, dataRecords: 0, recordsPending: 0 });
    expect(counters!.recordsDropped).toEqual({ unreachable: 10_000 });
  });

  it('live delays no other collector while one takes nothing, and counts what does not fit', async () => {
    const { one: hanging, port } = await collector();
    const { one: good, port: goodPort } = await collector();
    hanging.isPaused = true;
    const lines: string[] = [];
    const context: SinkContext = { whenFull: 'drop', log: (_, __, line) => lines.push(line) };
    const options = { queueRecords: 1000 };
    const exporting = await createExportingProcess(CONFIG, [to(port, options), to(goodPort)], context);
    await until(() => hanging.sessions.length === 1 && good.sessions.length === 1);
    // Far more than the sockets' buffers, the session's and the queue hold.
    const batches = 15_000;
    for (let b = 0; b < batches; b++) {
      expect(exporting.exportBatch(batch(b % 100))).toSatisfy((pending) => {
        return pending === undefined || (b + 1) % 32 === 0;
      });
      if (b % 20 === 0) await delay(0);
    }
    await until(() => good.sessions[0]!.records.length === batches * BATCH_RECORDS);
    const [slow, fast] = exporting.statistics();
    expect(fast).toMatchObject({ recordsOffered: batches * BATCH_RECORDS });
    expect(slow!.recordsDropped!.queueFull).toBeGreaterThan(0);
    const dropped = Object.values(slow!.recordsDropped!).reduce((sum, count) => sum + count, 0);
    expect(slow!.recordsOffered).toBe(slow!.dataRecords + slow!.recordsPending + dropped);
    expect(slow!.recordsOffered).toBe(batches * BATCH_RECORDS);
    for (const socket of hanging.sockets) socket.resetAndDestroy();
    await exporting.close();
  });
});
