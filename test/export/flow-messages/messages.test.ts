import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOctets } from '../../../src/base/addresses.ts';
import { flowKey } from '../../../src/export/flow-messages/flow-encoder.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';

import { PING6, TCP } from '../../support/two-flows.ts';
import { CONFIG } from '../exporter-support.ts';
import { recordBatch, type TestFlow } from '../records.ts';
import { addressText, asJsonLine, normalLine } from './compare.ts';
import { anyFlow, type DecodedMessage, decodeMessage, encodeAll, jsonLines } from './support.ts';

const T = 1_700_000_000;
const ELEMENT_NAMES = INFORMATION_ELEMENTS.filter(({ source }) => source.kind !== 'padding').map(
  ({ name }) => name,
);

describe('flow messages in protobuf', () => {
  it('hold the fields of goflow2 by their numbers', () => {
    const [forward, reverse, ping] = encodeAll([
      recordBatch([TCP, PING6], { timeBaseSeconds: T, clockNs: 3e9 }),
    ]).map(({ value }) => decodeMessage(value));
    expect(forward).toEqual({
      type: 'IPFIX',
      sampling_rate: '1',
      src_addr: '0a000001',
      dst_addr: 'c0000201',
      bytes: String(2 ** 40 + 1),
      packets: '3',
      sampler_address: '20010db8000000000000000000000007',
      in_if: 2,
      proto: 6,
      src_port: 40_000,
      dst_port: 443,
      ip_tos: 0x10,
      ip_ttl: 63,
      tcp_flags: 0x1b,
      src_mac: String(0x820000000001),
      dst_mac: String(0x0200000000ff),
      vlan_id: 7,
      src_vlan: 7,
      etype: 0x0800,
      observation_domain_id: 7,
      time_received_ns: `${T + 3}000000000`,
      time_flow_start_ns: `${T}001999999`,
      time_flow_end_ns: `${T + 2}000000001`,
      minimum_ip_total_length: '40',
      maximum_ip_total_length: '1500',
      maximum_ttl: 64,
      ip_version: 4,
      flow_end_reason: 3,
      biflow_direction: 1,
      layer2_octet_delta_count: String(2 ** 40 + 42),
    });
    expect(reverse).toMatchObject({
      sequence_num: 1,
      src_addr: 'c0000201',
      dst_addr: '0a000001',
      src_port: 443,
      dst_port: 40_000,
      bytes: '99',
      src_mac: String(0x0200000000ff),
      biflow_direction: 2,
    });
    expect(ping).toMatchObject({
      sequence_num: 2,
      etype: 0x86dd,
      icmp_type: 128,
      icmp_code: 1,
      ipv6_flow_label: 0xabcde,
      src_addr: '20010db8000000000000000000000001',
    });
  });

  it('hold the reverse direction of a biflow in fields of their own', () => {
    const batch = recordBatch([TCP], { timeBaseSeconds: T });
    const [entry, ...more] = encodeAll([batch], {}, { ...CONFIG, biflow: true });
    expect(more).toEqual([]);
    expect(decodeMessage(entry!.value)).toMatchObject({
      bytes: String(2 ** 40 + 1),
      reverse_octet_delta_count: '99',
      reverse_tcp_control_bits: 0x12,
      reverse_flow_start_milliseconds: String(T * 1000 + 5),
    });
  });

  it('of any records say what the JSON lines say, whatever the block', () => {
    fc.assert(
      fc.property(
        fc.array(anyFlow(), { maxLength: 20 }),
        fc.integer({ min: 2500, max: 9000 }),
        (flows, blockOctets) => {
          const batch = recordBatch(flows, { timeBaseSeconds: T, clockNs: 1e15 });
          const lines = jsonLines([batch]);
          const messages = encodeAll([batch], {}, CONFIG, blockOctets).map(({ value }) =>
            decodeMessage(value),
          );
          expect(messages.map(({ sequence_num }) => sequence_num ?? 0)).toEqual(lines.map((_, i) => i));
          // Messages come in another order than lines: each must be one of the lines that are left.
          const left = lines.map(normalLine);
          for (const message of messages) {
            const text = (line: DecodedMessage) => JSON.stringify(asJsonLine(message, line as never));
            const found = left.findIndex((line) => text(line) === JSON.stringify(line));
            expect(found, JSON.stringify(message)).toBeGreaterThanOrEqual(0);
            left.splice(found, 1);
          }
          expect(left).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('have a field for every element, known to flow.proto', () => {
    const template = { ipv4: ELEMENT_NAMES, ipv6: ELEMENT_NAMES };
    const encapsulation = Array.from({ length: 22 }, (_, i) => 0x01010101 * (i + 1));
    const flows = [
      { ...TCP, encapsulation, priority: 5 },
      { ...PING6, encapsulation },
    ];
    const batch = recordBatch(flows, {
      timeBaseSeconds: T,
      withEncapsulation: true,
      withHealth: true,
      withApplications: true,
      withNetworks: true,
    });
    const [first] = encodeAll([batch], {}, { ...CONFIG, template, biflow: true }).map(({ value }) =>
      decodeMessage(value),
    );
    expect(first).toMatchObject({
      initiator_packets: '3',
      responder_packets: '2',
      dot1q_priority: 5,
      flow_duration_milliseconds: 1999,
    });
    expect((first!.mpls_label as number[]).length).toBeGreaterThan(3);
  });
});

describe('flow messages in JSON', () => {
  it('are written as goflow2 does', () => {
    const [forward, , ping] = encodeAll([recordBatch([TCP, PING6], { timeBaseSeconds: T, clockNs: 3e9 })], {
      format: 'json',
    }).map(({ value }) => value.toString('latin1'));
    expect(forward).toContain(`"time_flow_start_ns":${T}001999999`);
    const { time_received_ns, time_flow_start_ns, time_flow_end_ns, ...rest } = JSON.parse(
      forward!,
    ) as Record<string, unknown>;
    expect(
      [time_received_ns, time_flow_start_ns, time_flow_end_ns].every((time) => typeof time === 'number'),
    ).toBe(true);
    expect(rest).toMatchObject({
      type: 'IPFIX',
      sampling_rate: 1,
      sequence_num: 0,
      sampler_address: '2001:db8::7',
      etype: 'IPv4',
      proto: 'TCP',
      src_addr: '10.0.0.1',
      dst_addr: '192.0.2.1',
      src_mac: '82:00:00:00:00:01',
      bytes: 2 ** 40 + 1,
      icmp_type: 0,
      vlan_id: 7,
    });
    expect(JSON.parse(ping!)).toMatchObject({
      etype: 'IPv6',
      proto: 'IPv6-ICMP',
      src_addr: '2001:db8::1',
      icmp_type: 128,
    });
  });

  it('say the same as protobuf', () => {
    const batch = recordBatch([TCP, PING6], { timeBaseSeconds: T });
    const binary = encodeAll([batch]).map(({ value }) => decodeMessage(value));
    const text = encodeAll([batch], { format: 'json' }).map(
      ({ value }) => JSON.parse(value.toString()) as Record<string, string | number>,
    );
    const brief = (message: DecodedMessage) =>
      ['bytes', 'packets', 'src_port', 'sequence_num', 'ip_tos'].map((name) => String(message[name] ?? 0));
    expect(text.map(brief)).toEqual(binary.map(brief));
  });
});

describe('keys of flows', () => {
  it('are the same for both directions, and differ between flows', () => {
    const turned: TestFlow = {
      ...TCP,
      source: TCP.destination,
      destination: TCP.source,
      ports: [443, 40_000],
    };
    const other: TestFlow = { ...TCP, ports: [40_001, 443] };
    const crossed: TestFlow = { ...TCP, ports: [443, 40_000] };
    const key = (flow: TestFlow) => flowKey(recordBatch([flow]).words, 0);
    expect(key(turned)).toBe(key(TCP));
    expect(key(other)).not.toBe(key(TCP));
    expect(key(crossed)).not.toBe(key(TCP));
    expect(new Set(encodeAll([recordBatch([TCP])]).map((entry) => entry.key))).toEqual(new Set([key(TCP)]));
    // Messages of this flow must find their partition again after an upgrade.
    expect(key(TCP)).toBe(2_651_634_236);
  });

  it('spread flows that differ in one port alone evenly', () => {
    const counts = new Int32Array(16);
    for (let port = 1024; port < 1024 + 16_000; port++) {
      counts[flowKey(recordBatch([{ ...TCP, ports: [port, 443] }]).words, 0) % 16]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });
});

describe('the address of the probe', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['2001:db8::1', '2001:db8:0:0:0:0:0:1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:201'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
  ])('%s', (text, expected) => {
    expect(addressText(Buffer.from(addressOctets(text)).toString('hex'))).toBe(expected);
  });
});
