/**
 * How fast flow records are encoded, and sent to a socket on loopback that reads them: `node bench/export.ts [seconds]`.
 * Records are those of 100,000 flows, prepared outside the timed region; every message is built, none is kept.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCollectorExporter } from '../src/export/collector/collector-options.ts';
import type { ExporterConfig, ExportingConfig } from '../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../src/export/exporting-process.ts';
import { MessageArena } from '../src/export/transport/message-arena.ts';
import { FlowText } from '../src/ie/flow-text.ts';
import type { FlowRecordBatch } from '../src/records/flow-layout.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../test/export/records.ts';
import { CollectingTransport } from '../test/export/transport/collecting-transport.ts';

const SECONDS = Number(process.argv[2] ?? 2);
const FLOWS = 100_000;
const BATCH = 512;
const PROTOCOLS = ['netflow5', 'netflow9', 'ipfix'] as const;

const CONFIG: ExportingConfig = {
  template: { ipv4: ['default'], ipv6: ['default'] },
  biflow: false,
  timestamps: 'capture',
  privateEnterpriseNumber: 32473,
  observation: { domainId: 1, ingressInterface: 'auto', egressInterface: 0 },
};

/** Nine of ten IPv4, half of them answered. */
function flow(i: number): TestFlow {
  const isIPv6 = i % 10 === 9;
  const line = { packets: 10, octets: 5000, firstNs: i * 1e4, lastNs: i * 1e4 + 1e9, tcpFlags: 0x1b };
  return {
    source: isIPv6
      ? ipv6(`2001:db8:0:0:0:0:0:${(i & 0xffff).toString(16)}`)
      : ipv4(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`),
    destination: isIPv6 ? ipv6('2001:db8:0:0:0:0:1:1') : ipv4('192.0.2.1'),
    ipVersion: isIPv6 ? 6 : 4,
    protocol: 6,
    ports: [1024 + (i % 60_000), 443],
    macs: [
      [2, 0, 0, 0, 0, 1],
      [2, 0, 0, 0, 0, 2],
    ],
    forward: line,
    ...(i % 2 === 0 ? { reverse: line } : {}),
  };
}

function batches(): FlowRecordBatch[] {
  return Array.from({ length: Math.ceil(FLOWS / BATCH) }, (_, b) => {
    const flows = Array.from({ length: Math.min(BATCH, FLOWS - b * BATCH) }, (__, i) => flow(b * BATCH + i));
    return recordBatch(flows, { timeBaseSeconds: 1_700_000_000, clockNs: 3e9 + b * BATCH * 1e4 });
  });
}

const ALL = batches();

/** Calls `exportBatch` for SECONDS. @returns seconds that it took */
async function run(exportBatch: (batch: FlowRecordBatch) => Promise<void> | undefined): Promise<number> {
  for (const batch of ALL.slice(0, 40)) await exportBatch(batch);
  const start = performance.now();
  for (let i = 0; performance.now() - start < SECONDS * 1000; i++) {
    const pending = exportBatch(ALL[i % ALL.length]!);
    if (pending !== undefined) await pending;
  }
  return (performance.now() - start) / 1000;
}

const rate = (count: number, seconds: number) => `${(count / seconds / 1e6).toFixed(2)} M/s`.padStart(12);
const print = (...columns: string[]) => process.stdout.write(`${columns.join('  ')}\n`);

async function encodeOnly(protocol: (typeof PROTOCOLS)[number], biflow: boolean): Promise<void> {
  const arena = new MessageArena(1400);
  const transport = new CollectingTransport(arena, false);
  const to = { protocol, host: '127.0.0.1', port: 1, url: protocol, options: {} };
  const exporter = createCollectorExporter(arena, transport, { ...CONFIG, biflow }, to);
  for (const batch of ALL) exporter.exportBatch(batch);
  const before = transport.statistics.flowRecords;
  const seconds = await run((batch) => exporter.exportBatch(batch));
  const records = transport.statistics.flowRecords - before;
  print(`encode ${protocol}${biflow ? ' biflow' : ''}`.padEnd(24), `${rate(records, seconds)} records`);
}

/** A process that reads datagrams and says how many when it is told to stop. */
const SINK = `
  const socket = require('node:dgram').createSocket('udp4');
  let count = 0;
  socket.on('message', () => count++);
  socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));
  process.stdin.on('end', () => { console.log(count); process.exit(0); }).resume();
`;

async function encodeAndSend(protocol: (typeof PROTOCOLS)[number], hasReader: boolean): Promise<void> {
  const sink = hasReader
    ? spawn(process.execPath, ['-e', SINK], { stdio: ['pipe', 'pipe', 'inherit'] })
    : undefined;
  const port = sink === undefined ? 9 : Number(String((await once(sink.stdout, 'data'))[0]));
  const to = { protocol, host: '127.0.0.1', port, url: protocol, options: { rate: 'max' as const } };
  const exporting = await createExportingProcess(CONFIG, [to]);
  const seconds = await run((batch) => exporting.exportBatch(batch));
  const [
    { messages, dataRecords, recordsFailed, collectorDrops } = {
      messages: 0,
      dataRecords: 0,
      recordsFailed: 0,
      collectorDrops: null,
    },
  ] = await exporting.close();
  if (sink !== undefined) {
    sink.stdin.end();
    await once(sink, 'exit');
  }
  const name = `send ${protocol}${hasReader ? '' : ' (nobody reads)'}`.padEnd(24);
  const sent = `${rate(dataRecords + recordsFailed, seconds)} records ${rate(messages, seconds)} messages`;
  print(name, sent, `drops ${collectorDrops ?? 'unknown'}`);
}

/** A process that reads a TCP stream and throws it away. */
const STREAM_SINK = `
  const server = require('node:net').createServer((socket) => socket.resume());
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.on('end', () => process.exit(0)).resume();
`;

/** Over TCP, every record acknowledged at the end. */
async function sendOverTcp(withSpool: boolean): Promise<void> {
  const sink = spawn(process.execPath, ['-e', STREAM_SINK], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = Number(String((await once(sink.stdout, 'data'))[0]));
  const spoolDirectory = mkdtempSync(join(tmpdir(), 'flowtap-bench-'));
  const options = withSpool ? { spoolDirectory } : {};
  const to = { protocol: 'ipfix+tcp' as const, host: '127.0.0.1', port, url: 'ipfix+tcp', options };
  const exporting = await createExportingProcess(CONFIG, [to]);
  const start = performance.now();
  await run((batch) => exporting.exportBatch(batch));
  const [counters] = await exporting.close();
  const seconds = (performance.now() - start) / 1000;
  sink.stdin.end();
  await once(sink, 'exit');
  rmSync(spoolDirectory, { recursive: true });
  const { dataRecords = 0, recordsPending = 0, messages = 0 } = counters ?? {};
  const sent = `${rate(dataRecords, seconds)} records ${rate(messages, seconds)} messages`;
  print(`send ipfix+tcp${withSpool ? ' (spool)' : ''}`.padEnd(24), sent, `left ${recordsPending}`);
}

/** As a live probe does: by way of a queue, to two collectors that each get all, or share the flows. */
async function sendToTwo(balance: boolean): Promise<void> {
  const sinks = [0, 1].map(() =>
    spawn(process.execPath, ['-e', SINK], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const exporters: ExporterConfig[] = [];
  for (const sink of sinks) {
    const port = Number(String((await once(sink.stdout, 'data'))[0]));
    const options = { rate: 'max' as const, ...(balance ? { balance: 'all' } : {}) };
    exporters.push({ protocol: 'ipfix', host: '127.0.0.1', port, url: `ipfix://127.0.0.1:${port}`, options });
  }
  const exporting = await createExportingProcess(CONFIG, exporters, { whenFull: 'drop' });
  const seconds = await run(
    (batch) => exporting.exportBatch(batch) ?? new Promise((done) => setImmediate(done)),
  );
  const counters = await exporting.close();
  for (const sink of sinks) {
    sink.stdin.end();
    await once(sink, 'exit');
  }
  const records = counters.reduce((sum, one) => sum + one.dataRecords, 0);
  const dropped = counters.reduce((sum, one) => sum + (one.recordsDropped?.queueFull ?? 0), 0);
  const name = `live, two ${balance ? 'share' : 'get all'}`.padEnd(24);
  print(name, `${rate(records, seconds)} records`, `${rate(dropped, seconds)} dropped`);
}

async function text(form: 'json' | 'csv'): Promise<void> {
  const values = { observationDomainId: 1, ingressInterface: 'auto' as const, egressInterface: 0 };
  const writer = new FlowText({ form, template: CONFIG.template, biflow: false, values });
  let lines = 0;
  const seconds = await run((batch) => {
    writer.batch(batch);
    lines += batch.count * 1.5;
    return undefined;
  });
  print(`text ${form}`.padEnd(24), `${rate(lines, seconds)} lines`);
}

for (const protocol of PROTOCOLS) await encodeOnly(protocol, false);
await encodeOnly('ipfix', true);
for (const form of ['json', 'csv'] as const) await text(form);
for (const protocol of PROTOCOLS) await encodeAndSend(protocol, true);
await encodeAndSend('ipfix', false);
for (const withSpool of [false, true]) await sendOverTcp(withSpool);
for (const balance of [false, true]) await sendToTwo(balance);
