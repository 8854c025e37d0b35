/** kill -9, of the exporting process and of the collector, while records flow: what was spooled arrives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectorStatistics } from '../../../src/export/contract/record-sink.ts';
import { StreamCollector } from '../sessions/stream-collector.ts';
import { BATCH_RECORDS, numbers, numbersInFile, unique, until } from './numbered-batches.ts';

let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-crash-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A process of one of the two scripts, and the lines that it has printed. */
function run(script: string, ...args: (string | number)[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: string[] = [];
  const log: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  createInterface(child.stderr!).on('line', (line) => log.push(line));
  // All that it had printed has been read then.
  const ended = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { child, lines, log, kill, ended };
}

const exporter = (port: number, from: number, to: number) =>
  run('crash-exporter.ts', port, join(directory, 'spool'), from, to);
const octetsOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The statistics that an exporter prints at its end. */
async function finished({ child, lines, log, ended }: ReturnType<typeof run>): Promise<CollectorStatistics> {
  await ended;
  expect([child.exitCode, log.filter((line) => line.includes('Error'))]).toEqual([0, []]);
  return JSON.parse(lines.at(-1)!) as CollectorStatistics;
}

describe('kill -9', () => {
  it('of the exporting process, with the collector away: all that was spooled goes out, in order, first', async () => {
    const port = await freePort();
    const killed = exporter(port, 0, -1);
    await until(() => killed.lines.length > 400);
    await killed.kill();
    const spooled = Number(killed.lines.at(-1)) + 1;
    const collector = new StreamCollector();
    await collector.listen(port);
    const second = exporter(port, 1_000_000, 1_000_010);
    const { recordsRecovered, dataRecords, recordsOffered, recordsDropped } = await finished(second);
    // Of the batch that was being written: its header tells how many records it would have had.
    const torn = recordsDropped?.spoolDamaged ?? 0;
    expect([0, BATCH_RECORDS]).toContain(torn);
    await collector.kill();
    const old = collector.records.filter((number) => number < 1e8);
    // Everything that it said it had, and at most the batch that it was about to say.
    expect(old.length / BATCH_RECORDS).toBeGreaterThanOrEqual(spooled);
    expect(old.length / BATCH_RECORDS).toBeLessThanOrEqual(spooled + 1);
    expect(collector.records).toEqual([
      ...numbers(old.length),
      ...numbers(10 * BATCH_RECORDS).map((number) => 1e8 + number),
    ]);
    expect(recordsRecovered).toBe(old.length + torn);
    expect(dataRecords).toBe(recordsOffered - torn);
    expect(second.log.join()).toContain(
      `${old.length.toLocaleString('en')} flow records of an earlier run in the spool`,
    );
  });

  it('of the exporting process while it sends: nothing is missing, little is repeated', async () => {
    const port = await freePort();
    const collector = new StreamCollector();
    await collector.listen(port);
    let from = 0;
    for (let round = 0; round < 3; round++) {
      const killed = exporter(port, from, -1);
      await until(() => killed.lines.length > 150);
      await killed.kill();
      from = Number(killed.lines.at(-1)) + 1;
    }
    const last = exporter(port, from, from + 1);
    await finished(last);
    await collector.kill();
    // A batch may have been spooled without having been told, and is then exported once more by the next process.
    expect(unique(collector.records)).toEqual(numbers((from + 1) * BATCH_RECORDS));
  });

  it('of the collector, again and again: every record is read by one of its lives', async () => {
    const port = await freePort();
    const file = join(directory, 'received');
    const batches = 3000;
    let collector = run('../crash-collector.ts', port, file);
    await until(() => collector.lines.length > 0);
    const exporting = exporter(port, 0, batches);
    for (let life = 0; life < 3; life++) {
      const [before, readBefore] = [exporting.lines.length, octetsOf(file)];
      await until(() => exporting.lines.length > before + 500 || exporting.lines.length >= batches);
      // Each life has a session.
      await until(() => octetsOf(file) > readBefore || exporting.lines.length > batches);
      await collector.kill();
      await delay(100);
      collector = run('../crash-collector.ts', port, file);
      await until(() => collector.lines.length > 0);
    }
    const { dataRecords, recordsRepeated, sessions } = await finished(exporting);
    const total = batches * BATCH_RECORDS;
    for (let looks = 0; looks < 100 && new Set(numbersInFile(file)).size < total; looks++) await delay(200);
    const received = numbersInFile(file);
    expect(unique(received)).toEqual(numbers(total));
    expect(dataRecords).toBe(total);
    expect(sessions).toBeGreaterThanOrEqual(2);
    expect(sessions).toBeLessThanOrEqual(4);
    // Whatever came twice was counted as sent twice.
    expect(received.length - total).toBeLessThanOrEqual(recordsRepeated!);
  });
});
