/** What people and programs read: the report, its width, the JSON lines, the page, the metrics. */
import { describe, expect, it } from 'vitest';
import { Diagnosis } from '../../src/diagnose/diagnosis.ts';
import { jsonLines } from '../../src/diagnose/json-lines.ts';
import { HealthMetrics } from '../../src/diagnose/path-health-metrics.ts';
import { reportHtml } from '../../src/diagnose/report-html.ts';
import { reportText } from '../../src/diagnose/report-text.ts';
import { sparkline } from '../../src/diagnose/sentence.ts';
import { rateText, shareText, timeText } from '../../src/output/words.ts';
import { healthBatch, type TestRecord, transferRecord } from './path-health-records.ts';

const LOSSY = transferRecord(new Array(18).fill(2.5e6), 500);
const SMALL: TestRecord = {
  ...transferRecord([1e6, 0, 0, 1e6]),
  ports: [40_001, 443],
  a: [0x20010db8, 0x00010000, 0x12345678, 0x12345678],
  b: [0x20010db8, 0x00020000, 0x12345678, 0x12345678],
};
const UNANSWERED: TestRecord = {
  ...transferRecord([0]),
  ports: [40_002, 22],
  forward: { packets: 3, octets: 180, flags: 0x02, segments: 0 },
  reverse: { packets: 0, octets: 0, flags: 0 },
};

function diagnosisOf(records: readonly TestRecord[], top = 10): { diagnosis: Diagnosis; lines: string[] } {
  const lines: string[] = [];
  const diagnosis = new Diagnosis({
    top,
    selects: () => true,
    onDiagnosed: (one) => lines.push(jsonLines(one)),
  });
  diagnosis.add(healthBatch(records));
  diagnosis.end();
  return { diagnosis, lines: lines.join('').trimEnd().split('\n') };
}

describe('words', () => {
  it.each([
    [rateText(2.81e6), '2.81 Mbit/s'],
    [rateText(24.06e6), '24.1 Mbit/s'],
    [rateText(12), '12 bit/s'],
    [timeText(190), '190 ms'],
    [timeText(0.2049), '0.205 ms'],
    [timeText(94_500), '95 s'],
    [timeText(1000), '1 s'],
    [timeText(7.2e6), '2 h'],
    [shareText(0.008), '0.8 %'],
    [shareText(0.000046), '0.0046 %'],
    [shareText(1), '100 %'],
    [sparkline([0, 1, 4, 8, 0], 9), '·▂▅█·'],
    [sparkline([1, 1, 1, 1, 0, 0], 3), '██·'],
    [sparkline([], 3), ''],
  ])('%s', (text, expected) => expect(text).toBe(expected));
});

describe('the report', () => {
  it.each([60, 80, 100, 160])('fits %i columns', (columns) => {
    const { diagnosis } = diagnosisOf([LOSSY, SMALL, UNANSWERED]);
    const lines = reportText(diagnosis, { columns, color: false }).split('\n');
    const tooLong = lines.filter((line) => [...line].length > columns && !/[\d:.]{30}/.test(line));
    expect(tooLong).toEqual([]);
  });

  it('tells the largest flow first, in a sentence with its figures', () => {
    const { diagnosis } = diagnosisOf([UNANSWERED, SMALL, LOSSY]);
    const text = reportText(diagnosis, { columns: 200, color: false });
    expect(text.split('\n').slice(0, 2)).toEqual(
      [
        '[ 1]    0.0-89.9 s  46.7 MB  4.00 Mbit/s  ██████████████████  192.0.2.1:40000 → 198.51.100.2:5001 TCP',
        '      4.00 Mbit/s over 90 s; RTT 51.1 ms; 0.2 % retransmitted: limited by loss, 6.2 Mbit/s is the most that this loss allows',
      ].map((line) => line.replace('6.2 ', '6.22 ')),
    );
    expect(text).toContain('2 of 4 intervals silent');
    expect(text).toContain('192.0.2.0/24 → 198.51.100.0/24: 0.2 %');
    expect(text).toContain('unanswered, nothing came back for the SYN');
    expect(text).toMatch(/loss-limited +1 +47\.5 MB/);
  });

  it('holds --top flows and counts the others', () => {
    const { diagnosis } = diagnosisOf([LOSSY, SMALL, UNANSWERED], 1);
    const text = reportText(diagnosis, { columns: undefined, color: false });
    expect(text).toContain('… and 2 more flows (--top 0 shows all)');
    expect(diagnosis.largest).toHaveLength(1);
  });

  it('of nothing says so', () => {
    expect(reportText(diagnosisOf([]).diagnosis, { columns: 80, color: true })).toBe('No flows.\n');
  });
});

