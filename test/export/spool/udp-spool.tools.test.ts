/**
 * UDP with a spool: records wait in order while the network refuses them, and go out when it no longer does; nfcapd is
 * the collector where fields matter. What kill -9 of the exporting process leaves behind goes out in the next run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import type {
  CollectorStatistics,
  ExporterOptions,
  SinkContext,
} from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { describeInLab, Lab } from '../../lab/lab.ts';
import { freeUdpPort } from '../../support/network.ts';
import { startNfcapd } from '../../support/nfcapd.ts';
import { describeWithTools } from '../../support/tools.ts';
import { CONFIG } from '../exporter-support.ts';
import { ended, expectBalanced, exporterCommand, readerResult, to } from '../faults-support.ts';
import { BATCH_RECORDS, numberedBatch, numbers, unique, until } from './numbered-batches.ts';

const LIVE: SinkContext = { whenFull: 'drop', log: () => {} };
let directory: string;
const sockets: Socket[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-udp-spool-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true });
});

/** A collector of records that hold nothing but their number. */
async function listen(port: number) {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const records: number[] = [];
  const sequenceNumbers: number[] = [];
  socket.on('message', (message) => {
    sequenceNumbers.push(message.readUInt32BE(8));
    for (let at = 16; at < message.length; at += message.readUInt16BE(at + 2)) {
      const end = at + message.readUInt16BE(at + 2);
      if (message.readUInt16BE(at) < 256) continue;
      for (let record = at + 4; record + 8 <= end; record += 8)
        records.push(Number(message.readBigUInt64BE(record)));
    }
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  socket.setRecvBufferSize(1 << 22);
  const close = async () => {
    sockets.splice(sockets.indexOf(socket), 1);
    socket.close();
    await once(socket, 'close');
  };
  return { records, sequenceNumbers, close };
}

const spooled = (): ExporterOptions => ({ spool: true, spoolDirectory: directory });
const dropped = ({ recordsDropped = {} }: CollectorStatistics) =>
  Object.values(recordsDropped).reduce((sum, count) => sum + count, 0);

describe('a UDP collector with a spool', () => {
  it('gets in order, once it is there, what came while it was not, and again what a refusal may have cost', async () => {
    const port = await freeUdpPort();
    const exporting = await createExportingProcess(CONFIG, [to('ipfix', '127.0.0.1', port, spooled())], LIVE);
    const state = () => exporting.statistics()[0]!;
    let next = 0;
    const send = async (batches: number) => {
      for (const end = next + batches; next < end; next++) await exporting.exportBatch(numberedBatch(next));
    };
    await send(200);
    await until(() => (state().errors.econnrefused ?? 0) > 1);
    expect(state()).toMatchObject({ isUp: false, dataRecords: 0, recordsSpooled: 20_000 });
    const first = await listen(port);
    await until(() => first.records.length === 20_000);
    expect(first.records).toEqual(numbers(20_000));
    expect(first.sequenceNumbers[0]).toBe(0);
    await until(() => state().recordsPending === 0);
    expect(state()).toMatchObject({ isUp: true, dataRecords: 20_000, recordsRepeated: 0, recordsFailed: 0 });

    await send(5);
    exporting.flush();
    await until(() => first.records.length === 20_500);
    await first.close();
    // These go nowhere before the network says so.
    for (let i = 0; i < 20; i++) {
      await send(5);
      exporting.flush();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => state().isUp === false);
    const second = await listen(port);
    await until(() => state().recordsPending === 0);
    const [counters] = await exporting.close();
    expect(unique([...first.records, ...second.records])).toEqual(numbers(next * BATCH_RECORDS));
    expect(second.records).toEqual([...second.records].sort((a, b) => a - b));
    // Twice came what had arrived shortly before the collector went away, and all of that was counted.
    const repeated = first.records.length + second.records.length - next * BATCH_RECORDS;
    expect(repeated).toBeLessThanOrEqual(counters!.recordsRepeated!);
    expectBalanced(counters!, next);
  });

  it('that nothing is said to for a while is noticed to be gone, before its last records are forgotten', async () => {
    const port = await freeUdpPort();
    const first = await listen(port);
    const exporting = await createExportingProcess(CONFIG, [to('ipfix', '127.0.0.1', port, spooled())], LIVE);
    await until(() => exporting.statistics()[0]!.isUp === true);
    await first.close();
    await exporting.exportBatch(numberedBatch(0));
    exporting.flush();
    await until(() => exporting.statistics()[0]!.isUp === false);
    const second = await listen(port);
    await until(() => second.records.length === BATCH_RECORDS);
    await exporting.close();
    expect(second.records).toEqual(numbers(BATCH_RECORDS));
  });

  it('with a name that is unknown loses nothing either', async () => {
    const exporter = { ...to('ipfix', 'collector.invalid', 4739, spooled()) };
    const exporting = await createExportingProcess(CONFIG, [exporter], LIVE);
    for (let b = 0; b < 10; b++) await exporting.exportBatch(numberedBatch(b));
    await until(() => (exporting.statistics()[0]!.errors.dns ?? 0) > 0);
    const [counters] = await exporting.close();
    expect(counters).toMatchObject({ recordsSpooled: 1000, recordsPending: 1000, dataRecords: 0 });
    expect(dropped(counters!)).toBe(0);
  });

  it('has to have a place for it, and without the option has none', async () => {
    const asked = to('ipfix', '127.0.0.1', 4739, { spool: true });
    await expect(createExportingProcess(CONFIG, [asked], LIVE)).rejects.toThrow(ConfigError);
    const plain = to('ipfix', '127.0.0.1', await freeUdpPort(), { spoolDirectory: join(directory, 'none') });
    const exporting = await createExportingProcess(CONFIG, [plain], LIVE);
    await exporting.exportBatch(numberedBatch(0));
    await exporting.close();
    expect(existsSync(join(directory, 'none'))).toBe(false);
  });
});

/** A process that exports numbered batches over UDP. */
function exporterProcess(port: number, from: number, end: number) {
  const script = join(import.meta.dirname, 'crash-exporter.ts');
  const args = [script, String(port), directory, String(from), String(end), 'udp'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  return { child, lines };
}

describeWithTools(['nfcapd', 'nfdump'], 'kill -9 of an exporting process with a UDP spool', () => {
  it('loses nothing that was spooled: nfcapd gets it from the next run, in order', async () => {
    const port = await freeUdpPort();
    const killed = exporterProcess(port, 0, -1);
    await until(() => killed.lines.length > 300);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    await until(() => killed.lines.length > 0);
    const told = Number(killed.lines.at(-1)) + 1;
    expect(readdirSync(directory)).toHaveLength(1);
    const nfcapd = await startNfcapd(undefined, port);
    const second = exporterProcess(port, 1_000_000, 1_000_003);
    if (second.child.exitCode === null) await once(second.child, 'exit');
    const { recordsRecovered, recordsDropped, dataRecords } = JSON.parse(
      second.lines.at(-1)!,
    ) as CollectorStatistics;
    const { records, sequenceErrors } = await nfcapd.stop();
    const received = records.filter(({ type }) => type === 'FLOW').map((record) => Number(record.in_bytes));
    const old = received.filter((number) => number < 1e8);
    expect(old).toEqual(numbers(old.length));
    // A batch that was being written is recovered and lost.
    expect(old.length + (recordsDropped?.spoolDamaged ?? 0)).toBe(recordsRecovered);
    expect([told, told + 1]).toContain(old.length / BATCH_RECORDS);
    expect(received.slice(old.length)).toEqual(numbers(3 * BATCH_RECORDS).map((number) => 1e8 + number));
    expect(dataRecords).toBe(received.length);
    expect(sequenceErrors).toBeLessThanOrEqual(1);
  });
});

describeInLab(['python3'], 'a UDP collector with a spool across a network', () => {
  it.each(['port', 'route'])('waits while the %s is unreachable, and gets everything', async (what) => {
    const lab = new Lab('udpspool');
    try {
      const probe = lab.namespace('probe');
      const collector = lab.namespace('collector');
      lab.connect(probe, collector, {
        addresses: [['192.0.2.1/24'], ['192.0.2.2/24', '198.51.100.1/32']],
        names: ['east', 'west'],
      });
      const host = what === 'port' ? '192.0.2.2' : '198.51.100.1';
      const script = join(import.meta.dirname, '../udp-reader.py');
      const read = async () => {
        const reader = collector.start(['python3', script, host, '4739']);
        await reader.waitForOutput(/listening/);
        return reader;
      };
      const early = what === 'route' ? await read() : undefined;
      const exporters = [to('ipfix', host, 4739, spooled())];
      const process = probe.start(exporterCommand({ exporters, batches: 100, everyMs: 5, lingerMs: 15_000 }));
      await process.waitForOutput(what === 'port' ? /"econnrefused":[1-9]/ : /"enetunreach":[1-9]/);
      await process.waitForOutput(/"recordsSpooled":10000/);
      if (what === 'route') probe.execute('ip', 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.2');
      const reader = early ?? (await read());
      const { statistics } = await ended(process);
      const seen = await readerResult(reader, 4739);
      expect(seen).toMatchObject({ records: 10_000, missing: 0 });
      expectBalanced(statistics[0]!, 100);
      expect(statistics[0]).toMatchObject({ dataRecords: 10_000, recordsPending: 0, recordsRepeated: 0 });
    } finally {
      await lab.close();
    }
  });
});
