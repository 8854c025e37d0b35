/** Messages octet by octet, computed by hand from RFC 3954, RFC 7011, RFC 5103 and the layout of NetFlow v5. */
import { describe, expect, it } from 'vitest';
import type { ExportingConfig } from '../../../src/export/contract/record-sink.ts';
import { CONFIG, collector, exportAll, hex } from '../exporter-support.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../records.ts';

// 2023-11-14 22:13:20 UTC = 0x6553f100.
const T = 1_700_000_000;
const FLOW: TestFlow = {
  source: ipv4('10.1.2.3'),
  destination: ipv4('192.0.2.9'),
  ipVersion: 4,
  protocol: 6,
  ports: [0x9c40, 443],
  observationPoint: 5,
  endReason: 3,
  forward: {
    packets: 3,
    octets: 0x1_0000_0002,
    firstNs: 1e9 + 999_999,
    lastNs: 2.5e9,
    tcpFlags: 0x11b,
    tos: 0xb8,
  },
};
const SMALL = { ...FLOW, forward: { ...FLOW.forward!, octets: 0x1234 } };
const IPV6: TestFlow = {
  ...FLOW,
  ipVersion: 6,
  source: ipv6('2001:db8:0:0:0:0:0:1'),
  destination: ipv6('2001:db8:0:0:0:0:0:2'),
};
const at = { timeBaseSeconds: T, clockNs: 3.25e9 };
const withTemplate = (names: string[], changes: Partial<ExportingConfig> = {}): ExportingConfig => ({
  ...CONFIG,
  template: { ipv4: names, ipv6: names },
  ...changes,
});
const octets = (text: string) => text.replaceAll(/\s|\|/g, '');

describe('NetFlow v5', () => {
  it('has a 24-octet header and 48-octet records', async () => {
    const { messages, statistics } = await exportAll([recordBatch([SMALL, IPV6], at)], collector('netflow5'));
    expect(messages.map(hex)).toEqual([
      octets(`
        0005 0001 0000f32a  6553f103 0ee6b280  00000000 00 07 0000
        0a010203 c0000209 00000000  0005 0000  00000003 00001234  0000ea60 0000f03c
        9c40 01bb  00 1b 06 b8  0000 0000  00 00 0000`),
    ]);
    expect(statistics).toMatchObject({ recordsOffered: 2, dataRecords: 1, notExportable: { ipv6: 1 } });
  });

  it('counts flows in its sequence, 28 to a message of 1,400 octets', async () => {
    const { messages } = await exportAll(
      [
        recordBatch(
          Array.from({ length: 60 }, () => SMALL),
          at,
        ),
      ],
      collector('netflow5'),
    );
    const headers = messages.map((message) => Buffer.from(message));
    expect(
      headers.map((message) => [message.readUInt16BE(2), message.readUInt32BE(16), message.length]),
    ).toEqual([
      [28, 0, 1368],
      [28, 28, 1368],
      [4, 56, 216],
    ]);
    const large = await exportAll(
      [
        recordBatch(
          Array.from({ length: 31 }, () => SMALL),
          at,
        ),
      ],
      collector('netflow5', { messageOctetsMax: 9000 }),
    );
    expect(large.messages.map((message) => message[3])).toEqual([30, 1]);
  });

  it('splits a flow whose counters do not fit', async () => {
    const huge = { ...FLOW, forward: { ...FLOW.forward!, octets: 2 ** 34 + 1, packets: 2 ** 33 + 7 } };
    const { messages, statistics } = await exportAll([recordBatch([SMALL, huge], at)], collector('netflow5'));
    const message = Buffer.from(messages[0]!);
    let packetsSum = 0;
    let octetsSum = 0;
    const records = message.readUInt16BE(2);
    for (let i = 1; i < records; i++) {
      packetsSum += message.readUInt32BE(24 + 48 * i + 16);
      octetsSum += message.readUInt32BE(24 + 48 * i + 20);
    }
    expect(packetsSum).toBe(2 ** 33 + 7);
    expect(octetsSum).toBe(2 ** 34 + 1);
    expect(statistics).toMatchObject({ recordsOffered: records, dataRecords: records });
  });

  it('has 0 for interface numbers that do not fit', async () => {
    const observation = { domainId: 1, ingressInterface: 65_536, egressInterface: 65_535 };
    const { messages } = await exportAll([recordBatch([SMALL], at)], collector('netflow5'), {
      ...CONFIG,
      observation,
    });
    expect(hex(messages[0]!.subarray(36, 40))).toBe('0000ffff');
  });
});

