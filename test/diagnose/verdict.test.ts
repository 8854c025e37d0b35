/** The rules on figures made by hand: each verdict, where each rule ends, and the table of the Science DMZ paper. */
import { describe, expect, it } from 'vitest';
import { cubicBound, mathisBound, padhyeRate, windowBound } from '../../src/diagnose/bounds.ts';
import type { FlowFigures } from '../../src/diagnose/figures.ts';
import { judge } from '../../src/diagnose/verdict.ts';
import { bulk, direction } from './figures.ts';

const { NaN: UNKNOWN } = Number;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const verdictOf = (flow: FlowFigures, isReverse = false) => judge(flow, isReverse)!.verdict;

describe('the bounds', () => {
  // Computed by hand from the formulas, for 88 ms and 1 packet in 22,000.
  it.each([
    ['Mathis, 1460 octets', mathisBound(1460, 88, 1 / 22_000), 24.1e6],
    ['Mathis, 8960 octets', mathisBound(8960, 88, 1 / 22_000), 148e6],
    ['CUBIC, 1460 octets', cubicBound(1460, 88, 1 / 22_000), 41e6],
    ['CUBIC, 8960 octets', cubicBound(8960, 88, 1 / 22_000), 252e6],
    ['a window of 64 KiB in 53 ms', windowBound(65_536, 53), 9.89e6],
  ])('%s', (_, bound, expected) => {
    expect(bound / expected).toBeCloseTo(1, 1);
    expect(Math.abs(bound / expected - 1)).toBeLessThan(0.01);
  });

  it('of Padhye is the one of Mathis without timeouts where little is lost, and far below where much is', () => {
    const delayed = mathisBound(1460, 50, 1e-5) / Math.SQRT2;
    expect(padhyeRate(1460, 50, 1e-5) / delayed).toBeCloseTo(1, 1);
    expect(padhyeRate(1460, 50, 0.1)).toBeLessThan(0.35 * mathisBound(1460, 50, 0.1));
  });

  it('are unknown without loss, round-trip time or window', () => {
    for (const bound of [mathisBound(1460, 50, 0), cubicBound(1460, 50, 0), padhyeRate(1460, 50, 0)])
      expect(bound).toBeNaN();
    expect(mathisBound(1460, UNKNOWN, 0.1)).toBeNaN();
    expect(windowBound(UNKNOWN, 5)).toBeNaN();
    expect(windowBound(65_536, 0)).toBeNaN();
  });
});

describe('1 packet in 22,000, by round-trip time (E. Dart, ESnet, "The Science DMZ")', () => {
  const TABLE = [
    [1, 7.3e9, 9.8e9],
    [11, 1e9, 9.5e9],
    [51, 122e6, 7e9],
    [88, 60e6, 5e9],
  ] as const;
  const jumbo = (bitsPerSecond: number, rttMs: number, lostShare: number) =>
    bulk({ bitsPerSecond, rttMs, lostShare, segmentOctets: 8948, seconds: 600 });

  it.each(TABLE)('%i ms: the loss explains the rate measured with it', (rttMs, withLoss) => {
    const judgement = judge(jumbo(withLoss, rttMs, 1 / 22_000), false)!;
    expect(judgement.verdict).toBe('loss-limited');
    expect(judgement.reasons.join('\n')).toMatch(/: 0\.004[56] %/);
    expect(judgement.measures.lossBound).toBeGreaterThan(withLoss);
  });

  it.each(TABLE)('%i ms: the clean direction, which fills its queue, is healthy', (rttMs, _, clean) => {
    const roundTripMs = { min: rttMs, mean: 1.6 * rttMs, max: 2 * rttMs };
    expect(verdictOf({ ...jumbo(clean, rttMs, 0), roundTripMs })).toBe('healthy');
  });

  it.each(TABLE.slice(1))('%i ms: the same loss does not explain the clean rate', (rttMs, _, clean) => {
    const judgement = judge(jumbo(clean, rttMs, 1 / 22_000), false)!;
    expect(judgement.verdict).toBe('healthy');
    expect(judgement.reasons.join('\n')).toContain('faster than its losses let a sender be');
  });
});

