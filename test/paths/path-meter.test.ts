/** Named paths: what goes into which minute and direction, when a minute is over, and what it says. */
import { describe, expect, it } from 'vitest';
import { PathMeter } from '../../src/paths/path-meter.ts';
import type { PathRecord } from '../../src/records/path-record.ts';
import { healthBatch, type TestRecord, transferRecord } from '../diagnose/path-health-records.ts';

/** A whole minute. */
const BASE_S = 1_700_000_040;
const PATHS = ['here=192.0.2.0/24..198.51.100.0/24'];

function meterOf(lateMs = 20_000): { meter: PathMeter; records: PathRecord[] } {
  const meter = new PathMeter({ paths: PATHS, lateMs });
  const records: PathRecord[] = [];
  meter.subscribe((record) => records.push(record));
  return { meter, records };
}

const batch = (records: readonly TestRecord[], clockS = Number.NaN) => ({
  ...healthBatch(records, BASE_S),
  clockNs: clockS * 1e9,
});
/** A flow of a second with this round trip. */
const short = (endS: number, rttMs: number): TestRecord => {
  const record = transferRecord([10_000]);
  const forward = { ...record.forward, ackRttMs: [5, rttMs, rttMs, rttMs] as const };
  return { ...record, forward, handshakeClientMs: 0.001, startS: endS - 1, endS };
};

describe('a minute of a path', () => {
  it('has both directions apart', () => {
    const { meter, records } = meterOf();
    // 5 s each with 10 MB; 1 segment in 1,000 lost.
    const record = transferRecord([10e6, 20e6, 10e6], 1000);
    meter.add(batch([record], 14.9));
    meter.end();
    const { forward } = record;
    expect(records.map(({ direction, startMs }) => [direction, startMs])).toEqual([
      ['forward', BASE_S * 1e3],
      ['reverse', BASE_S * 1e3],
    ]);
    expect(records[0]).toMatchObject({
      flows: 1,
      octets: forward.octets,
      packets: forward.packets,
      segments: forward.segments,
      lostSegments: forward.lost,
      captureLostSegments: 0,
      stalledMs: 0,
      transfers: 1,
    });
    // New payload of the transfer's 14.9 s; 20 MB in 5 s.
    const payload = forward.payloadOctets! - forward.retransmitted! * 1448;
    expect(records[0]!.transferMeanBitsPerSecond).toBeCloseTo((payload * 8) / 14.9, -3);
    expect(records[0]!.transferPeakBitsPerSecond).toBeCloseTo((20e6 * 8) / 5, -3);
    expect(Object.entries(records[0]!.verdicts).filter(([, flows]) => flows > 0)).toHaveLength(1);
    expect(records[1]).toMatchObject({ flows: 1, octets: record.reverse.octets, segments: 0, transfers: 0 });
    expect(records[1]!.transferMeanBitsPerSecond).toBeNaN();
  });

  it('has the direction of the path, whoever opened the connection', () => {
    const { meter, records } = meterOf();
    const record = transferRecord([10e6]);
    meter.add(batch([{ ...record, a: record.b, b: record.a }], 5));
    meter.end();
    const octets = Object.fromEntries(records.map((one) => [one.direction, one.octets]));
    expect(octets).toEqual({ forward: record.reverse.octets, reverse: record.forward.octets });
  });

  it('has least, median and 95th percentile of the round trips, each flow once', () => {
    const { meter, records } = meterOf();
    // 20 flows of 10, 20 … 200 ms: by the nearest rank the 10th and the 19th.
    meter.add(batch(Array.from({ length: 20 }, (_, i) => short(10 + i, 10 * (i + 1)))));
    meter.end();
    const { roundTripMinMs, roundTripMedianMs, roundTripP95Ms } = records[0]!;
    expect(Math.abs(roundTripMinMs / 10 - 1)).toBeLessThan(0.001);
    expect(Math.abs(roundTripMedianMs / 100 - 1)).toBeLessThan(0.0051);
    expect(Math.abs(roundTripP95Ms / 190 - 1)).toBeLessThan(0.0051);
  });

  it('is that of the last packet, and is over when no flow of it can come any more', () => {
    const { meter, records } = meterOf(20_000);
    meter.add(batch([short(59.9, 1), short(60.1, 1)], 61));
    meter.advance((BASE_S + 79.9) * 1e3);
    expect(records).toEqual([]);
    expect(meter.states()[0]!.latest).toBeUndefined();
    meter.advance((BASE_S + 80) * 1e3);
    expect(records.map(({ startMs, flows }) => [startMs, flows])).toEqual([
      [BASE_S * 1e3, 1],
      [BASE_S * 1e3, 1],
    ]);
    expect(meter.states()[0]!.latest).toMatchObject({ startMs: BASE_S * 1e3 });
    // The next minute but one is over: nothing came by in it.
    meter.advance((BASE_S + 200) * 1e3);
    expect(records).toHaveLength(4);
    expect(meter.states()[0]!.latest).toBeUndefined();
    expect(meter.states()[0]!.total.flows).toBe(2);
  });

  it('gets a record that comes too late into the next, and counts it', () => {
    const { meter, records } = meterOf(20_000);
    meter.add(batch([short(70, 1)], 85));
    meter.add(batch([short(10, 1), short(75, 1)]));
    meter.end();
    expect(meter.lateRecords).toBe(1);
    expect(records.filter(({ direction }) => direction === 'forward').map(({ flows }) => flows)).toEqual([3]);
  });

  it('has nothing of flows of no path', () => {
    const { meter, records } = meterOf();
    meter.add(batch([{ ...transferRecord([10e6]), b: [0x08080808] }], 5));
    meter.end();
    expect(records).toEqual([]);
    expect(meter.states().map(({ total }) => total.flows)).toEqual([0, 0]);
  });

  it('keeps two days of minutes open at most', () => {
    const { meter, records } = meterOf(Number.POSITIVE_INFINITY);
    for (let minute = 0; minute < 2900; minute++) meter.add(batch([short(60 * minute + 30, 1)]));
    expect(records.length).toBe(2 * 20);
    meter.end();
    expect(records.length).toBe(2 * 2900);
    expect(new Set(records.map(({ flows }) => flows))).toEqual(new Set([1]));
  });
});
