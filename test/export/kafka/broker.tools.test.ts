/** Flows through a real broker: what kcat reads equals what `-o json` prints. */

import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { hasKafka, type KafkaBroker, startKafka } from '../../support/kafka-broker.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { requireTools } from '../../support/tools.ts';
import { asJsonLine, normalLine } from '../flow-messages/compare.ts';
import { decodeMessage } from '../flow-messages/support.ts';
import { type Consumed, consumeAll } from './consumer.ts';

const DEMO = join(PCAPS_FOLDER, 'demo.pcapng');
const WHAT = 'flows through a Kafka broker';
const canRun = hasKafka(WHAT) && requireTools(WHAT, 'kcat');

describe.skipIf(!canRun)(WHAT, () => {
  let broker: KafkaBroker;
  let lines: Record<string, string | number>[];

  beforeAll(async () => {
    broker = await startKafka();
    const { stdout } = await runFlowtap(['replay', DEMO, '-q', '-o', 'json', '--path-health', 'off']);
    lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string | number>);
    expect(lines.length).toBeGreaterThan(100);
  }, 360_000);
  afterAll(() => broker?.remove());

  const replay = (place: string, ...more: string[]) =>
    runFlowtap(['replay', DEMO, '-o', 'none', '-e', `kafka://${broker.address}/${place}`, ...more]);

  /** Takes each message's line away; nothing may be left on either side. */
  function expectSameFlows(messages: readonly Consumed[]): void {
    expect(messages.length).toBe(lines.length);
    const left = lines.map(normalLine);
    for (const { value } of messages) {
      const message = decodeMessage(value);
      const found = left.findIndex(
        (line) => JSON.stringify(asJsonLine(message, line)) === JSON.stringify(line),
      );
      expect(found, JSON.stringify(message)).toBeGreaterThanOrEqual(0);
      left.splice(found, 1);
    }
    expect(left).toEqual([]);
  }

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'are those of the JSON output, with compression %s',
    async (compression) => {
      const topic = `flows-${compression}`;
      const { exitCode, stderr } = await replay(`${topic}?autocreate=true&compression=${compression}`);
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain(`${lines.length} records in`);
      expectSameFlows(await consumeAll(broker.address, topic));
    },
  );

  it('stay in one partition, both directions', async () => {
    await replay('keyed?autocreate=true');
    const messages = await consumeAll(broker.address, 'keyed');
    const partitions = new Map<string, Set<number>>();
    for (const { partition, key, value } of messages) {
      const { src_addr, dst_addr, src_port, dst_port, proto } = decodeMessage(value);
      const ends = [`${src_addr}:${src_port ?? 0}`, `${dst_addr}:${dst_port ?? 0}`].sort();
      const flow = [...ends, proto].join(' ');
      expect(key).toHaveLength(4);
      partitions.set(flow, (partitions.get(flow) ?? new Set()).add(partition));
    }
    for (const [flow, used] of partitions) expect(used.size, flow).toBe(1);
    expect(new Set(messages.map(({ partition }) => partition)).size).toBe(4);
  });

  it('are JSON where that is asked for', async () => {
    await replay('text?autocreate=true&format=json');
    const messages = await consumeAll(broker.address, 'text');
    const read = messages.map(({ value }) => JSON.parse(value.toString()) as Record<string, string | number>);
    const brief = (flows: readonly (readonly unknown[])[]) => flows.map((flow) => flow.join(' ')).sort();
    expect(
      brief(read.map((flow) => [flow.src_addr, flow.dst_addr, flow.src_port, flow.bytes, flow.packets])),
    ).toEqual(
      brief(
        lines.map((line) => [
          line.sourceIPv4Address ?? line.sourceIPv6Address,
          line.destinationIPv4Address ?? line.destinationIPv6Address,
          line.sourceTransportPort,
          line.octetDeltaCount,
          line.packetDeltaCount,
        ]),
      ),
    );
  });

  it('are counted as lost where the topic does not exist, with what to do', async () => {
    const { stderr, exitCode } = await replay('nowhere?giveUpAfter=1');
    expect(stderr).toMatch(/unknownTopic; create the topic/);
    expect(stderr).toContain('0 records in 0 messages');
    expect(exitCode).toBe(1);
  });

  it('come in smaller batches where the topic takes no large ones', async () => {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.address] });
    const configs = [{ name: 'max.message.bytes', value: '1000' }];
    await admin.createTopics({ topics: ['small'], partitions: 2, replicas: 1, configs });
    await admin.close();
    const { stderr } = await replay('small?compression=none');
    expect(stderr).toContain(`${lines.length} records in`);
    expect(stderr).toMatch(/tooLarge/);
    expectSameFlows(await consumeAll(broker.address, 'small'));
  });

  it('are given up where not one of them fits, and counted', async () => {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.address] });
    const configs = [{ name: 'max.message.bytes', value: '100' }];
    await admin.createTopics({ topics: ['tiny'], partitions: 1, replicas: 1, configs });
    await admin.close();
    const { stderr, exitCode } = await replay('tiny?compression=none');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('0 records in 0 messages');
    expect(stderr).toMatch(/tooLarge; raise max.message.bytes/);
  });
});