describe('the window', () => {
  it('explains scp on 53 ms: 140 Mbit/s, one window a round trip, nothing lost', () => {
    const window = (140e6 / 8e3) * 53;
    const flow = bulk(
      { bitsPerSecond: 138e6, rttMs: 53 },
      { windowOctets: window, inFlightOctetsMax: window * 0.98 },
    );
    const judgement = judge(flow, false)!;
    expect(judgement.verdict).toBe('window-limited');
    expect(judgement.conclusion).toMatch(/limited by the receiver's window, 140 Mbit\/s is the most/);
  });

  it('is the sender’s where the receiver would take more and nothing is lost', () => {
    const flow = bulk({ bitsPerSecond: 9.7e6, rttMs: 53 }, { inFlightOctetsMax: 65_536, windowOctets: 6e6 });
    const judgement = judge(flow, false)!;
    expect(judgement.verdict).toBe('window-limited');
    expect(judgement.conclusion).toContain('sender');
  });

  it('does not explain a rate below the bound of the loss', () => {
    const flow = bulk({ bitsPerSecond: 5e6, rttMs: 50, lostShare: 0.002 }, { windowOctets: 1e6 });
    expect(verdictOf(flow)).toBe('loss-limited');
  });

  it('explains a rate that a little loss would allow to be higher', () => {
    const window = 65_536;
    const flow = bulk(
      { bitsPerSecond: 10e6, rttMs: 50, lostShare: 1 / 10_000 },
      { windowOctets: window, inFlightOctetsMax: window },
    );
    expect(verdictOf(flow)).toBe('window-limited');
  });
});

describe('silence', () => {
  const gaps = (octets: readonly number[], changes = {}, back = {}) =>
    bulk(
      { bitsPerSecond: 1e6, rttMs: 20, seconds: octets.length * 5 },
      { intervals: octets, ...changes },
      back,
    );

  it('with data unacknowledged is a stall', () => {
    const flow = gaps([9e6, 0, 0, 0, 9e6], { stalledMs: 15e3, longestStallMs: 15e3, longestIdleMs: 0 });
    const judgement = judge(flow, false)!;
    expect(judgement.verdict).toBe('stalled');
    expect(judgement.measures.stalledIntervals).toBe(3);
    expect(judgement.conclusion).toContain('not acknowledged for up to 15 s');
  });

  it('of a receiver that shuts its window is a stall', () => {
    const flow = gaps([9e6, 0, 0, 9e6], { zeroWindowMs: 9e3, zeroWindows: 1 });
    expect(judge(flow, false)!.conclusion).toContain('kept its window shut for 9 s');
  });

  it('of a sender that was not asked for more is a stall', () => {
    const flow = gaps([9e6, 0, 0, 9e6], { longestIdleMs: 10e3 });
    expect(verdictOf(flow)).toBe('stalled');
  });

  it('between requests belongs to the application', () => {
    const flow = gaps([9e6, 0, 0, 9e6], { longestIdleMs: 10e3 }, { segments: 5, payloadOctets: 2000 });
    const judgement = judge(flow, false)!;
    expect(judgement.verdict).toBe('application-limited');
    expect(judgement.reasons).toContain('silent between requests, with nothing on its way');
  });

  it('before the first and after the last data counts for nothing', () => {
    const judgement = judge(gaps([0, 9e6, 9e6, 9e6, 0, 0, 0, 0]), false)!;
    expect(judgement.measures.stalledIntervals).toBe(0);
    expect(judgement.verdict).not.toBe('stalled');
  });
});

describe('the application', () => {
  it('limits a sender that uses little of what it once had on its way', () => {
    const flow = bulk({ bitsPerSecond: 10e6, rttMs: 20 }, { inFlightOctetsMax: 128e3 });
    expect(verdictOf(flow)).toBe('application-limited');
  });

  it('limits a sender of small segments', () => {
    const flow = bulk(
      { bitsPerSecond: 100e3, rttMs: 20, segmentOctets: 100 },
      { mssOctets: 1460, segmentOctets: 100 },
    );
    expect(judge(flow, false)!.reasons.join()).toContain('segments of 100 octets, where 1460 would fit');
  });
});

describe('how a flow began and ended', () => {
  const lone = (changes = {}) => direction({ packets: 3, tcpFlags: SYN, segments: 0, ...changes });
  const none = direction({ packets: 0, octets: 0, firstNs: UNKNOWN, lastNs: UNKNOWN, tcpFlags: 0 });
  const base = bulk({ bitsPerSecond: 1e6, rttMs: 20 });

  it.each([
    ['a SYN that nothing answers', lone(), none, UNKNOWN, 'unanswered'],
    ['a SYN that RST answers', lone(), direction({ packets: 1, tcpFlags: RST | ACK }), UNKNOWN, 'refused'],
    ['a SYN that port unreachable answers', lone(), none, 0x0303, 'refused'],
    ['a SYN that host unreachable answers', lone(), none, 0x0301, 'unanswered'],
    [
      'a SYN/ACK that nothing acknowledges',
      lone(),
      direction({ packets: 5, tcpFlags: SYN | ACK }),
      UNKNOWN,
      'unanswered',
    ],
  ] as const)('%s', (_, forward, reverse, icmpError, expected) => {
    const flow = { ...base, forward, reverse, icmpError };
    expect(verdictOf(flow)).toBe(expected);
    if (reverse.packets > 0) expect(verdictOf(flow, true)).toBe(expected);
    else expect(judge(flow, true)).toBeUndefined();
  });

  it('seen from one side only is no unanswered SYN', () => {
    const flow = { ...base, forward: lone({ tcpFlags: SYN | ACK }), reverse: none };
    expect(verdictOf(flow)).toBe('unknown');
  });

  it('reset, with what held it back until then', () => {
    const flow = bulk(
      { bitsPerSecond: 5e6, rttMs: 50, lostShare: 0.002 },
      { tcpFlags: SYN | ACK },
      { tcpFlags: SYN | ACK | RST },
    );
    const { verdict, conclusion, reasons } = judge(flow, false)!;
    expect([verdict, conclusion]).toEqual(['reset', 'reset by the responder']);
    expect(reasons.join('\n')).toContain('until then limited by loss');
  });

  it('RST behind FIN from both sides is no reset', () => {
    const flow = bulk({ bitsPerSecond: 5e6, rttMs: 50 }, {}, { tcpFlags: SYN | ACK | RST | 0x01 });
    expect(verdictOf(flow)).not.toBe('reset');
  });

  it.each([
    [17, 53, 'unanswered'],
    [17, 40_000, 'unknown'],
    [1, 8 << 8, 'unanswered'],
  ])('protocol %i to port %i without an answer: %s', (protocol, responderPort, expected) => {
    const forward = direction({
      segments: UNKNOWN,
      lostPackets: UNKNOWN,
      retransmittedPackets: UNKNOWN,
      lossEvents: UNKNOWN,
    });
    expect(verdictOf({ ...base, protocol, responderPort, forward, reverse: none })).toBe(expected);
  });
});

describe('too little', () => {
  it('of a whole connection without a fault is healthy', () => {
    const flow = bulk({ bitsPerSecond: 80e3, rttMs: 20, seconds: 0.5 });
    expect(flow.forward.segments).toBeLessThan(20);
    expect(verdictOf(flow)).toBe('healthy');
    expect(verdictOf(flow, true)).toBe('healthy');
  });

  it.each([
    [
      'a few segments from the middle',
      bulk({ bitsPerSecond: 80e3, rttMs: 20, seconds: 0.5 }, { tcpFlags: ACK }),
    ],
    ['a sampled link', { ...bulk({ bitsPerSecond: 8e6, rttMs: 20 }), isSampled: true }],
    ['no round-trip time', bulk({ bitsPerSecond: 8e6, rttMs: UNKNOWN })],
    ['a few round trips', bulk({ bitsPerSecond: 80e6, rttMs: 500, seconds: 1 }, { tcpFlags: ACK })],
  ])('%s: unknown, with the reason', (_, flow) => {
    const { verdict, reasons } = judge(flow, false)!;
    expect(verdict).toBe('unknown');
    expect(reasons.length).toBeGreaterThan(0);
  });

  it('two lost packets do not limit anything', () => {
    const flow = bulk(
      { bitsPerSecond: 50e6, rttMs: 20 },
      { lossEvents: 2, lostPackets: 2, retransmittedPackets: 2 },
    );
    expect(verdictOf(flow)).toBe('healthy');
  });
});
