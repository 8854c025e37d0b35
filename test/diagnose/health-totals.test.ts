/** Totals of path health over records laid out by hand, and the section of a summary that they become. */
import { describe, expect, it } from 'vitest';
import { HealthTotals } from '../../src/diagnose/health-totals.ts';
import { healthSection } from '../../src/output/health-section.ts';
import { BIT_SAMPLED, HEALTH_BITS, HEALTH_WORD } from '../../src/records/path-health-layout.ts';
import { recordBatch } from '../output/records.ts';
import { healthBatch, type TestDirection, type TestRecord } from './path-health-records.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** A connection by the flags of both sides. */
function connection(
  forwardFlags: number,
  reverseFlags: number,
  forward: Partial<TestDirection> = {},
  reverse: Partial<TestDirection> = {},
): TestRecord {
  return {
    a: [0xc0000201],
    b: [0xc6336402],
    ports: [40_000, 443],
    startS: 0,
    endS: 1,
    forward: { packets: 10, octets: 9000, segments: 0, flags: forwardFlags, ...forward },
    reverse: { packets: 8, octets: 400, segments: 0, flags: reverseFlags, ...reverse },
  };
}

const WHOLE = SYN | ACK | FIN;

/** A whole connection whose round trip is so many ms. */
const withRoundTrip = (ms: number) =>
  connection(WHOLE, WHOLE, { ackRttMs: [1, ms - 1, ms - 1, ms - 1] }, { ackRttMs: [1, 1, 1, 1] });

function summaryOf(...records: readonly TestRecord[]) {
  const totals = new HealthTotals();
  totals.add(healthBatch(records.slice(0, 1)));
  totals.add(healthBatch(records.slice(1)));
  return totals.summary;
}

describe('totals of path health', () => {
  it('have the median of round trips', () => {
    const summary = summaryOf(...[300, 10, 20, 40, 5].map(withRoundTrip), connection(WHOLE, WHOLE))!;
    expect(summary).toMatchObject({ records: 6, roundTrips: 5 });
    // 20 ms, in steps of 0.2 %.
    expect(Math.abs(summary.medianMs / 20 - 1)).toBeLessThan(0.002);
  });

  it('take any round trip, of nothing and of days', () => {
    expect(summaryOf(withRoundTrip(1), withRoundTrip(2_000_000))!.roundTrips).toBe(2);
  });

  it('add segments up, and count the records with losses', () => {
    const lossy = connection(
      WHOLE,
      WHOLE,
      { segments: 80, retransmitted: 4, lost: 3 },
      { segments: 20, lost: 1 },
    );
    const whole = connection(WHOLE, WHOLE, { segments: 100 });
    expect(summaryOf(lossy, whole, lossy)).toMatchObject({
      ...{ segments: 300, retransmitted: 8, lost: 8, recordsWithLoss: 2 },
    });
  });

  it('count what was cut short as flowtap diagnose calls it', () => {
    const summary = summaryOf(
      connection(SYN, RST | ACK),
      connection(SYN, 0, {}, { packets: 0, octets: 0 }),
      connection(SYN, SYN | ACK),
      connection(SYN | ACK, SYN | ACK | RST),
      connection(WHOLE, WHOLE | RST),
      // The beginning was not seen.
      connection(ACK, ACK),
    )!;
    expect(summary.cutShort).toEqual({ refused: 1, unanswered: 2, reset: 1 });
  });

  it('say nothing of what was not measured: other protocols, sampled packets, records without it', () => {
    expect(summaryOf({ ...withRoundTrip(9), protocol: 17 })).toBeUndefined();
    const totals = new HealthTotals();
    const sampled = healthBatch([withRoundTrip(9)]);
    sampled.words[HEALTH_WORD + HEALTH_BITS]! |= BIT_SAMPLED;
    totals.add(sampled);
    totals.add(recordBatch([{ a: [1], b: [2], protocol: 6, counts: [1, 40, 0, 0] }]));
    expect(totals.summary).toBeUndefined();
  });
});

const NOTHING = { ...summaryOf(connection(WHOLE, WHOLE))! };

describe('the section of a summary', () => {
  it('is in the words of flowtap diagnose', () => {
    const [section] = healthSection({
      ...{ records: 50, roundTrips: 40, medianMs: 21.4, segments: 1200, retransmitted: 12, lost: 9 },
      ...{ recordsWithLoss: 3, captureLost: 1, cutShort: { refused: 2, unanswered: 0, reset: 1 } },
    });
    expect(section).toEqual({
      label: 'Health',
      lines: [
        'RTT 21.4 ms, the median of 40 TCP flow records',
        '12 of 1,200 TCP segments retransmitted (1 %), 9 lost by the network (0.75 %), in 3 flow records',
        '1 TCP segment lost by the capture, not by the network: acknowledged, and not in it',
        '2 refused, 1 reset: flowtap diagnose tells which, and what held the others back',
      ],
    });
  });

  it('is not there where it would say nothing', () => {
    expect(healthSection(undefined)).toEqual([]);
    expect(healthSection(NOTHING)).toEqual([]);
  });
});
