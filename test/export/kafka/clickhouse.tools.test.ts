/**
 * config/clickhouse.sql and docs/kafka.md with ClickHouse's own engine (chDB, which has no Kafka table: a table without
 * storage stands in for it, and gets the messages as a file): decodes our protobuf by config/flow.proto, moves the records
 * through the view, and answers the query of the dashboard.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasClickhouse, runClickhouse } from '../../support/chdb.ts';
import { encodeAll, FLOW_PROTO_FOLDER } from '../flow-messages/support.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../records.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/kafka.md');
const WHAT = 'ClickHouse';
const HOUR_AGO = Math.floor(Date.now() / 1000) - 1800;
const FLOWS: readonly TestFlow[] = [
  {
    source: ipv4('10.0.0.1'),
    destination: ipv4('192.0.2.1'),
    ipVersion: 4,
    protocol: 6,
    ports: [40_000, 443],
    vlan: 7,
    endReason: 3,
    macs: [
      [0x82, 0, 0, 0, 0, 1],
      [2, 0, 0, 0, 0, 2],
    ],
    forward: {
      packets: 3,
      octets: 600_000,
      layer2Octets: 600_042,
      firstNs: 1,
      lastNs: 2e9,
      tcpFlags: 0x1b,
      ttl: [64, 64],
    },
    reverse: { packets: 2, octets: 150_000, firstNs: 5e6, lastNs: 1e9, tcpFlags: 0x12 },
  },
  {
    source: ipv6('2001:db8:0:0:0:0:0:1'),
    destination: ipv6('2001:db8:0:0:0:0:0:2'),
    ipVersion: 6,
    protocol: 58,
    ports: [0, 0x8001],
    forward: { packets: 1, octets: 104, firstNs: 3e9, lastNs: 3e9, flowLabel: 0xabcde },
  },
];

describe.skipIf(!hasClickhouse(WHAT))(WHAT, () => {
  it('reads the messages, stores each record once and answers the dashboard', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-clickhouse-'));
    try {
      const batch = recordBatch(FLOWS, { timeBaseSeconds: HOUR_AGO, clockNs: 4e9 });
      const values = encodeAll([batch]).map(({ value }) => value);
      writeFileSync(join(folder, 'messages.bin'), Buffer.concat(values));
      writeFileSync(join(folder, 'flow.proto'), readFileSync(join(FLOW_PROTO_FOLDER, 'flow.proto')));
      const sql = readFileSync(join(FLOW_PROTO_FOLDER, 'clickhouse.sql'), 'utf8').replace(/^--.*$/gm, '');
      const statements = sql
        .split(';')
        .map((one) => one.trim())
        .filter((one) => one !== '');
      const [kafka, flows, view, ...more] = statements;
      expect(more).toEqual([]);
      expect(kafka).toContain("kafka_schema = 'flow.proto:FlowMessage'");
      const [query, ...others] = [...readFileSync(DOCUMENT, 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)];
      expect(others).toEqual([]);
      const insert =
        `INSERT INTO flows_kafka SELECT * FROM file('${join(folder, 'messages.bin')}', 'Protobuf', 'auto') ` +
        `SETTINGS format_schema = '${join(folder, 'flow')}:FlowMessage', input_format_protobuf_flatten_google_wrappers = 0`;
      const columns = kafka!.slice(kafka!.indexOf('('), kafka!.indexOf(')\nENGINE') + 1);
      const from = insert.replace("'auto'", `'${columns.slice(1, -1).replace(/\s+/g, ' ').trim()}'`);
      const [, , , , , stored, answer] = runClickhouse(join(folder, 'store'), [
        `${kafka!.slice(0, kafka!.indexOf('ENGINE'))} ENGINE = Null`,
        flows!,
        view!,
        // Twice, as after a probe that was killed.
        from,
        from,
        'SELECT * FROM flows FINAL ORDER BY sequence_num',
        query![1]!,
      ]);
      const [forward, reverse, ping, ...rest] = stored!;
      expect(rest).toEqual([]);
      expect(forward).toMatchObject({
        sampler_address: '2001:db8::7',
        src_addr: '::ffff:10.0.0.1',
        dst_addr: '::ffff:192.0.2.1',
        etype: 0x0800,
        proto: 6,
        src_port: 40_000,
        dst_port: 443,
        vlan_id: 7,
        tcp_flags: 0x1b,
        flow_end_reason: 'end of flow',
        biflow_direction: 'initiator',
      });
      expect(Number(forward!.bytes)).toBe(600_000);
      expect(Number(forward!.layer2_bytes)).toBe(600_042);
      expect(Number(forward!.src_mac)).toBe(0x820000000001);
      expect(String(forward!.time_flow_start)).toMatch(/\.000000001$/);
      expect(reverse).toMatchObject({
        src_addr: '::ffff:192.0.2.1',
        src_port: 443,
        biflow_direction: 'responder',
      });
      expect(ping).toMatchObject({
        src_addr: '2001:db8::1',
        icmp_type: 128,
        icmp_code: 1,
        ipv6_flow_label: 0xabcde,
      });
      const busiest = answer!.find(({ service }) => service === 443);
      // The query sees what is not merged yet: the records are there twice.
      expect([1, 2]).toContain((Number(busiest!.bits_per_second) * 60) / 8 / 750_000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);
});
