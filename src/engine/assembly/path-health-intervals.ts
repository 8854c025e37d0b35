/** Data over time (metering/path-health/intervals.ts says what it is): the same figures, by the same rules. */
import * as side from '../../records/path-health-words';
import { hasHistogram, histogramLength, histogramOf, useHistogram } from './path-health-histogram';
import {
  ACKED,
  addDouble,
  BITS,
  blockOf,
  FLOW_BITS,
  INTERVAL_END,
  intervalNs,
  LAST_DATA,
  NEW_OCTETS,
  NEXT,
} from './path-health-state';
import { noteSilence, takeResponse } from './path-health-times';

const DOUBLINGS_MAX: u32 = 40;
/** Intervals have numbers of 31 bits here. */
const INTERVAL_LIMIT: f64 = 2147483647;
const FIRST_INTERVAL: usize = side.HOT_FIRST_INTERVAL * 4;
const INTERVAL: usize = side.HOT_INTERVAL * 4;

/** How often the flow's intervals were doubled. */
function doublingsOf(flow: usize): u32 {
  return (load<u32>(flow, FLOW_BITS) & side.FLOW_DOUBLINGS_MASK) >>> side.FLOW_DOUBLINGS_SHIFT;
}

/** Length of an interval after so many doublings, ns. */
function lengthNs(doublings: u32): f64 {
  return intervalNs * <f64>(<u64>1 << <u64>doublings);
}

/**
 * The current interval of the flow is over, or there is none yet.
 * @returns false, and nothing changed, if the number of an interval is too great for here
 */
export function moveInterval(flow: usize, timeNs: f64): bool {
  const number = floor<f64>(timeNs / intervalNs);
  if (!(number < INTERVAL_LIMIT && number > -INTERVAL_LIMIT)) return false;
  if (load<f64>(flow, INTERVAL_END) === -Infinity) {
    store<i32>(flow, <i32>number, FIRST_INTERVAL);
    store<i32>(flow, <i32>number, INTERVAL);
    store<u32>(flow, load<u32>(flow, FLOW_BITS) & ~side.FLOW_DOUBLINGS_MASK, FLOW_BITS);
    store<f64>(flow, (number + 1) * intervalNs, INTERVAL_END);
    return true;
  }
  storeInterval(flow);
  while (doublingsOf(flow) < DOUBLINGS_MAX) {
    const at = floor<f64>(timeNs / lengthNs(doublingsOf(flow)));
    if (at - <f64>load<i32>(flow, FIRST_INTERVAL) < <f64>side.INTERVALS_MAX) break;
    doubleIntervals(flow);
  }
  const length = lengthNs(doublingsOf(flow));
  const interval = floor<f64>(timeNs / length);
  store<i32>(flow, <i32>interval, INTERVAL);
  store<f64>(flow, (interval + 1) * length, INTERVAL_END);
  return true;
}

/** Adds what the current interval holds to the histogram, if it holds something. */
function storeInterval(flow: usize): void {
  const forward = blockOf(flow, 0);
  const reverse = blockOf(flow, 1);
  const forwardOctets = load<f64>(forward, NEW_OCTETS);
  const reverseOctets = load<f64>(reverse, NEW_OCTETS);
  if (forwardOctets === 0 && reverseOctets === 0) return;
  const number = <usize>(load<u32>(flow, INTERVAL) - load<u32>(flow, FIRST_INTERVAL));
  const at = useHistogram(flow, number);
  addDouble(at, number, forwardOctets);
  addDouble(at, number + histogramLength(flow), reverseOctets);
  store<f64>(forward, 0, NEW_OCTETS);
  store<f64>(reverse, 0, NEW_OCTETS);
}

function doubleIntervals(flow: usize): void {
  const first = load<i32>(flow, FIRST_INTERVAL);
  const newFirst = first >> 1;
  if (hasHistogram(flow)) doubleHistogram(flow, first, newFirst);
  store<i32>(flow, newFirst, FIRST_INTERVAL);
  store<i32>(flow, load<i32>(flow, INTERVAL) >> 1, INTERVAL);
  store<u32>(flow, load<u32>(flow, FLOW_BITS) + (1 << side.FLOW_DOUBLINGS_SHIFT), FLOW_BITS);
}

/** Adds neighbours up; the first interval has number `first` before, and `newFirst` behind it. */
function doubleHistogram(flow: usize, first: i32, newFirst: i32): void {
  const length = histogramLength(flow);
  for (let d: usize = 0; d < 2; d++) {
    const from = histogramOf(flow) + ((d * length) << 3);
    for (let o: i32 = 0; o < <i32>length; o++) {
      const place = from + ((<usize>o) << 3);
      const value = load<f64>(place);
      store<f64>(place, 0);
      addDouble(from, <usize>(((first + o) >> 1) - newFirst), value);
    }
  }
}

/** Whether data of the direction at `block` is not acknowledged yet by the one at `other`. */
function isOutstanding(block: usize, other: usize): bool {
  const isKnown =
    (load<u32>(block, BITS) & side.NEXT_KNOWN) !== 0 && (load<u32>(other, BITS) & side.ACK_KNOWN) !== 0;
  return isKnown && <i32>(load<u32>(block, NEXT) - load<u32>(other, ACKED)) > 0;
}

/** New payload of a direction: what the time since the last one was. Any transport's. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function noteData(flow: usize, d: u32, timeNs: f64): void {
  const block = blockOf(flow, d);
  const bits = load<u32>(block, BITS);
  const sinceNs = timeNs - load<f64>(block, LAST_DATA);
  const hasLast = (bits & side.DATA_SEEN) !== 0;
  if (hasLast && sinceNs >= side.SILENCE_NS)
    noteSilence(flow, d, sinceNs, isOutstanding(block, blockOf(flow, d ^ 1)) || (bits & side.TROUBLED) !== 0);
  const flowBits = load<u32>(flow, FLOW_BITS);
  const wasReverse = u32((flowBits & side.FLOW_LAST_REVERSE) !== 0);
  if ((flowBits & side.FLOW_ANY_DATA) !== 0 && wasReverse !== d) takeResponse(flow, d, timeNs);
  store<u32>(
    flow,
    (flowBits & ~side.FLOW_LAST_REVERSE) | side.FLOW_ANY_DATA | (d * side.FLOW_LAST_REVERSE),
    FLOW_BITS,
  );
  store<u32>(block, load<u32>(block, BITS) & ~side.TROUBLED, BITS);
  if (!hasLast || sinceNs > 0) store<f64>(block, timeNs, LAST_DATA);
}
