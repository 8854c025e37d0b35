import { describe, expect, it } from 'vitest';
import { FlowText, type FlowTextOptions } from '../../src/ie/flow-text.ts';
import { TUNNEL_VXLAN } from '../../src/records/tunnel-kinds.ts';
import { ipv4, recordBatch, type TestFlow } from '../export/records.ts';
import { PING6, TCP } from '../support/two-flows.ts';

const T = 1_700_000_000;
const options = (changes: Partial<FlowTextOptions> = {}): FlowTextOptions => ({
  form: 'json',
  template: { ipv4: ['default'], ipv6: ['default'] },
  biflow: false,
  values: { observationDomainId: 1, ingressInterface: 'auto', egressInterface: 0 },
  ...changes,
});

const linesOf = (text: FlowText, flows: readonly TestFlow[], withEncapsulation = false) => {
  const lines = text.batch(recordBatch(flows, { timeBaseSeconds: T, withEncapsulation })).toString('latin1');
  expect(lines.endsWith('\n')).toBe(true);
  return lines.slice(0, -1).split('\n');
};
const objectsOf = (
  changes: Partial<FlowTextOptions>,
  flows: readonly TestFlow[],
  withEncapsulation = false,
) => linesOf(new FlowText(options(changes)), flows, withEncapsulation).map((line) => JSON.parse(line));

describe('JSON', () => {
  it('has one line for each direction, without what does not apply', () => {
    const common = { protocolIdentifier: 6, ipVersion: 4, ingressInterface: 2, vlanId: 7, flowEndReason: 3 };
    expect(objectsOf({}, [TCP])).toEqual([
      {
        ...common,
        flowStartMilliseconds: 1_700_000_000_001,
        flowEndMilliseconds: 1_700_000_002_000,
        sourceIPv4Address: '10.0.0.1',
        destinationIPv4Address: '192.0.2.1',
        sourceTransportPort: 40_000,
        destinationTransportPort: 443,
        octetDeltaCount: 1_099_511_627_777,
        packetDeltaCount: 3,
        layer2OctetDeltaCount: 1_099_511_627_818,
        tcpControlBits: 27,
        ipClassOfService: 16,
        minimumTTL: 63,
        maximumTTL: 64,
        minimumIpTotalLength: 40,
        maximumIpTotalLength: 1500,
        sourceMacAddress: '82:00:00:00:00:01',
        destinationMacAddress: '02:00:00:00:00:ff',
        biflowDirection: 1,
      },
      {
        ...common,
        flowStartMilliseconds: 1_700_000_000_005,
        flowEndMilliseconds: 1_700_000_000_006,
        sourceIPv4Address: '192.0.2.1',
        destinationIPv4Address: '10.0.0.1',
        sourceTransportPort: 443,
        destinationTransportPort: 40_000,
        octetDeltaCount: 99,
        packetDeltaCount: 2,
        layer2OctetDeltaCount: 0,
        tcpControlBits: 18,
        ipClassOfService: 0,
        minimumTTL: 50,
        maximumTTL: 50,
        minimumIpTotalLength: 40,
        maximumIpTotalLength: 59,
        sourceMacAddress: '02:00:00:00:00:ff',
        destinationMacAddress: '82:00:00:00:00:01',
        biflowDirection: 2,
      },
    ]);
  });

  it('has ICMPv6 type and code, and the flow label, where there are some', () => {
    const [flow] = objectsOf({}, [PING6]);
    expect(flow).toMatchObject({
      sourceIPv6Address: '2001:db8::1',
      icmpTypeCodeIPv6: 0x8001,
      destinationTransportPort: 0x8001,
      flowLabelIPv6: 0xabcde,
    });
    expect(flow).not.toHaveProperty('tcpControlBits');
    expect(flow).not.toHaveProperty('vlanId');
    expect(flow).not.toHaveProperty('sourceMacAddress');
  });

  it('has everything that a template names, 0 where it does not apply', () => {
    const names = [
      'tcpControlBits',
      'vlanId',
      'bgpSourceAsNumber',
      'ipNextHopIPv6Address',
      'flowStartNanoseconds',
    ];
    expect(objectsOf({ template: { ipv4: names, ipv6: names } }, [PING6])).toEqual([
      {
        tcpControlBits: 0,
        vlanId: 0,
        bgpSourceAsNumber: 0,
        ipNextHopIPv6Address: '::',
        flowStartNanoseconds: '1700000000000000000',
      },
    ]);
  });

  it('has reverse values in the same line when asked for biflows', () => {
    const names = ['packetDeltaCount', 'sourceTransportPort'];
    expect(objectsOf({ biflow: true, template: { ipv4: names, ipv6: names } }, [TCP, PING6])).toEqual([
      { packetDeltaCount: 3, sourceTransportPort: 40_000, reversePacketDeltaCount: 2 },
      { packetDeltaCount: 1, sourceTransportPort: 0 },
    ]);
  });

  it('has tunnel ids, beyond 2^53 as strings', () => {
    const encapsulation = Array.from({ length: 22 }, () => 0);
    encapsulation[0] = 4 | (TUNNEL_VXLAN << 8);
    encapsulation[1] = 0x123456;
    encapsulation[2] = ipv4('203.0.113.1')[0]!;
    encapsulation[6] = ipv4('203.0.113.2')[0]!;
    encapsulation[11] = 0x003e1_1_40;
    const names = [
      'layer2SegmentId',
      'outerSourceIPv4Address',
      'tunnelKind',
      'greKey',
      'mplsTopLabelStackSection',
    ];
    const text = objectsOf({ template: { ipv4: names, ipv6: names } }, [{ ...TCP, encapsulation }], true);
    expect(text).toEqual([
      {
        layer2SegmentId: String((1n << 56n) | 0x123456n),
        outerSourceIPv4Address: '203.0.113.1',
        tunnelKind: 5,
        greKey: 0,
        mplsTopLabelStackSection: '003e11',
      },
      {
        layer2SegmentId: String((1n << 56n) | 0x123456n),
        outerSourceIPv4Address: '203.0.113.2',
        tunnelKind: 5,
        greKey: 0,
        // The other direction has labels of its own, which nobody saw.
        mplsTopLabelStackSection: '000000',
      },
    ]);
  });
});

describe('CSV', () => {
  it('has the columns of both IP versions, empty where they do not apply', () => {
    const template = {
      ipv4: ['sourceIPv4Address', 'packetDeltaCount', 'tcpControlBits'],
      ipv6: ['sourceIPv6Address', 'packetDeltaCount'],
    };
    const text = new FlowText(options({ form: 'csv', template }));
    expect(text.header).toBe('sourceIPv4Address,sourceIPv6Address,packetDeltaCount,tcpControlBits\n');
    expect(linesOf(text, [TCP, PING6])).toEqual(['10.0.0.1,,3,27', '192.0.2.1,,2,18', ',2001:db8::1,1,']);
  });

  it('has as many fields in each line as in its header', () => {
    const text = new FlowText(options({ form: 'csv' }));
    const fields = text.header.split(',').length;
    for (const line of linesOf(text, [TCP, PING6])) expect(line.split(',')).toHaveLength(fields);
  });
});
