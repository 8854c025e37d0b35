/**
 * What follows from the figures of one direction: its rate, its shares, its silent intervals, the bounds of loss and
 * window. The rules (rules-*.ts) and the reports read these; none of it is a verdict.
 */
import { cubicBound, mathisBound, windowBound } from './bounds.ts';
import type { DirectionFigures, FlowFigures, Spread } from './figures.ts';

/** An interval with less than this share of the mean one is silent: a lonely retransmission is no progress. */
const SILENT_SHARE = 0.01;
/** Receivers' windows are taken as used up from this share on: the last segment does not fit in part. */
const WINDOW_FILLED = 0.8;

/** Rates are not computed from less than this share of an interval: a handful of packets has none. */
const WITHIN_SHARE_MIN = 0.2;

export interface Measures {
  readonly flow: FlowFigures;
  readonly data: DirectionFigures;
  /** The other direction, which acknowledges. */
  readonly back: DirectionFigures;
  readonly durationMs: number;
  /** Payload that was new where that is known, IP octets otherwise; NaN for a flow of one moment. */
  readonly throughputBitsPerSecond: number;
  /** Of the segments, or of the packets where there are no segments; NaN where loss cannot be seen. */
  readonly lostShare: number;
  readonly retransmittedShare: number;
  /** Losses for the models: events per segment. */
  readonly lossEvents: number;
  readonly eventShare: number;
  /** New octets in each interval of the flow. */
  readonly intervals: readonly number[];
  /** The rate in each of them, bit/s: the first and the last one lie only in part within the transfer. */
  readonly intervalRates: readonly number[];
  /** Intervals without progress after the first with it; at the end only with data unacknowledged. */
  readonly stalledIntervals: number;
  /** Runs of such intervals. */
  readonly stalls: number;
  readonly longestStallIntervals: number;
  readonly rttMs: Spread;
  /** What loss allows: Mathis with C = √(3/2). */
  readonly lossBound: number;
  /** What loss allows CUBIC; above the former at long round-trip times. */
  readonly cubicBound: number;
  /** The window that data was held by, and whose it was. */
  readonly window: { readonly octets: number; readonly owner: 'receiver' | 'sender' };
  /** That window each round trip. */
  readonly windowBound: number;
  /** The receiver's window each round trip, filled or not. */
  readonly receiverBound: number;
}

/** Whether any packet came in this direction. */
export function hasPackets(direction: DirectionFigures): boolean {
  return direction.packets > 0;
}

/** The share of a whole; NaN when nothing is known of either. */
function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : Number.NaN;
}

interface Silence {
  /** Silent intervals, their runs, and the longest run. */
  readonly silent: number;
  readonly runs: number;
  readonly longest: number;
}

/**
 * Silent intervals between intervals with progress. Those behind the last progress count as well where data was on its
 * way for as long: a connection that is merely left open has not stalled.
 */
function countSilence({ intervals, stalledMs }: DirectionFigures, intervalMs: number): Silence {
  const total = intervals.reduce((sum, octets) => sum + octets, 0);
  const silentMax = (total / intervals.length) * SILENT_SHARE;
  let [silent, runs, longest, run] = [0, 0, 0, 0];
  let hasStarted = false;
  const endRun = () => {
    if (run === 0) return;
    silent += run;
    runs++;
    longest = Math.max(longest, run);
    run = 0;
  };
  for (const octets of intervals) {
    if (octets > silentMax) {
      endRun();
      hasStarted = true;
    } else if (hasStarted) run++;
  }
  if (stalledMs >= (run * intervalMs) / 2) endRun();
  return { silent, runs, longest };
}

/** Rates by interval. */
function intervalRates({ intervals, firstNs, lastNs }: DirectionFigures, flow: FlowFigures): number[] {
  const { intervalMs, firstIntervalMs } = flow;
  return intervals.map((octets, i) => {
    const startMs = firstIntervalMs + i * intervalMs;
    const withinMs = Math.min(startMs + intervalMs, lastNs / 1e6) - Math.max(startMs, firstNs / 1e6);
    return (octets * 8e3) / Math.max(withinMs, WITHIN_SHARE_MIN * intervalMs);
  });
}

/** The receiver's window where the sender filled it, otherwise the most that the sender had on its way. */
function usedWindow({ windowOctets, inFlightOctetsMax }: DirectionFigures): Measures['window'] {
  if (windowOctets > 0 && !(inFlightOctetsMax < WINDOW_FILLED * windowOctets))
    return { octets: windowOctets, owner: 'receiver' };
  return { octets: inFlightOctetsMax, owner: 'sender' };
}

/** Computes what follows from a flow's figures for one of its directions. */
export function measure(flow: FlowFigures, isReverse: boolean): Measures {
  const [data, back] = isReverse ? [flow.reverse, flow.forward] : [flow.forward, flow.reverse];
  const durationMs = (data.lastNs - data.firstNs) / 1e6;
  const newOctets = data.payloadOctets - (data.retransmittedOctets || 0);
  const octets = Number.isNaN(data.segments) ? data.octets : newOctets;
  const counted = Number.isNaN(data.segments) ? data.packets : data.segments;
  const lost = Number.isNaN(data.lostPackets) ? data.retransmittedPackets : data.lostPackets;
  // A segment that was sent again though it had arrived is no loss.
  // biome-ignore lint/complexity/useMathMinMax: events that were not measured are NaN, and `lost` stands in for them
  const lossEvents = data.lossEvents < lost ? data.lossEvents : lost;
  const eventShare = flow.isSampled ? Number.NaN : share(lossEvents, counted);
  const { intervals } = data;
  const { silent, runs, longest } = countSilence(data, flow.intervalMs);
  const rttMs = flow.roundTripMs;
  const window = usedWindow(data);
  return {
    flow,
    data,
    back,
    durationMs,
    throughputBitsPerSecond: durationMs > 0 ? (octets * 8e3) / durationMs : Number.NaN,
    lostShare: flow.isSampled ? Number.NaN : share(lost, counted),
    retransmittedShare: flow.isSampled ? Number.NaN : share(data.retransmittedPackets, counted),
    lossEvents,
    eventShare,
    intervals,
    intervalRates: intervalRates(data, flow),
    stalledIntervals: silent,
    stalls: runs,
    longestStallIntervals: longest,
    rttMs,
    lossBound: mathisBound(data.segmentOctets, rttMs.mean, eventShare),
    cubicBound: cubicBound(data.segmentOctets, rttMs.mean, eventShare),
    window,
    windowBound: windowBound(window.octets, rttMs.min),
    receiverBound: windowBound(data.windowOctets, rttMs.min),
  };
}
