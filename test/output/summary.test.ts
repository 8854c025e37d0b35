/** The summary of a replay. */

import { describe, expect, it } from 'vitest';
import { countByEndReason } from '../../src/ie/end-reasons.ts';
import { type ReplaySummary, summaryLines } from '../../src/output/summary.ts';

const SUMMARY: ReplaySummary = {
  files: ['a.pcap'],
  packets: 1_234,
  octets: 1_500_000,
  snapped: 0,
  outOfOrder: 0,
  tooLate: 0,
  recordedDrops: 0,
  firstTimeNs: 1_700_000_000e9,
  lastTimeNs: 1_700_000_090e9,
  metered: { packets: 1_200, octets: 1_450_000, frameOctets: 1_480_000 },
  refused: [
    {
      name: 'ipv4Truncated',
      kind: 'truncated',
      help: 'Capture more octets.',
      packets: 4,
      octets: 80,
      numbers: [],
    },
    { name: 'arp', kind: 'notIp', help: 'ARP.', packets: 30, octets: 1800, numbers: [] },
    {
      name: 'otherEtherType',
      kind: 'notIp',
      help: 'No IP.',
      packets: 3,
      octets: 180,
      numbers: [
        { name: '0x8902 (CFM)', packets: 2 },
        { name: '0x1234', packets: 1 },
      ],
    },
    { name: 'llc', kind: 'notIp', help: 'LLC.', packets: 0, octets: 0, numbers: [] },
  ],
  undecoded: [],
  health: undefined,
  notices: [{ name: 'fragmentFirst', help: 'First fragment.', packets: 2 }],
  flows: {
    created: 90,
    active: 0,
    exported: 92,
    byEndReason: { idleTimeout: 80, activeTimeout: 2, endOfFlow: 8, forcedEnd: 0, lackOfResources: 2 },
    evicted: 2,
    peak: 64,
    capacity: 64,
  },
  notInspected: { noInspection: 0, noRoom: 0 },
  memory: [],
  exporters: [
    {
      url: 'netflow5://192.0.2.1:2055',
      messages: 3,
      octets: 4_096,
      dataRecords: 80,
      recordsFailed: 30,
      notExportable: [{ reason: 'IPv6 flows do not exist in NetFlow v5', records: 12 }],
      errors: [
        {
          reason: 'econnrefused',
          count: 1,
          what: "refusals by the collector's host",
          remedy: 'start the collector',
        },
        { reason: 'emsgsize', count: 2, what: 'messages not sent', remedy: 'send shorter ones' },
        { reason: 'enobufs', count: 0, what: 'messages not sent', remedy: 'send fewer' },
      ],
      dropped: [{ reason: 'unreachable', count: 40, remedy: 'start it' }],
      recordsSpooled: 7,
      recordsRefused: 0,
      recordsRepeated: 3,
      collectorDrops: 1,
    },
  ],
  output: { isClosed: false, error: undefined },
  elapsedMs: 500,
  errors: [],
};

describe('summaryLines', () => {
  it('tells of flows that payload inspection had no room for, and of nothing else', () => {
    const linesOf = (noInspection: number, noRoom: number) =>
      summaryLines({ ...SUMMARY, notInspected: { noInspection, noRoom } }, false).join('\n');
    expect(linesOf(0, 0)).not.toMatch(/applications\.flows/);
    expect(linesOf(1, 1234)).toMatch(
      /Payload {3}1 flow not looked into, as all .*applications\.flows\n {10}1,234 flows without room .*applications\.flows/,
    );
  });

  it('tells what was read, metered, refused, exported and lost', () => {
    expect(summaryLines(SUMMARY).join('\n')).toMatchInlineSnapshot(`
      "Read      a.pcap: 1,234 packets, 1,500,000 octets
                from 2023-11-14 22:13:20.000 to 2023-11-14 22:14:50.000 UTC (1m 30s)
      Metered   1,200 packets, 1,450,000 IP octets
      Refused   37 packets
                  30  arp             ARP.
                   4  ipv4Truncated   Capture more octets.
                   3  otherEtherType  No IP.
                     2  0x8902 (CFM)
                     1  0x1234
      Noticed   in metered packets
                  2  fragmentFirst  First fragment.
      Flows     90 created, 92 records (idle 80, active 2, TCP end 8, table full 2)
                at most 64 at a time, 100 % of the flow table
                2 flows exported early, the table was full: try --flow-table-entries 128
      Exported  netflow5://192.0.2.1:2055: 80 records in 3 messages, 4,096 octets
                  12 records not exportable: IPv6 flows do not exist in NetFlow v5
                  1 refusal by the collector's host: econnrefused; start the collector
                  2 messages not sent: emsgsize; send shorter ones
                  40 records lost: unreachable; start it
                  3 records sent once more after a session broke
                  7 records waiting in the spool for the next run
                  30 records lost in messages that were not sent
                  1 message dropped by the collector's socket; try a lower --export-rate
      Took      0.500 s, 2,468 packets/s"
    `);
  });

  it('tells which files of several have a link type that is not decoded', () => {
    const undecoded = [
      { name: 'link type 227 (CAN_SOCKETCAN)', packets: 1_190, files: ['a.pcap', 'c.pcap'] },
      { name: 'link type 300', packets: 1, files: ['a.pcap'] },
    ];
    const lines = summaryLines({ ...SUMMARY, files: ['a.pcap', 'b.pcap', 'c.pcap'], undecoded });
    expect(lines.map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        'a.pcap, c.pcap: link type 227 (CAN_SOCKETCAN) is not decoded: 1,190 packets not metered',
        'a.pcap: link type 300 is not decoded: 1 packet not metered',
      ]),
    );
    expect(summaryLines({ ...SUMMARY, undecoded }).join('\n')).not.toContain('not decoded');
  });

  it('says nothing about what did not happen', () => {
    const text = summaryLines(
      {
        ...SUMMARY,
        files: ['standard input'],
        packets: 0,
        firstTimeNs: undefined,
        lastTimeNs: undefined,
        refused: [],
        notices: [],
        flows: {
          created: 0,
          active: 0,
          exported: 0,
          byEndReason: countByEndReason(() => 0),
          evicted: 0,
          peak: 0,
          capacity: 64,
        },
        exporters: [],
        elapsedMs: 0,
      },
      true,
    ).join('\n');
    expect(text).not.toMatch(/Refused|Noticed|Exported|NaN|undefined|Infinity/);
    expect(text).toContain('standard input: 0 packets');
    expect(text).toContain('interrupted');
  });
});