describe('NetFlow v9', () => {
  it('announces its templates, then sends padded FlowSets; the sequence counts messages', async () => {
    const names = [
      'sourceIPv4Address',
      'sourceIPv6Address',
      'octetDeltaCount:4',
      'tcpControlBits',
      'flowEndSysUpTime',
    ];
    const { messages } = await exportAll(
      [recordBatch([SMALL], at)],
      collector('netflow9', { optionsData: 'none' }),
      withTemplate(names),
    );
    expect(messages).toHaveLength(2);
    const [announcement, data] = messages.map(hex);
    const template4 = announcement!.slice(48, 52);
    const template6 = announcement!.slice(48 + 40, 52 + 40);
    expect(announcement).toBe(
      octets(`
        0009 0002 0000f618 6553f104 00000000 00000007
        0000 002c
        ${template4} 0004 0008 0004 0001 0004 0006 0001 0015 0004
        ${template6} 0004 001b 0010 0001 0004 0006 0001 0015 0004`),
    );
    expect(data).toBe(
      octets(`
        0009 0001 0000f618 6553f104 00000001 00000007
        ${template4} 0014  0a010203 00001234 1b 0000f03c 000000`),
    );
  });

  it('sends the sampling rate with scope system', async () => {
    const { messages } = await exportAll(
      [recordBatch([SMALL], at)],
      collector('netflow9'),
      withTemplate(['packetDeltaCount']),
      (exporter) => exporter.setInterfaces([{ ifIndex: 5, name: 'eth0', description: 'up' }]),
    );
    const text = hex(messages[0]!);
    // Options template FlowSets of one record each: id, octets of scope and of options, scope, elements. A record behind each.
    const idOf = (template: RegExp) => template.exec(text)?.[1] ?? 'none';
    expect(idOf(/00010014(....)0004000400010004002200040000/)).not.toBe('none');
    const samplingId = idOf(/00010018(....)000400080001000400220004002300010000/);
    const interfaceId = idOf(/00010018(....)000400080002000400520020005300400000/);
    expect(idOf(/0001001c(....)0004000c0001000400290008002a0008002800080000/)).not.toBe('none');
    expect(text).toContain(`${samplingId}0010${'00000007'}00000001${'01'}000000`);
    const name = Buffer.alloc(32, 0);
    name.write('eth0');
    const description = Buffer.alloc(64, 0);
    description.write('up');
    expect(text).toContain(`${interfaceId}006800000005${hex(name)}${hex(description)}`);
    // Two templates, four options templates, four options records.
    expect(Buffer.from(messages[0]!).readUInt16BE(2)).toBe(10);
  });
});

