/** Path health on the wire and as text: the same figures as in `FlowHealth`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { HEALTH_NAMES } from '../../../src/ie/elements-path-health.ts';
import { FlowText } from '../../../src/ie/flow-text.ts';
import type { FlowRecordBatch } from '../../../src/records/flow-layout.ts';
import type { FlowHealth } from '../../../src/records/path-health-figures.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { healthFlow } from './path-health-record.ts';

const VALUES = { observationDomainId: 1, ingressInterface: 'auto', egressInterface: 0 } as const;

describe('path health', () => {
  let record: FlowRecordBatch;
  let health: FlowHealth;
  beforeAll(async () => {
    ({ record, health } = await healthFlow());
  });

  it('is in JSON what was measured, and nothing of what was not', () => {
    const template = { ipv4: ['health'], ipv6: ['health'] };
    const text = new FlowText({ form: 'json', template, biflow: false, values: VALUES });
    const [forward, reverse] = text
      .batch(record)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(forward).toMatchObject({
      handshakeServerMicroseconds: 20_000,
      handshakeClientMicroseconds: 4000,
      tcpHandshakeState: 7,
      tcpDataSegmentDeltaCount: 5,
      tcpRetransmittedSegmentDeltaCount: 1,
      tcpLostDownstreamSegmentDeltaCount: 1,
      tcpPayloadOctetDeltaCount: 4050,
      tcpMaximumSegmentOctets: 1460,
      tcpInitialSequenceNumber: 7,
      intervalMilliseconds: 5000,
      intervalOctets: [3000, 50],
      tcpWindowScale: 7,
      tcpSynTotalCount: 1,
      longestIdleMilliseconds: 5898,
    });
    expect(forward.tcpAckRoundTripMinimumMicroseconds).toBe(health.forward.ackRtt.minMs * 1e3);
    expect(reverse).toMatchObject({
      intervalOctets: [300, 0],
      responseTimeSamples: 1,
      tcpInitialSequenceNumber: 9,
    });
    expect(Object.keys(forward).filter((name) => /pdm|icmpError/.test(name))).toEqual([]);
    expect(forward).not.toHaveProperty('responseTimeSamples', 0);
  });

  it('is a list with semicolons in CSV', () => {
    const template = { ipv4: ['intervalOctets', 'stallDeltaCount'], ipv6: ['octetDeltaCount'] };
    const text = new FlowText({ form: 'csv', template, biflow: false, values: VALUES });
    expect(text.batch(record).toString()).toBe('3000;50,0,\n300;0,0,\n');
  });

  it('is on the wire what it is in JSON, in both directions of a biflow', async () => {
    const names = ['tcpRetransmittedSegmentDeltaCount', 'tcpPayloadOctetDeltaCount', 'intervalOctets'];
    const config = { ...CONFIG, biflow: true, template: { ipv4: names, ipv6: names } };
    const { messages } = await exportAll([record], collector('ipfix', { optionsData: 'none' }), config);
    const octets = Buffer.from(messages.at(-1)!);
    const u64 = (value: number) => value.toString(16).padStart(16, '0');
    const u32 = (value: number) => value.toString(16).padStart(8, '0');
    const intervals = (list: readonly number[]) => [...list, ...new Array(22).fill(0)].map(u64).join('');
    expect(octets.toString('hex')).toContain(
      u32(1) + u64(4050) + intervals([3000, 50]) + u32(0) + u64(300) + intervals([300, 0]),
    );
    // The reverse elements are under the same enterprise number, with 0x4000 added to theirs.
    const template = Buffer.from(messages[0]!).toString('hex');
    expect(template).toContain(`${(0x8000 | 105).toString(16)}000400007ed9`);
    expect(template).toContain(`${(0xc000 | 105).toString(16)}000400007ed9`);
  });

  it('fits one message with every element', async () => {
    const template = {
      ipv4: ['sourceIPv4Address', ...HEALTH_NAMES],
      ipv6: ['sourceIPv6Address', ...HEALTH_NAMES],
    };
    const { statistics } = await exportAll([record], collector('ipfix'), { ...CONFIG, template });
    expect(statistics.dataRecords).toBe(2);
  });
});
