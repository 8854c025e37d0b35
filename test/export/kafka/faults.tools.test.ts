/**
 * What becomes of records while the broker is stopped, killed, frozen and away: every one arrives, and how many arrive
 * twice is counted and printed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CollectorStatistics, ExporterConfig } from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess, type ExportingProcess } from '../../../src/export/exporting-process.ts';
import { hasKafka, type KafkaBroker, startKafka } from '../../support/kafka-broker.ts';
import { requireTools } from '../../support/tools.ts';
import { waitFor } from '../../support/wait.ts';
import { CONFIG } from '../exporter-support.ts';
import { decodeMessage } from '../flow-messages/support.ts';
import { StreamCollector } from '../sessions/stream-collector.ts';
import { streamTo } from '../spool/numbered-batches.ts';
import { consumeAll } from './consumer.ts';
import { arrivals, numberedBatch } from './load.ts';

const WHAT = 'a Kafka broker that fails';
const canRun = hasKafka(WHAT) && requireTools(WHAT, 'kcat');
const PER_BATCH = 256;

describe.skipIf(!canRun)(WHAT, () => {
  let broker: KafkaBroker;
  const lines: string[] = [];

  beforeAll(async () => {
    broker = await startKafka();
  }, 360_000);
  afterAll(() => broker?.remove());

  const exporter = (topic: string, options: Record<string, unknown> = {}): ExporterConfig => ({
    protocol: 'kafka',
    host: '127.0.0.1',
    port: broker.port,
    path: topic,
    url: `kafka://${broker.address}/${topic}`,
    options: { autocreate: true, requestTimeoutMs: 2000, giveUpAfterMs: 170_000, lingerMs: 20, ...options },
  });
  const open = (topic: string, options: Record<string, unknown> = {}): Promise<ExportingProcess> =>
    createExportingProcess(CONFIG, [exporter(topic, options)], {
      whenFull: 'wait',
      log: (_, __, line) => lines.push(line),
    });

  async function arrived(topic: string, total: number) {
    const octets = (await consumeAll(broker.address, topic)).map(({ value }) =>
      Number(decodeMessage(value).bytes),
    );
    return arrivals(octets, total);
  }

  function expectConserved(statistics: CollectorStatistics): void {
    const dropped = Object.values(statistics.recordsDropped ?? {}).reduce((sum, count) => sum + count, 0);
    expect(statistics.recordsOffered).toBe(
      statistics.dataRecords + statistics.recordsFailed + statistics.recordsPending + dropped,
    );
  }

  it('loses nothing while it is stopped, killed, frozen and started again under load', async () => {
    const exporting = await open('load');
    let batches = 0;
    let isDone = false;
    const load = (async () => {
      while (!isDone) {
        await exporting.exportBatch(numberedBatch(batches++, PER_BATCH));
        await delay(4);
      }
    })();
    /** Until records arrive again, and some more are on their way. */
    const goesOn = async () => {
      const before = exporting.statistics()[0]!.dataRecords;
      await waitFor('records arrive', () => exporting.statistics()[0]!.dataRecords > before);
      await delay(200);
    };
    await goesOn();
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await broker.stop(signal);
      await delay(300);
      await broker.start();
      await goesOn();
    }
    broker.signal('SIGSTOP');
    await delay(3000);
    broker.signal('SIGCONT');
    await goesOn();
    isDone = true;
    await load;
    const [statistics] = await exporting.close();
    const total = batches * PER_BATCH;
    expectConserved(statistics!);
    expect(statistics).toMatchObject({
      recordsOffered: total,
      dataRecords: total,
      recordsPending: 0,
      recordsFailed: 0,
    });
    const { lost, duplicates, strange } = await arrived('load', total);
    console.info(
      `Kafka under load: ${total} records, ${lost} lost, ${duplicates} twice, ${statistics!.recordsRepeated} repeated`,
    );
    expect({ lost, strange }).toEqual({ lost: 0, strange: 0 });
    expect(duplicates).toBeLessThanOrEqual(statistics!.recordsRepeated ?? 0);
    expect(Object.values(statistics!.errors).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    expect(lines.join('\n')).toMatch(/brokerUnreachable \(.*\); check host and port/);
  }, 400_000);

  it('gives what it has not got to the next of a failover group, and takes over again', async () => {
    const other = new StreamCollector();
    const next = streamTo(await other.listen(), { failover: 'g' });
    const exporting = await createExportingProcess(CONFIG, [exporter('group', { failover: 'g' }), next], {
      whenFull: 'drop',
      log: (_, __, line) => lines.push(line),
    });
    const state = () => exporting.statistics()[0]!;
    let batches = 0;
    const send = async (count: number) => {
      for (const end = batches + count; batches < end; batches++) {
        await exporting.exportBatch(numberedBatch(batches, PER_BATCH));
        await delay(4);
      }
    };
    try {
      // The topic is not there at first, which is a reason to go to the other one.
      for (let i = 0; state().dataRecords === 0 && i < 500; i++) await send(5);
      await send(50);
      await waitFor('records arrive', () => state().recordsPending === 0, 30_000);
      const early = other.records.length;
      await send(5);
      await broker.stop('SIGKILL');
      await send(100);
      await waitFor('it is noticed', () => state().isUp === false, 30_000);
      await waitFor('it has nothing left', () => state().recordsPending === 0, 30_000);
      await broker.start();
      await waitFor('it is back', () => state().isUp === true, 30_000);
      // A broker that has just come back may still refuse what it is sent.
      const before = state().dataRecords;
      for (let i = 0; state().dataRecords < before + 2000 && i < 500; i++) await send(5);
      expect(state().dataRecords).toBeGreaterThan(before);
      const [kafka, tcp] = await exporting.close();
      for (const one of [kafka!, tcp!]) expectConserved(one);
      const total = batches * PER_BATCH;
      const here = (await consumeAll(broker.address, 'group')).map(({ value }) =>
        Number(decodeMessage(value).bytes),
      );
      const { lost, duplicates, strange } = arrivals([...here, ...other.records], total);
      console.info(
        `Kafka fails over: ${total} records, ${other.records.length} elsewhere, ${lost} lost, ${duplicates} twice, ${kafka!.recordsRepeated} perhaps`,
      );
      expect({ lost, strange }).toEqual({ lost: 0, strange: 0 });
      expect(other.records.length - early).toBeGreaterThan(90 * PER_BATCH);
      expect(duplicates).toBeLessThanOrEqual(kafka!.recordsRepeated! + tcp!.recordsRepeated!);
    } finally {
      await other.kill();
    }
  }, 120_000);

  it('gets everything when it was away at the start', async () => {
    await broker.stop('SIGTERM');
    const exporting = await open('later');
    await exporting.exportBatch(numberedBatch(0, PER_BATCH));
    await delay(500);
    expect(exporting.statistics()[0]).toMatchObject({ recordsPending: PER_BATCH, isUp: false, sessions: 0 });
    await broker.start();
    const [statistics] = await exporting.close();
    expectConserved(statistics!);
    expect(statistics).toMatchObject({ dataRecords: PER_BATCH, recordsPending: 0 });
    expect(await arrived('later', PER_BATCH)).toEqual({ lost: 0, duplicates: 0, strange: 0 });
  }, 400_000);

  it('gets what a probe had spooled that was killed meanwhile', async () => {
    await broker.stop('SIGKILL');
    const spoolDirectory = mkdtempSync(join(tmpdir(), 'flowtap-kafka-spool-'));
    const script = join(import.meta.dirname, 'spooling-probe.ts');
    const probe = spawn(process.execPath, [script, String(broker.port), 'spooled', spoolDirectory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    probe.stdout.on('data', (part) => {
      text += part;
    });
    const spooled = () => Number([...text.matchAll(/spooled (\d+)\n/g)].at(-1)?.[1] ?? 0);
    try {
      await waitFor('the spool fills', () => spooled() > 40_000);
      probe.kill('SIGKILL');
      await once(probe, 'close');
      await broker.start();
      const exporting = await open('spooled', { spoolDirectory });
      await waitFor('the spool is empty', () => exporting.statistics()[0]!.recordsPending === 0);
      const [statistics] = await exporting.close();
      expectConserved(statistics!);
      // What it had said it had, and perhaps the batch that it was about to say so of.
      expect(statistics!.recordsRecovered).toBeGreaterThanOrEqual(spooled());
      const torn = statistics!.recordsDropped?.spoolDamaged ?? 0;
      expect(statistics!.dataRecords + torn).toBe(statistics!.recordsRecovered);
      expect(await arrived('spooled', statistics!.dataRecords)).toEqual({
        lost: 0,
        duplicates: 0,
        strange: 0,
      });
    } finally {
      probe.kill('SIGKILL');
      rmSync(spoolDirectory, { recursive: true, force: true });
    }
  }, 400_000);

  it('holds up no other exporter, and a replay no longer than giveUpAfter; what is lost is counted', async () => {
    await broker.stop('SIGKILL');
    const exporting = await open('never', { giveUpAfterMs: 1000 });
    const started = performance.now();
    let offered = 0;
    // More than the backlog holds.
    for (let batch = 0; batch < 140; batch++) {
      await exporting.exportBatch(numberedBatch(batch, PER_BATCH));
      offered += PER_BATCH;
    }
    const [statistics] = await exporting.close();
    expect(performance.now() - started).toBeLessThan(100_000);
    expectConserved(statistics!);
    expect(statistics).toMatchObject({ recordsOffered: offered, dataRecords: 0, recordsPending: 0 });
    expect(statistics!.recordsDropped?.unreachable).toBe(offered);
  }, 400_000);
});
