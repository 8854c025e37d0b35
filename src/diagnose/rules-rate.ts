/**
 * The rules on the rate of a transfer: what explains it, loss, the window, or an application that had no more to send.
 * Bounds are those of bounds.ts; the shares of them that count as "near" are explained in docs/diagnose.md.
 */
import { formatCounted, formatOctets } from '../base/units.ts';
import { rateText, shareText, timeText } from '../output/words.ts';
import { MATHIS_C_DELAYED, mathisBound, padhyeRate } from './bounds.ts';
import type { Finding } from './finding.ts';
import type { Measures } from './measures.ts';
import { waitsForRequests } from './rules-stall.ts';

/** Losses from which on their share says something. */
const LOSS_EVENTS_MIN = 3;
/** "Near" a bound of loss: half of the least that the models give up to twice the most. */
const NEAR_LOSS_LEAST = 0.5;
const NEAR_LOSS_MOST = 2;
/** "Near" the receiver's window, which the sender has been seen to fill. */
const NEAR_RECEIVER_WINDOW = 0.5;
/** "Near" the most that the sender ever had on its way: it never grew, since bursts make the most more than the usual. */
const NEAR_SENDER_WINDOW = 0.4;
/** Round trips in which a window that is free to grow grows far beyond its first size. */
const GROWTH_ROUND_TRIPS = 100;
/** Segments on their way below which there is no window to speak of. */
const WINDOW_SEGMENTS_MIN = 2;
/** Round trips after which slow start is over, so that the mean rate and the most on its way can be compared. */
const ROUND_TRIPS_MIN = 20;
/** Least round-trip time at which the sender's own window can be told from the noise of two hosts' scheduling. */
const SENDER_RTT_MS_MIN = 1;
/** A sender that uses less than this share of what it once had on its way has no more to send. */
const APPLICATION_SHARE = 0.33;
/** The same of a segment. */
const SEGMENT_SHARE = 0.5;
/** A round-trip time that rises less than this above its least has not met a queue. */
const FLAT_RTT = 1.5;

function lossReasons(measures: Measures): string[] {
  const { data, rttMs, lossEvents, eventShare, lossBound, throughputBitsPerSecond } = measures;
  const events = formatCounted(lossEvents, 'losses');
  const reasons = [
    `${events} in ${formatCounted(data.segments, 'segments')}: ${shareText(eventShare)}`,
    `segments of ${data.segmentOctets} octets, RTT ${timeText(rttMs.mean)}: at most ${rateText(lossBound)}`,
    `${rateText(throughputBitsPerSecond)} is ${(throughputBitsPerSecond / lossBound).toFixed(2)} of that`,
  ];
  if (rttMs.mean < FLAT_RTT * rttMs.min)
    reasons.push('the round-trip time hardly rises: these losses are not those of a queue that it fills');
  return reasons;
}

/** Whether the rate is what the models expect of its losses; `false` above them, where loss does not hold it. */
function isNearLoss(measures: Measures): boolean {
  const { data, rttMs, lossEvents, eventShare, lossBound, throughputBitsPerSecond } = measures;
  if (!(lossEvents >= LOSS_EVENTS_MIN)) return false;
  const delayed = mathisBound(data.segmentOctets, rttMs.mean, eventShare, MATHIS_C_DELAYED);
  const least = Math.min(delayed, padhyeRate(data.segmentOctets, rttMs.mean, eventShare));
  const most = Math.max(lossBound, measures.cubicBound);
  return (
    throughputBitsPerSecond >= NEAR_LOSS_LEAST * least && throughputBitsPerSecond <= NEAR_LOSS_MOST * most
  );
}

/** Whether the sender filled the receiver's window, and went at its pace. */
function isNearReceiverWindow({ window, windowBound, throughputBitsPerSecond }: Measures): boolean {
  return window.owner === 'receiver' && throughputBitsPerSecond >= NEAR_RECEIVER_WINDOW * windowBound;
}

/** Whether the sender always had the same on its way, though nothing was lost and the receiver would take more. */
function isNearSenderWindow(measures: Measures): boolean {
  const { data, rttMs, durationMs, window, lossEvents } = measures;
  return (
    window.owner === 'sender' &&
    lossEvents === 0 &&
    rttMs.min >= SENDER_RTT_MS_MIN &&
    rttMs.mean < FLAT_RTT * rttMs.min &&
    durationMs >= GROWTH_ROUND_TRIPS * rttMs.mean &&
    window.octets >= WINDOW_SEGMENTS_MIN * data.segmentOctets &&
    usedShare(measures) >= NEAR_SENDER_WINDOW
  );
}