describe('JSON', () => {
  const { lines } = diagnosisOf([LOSSY, UNANSWERED]);
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  it('has an object for each direction in which packets came', () => {
    expect(objects.map(({ destinationTransportPort }) => destinationTransportPort)).toEqual([
      5001, 40_000, 22,
    ]);
  });

  it('has these names and values', () => {
    expect(objects[0]).toEqual({
      sourceIPv4Address: '192.0.2.1',
      destinationIPv4Address: '198.51.100.2',
      protocolIdentifier: 6,
      sourceTransportPort: 40_000,
      destinationTransportPort: 5001,
      ingressInterface: 1,
      flowStartMilliseconds: 1_700_000_000_000,
      flowEndMilliseconds: 1_700_000_089_900,
      verdict: 'loss-limited',
      roundTripTimeMs: { min: 50.1, mean: 51.1, max: 60.1 },
      packets: 31_140,
      retransmittedPackets: 62,
      lostShare: 0.00199107,
      throughputBitsPerSecond: expect.closeTo(4.004e6, -4),
      intervalSeconds: 5,
      intervalOctets: new Array(18).fill(2.5e6),
      stalledIntervals: 0,
      lossBoundBitsPerSecond: expect.closeTo(6.22e6, -5),
      windowBoundBitsPerSecond: expect.closeTo((6e6 * 8) / 0.0501, -5),
      reasons: expect.arrayContaining([expect.stringContaining('62 losses in 31,139 segments')]),
    });
  });

  it('has null for what is not known', () => {
    expect(objects[2]).toMatchObject({
      verdict: 'unanswered',
      roundTripTimeMs: { min: null, mean: null, max: null },
      lossBoundBitsPerSecond: null,
      windowBoundBitsPerSecond: null,
    });
  });
});

describe('the page', () => {
  const { diagnosis } = diagnosisOf([LOSSY, SMALL, UNANSWERED]);
  const page = reportHtml(diagnosis, '<x>.pcap');

  it('needs nothing else', () => {
    expect(page).not.toMatch(/(src|href|url\(|@import|<script|<link)/i);
    expect(page.match(/<svg class="chart"/g)).toHaveLength(2);
    expect(page).toContain('&#60;x&#62;.pcap');
  });

  it('closes every element', () => {
    const open: string[] = [];
    for (const [, slash, name, own] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
      if (own === '/' || name === 'meta') continue;
      if (slash === '/') expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });
});

it('metrics are by interface and verdict, never by address', async () => {
  const metrics = new HealthMetrics(['eth1', 'eth2']);
  metrics.add(healthBatch([LOSSY, LOSSY, UNANSWERED]));
  const text = await metrics.registry.metrics();
  expect(text).toContain('flowtap_path_flow_records_total{interface="eth1",verdict="loss-limited"} 2');
  expect(text).toContain('flowtap_path_flow_records_total{interface="eth1",verdict="unanswered"} 1');
  expect(text).toContain('flowtap_path_tcp_lost_segments_total{interface="eth1"} 124');
  expect(text).toContain('flowtap_path_round_trip_seconds_bucket{le="0.1",interface="eth1"} 2');
  // Of an interface that nothing was seen of yet too.
  expect(text).toContain('flowtap_path_tcp_lost_segments_total{interface="eth2"} 0');
  expect(text).not.toMatch(/192\.0\.2|198\.51/);
});
