/**
 * How fast flow records become messages, by hand and by protobufjs; and how fast they arrive at a real broker:
 * `node bench/kafka.ts [seconds] [host:port]`. Without an address a broker of the test suite is started (Java, Maven).
 * Records are those of 100,000 flows, prepared outside the timed region.
 */

import type { KafkaSinkOptions } from '../src/export/kafka/kafka-options.ts';
import { KafkaSink } from '../src/export/kafka/kafka-sink.ts';
import { MessageEncoder } from '../src/export/kafka/message-encoder.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../test/export/records.ts';

const SECONDS = Number(process.argv[2] ?? 5);
const FLOWS = 100_000;
const BATCH = 512;
function flow(i: number): TestFlow {
  const isIPv6 = i % 10 === 9;
  const line = {
    packets: 10 + (i % 7),
    octets: 5000 + i,
    layer2Octets: 5140 + i,
    firstNs: i * 1e4,
    lastNs: i * 1e4 + 1e9,
    tcpFlags: 0x1b,
    ttl: [60, 64] as const,
    lengths: [40, 1500] as const,
  };
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
const ALL = Array.from({ length: Math.ceil(FLOWS / BATCH) }, (_, b) => {
  const flows = Array.from({ length: Math.min(BATCH, FLOWS - b * BATCH) }, (__, i) => flow(b * BATCH + i));
  return recordBatch(flows, { timeBaseSeconds: 1_700_000_000, clockNs: 3e9 + b * BATCH * 1e4 });
});
for (const format of ['protobuf', 'json'] as const)
  for (const compression of ['none', 'lz4', 'zstd', 'snappy', 'gzip'] as const) {
    const values = { observationDomainId: 1, ingressInterface: 'auto' as const, egressInterface: 0 };
    const options: KafkaSinkOptions = {
      url: 'kafka',
      format,
      template: { ipv4: ['default'], ipv6: ['default'] },
      isBiflow: false,
      timestamps: 'capture',
      values,
      head: { samplingInterval: 1, observationDomainId: 1, samplerAddress: '192.0.2.200' },
      cluster: {
        brokers: [process.argv[3] ?? '127.0.0.1:29192'],
        topic: `b-${format}-${compression}`,
        clientId: 'flowtap',
        autocreate: true,
        requestTimeoutMs: 10000,
        connectTimeoutMs: 5000,
      },
      compression,
      lingerMs: 100,

      giveUpAfterMs: 10000,
      origin: 'x',
    };
    const sink = new KafkaSink(options, new MessageEncoder(options), {
      whenFull: 'wait',
      log: (level, kind, message) => console.error(level, kind, message),
    });
    await sink.exportBatch(ALL[0]!);
    await new Promise((r) => setTimeout(r, 1000));
    const cpu = process.cpuUsage();
    const start = performance.now();
    for (let i = 0; performance.now() - start < SECONDS * 1000; i++) {
      const pending = sink.exportBatch(ALL[i % ALL.length]!);
      if (pending) await pending;
      if (i % 32 === 0) await new Promise((r) => setImmediate(r));
    }
    await sink.end();
    const s = (performance.now() - start) / 1000;
    const st = sink.statistics();
    const used = process.cpuUsage(cpu);
    console.log(
      format,
      compression,
      (st.dataRecords / s).toFixed(0),
      'records/s',
      (st.octets / st.dataRecords).toFixed(1),
      'octets/record',
      'cpu',
      ((used.user + used.system) / 1e6 / s).toFixed(2),
      JSON.stringify(st.errors),
      st.recordsPending,
    );
    await sink.close();
  }
