/** Figures of transfers for tests of the rules: a plain bulk transfer, with what a test wants otherwise. */
import type { DirectionFigures, FlowFigures } from '../../src/diagnose/figures.ts';

const FIN = 0x01;
const SYN = 0x02;
const ACK = 0x10;

/** A direction in which nothing but acknowledgements come. */
export function direction(changes: Partial<DirectionFigures> = {}): DirectionFigures {
  return {
    packets: 1000,
    octets: 52_000,
    firstNs: 0,
    lastNs: 60e9,
    tcpFlags: FIN | SYN | ACK,
    segments: 0,
    payloadOctets: 0,
    retransmittedPackets: 0,
    retransmittedOctets: 0,
    lostPackets: 0,
    lossEvents: 0,
    outOfOrderPackets: 0,
    captureLostSegments: 0,
    segmentOctets: 0,
    mssOctets: 1460,
    windowOctets: 6e6,
    inFlightOctetsMax: 0,
    zeroWindowMs: 0,
    zeroWindows: 0,
    stalledMs: 0,
    longestStallMs: 0,
    longestIdleMs: 0,
    intervals: [],
    ...changes,
  };
}

export interface Bulk {
  readonly bitsPerSecond: number;
  readonly rttMs: number;
  readonly seconds?: number;
  readonly segmentOctets?: number;
  /** Loss events per segment. */
  readonly lostShare?: number;
}

/** A transfer from the initiator at a steady rate, and the acknowledgements that come back. */
export function bulk(
  { bitsPerSecond, rttMs, seconds = 60, segmentOctets = 1448, lostShare = 0 }: Bulk,
  changes: Partial<DirectionFigures> = {},
  back: Partial<DirectionFigures> = {},
): FlowFigures {
  const fresh = Math.round((bitsPerSecond * seconds) / 8 / segmentOctets);
  const lost = Math.round(fresh * lostShare);
  const lastNs = seconds * 1e9;
  const intervals = Array.from({ length: Math.ceil(seconds / 5) }, () => (bitsPerSecond / 8) * 5);
  const segments = fresh + lost;
  return {
    protocol: 6,
    isIPv6: false,
    responderPort: 5001,
    roundTripMs: { min: rttMs, mean: rttMs * 1.02, max: rttMs * 1.2 },
    intervalMs: 5000,
    firstIntervalMs: 0,
    icmpError: Number.NaN,
    isSampled: false,
    forward: direction({
      lastNs,
      packets: segments + 2,
      octets: segments * (segmentOctets + 52),
      segments,
      payloadOctets: segments * segmentOctets,
      segmentOctets,
      mssOctets: segmentOctets + 12,
      retransmittedPackets: lost,
      retransmittedOctets: lost * segmentOctets,
      lostPackets: lost,
      lossEvents: lost,
      inFlightOctetsMax: (bitsPerSecond / 8e3) * rttMs * 1.6,
      windowOctets: 1e9,
      intervals,
      ...changes,
    }),
    reverse: direction({ lastNs, intervals: intervals.map(() => 0), ...back }),
  };
}
