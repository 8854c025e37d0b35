/** What collectors that are not ours read from our messages: tshark's CFLOW dissector and nfcapd with nfdump. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { isPrivate, sectionsRead } from '../../../src/ie/element.ts';
import { findElement, INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { compileTemplate } from '../../../src/ie/templates.ts';
import { requireTools } from '../../support/tools.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { ipv4, ipv6, recordBatch, type TestDirection, type TestFlow } from '../records.ts';
import { collectWithNfcapd, tshark } from './outside-tools.ts';

const T = 1_700_000_000;
const hasTshark = requireTools('dissectors', 'tshark');
const hasNfcapd = requireTools('collectors', 'nfcapd', 'nfdump');

const direction = (i: number, isTcp: boolean, lag: number): TestDirection => ({
  packets: 1 + (i % 5) + lag,
  octets: 100 + i * 1000,
  layer2Octets: 114 + i * 1000,
  firstNs: i * 7e6 + lag * 1e6 + 123_456,
  lastNs: i * 7e6 + lag * 1e6 + 3e8,
  tcpFlags: isTcp ? 0x1b : 0,
  tos: 0x10,
  ttl: [60 + lag, 64],
  lengths: [40, 1500],
});

/** TCP, UDP and ICMP of both IP versions, every third of them answered. */
function flows(count: number): TestFlow[] {
  return Array.from({ length: count }, (_, i): TestFlow => {
    const isIPv6 = i % 2 === 1;
    const protocol = [6, 17, isIPv6 ? 58 : 1][i % 3]!;
    const isIcmp = protocol === 1 || protocol === 58;
    const group = (1 + i).toString(16);
    return {
      source: isIPv6 ? ipv6(`2001:db8:0:0:0:0:1:${group}`) : ipv4(`10.0.${i >> 8}.${i & 255}`),
      destination: isIPv6 ? ipv6('2001:db8:0:0:0:0:2:1') : ipv4('192.0.2.1'),
      ipVersion: isIPv6 ? 6 : 4,
      protocol,
      ports: isIcmp ? [0, isIPv6 ? 0x8000 : 0x0800] : [1024 + i, 443],
      vlan: i % 4,
      observationPoint: 1 + (i % 2),
      endReason: 1 + (i % 5),
      macs: [
        [2, 0, 0, 0, 0, 1],
        [2, 0, 0, 0, 0, 2],
      ],
      forward: direction(i, protocol === 6, 0),
      ...(!isIcmp && i % 3 === 0 ? { reverse: direction(i, protocol === 6, 1) } : {}),
    };
  });
}

const BATCH = recordBatch(flows(300), { timeBaseSeconds: T, clockNs: 10e9 });

/** Every element of IANA's that a protocol can carry. */
const allNames = (protocol: 'netflow9' | 'ipfix') =>
  INFORMATION_ELEMENTS.filter(
    (element) => element.source.kind !== 'padding' && (protocol === 'ipfix' || !element.isEnterprise),
  ).map((element) => element.name);

/** Lines in which tshark complains: of malformed or unknown fields, or of a gap in the sequence. */
const faults = (text: string, pattern = /malformed|unknown|expert|expected|Type \d+: Value/i) =>
  text.split('\n').filter((line) => pattern.test(line));

