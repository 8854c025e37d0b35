/** The test support itself, held against values written by hand. */
import { describe, expect, it } from 'vitest';
import {
  addToFlows,
  canonicalAddress,
  differencesOf,
  type FlowTotals,
  flowKeyOf,
  flowsOfJson,
} from './flow-totals.ts';
import { collectDatagrams, freeUdpPort, isUdpPortBound } from './network.ts';
import { waitFor } from './wait.ts';

describe('flow totals', () => {
  it('spells an address in one way', () => {
    expect(canonicalAddress('10.0.0.1')).toBe('10.0.0.1');
    expect(canonicalAddress('FD00::1')).toBe('fd00:0000:0000:0000:0000:0000:0000:0001');
    expect(canonicalAddress('::')).toBe('0000:0000:0000:0000:0000:0000:0000:0000');
    expect(canonicalAddress('fe80::1%eth0')).toBe(canonicalAddress('fe80:0:0:0:0:0:0:1'));
    expect(canonicalAddress('::ffff:192.0.2.1')).toBe(canonicalAddress('::ffff:c000:201'));
  });

  it('adds records of one flow up and names differences', () => {
    const line = (packets: number, start: number, flags: number) =>
      JSON.stringify({
        sourceIPv4Address: '10.0.0.1',
        destinationIPv4Address: '10.0.0.2',
        protocolIdentifier: 6,
        sourceTransportPort: 1000,
        destinationTransportPort: 80,
        packetDeltaCount: packets,
        octetDeltaCount: packets * 100,
        flowStartMilliseconds: start,
        flowEndMilliseconds: new Date(start + 5).toISOString(),
        tcpControlBits: flags,
      });
    const found = flowsOfJson(`${line(2, 1000, 2)}\n${line(3, 2000, 16)}\n`);
    const flow = found.get('6 10.0.0.1 1000 > 10.0.0.2 80')!;
    expect(flow).toMatchObject({
      packets: 5,
      octets: 500,
      tcpFlags: 18,
      firstNs: 1_000_000_000n,
      lastNs: 2_005_000_000n,
    });
    expect(differencesOf(found, found)).toEqual([]);
    const other = new Map([[flowKeyOf(flow), { ...flow, packets: 6 }]]);
    expect(differencesOf(found, other)).toEqual([
      '6 10.0.0.1 1000 > 10.0.0.2 80: packets: found 5, expected 6',
    ]);
    expect(differencesOf(new Map(), other)).toHaveLength(1);
    expect(differencesOf(other, new Map())).toHaveLength(1);
  });
});

describe('loopback', () => {
  it('finds free ports, sees bound ones, keeps datagrams', async () => {
    const free = await freeUdpPort();
    expect(isUdpPortBound(free)).toBe(false);
    const collector = await collectDatagrams();
    expect(isUdpPortBound(collector.port)).toBe(true);
    await collector.close();
    await expect(waitFor('never', () => false, 50)).rejects.toThrow('never: not within 50 ms');
  });
});

describe('addToFlows', () => {
  it('keeps the earliest and the latest time', () => {
    const flows = new Map<string, FlowTotals>();
    const part = (at: bigint): FlowTotals => ({
      ...{ source: 'a', destination: 'b', protocol: 17, sourcePort: 1, destinationPort: 2 },
      ...{ packets: 1, octets: 30, firstNs: at, lastNs: at, tcpFlags: 0 },
    });
    for (const at of [5n, 3n, 9n]) addToFlows(flows, part(at));
    expect([...flows.values()]).toMatchObject([{ packets: 3, octets: 90, firstNs: 3n, lastNs: 9n }]);
  });
});
