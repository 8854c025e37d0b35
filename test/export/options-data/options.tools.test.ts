/**
 * Options data as tshark's CFLOW dissector reads it: statistics, sampling in all its forms, interfaces that come later,
 * the exporter's address, flow keys, anonymization. Nothing may be malformed or unknown.
 */
import { expect, it } from 'vitest';
import type { AnonymizationConfig } from '../../../src/export/anonymization/anonymizer.ts';
import { createCollectorExporter } from '../../../src/export/collector/collector-options.ts';
import { type MeteringStatistics, SAMPLING_FORMS } from '../../../src/export/contract/metering-statistics.ts';
import { flowKeyOptions } from '../../../src/export/options-data/options-templates.ts';
import { MessageArena } from '../../../src/export/transport/message-arena.ts';
import { findElement } from '../../../src/ie/elements.ts';
import type { TemplateField } from '../../../src/ie/templates.ts';
import { describeWithTools } from '../../support/tools.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { flowsAt } from '../files/sink-support.ts';
import { tshark } from '../messages/outside-tools.ts';
import { CollectingTransport } from '../transport/collecting-transport.ts';

const METERING: MeteringStatistics = {
  ignoredPackets: 1234,
  ignoredOctets: 567_890,
  firstIgnoredMs: 1_700_000_000_123,
  lastIgnoredMs: 1_700_000_001_456,
  observedPackets: 100_000,
  selectedPackets: 998,
  observedFlows: 77,
};

const ANONYMIZATION: AnonymizationConfig = {
  method: 'cryptopan',
  keyFile: '',
  ipv4PrefixLength: 24,
  ipv6PrefixLength: 48,
  macAddresses: 'vendor',
  names: 'drop',
  networks: 'keep',
};

/** Lines in which tshark complains. */
const faults = (text: string) =>
  text
    .split('\n')
    .filter((line) => /malformed|unknown|expert|expected|Type \d+: Value/i.test(line))
    // tshark names one of the two modes of IANA's samplerMode.
    .filter((line) => !line.includes('SamplerMode: Unknown (1)'));

/** Every value that tshark shows under this label, in order. */
const valuesOf = (text: string, label: string) =>
  [...text.matchAll(new RegExp(`^\\s+${label}: (.*)$`, 'gm'))].map(([, value]) => value!);

const FLOW_KEY = {
  vlan: true,
  pppoe: true,
  interface: true,
  tos: false,
  mac: false,
  mpls: false,
  tunnel: false,
};