describe.skipIf(!hasTshark)('tshark', () => {
  it.each(['netflow5', 'netflow9', 'ipfix'] as const)(
    'reads every default message of %s',
    async (protocol) => {
      const { messages, statistics } = await exportAll([BATCH], collector(protocol), CONFIG, (exporter) =>
        exporter.setInterfaces([{ ifIndex: 1, name: 'eth0', description: 'uplink' }]),
      );
      const text = tshark(messages, ['-V']);
      expect(faults(text)).toEqual([]);
      const packets = [...text.matchAll(/^\s+Packets: (\d+)$/gm)].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
      const isV5 = protocol === 'netflow5';
      const expected = flows(300)
        .filter((flow) => !isV5 || flow.ipVersion === 4)
        .reduce((sum, flow) => sum + flow.forward!.packets + (flow.reverse?.packets ?? 0), 0);
      expect(packets).toBe(expected);
      expect(statistics.recordsOffered).toBe(statistics.dataRecords + statistics.notExportable.ipv6);
    },
  );

  it('reads biflows', async () => {
    const { messages } = await exportAll([BATCH], collector('ipfix'), { ...CONFIG, biflow: true });
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    const reversed = [...text.matchAll(/^\s+Packets: \d+ \(Reverse Type 2 PKTS\)$/gm)];
    expect(reversed).toHaveLength(flows(300).filter((flow) => flow.reverse).length);
  });

  it.each([false, true])(
    'reads records with every element that there is (applications: %s)',
    async (isOf) => {
      // A template record with all of them would be longer than a message.
      const names = allNames('ipfix').filter(
        (name) => sectionsRead(findElement(name)!.source).applications === isOf,
      );
      const template = { ipv4: names, ipv6: names };
      const batch = recordBatch(flows(6), {
        timeBaseSeconds: T,
        clockNs: 10e9,
        withHealth: true,
        withApplications: true,
        withNetworks: true,
      });
      const { messages } = await exportAll([batch], collector('ipfix'), { ...CONFIG, template });
      const text = tshark(messages, ['-V', '-o', 'cflow.max_template_fields:300']);
      expect(faults(text, /malformed|\[Expert/i)).toEqual([]);
      for (const ipVersion of [4, 6] as const) {
        const { fields } = compileTemplate(template.ipv4, { protocol: 'ipfix', ipVersion });
        expect(text).toContain(`Field Count: ${fields.length}`);
      }
    },
  );

  it('has the same names for the same numbers', () => {
    const names = new Map<number, string>();
    const table = execFileSync('tshark', ['-G', 'values'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const line of table.split('\n')) {
      const [, field, id, name] = line.split('\t');
      if (field === 'cflow.template_ipfix_field_type') names.set(Number(id), name!);
    }
    // tshark has Cisco's names for many elements, in upper case; IANA's are compared.
    const compared = INFORMATION_ELEMENTS.filter(
      (element) => !isPrivate(element) && /^[a-z]/.test(names.get(element.id) ?? ''),
    );
    expect(compared.map(({ id, name }) => `${id} ${name}`)).toEqual(
      compared.map(({ id }) => `${id} ${names.get(id)}`),
    );
    expect(compared.length).toBeGreaterThan(25);
  });

  it('decodes reduced sizes', async () => {
    const names = ['sourceIPv4Address', 'sourceIPv6Address', 'octetDeltaCount:5', 'packetDeltaCount:3'];
    const { messages } = await exportAll([BATCH], collector('ipfix'), {
      ...CONFIG,
      template: { ipv4: names, ipv6: names },
    });
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    const octets = [...text.matchAll(/^\s+Octets: (\d+)$/gm)].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
    const expected = flows(300).reduce(
      (sum, flow) => sum + flow.forward!.octets + (flow.reverse?.octets ?? 0),
      0,
    );
    expect(octets).toBe(expected);
  });
});

describe.skipIf(!hasNfcapd)('nfcapd', () => {
  const iso = (ns: number) => new Date(T * 1000 + Math.floor(ns / 1e6)).toISOString().slice(0, -1);

  /** The source of a direction, as nfdump writes it. */
  function addressText(flow: TestFlow, side: number): string {
    if (flow.ipVersion === 6) {
      return side === 1 ? '2001:db8::2:1' : `2001:db8::1:${(flow.source[3]! & 0xffff).toString(16)}`;
    }
    const word = flow.source[0]!;
    return side === 1 ? '192.0.2.1' : `10.0.${(word >>> 8) & 255}.${word & 255}`;
  }

  it.each(['netflow5', 'netflow9', 'ipfix'] as const)(
    'stores every flow of %s, with no gap in the sequence',
    async (protocol) => {
      const batches = 5;
      const { flows: stored, statistics } = await collectWithNfcapd(async (port) => {
        const url = `${protocol}://127.0.0.1:${port}`;
        const exporting = await createExportingProcess(CONFIG, [
          { protocol, host: '127.0.0.1', port, url, options: {} },
        ]);
        exporting.setInterfaces([{ name: 'eth0' }, { name: 'eth1' }]);
        for (let i = 0; i < batches; i++) await exporting.exportBatch(BATCH);
        const [counters] = await exporting.close();
        expect(counters).toMatchObject({ collectorDrops: 0, recordsFailed: 0, recordsPending: 0 });
      });
      const sent = flows(300).filter((flow) => protocol !== 'netflow5' || flow.ipVersion === 4);
      const expected = sent.flatMap((flow) => [flow.forward!, ...(flow.reverse ? [flow.reverse] : [])]);
      expect(statistics.get('Sequence failures')).toBe('0');
      expect(statistics.get('Flows')).toBe(String(batches * expected.length));
      const fromNfdump = stored.map((flow) => {
        const source = flow.src4_addr ?? flow.src6_addr;
        const ports = flow.proto === 1 || flow.proto === 58 ? '' : `${flow.src_port}>${flow.dst_port}`;
        // nfdump leaves flags out where the protocol has none.
        const flags = flow.tcp_flags ?? '........';
        const { proto, in_packets, in_bytes, first, last, src_tos, input_snmp } = flow;
        return [source, ports, proto, in_packets, in_bytes, first, last, flags, src_tos, input_snmp].join(
          ' ',
        );
      });
      const fromUs = sent.flatMap((flow) =>
        [flow.forward, flow.reverse].flatMap((line, side) => {
          if (line === undefined) return [];
          const [a, b] = flow.ports;
          const isIcmp = flow.protocol === 1 || flow.protocol === 58;
          const ports = isIcmp ? '' : side === 0 ? `${a}>${b}` : `${b}>${a}`;
          const times = `${iso(line.firstNs)} ${iso(line.lastNs)}`;
          const flags = flow.protocol === 6 ? '...AP.SF' : '........';
          const source = addressText(flow, side);
          const { packets, octets, tos } = line;
          const port = flow.observationPoint;
          return [
            `${source} ${ports} ${flow.protocol} ${packets} ${octets} ${times} ${flags} ${tos} ${port}`,
          ];
        }),
      );
      const repeated = Array.from({ length: batches }, () => fromUs).flat();
      expect(fromNfdump.toSorted()).toEqual(repeated.toSorted());
    },
  );
});
