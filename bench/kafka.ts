/**
 * How fast flow records become Kafka messages, by hand and by protobufjs, and how fast they arrive at a real broker on
 * this machine: `node bench/kafka.ts [seconds] [host:port]`. Without an address a broker of the test suite is started,
 * which needs Java and Maven. Records are those of 100,000 flows, prepared outside the timed region; the broker's share
 * of the processors is not counted to the probe's.
 */
import { join } from 'node:path';
import protobuf from 'protobufjs';
import type { ExporterConfig, ExportingConfig } from '../src/export/contract/record-sink.ts';
import { createBlock } from '../src/export/flow-messages/message-block.ts';
import { MessageEncoder } from '../src/export/flow-messages/message-encoder.ts';
import { createKafkaSink, kafkaSinkOptions } from '../src/export/kafka/create-sink.ts';
import type { FlowRecordBatch } from '../src/records/flow-layout.ts';
import { encodeAll } from '../test/export/flow-messages/support.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../test/export/records.ts';
import { hasKafka, startKafka } from '../test/support/kafka-broker.ts';

const SECONDS = Number(process.argv[2] ?? 5);
if (!(SECONDS > 0)) {
  console.error('usage: node bench/kafka.ts [seconds] [host:port]');
  process.exit(2);
}
const FLOWS = 100_000;
const BATCH = 512;
const MEBI = 1_048_576;

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
  const line = {
    packets: 10 + (i % 7),
    octets: 5000 + i,
    layer2Octets: 5140 + i,
    firstNs: i * 1e4,
    lastNs: i * 1e4 + 1e9,
    tcpFlags: 0x1b,
    ttl: [60, 64],
    lengths: [40, 1500],
  } as const;
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

const ALL: readonly FlowRecordBatch[] = Array.from({ length: Math.ceil(FLOWS / BATCH) }, (_, b) => {
  const flows = Array.from({ length: Math.min(BATCH, FLOWS - b * BATCH) }, (__, i) => flow(b * BATCH + i));
  return recordBatch(flows, { timeBaseSeconds: 1_700_000_000, clockNs: 3e9 + b * BATCH * 1e4 });
});

const print = (...columns: string[]) => process.stdout.write(`${columns.join('  ')}\n`);
const rate = (count: number, seconds: number) =>
  `${Math.round(count / seconds).toLocaleString('en')} records/s`.padStart(22);
/** Seconds of a processor that the work took since `start`: what else runs here does not count. */
const busySeconds = (start: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

const exporter = (address: string, topic: string, options: Record<string, unknown>): ExporterConfig => ({
  protocol: 'kafka',
  host: address.split(':')[0]!,
  port: Number(address.split(':')[1]),
  path: topic,
  url: `kafka://${address}/${topic}`,
  options: { autocreate: true, ...options },
});

/** Encodes into one block again and again. */
function encodeByHand(format: string): void {
  const encoder = new MessageEncoder(
    kafkaSinkOptions(CONFIG, exporter('127.0.0.1:9092', 'none', { format })),
  );
  const block = createBlock();
  let messages = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; performance.now() - start < SECONDS * 1000; i++) {
    encoder.begin(ALL[i % ALL.length]!);
    while (!encoder.encode(block)) {
      messages += block.messages;
      block.used = 0;
      block.messages = 0;
    }
  }
  print(`encode ${format}, by hand`.padEnd(28), `${rate(messages, busySeconds(cpu))} on one processor`);
}

/** The same messages by protobufjs, from objects that are ready: what it takes to make those is not counted. */
function encodeByProtobufjs(): void {
  const root = new protobuf.Root().loadSync(join(import.meta.dirname, '../config/flow.proto'), {
    keepCase: true,
  });
  const type = root.lookupType('flowpb.FlowMessage');
  const objects = encodeAll(ALL.slice(0, 8), {}, CONFIG, MEBI).map(({ value }) =>
    type.decodeDelimited(value),
  );
  let messages = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - start < SECONDS * 1000) {
    for (const object of objects) type.encodeDelimited(object).finish();
    messages += objects.length;
  }
  print('encode protobuf, protobufjs'.padEnd(28), `${rate(messages, busySeconds(cpu))} on one processor`);
}

async function send(address: string, format: string, compression: string): Promise<void> {
  const to = exporter(address, `bench-${format}-${compression}`, { format, compression });
  const sink = await createKafkaSink(CONFIG, to, { whenFull: 'wait', log: () => {} });
  // The topic is made, and everything compiled, before the clock runs.
  for (const batch of ALL.slice(0, 40)) await sink.exportBatch(batch);
  while (sink.statistics().recordsPending > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const before = sink.statistics();
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; performance.now() - start < SECONDS * 1000; i++) {
    await sink.exportBatch(ALL[i % ALL.length]!);
    if (i % 32 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await sink.end();
  const seconds = (performance.now() - start) / 1000;
  const { dataRecords, octets } = sink.statistics();
  const records = dataRecords - before.dataRecords;
  print(
    `send ${format}, ${compression}`.padEnd(28),
    rate(records, seconds),
    `${((octets - before.octets) / records).toFixed(0).padStart(4)} octets a record`,
    `probe ${(busySeconds(cpu) / seconds).toFixed(2)} processors`,
  );
  await sink.close();
}

encodeByHand('protobuf');
encodeByProtobufjs();
encodeByHand('json');
const broker = process.argv[3] === undefined && hasKafka('sending') ? await startKafka() : undefined;
const address = process.argv[3] ?? broker?.address;
try {
  for (const format of address === undefined ? [] : ['protobuf', 'json']) {
    for (const compression of ['none', 'lz4', 'snappy', 'zstd', 'gzip'])
      await send(address!, format, compression);
  }
} finally {
  await broker?.remove();
}
