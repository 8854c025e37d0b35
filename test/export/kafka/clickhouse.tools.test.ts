/**
 * config/clickhouse.sql and docs/kafka.md with ClickHouse's own engine (chDB, which has no Kafka table: a table without
 * storage stands in for it, and gets the messages as a file): decodes our protobuf by config/flow.proto, moves the records
 * through the view, and answers the query of the dashboard.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databasePath } from '../../networks/support.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { hasClickhouse, runClickhouse } from '../../support/chdb.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { encodeAll, FLOW_PROTO_FOLDER } from '../flow-messages/support.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../records.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/kafka.md');
const DNS_CAPTURE = join(import.meta.dirname, '../../../pcaps/ipfixprobe/ipfixprobe-dns.pcap');
const WHAT = 'ClickHouse';
/** The beginning of a minute, so that all flows end in the same one. */
const HALF_HOUR_AGO = Math.floor(Date.now() / 60_000) * 60 - 1800;
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

/** The statements of config/clickhouse.sql, with a table that stores nothing for the Kafka table. */
function tables(): { make: string[]; insertFrom(messages: string): string } {
  const sql = readFileSync(join(FLOW_PROTO_FOLDER, 'clickhouse.sql'), 'utf8').replace(/^--.*$/gm, '');
  const statements = sql
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const [kafka, flows, view, ...more] = statements as [string, string, string];
  expect(more).toEqual([]);
  expect(kafka).toContain("kafka_schema = 'flow.proto:FlowMessage'");
  const columns = kafka.slice(kafka.indexOf('('), kafka.indexOf(')\nENGINE') + 1);
  const types = columns.slice(1, -1).replace(/\s+/g, ' ').trim();
  const schema = join(FLOW_PROTO_FOLDER, 'flow');
  return {
    make: [`${kafka.slice(0, kafka.indexOf('ENGINE'))} ENGINE = Null`, flows, view],
    insertFrom: (messages) =>
      `INSERT INTO flows_kafka SELECT * FROM file('${messages}', 'Protobuf', '${types}') ` +
      `SETTINGS format_schema = '${schema}:FlowMessage', input_format_protobuf_flatten_google_wrappers = 0`,
  };
}

/** The queries of the document, in its order. */
function queries(): string[] {
  return [...readFileSync(DOCUMENT, 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query]) => query!);
}

describe.skipIf(!hasClickhouse(WHAT))(WHAT, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-clickhouse-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('reads the messages, stores each record once and answers the dashboard', () => {
    const batch = recordBatch(FLOWS, { timeBaseSeconds: HALF_HOUR_AGO, clockNs: 4e9 });
    const messages = join(folder, 'messages.bin');
    writeFileSync(messages, Buffer.concat(encodeAll([batch]).map(({ value }) => value)));
    const { make, insertFrom } = tables();
    // Twice, as after a probe that was killed.
    const inserts = [insertFrom(messages), insertFrom(messages)];
    const stored = 'SELECT * FROM flows FINAL ORDER BY sequence_num';
    const answers = runClickhouse(join(folder, 'store'), [...make, ...inserts, stored, queries()[0]!]);
    const [rows, answer] = answers.slice(-2);
    const [forward, reverse, ping, ...rest] = rows!;
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
  }, 300_000);

  it('has the applications of a capture, as the records of the same replay say them', async () => {
    const messages = join(folder, 'messages.bin');
    const { exitCode, stdout, stderr } = await runFlowtap([
      ...[
        'replay',
        DNS_CAPTURE,
        '-q',
        '-o',
        'json',
        '--template',
        'applications',
        '-e',
        `protobuf:${messages}`,
      ],
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const flows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { make, insertFrom } = tables();
    const names = 'dns_query_name, dns_query_type, dns_flags, dns_answers, dns_response_time_microseconds';
    const answers = runClickhouse(join(folder, 'store'), [
      ...make,
      insertFrom(messages),
      `SELECT src_port, application_name, application_confidence, ${names} FROM flows WHERE dst_port = 53 ORDER BY src_port`,
      queries()[1]!.replace(/WHERE .*\n/, ''),
    ]);
    const [rows, ranked] = answers.slice(-2);
    const expected = flows
      .filter(({ destinationTransportPort }) => destinationTransportPort === 53)
      .map((flow) => ({
        src_port: flow.sourceTransportPort,
        application_name: flow.applicationName,
        application_confidence: flow.applicationConfidence,
        dns_query_name: flow.dnsQueryName,
        dns_query_type: flow.dnsQueryType,
        dns_flags: flow.dnsFlags ?? 0,
        dns_answers: ((flow.dnsAnswers as string[] | undefined) ?? []).join(';'),
        dns_response_time_microseconds: flow.dnsResponseTimeMicroseconds ?? 0,
      }))
      .sort((a, b) => Number(a.src_port) - Number(b.src_port));
    expect(expected.length).toBeGreaterThan(3);
    expect(rows).toEqual(expected);
    expect(ranked!.map(({ application_name: name }) => name)).toEqual(['dns']);
  }, 300_000);

  it('has the networks of a capture, as the records of the same replay say them', async () => {
    const messages = join(folder, 'messages.bin');
    const databases = ['asn-24.mmdb', 'country-28.mmdb'].map(databasePath).join(',');
    const { exitCode, stdout, stderr } = await runFlowtap([
      ...['replay', join(PCAPS_FOLDER, 'demo.pcapng'), '-q', '-o', 'json', '--mmdb', databases],
      ...['-e', `protobuf:${messages}`],
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const flows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { make, insertFrom } = tables();
    const columns =
      'src_as, dst_as, src_net, dst_net, source_country_code, destination_country_code, source_as_name, destination_as_name';
    const answers = runClickhouse(join(folder, 'store'), [
      ...make,
      insertFrom(messages),
      `SELECT DISTINCT ${columns} FROM flows`,
      queries()[2]!.replace(/WHERE .*\n/, ''),
    ]);
    const [rows, ranked] = answers.slice(-2);
    const expected = flows.map((flow) => [
      flow.bgpSourceAsNumber ?? 0,
      flow.bgpDestinationAsNumber ?? 0,
      flow.sourceIPv4PrefixLength ?? flow.sourceIPv6PrefixLength ?? 0,
      flow.destinationIPv4PrefixLength ?? flow.destinationIPv6PrefixLength ?? 0,
      flow.sourceCountryCode ?? '',
      flow.destinationCountryCode ?? '',
      flow.sourceAsName ?? '',
      flow.destinationAsName ?? '',
    ]);
    const found = rows!.map((row) => columns.split(', ').map((name) => row[name]));
    expect(found.map(String).sort()).toEqual([...new Set(expected.map(String))].sort());
    expect(ranked!.length).toBeGreaterThan(1);
    expect(ranked![0]).toMatchObject({ source_name: expect.any(String), dst_as: expect.any(Number) });
  }, 300_000);
});
