/**
 * The rule on transfers that stood still: intervals without progress between intervals with it, or a window that the
 * receiver kept shut. A connection that merely waits for its next request has not stalled.
 */
import { formatCounted } from '../base/units.ts';
import { rateText, shareText, timeText } from '../output/words.ts';
import type { Finding } from './finding.ts';
import type { Measures } from './measures.ts';

/** Share of the time that silence must take to be the transfer's trouble. */
const STALLED_SHARE = 0.1;
/** A silence counts from here, and from this many round trips. */
const STALL_MS_MIN = 2000;
const STALL_ROUND_TRIPS_MIN = 10;

function atLeastMs({ durationMs, rttMs }: Measures): number {
  return Math.max(STALL_MS_MIN, STALL_ROUND_TRIPS_MIN * (rttMs.mean || 0), STALLED_SHARE * durationMs);
}

/** Whether silence with nothing on its way took a share of the transfer that matters. */
function wasIdle(measures: Measures): boolean {
  const { stalledIntervals, intervals, data } = measures;
  if (stalledIntervals > 0 && stalledIntervals >= STALLED_SHARE * intervals.length) return true;
  return data.longestIdleMs >= atLeastMs(measures);
}

/** Whether the other side sent enough to have asked for what came first and after each silence. */
function isDialogue({ back, stalls }: Measures): boolean {
  return back.segments >= stalls + 1;
}

/** Whether the transfer waited for requests, as connections do that are kept open. */
export function waitsForRequests(measures: Measures): boolean {
  return wasIdle(measures) && isDialogue(measures);
}

function stalled(conclusion: string, reasons: readonly string[]): Finding {
  return { verdict: 'stalled', conclusion: `stalled, ${conclusion}`, reasons };
}

/** A transfer that stood still for a share of its time. */
export function stallVerdict(measures: Measures): Finding | undefined {
  const { data, durationMs, stalledIntervals, intervals, flow, lossEvents, eventShare, lossBound } = measures;
  const silence: string[] = [];
  if (stalledIntervals > 0) {
    const length = timeText(flow.intervalMs);
    silence.push(
      `${stalledIntervals} of ${formatCounted(intervals.length, 'intervals')} of ${length} silent`,
    );
  }
  const leastMs = atLeastMs(measures);
  if (data.zeroWindowMs >= leastMs) {
    const shut = `the receiver kept its window shut for ${timeText(data.zeroWindowMs)}`;
    const share = `${shareText(data.zeroWindowMs / durationMs)} of the time, ${formatCounted(data.zeroWindows, 'times')}`;
    return stalled(shut, [...silence, `${shut}: ${share}`]);
  }
  if (data.longestStallMs >= STALL_MS_MIN && data.stalledMs >= leastMs) {
    const waited = `what it sent was not acknowledged for up to ${timeText(data.longestStallMs)}`;
    const loss =
      lossEvents > 0 && lossBound > 0
        ? [
            `losses at ${shareText(eventShare)} of the segments, which alone would allow ${rateText(lossBound)}`,
          ]
        : [];
    return stalled(waited, [...silence, `${waited}, ${timeText(data.stalledMs)} in all`, ...loss]);
  }
  if (!wasIdle(measures) || isDialogue(measures)) return undefined;
  const longest = data.longestIdleMs > 0 ? ` for up to ${timeText(data.longestIdleMs)}` : '';
  const paused = `its sender paused${longest}`;
  return stalled(paused, [...silence, `${paused}: nothing was on its way, and nobody asked for more`]);
}