function windowFinding(measures: Measures): Finding {
  const { window, windowBound, rttMs, throughputBitsPerSecond, data } = measures;
  const size = formatOctets(window.octets);
  const allowed = `${rateText(windowBound)} is the most that ${size} in ${timeText(rttMs.min)} allow`;
  const whose =
    window.owner === 'receiver'
      ? `the receiver's window never exceeds ${size}, and ${formatOctets(data.inFlightOctetsMax)} of it were on their way`
      : `never more than ${size} on its way, though nothing was lost, no queue built up and the receiver would take more`;
  return {
    verdict: 'window-limited',
    conclusion: `limited by the ${window.owner}'s window, ${allowed}`,
    reasons: [whose, allowed, `${(throughputBitsPerSecond / windowBound).toFixed(2)} of it was reached`],
  };
}

/** The share of what it once had on its way that the sender had on its way at its mean rate. */
function usedShare({ throughputBitsPerSecond, rttMs, data }: Measures): number {
  return (throughputBitsPerSecond * rttMs.mean) / 8e3 / data.inFlightOctetsMax;
}

function applicationFinding(measures: Measures): Finding | undefined {
  const { data, durationMs, rttMs, lossEvents, eventShare, lossBound } = measures;
  const reasons: string[] = [];
  if (waitsForRequests(measures)) reasons.push('silent between requests, with nothing on its way');
  const meanOctets = data.payloadOctets / data.segments;
  if (meanOctets < SEGMENT_SHARE * data.mssOctets)
    reasons.push(`segments of ${Math.round(meanOctets)} octets, where ${data.mssOctets} would fit`);
  const used = usedShare(measures);
  if (used < APPLICATION_SHARE && durationMs >= ROUND_TRIPS_MIN * rttMs.mean)
    reasons.push(
      `${shareText(used)} of the ${formatOctets(data.inFlightOctetsMax)} that it once had on its way`,
    );
  if (reasons.length === 0) return undefined;
  if (lossEvents > 0) reasons.push(`${shareText(eventShare)} lost, which would allow ${rateText(lossBound)}`);
  return {
    verdict: 'application-limited',
    conclusion: 'limited by its sender, which had no more to send',
    reasons,
  };
}

/** The last rule: nothing held the transfer back, or nothing that can be seen did. */
function otherwise(measures: Measures): Finding {
  const { lossEvents, lossBound, cubicBound, throughputBitsPerSecond, data } = measures;
  if (lossEvents >= LOSS_EVENTS_MIN && throughputBitsPerSecond < lossBound) {
    const reason = 'slower than its losses and windows explain';
    return {
      verdict: 'unknown',
      conclusion: `unknown, ${reason}`,
      reasons: [reason, ...lossReasons(measures)],
    };
  }
  const most = Math.max(lossBound, cubicBound);
  const loss =
    lossEvents > 0
      ? `faster than its losses let a sender be that slows down for them, ${rateText(most)}`
      : `nothing lost in ${formatCounted(data.segments, 'segments')}`;
  const isFew = lossEvents > 0 && lossEvents < LOSS_EVENTS_MIN;
  const few = `${lossEvents} lost of ${formatCounted(data.segments, 'segments')}, too few to hold it back`;
  return { verdict: 'healthy', conclusion: 'healthy', reasons: [isFew ? few : loss] };
}

/** The verdict on a connection whose rate can be judged: always one. */
export function rateVerdict(measures: Measures): Finding {
  const { rttMs, throughputBitsPerSecond, lossBound, windowBound } = measures;
  if (Number.isNaN(rttMs.mean) || Number.isNaN(throughputBitsPerSecond)) {
    const reason = 'no round-trip time was seen, so that no bound can be computed';
    return { verdict: 'unknown', conclusion: `unknown, ${reason}`, reasons: [reason] };
  }
  const byLoss = isNearLoss(measures);
  const byWindow = isNearReceiverWindow(measures);
  if (byWindow && !(byLoss && lossBound < windowBound)) return windowFinding(measures);
  if (byLoss)
    return {
      verdict: 'loss-limited',
      conclusion: `limited by loss, ${rateText(lossBound)} is the most that this loss allows`,
      reasons: lossReasons(measures),
    };
  const byApplication = applicationFinding(measures);
  if (byApplication !== undefined) return byApplication;
  return isNearSenderWindow(measures) ? windowFinding(measures) : otherwise(measures);
}