describe('IPFIX', () => {
  it('announces templates, and counts data records in its sequence', async () => {
    const names = [
      'sourceIPv4Address',
      'sourceIPv6Address',
      'octetDeltaCount',
      'flowStartMilliseconds',
      'tcpControlBits',
    ];
    const batch = recordBatch([FLOW, FLOW], at);
    const { messages } = await exportAll(
      [batch, batch],
      collector('ipfix', { optionsData: 'none', messageOctetsMax: 16 + 4 + 2 * 22 + 3 }),
      withTemplate(names),
    );
    const texts = messages.map(hex);
    const template4 = texts[0]!.slice(40, 44);
    const template6 = texts[0]!.slice(80, 84);
    const record = octets('0a010203 0000000100000002 0000018bcfe56be8 011b');
    expect(texts).toEqual([
      octets(`
        000a 003c 6553f104 00000000 00000007 0002 002c
        ${template4} 0004 0008 0004 0001 0008 0098 0008 0006 0002
        ${template6} 0004 001b 0010 0001 0008 0098 0008 0006 0002`),
      octets(`000a 0040 6553f104 00000000 00000007 ${template4} 0030 ${record} ${record}`),
      octets(`000a 0040 6553f104 00000002 00000007 ${template4} 0030 ${record} ${record}`),
    ]);
  });

  it('has reverse elements under enterprise number 29305, and none where nothing came back', async () => {
    const both = {
      ...FLOW,
      reverse: { packets: 2, octets: 80, firstNs: 1.5e9, lastNs: 2e9, tcpFlags: 0x12 },
    };
    const onlyReverse = { ...FLOW, forward: undefined, reverse: both.reverse } as unknown as TestFlow;
    const names = ['sourceTransportPort', 'packetDeltaCount:1', 'biflowDirection'];
    const { messages, statistics } = await exportAll(
      [recordBatch([FLOW, both, onlyReverse], at)],
      collector('ipfix', { optionsData: 'none' }),
      withTemplate(names, { biflow: true }),
    );
    const announcement = hex(messages[0]!);
    const [, single] = /(....)0003000700020002000100ef0001/.exec(announcement)!;
    const [, biflow] = /(....)0004000700020002000100ef000180020001000072790*/.exec(announcement)!;
    expect(hex(messages[1]!).slice(32)).toBe(
      octets(`${single} 000c 9c40 03 01 01bb 02 02 ${biflow} 0009 9c40 03 01 02`),
    );
    expect(statistics.dataRecords).toBe(3);
  });

  it('saturates what a reduced size cannot hold, and cuts flags', async () => {
    const names = [
      'octetDeltaCount:4',
      'octetDeltaCount:4',
      'sourceTransportPort:1',
      'tcpControlBits:1',
      'packetDeltaCount:3',
    ];
    const { messages } = await exportAll(
      [recordBatch([FLOW], at)],
      collector('ipfix', { optionsData: 'none' }),
      withTemplate(names.slice(1)),
    );
    expect(hex(messages[1]!).slice(40)).toBe(octets('ffffffff ff 1b 000003'));
  });

  it('encodes times as RFC 7011 §6.1 says', async () => {
    const names = [
      'Seconds',
      'Milliseconds',
      'Microseconds',
      'Nanoseconds',
      'DeltaMicroseconds',
      'SysUpTime',
    ];
    const flow = { ...FLOW, forward: { ...FLOW.forward!, firstNs: 0.5e9 + 1234, lastNs: 1e9 } };
    const { messages } = await exportAll(
      [recordBatch([flow], at)],
      collector('ipfix', { optionsData: 'none' }),
      withTemplate([
        ...names.map((name) => `flowStart${name}`),
        'flowDurationMicroseconds',
        'systemInitTimeMilliseconds',
      ]),
    );
    // 1,700,000,000 s after 1970 is 0xe8fe6f80 after 1900. 500,001 µs is 2147487942.97 / 2^32, up to a multiple of 2^11;
    // 500,001,234 ns is 2147488947.99 / 2^32, rounded up. The message is of 22:13:24.
    expect(hex(messages[1]!).slice(40)).toBe(
      octets(`6553f100 0000018bcfe569f4 e8fe6f80 80001800 e8fe6f80 ${(2147488948).toString(16)}
        ${(3_499_999).toString(16).padStart(8, '0')} 0000ea60 ${(499_999).toString(16).padStart(8, '0')}
        ${(1_700_000_000_500 - 60_000).toString(16).padStart(16, '0')}`),
    );
  });

  it('announces its own elements with their types (RFC 5610)', async () => {
    const { messages } = await exportAll(
      [recordBatch([FLOW], at)],
      collector('ipfix'),
      withTemplate(['fragmentDeltaCount', 'packetDeltaCount']),
    );
    const text = hex(messages[0]!);
    // Template: enterprise bit, id 8, 2 octets, 32473.
    expect(text).toContain('8008000200007ed9');
    // Scope 346 and 303; 339, 344, 345, 341 and 340 of variable length.
    expect(text).toContain(
      '00070002015a0004012f000201530001015800010159000201 55ffff0154ffff'.replace(' ', ''),
    );
    const name = Buffer.from('fragmentDeltaCount');
    // 32473, 8, unsigned16 (2), deltaCounter (3), packets (3), name.
    expect(text).toContain(`00007ed9000802030003${name.length.toString(16)}${hex(name)}`);
  });
});