describeWithTools(['tshark'], 'options data, as tshark reads it', () => {
  it.each([
    [
      'random',
      ['Sampling interval: 100', 'Sampling algorithm: Random sampling', 'SamplerRandomInterval: 100'],
    ],
    [
      'systematic',
      ['Sampling interval: 100', 'Sampling algorithm: Deterministic sampling', 'Sampling Packet Space: 99'],
    ],
    ['hash', ['Sampling interval: 100']],
  ] as const)('has sampling in every form: %s', async (method, expected) => {
    const config = { ...CONFIG, sampling: { method, interval: 100 } };
    for (const protocol of ['ipfix', 'netflow9'] as const) {
      const to = collector(protocol, { samplingForms: SAMPLING_FORMS });
      const { messages, statistics } = await exportAll([flowsAt(1, 10)], to, config);
      const text = tshark(messages, ['-V']);
      expect(faults(text)).toEqual([]);
      for (const line of expected) expect(text.toLowerCase()).toContain(line.toLowerCase());
      expect(statistics.optionsRecords).toBeGreaterThanOrEqual(SAMPLING_FORMS.length);
    }
  });

  it('leaves out the form that would be taken for another rate', async () => {
    const count = async (interval: number) => {
      const config = { ...CONFIG, sampling: { method: 'systematic' as const, interval } };
      const { messages } = await exportAll([flowsAt(1, 10)], collector('ipfix'), config);
      return valuesOf(tshark(messages, ['-V']), 'Sampling Packet Interval').length;
    };
    expect(await count(1)).toBe(1);
    expect(await count(100)).toBe(0);
  });

  it('has statistics of metering and exporting at the end', async () => {
    const { messages } = await exportAll([flowsAt(1, 10)], collector('ipfix'), CONFIG, (exporter) =>
      exporter.setStatistics(
        () => METERING,
        () => ({ records: 5, packets: 70, octets: 4900 }),
      ),
    );
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    expect(valuesOf(text, 'Ignored Packets')).toEqual(['1234']);
    expect(valuesOf(text, 'Ignored Octets')).toEqual(['567890']);
    expect(valuesOf(text, 'Flows')).toEqual(['77']);
    expect(valuesOf(text, 'Not Sent Flows')).toEqual(['5']);
    expect(valuesOf(text, 'Not Sent Packets')).toEqual(['70']);
    expect(valuesOf(text, 'Not Sent Octets')).toEqual(['4900']);
    expect(valuesOf(text, 'FlowsExp')).toEqual(['15']);
    expect(valuesOf(text, 'PacketsExp')).toEqual([String(messages.length - 1)]);
    const before = messages.slice(0, -1).reduce((sum, { length }) => sum + length, 0);
    expect(valuesOf(text, 'OctetsExp')).toEqual([String(before)]);
    const times = valuesOf(text, 'Observation Time Milliseconds');
    expect(times).toHaveLength(4);
    expect(times[0]).toContain('22:13:20.123');
    expect(times[1]).toContain('22:13:21.456');
    expect(valuesOf(text, 'Selector Id Total Pkts Observed')).toHaveLength(1);
  });

  it('leaves out of statistics what is not known', async () => {
    const unknown = Object.fromEntries(Object.keys(METERING).map((name) => [name, Number.NaN]));
    const { messages } = await exportAll([flowsAt(1, 10)], collector('ipfix'), CONFIG, (exporter) =>
      exporter.setStatistics(
        () => unknown as unknown as MeteringStatistics,
        () => ({ records: 0, packets: Number.NaN, octets: 0 }),
      ),
    );
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    expect(text).not.toContain('Ignored');
    expect(valuesOf(text, 'Not Sent Flows')).toEqual(['0']);
    expect(text).not.toContain('Not Sent Packets');
    expect(valuesOf(text, 'Not Sent Octets')).toEqual(['0']);
  });

  it.each([false, true])('tells what was in messages that could not be sent (biflow: %s)', async (biflow) => {
    const arena = new MessageArena(1400);
    const transport = new CollectingTransport(arena);
    const exporter = createCollectorExporter(arena, transport, CONFIG, collector('ipfix', { biflow }));
    // More than the arena has room for at a time, so that slots are used again.
    const sent = flowsAt(1, 5000);
    const refused = flowsAt(9, 5001);
    await exporter.exportBatch(sent);
    exporter.flush();
    transport.isRefusing = true;
    await exporter.exportBatch(refused);
    exporter.flush();
    transport.isRefusing = false;
    await exporter.exportBatch(flowsAt(20, 3));
    await exporter.end();
    const { recordsFailed } = exporter.statistics();
    const sum = (at: number) => {
      const { doubles, stride, count } = refused;
      let total = 0;
      for (let i = 0; i < count; i++)
        total += doubles[(i * stride) / 2 + 8 + at]! + doubles[(i * stride) / 2 + 16 + at]!;
      return total;
    };
    expect(recordsFailed).toBe(biflow ? 5001 : 7502);
    expect(exporter.notSent).toEqual({ records: recordsFailed, packets: sum(1), octets: sum(0) });
    const text = tshark(transport.messages, ['-V']);
    expect(valuesOf(text, 'Not Sent Flows').at(-1)).toBe(String(recordsFailed));
    expect(valuesOf(text, 'Not Sent Packets').at(-1)).toBe(String(sum(1)));
    expect(valuesOf(text, 'Not Sent Octets').at(-1)).toBe(String(sum(0)));
  });

  it('has the address of the exporter', async () => {
    for (const [address, label] of [
      ['192.0.2.7', 'ExporterAddr'],
      ['2001:db8::7', 'ExporterAddr'],
    ] as const) {
      const { messages } = await exportAll([flowsAt(1, 1)], collector('ipfix', { exporterAddress: address }));
      const text = tshark(messages, ['-V']);
      expect(faults(text)).toEqual([]);
      expect(valuesOf(text, label)).toEqual([address]);
    }
  });

  it.each(['ipfix', 'netflow9'] as const)(
    'has interfaces that appear after the first flow: %s',
    async (protocol) => {
      const to = collector(protocol);
      const arena = new MessageArena(1400);
      const transport = new CollectingTransport(arena);
      const exporter = createCollectorExporter(arena, transport, CONFIG, to);
      exporter.setInterfaces([{ ifIndex: 1, name: 'eth0', description: 'uplink' }]);
      await exporter.exportBatch(flowsAt(1, 10));
      exporter.setInterfaces([
        { ifIndex: 1, name: 'eth0', description: 'uplink' },
        { ifIndex: 2, name: 'wg0', description: 'tunnel' },
      ]);
      await exporter.exportBatch(flowsAt(2, 10));
      await exporter.end();
      const text = tshark(transport.messages, ['-V']);
      expect(faults(text)).toEqual([]);
      const names = valuesOf(text, 'IfName').map((name) => name.trim());
      expect(names).toEqual(['eth0', 'eth0', 'wg0']);
      // The rest has been said and has not changed.
      if (protocol === 'ipfix') expect(valuesOf(text, 'System Init Time')).toHaveLength(1);
    },
  );

  it.each(['ipfix', 'netflow9'] as const)(
    'repeats the templates of all options, with what is new: %s',
    async (protocol) => {
      const arena = new MessageArena(1400);
      const transport = new CollectingTransport(arena);
      const to = collector(protocol, { templateRefreshMessages: 5, optionsData: 'statistics' });
      const exporter = createCollectorExporter(arena, transport, CONFIG, to);
      const namesIn = (messages: readonly Uint8Array[]) =>
        valuesOf(tshark(messages, ['-V']), 'IfName').map((name) => name.trim());
      /** Ids of the options templates in each announcement of these flows; the order is always the same. */
      const announced = async (from: number) => {
        const before = transport.messages.length;
        await exporter.exportBatch(flowsAt(from, 1000));
        exporter.flush();
        const messages = transport.messages.slice(before);
        const text = tshark(transport.messages, ['-V']);
        expect(faults(text)).toEqual([]);
        const sets = tshark(messages, ['-V']).match(/Options Template \(.*?Id(?: =|:) \d+/gs) ?? [];
        return { names: namesIn(messages), templates: sets.map((set) => set.match(/(\d+)$/)![1]!) };
      };
      const first = await announced(1);
      const kinds = new Set(first.templates).size;
      expect(kinds).toBeGreaterThan(2);
      expect(first.templates.length).toBeGreaterThan(2 * kinds);
      expect(first.templates).toEqual(first.templates.map((_, i) => first.templates[i % kinds]));
      exporter.setInterfaces([{ ifIndex: 2, name: 'wg0', description: 'tunnel' }]);
      const second = await announced(2);
      expect(second.names).toEqual(['wg0']);
      exporter.setStatistics(
        () => METERING,
        () => ({ records: 0, packets: 0, octets: 0 }),
      );
      const third = await announced(3);
      expect(third.names).toEqual([]);
      expect(new Set(third.templates).size).toBeGreaterThan(kinds);
    },
  );

  // Announcements of more messages than the arena has slots, which is 128.
  it.each([
    ['ipfix', 400, 1400],
    ['ipfix', 150, 512],
    ['ipfix', 400, 512],
    ['netflow9', 400, 512],
  ] as const)(
    'names every interface: %s, %i of them, messages of %i octets',
    async (protocol, count, messageOctetsMax) => {
      const interfaces = Array.from({ length: count }, (_, i) => {
        const name = `if${i}`.padEnd(protocol === 'ipfix' ? 200 : 32, 'x');
        return { ifIndex: i + 1, name, description: name };
      });
      const to = collector(protocol, { messageOctetsMax, templateRefreshMessages: 20 });
      const { messages, statistics } = await exportAll([flowsAt(1, 10)], to, CONFIG, (exporter) =>
        exporter.setInterfaces(interfaces),
      );
      expect(Math.max(...messages.map((message) => message.length))).toBeLessThanOrEqual(messageOctetsMax);
      const text = tshark(messages, ['-V']);
      expect(faults(text)).toEqual([]);
      const names = valuesOf(text, 'IfName').map((value) => value.replace(/ .*/, ''));
      expect(names).toEqual(interfaces.map(({ name }) => name));
      expect(valuesOf(text, 'SrcAddr')).toHaveLength(statistics.dataRecords);
      expect(statistics).toMatchObject({ recordsPending: 0, dataRecords: statistics.recordsOffered });
    },
  );

  it('has the flow keys of each template', async () => {
    const names = [
      'octetDeltaCount',
      'sourceIPv4Address',
      'destinationIPv4Address',
      'vlanId',
      'ipClassOfService',
    ];
    const config = { ...CONFIG, template: { ipv4: names, ipv6: ['sourceIPv6Address', 'flowEndReason'] } };
    const { messages } = await exportAll([flowsAt(1, 10)], collector('ipfix'), {
      ...config,
      metering: { flowKey: FLOW_KEY },
    });
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    const indicators = valuesOf(text, 'floKeyIndicator').map((value) => Number.parseInt(value, 16));
    expect(indicators).toEqual([0b1110, 0b1]);
    const withTos = await exportAll([flowsAt(1, 10)], collector('ipfix'), {
      ...config,
      metering: { flowKey: { ...FLOW_KEY, vlan: false, tos: true } },
    });
    const other = valuesOf(tshark(withTos.messages, ['-V']), 'floKeyIndicator');
    expect(other.map((value) => Number.parseInt(value, 16))).toEqual([0b10110, 0b1]);
  });

  it('calls a flow key only what is one', () => {
    const fields = [
      'dot1qCustomerVlanId',
      'pppoeSessionId',
      'observationPointId',
      'ingressInterface',
      'mplsTopLabelStackSection',
      'mplsLabelStackSection2',
      'tunnelId',
      'outerSourceIPv4Address',
    ].map((name) => ({ element: findElement(name)!, isReverse: false }) as TemplateField);
    const keysOf = (parts: Partial<typeof FLOW_KEY>) =>
      flowKeyOptions([{ id: 256, template: { fields } }], { ...FLOW_KEY, ...parts }, true).rows[0]![1];
    expect(keysOf({})).toBe(0b1111n);
    expect(keysOf({ vlan: false, pppoe: false })).toBe(0b1100n);
    expect(keysOf({ interface: false })).toBe(0b0011n);
    // Of MPLS the key has the top label, of a tunnel its kind and id.
    expect(keysOf({ mpls: true, tunnel: true })).toBe(0b1011111n);
  });

  it('says what was done to addresses (RFC 6235)', async () => {
    const template = {
      ipv4: ['sourceIPv4Address', 'destinationMacAddress', 'octetDeltaCount', 'ipNextHopIPv4Address'],
      ipv6: ['destinationIPv6Address', 'octetDeltaCount'],
    };
    const config = { ...CONFIG, template, anonymization: ANONYMIZATION };
    const { messages } = await exportAll([flowsAt(1, 10)], collector('ipfix'), config);
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    // Structured permutation for addresses, precision degradation for the MAC address, stable for good.
    expect(valuesOf(text, 'Anonymization Technique')).toEqual(['6', '2', '6']);
    expect(valuesOf(text, 'Anonymization Flags')).toEqual(['0003', '0003', '0003']);
    expect(valuesOf(text, 'Information Element Id')).toEqual(['8', '80', '28']);
  });

  it('tells nothing where it is not wanted', async () => {
    const { statistics } = await exportAll([flowsAt(1, 10)], collector('ipfix', { optionsData: 'none' }));
    expect(statistics.optionsRecords).toBe(0);
  });

  it.each(['ipfix', 'netflow9'] as const)('names each application once: %s', async (protocol) => {
    const template = { ipv4: ['sourceIPv4Address', 'applicationId'], ipv6: ['applicationId'] };
    const { messages } = await exportAll([], collector(protocol), { ...CONFIG, template }, (exporter) =>
      exporter.announce(),
    );
    const text = tshark(messages, ['-V']);
    expect(faults(text)).toEqual([]);
    const engines = valuesOf(text, 'Classification Engine ID');
    const selectors = valuesOf(text, 'Selector ID');
    const names = valuesOf(text, 'ApplicationName');
    const descriptions = valuesOf(text, 'ApplicationDesc');
    const rows = names.map((name, i) => [engines[i], Number(`0x${selectors[i]}`), name, descriptions[i]]);
    const ndpi = 'ntop nDPI (22)';
    // Numbers of nDPI's ndpi_protocol_ids.h, and ports of IANA's.
    expect(rows).toContainEqual([ndpi, 5, 'dns', 'Domain Name System']);
    expect(rows).toContainEqual([ndpi, 91, 'tls', 'Transport Layer Security']);
    expect(rows).toContainEqual([ndpi, 188, 'quic', 'QUIC']);
    const ports = rows.filter(([engine]) => engine !== ndpi);
    expect(ports).toContainEqual([expect.stringContaining('(3)'), 53, 'dns', 'Domain Name System']);
    expect(ports).toContainEqual([expect.anything(), 443, 'tls/quic', 'Transport Layer Security/QUIC']);
    expect(new Set(rows.map(([engine, selector]) => `${engine} ${selector}`)).size).toBe(rows.length);
    // A whole text leaves an octet for the zero that ends it: of 24 for a name, 55 for a description.
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThan(24);
    expect(Math.max(...descriptions.map(({ length }) => length))).toBeLessThan(55);
  });

  it('has no names of applications where no template has applicationId', async () => {
    const { messages } = await exportAll([], collector('netflow9'), CONFIG, (exporter) =>
      exporter.announce(),
    );
    expect(tshark(messages, ['-V'])).not.toContain('ApplicationName');
  });
});
