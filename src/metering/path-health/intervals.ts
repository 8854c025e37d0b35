/**
 * Data over time: a histogram of new payload octets in intervals, silences between data, and whose turn it is to answer.
 * For any transport.
 *
 * Interval n covers the times [n × length, (n + 1) × length) since the time base. When a flow needs more of them than
 * INTERVALS_MAX, neighbours are added up and the length doubles. A packet whose time lies before the current interval is
 * counted to the current one.
 */
import * as layout from '../../records/path-health-layout.ts';
import {
  hasHistogram,
  histogramArray,
  histogramAt,
  histogramLength,
  useHistogram,
} from '../table/path-health-histogram.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { noteSilence, takeResponse } from './timing.ts';

/** Longer intervals than any capture's: a time that needs more is not believed and counts to the last one. */
const DOUBLINGS_MAX = 40;
const FORWARD_OCTETS = (side.HOT_FORWARD >>> 1) + side.NEW_OCTETS;
const REVERSE_OCTETS = (side.HOT_REVERSE >>> 1) + side.NEW_OCTETS;

/** Length of an interval after so many doublings, ns. */
export function intervalNs(health: HealthTable, doublings: number): number {
  return health.intervalNs * 2 ** doublings;
}

/** How often the intervals of the flow in `slot` were doubled. */
export function doublingsOf(hot: Int32Array, slot: number): number {
  return (
    (hot[slot * side.HOT_WORDS + side.FLOW_BITS]! & side.FLOW_DOUBLINGS_MASK) >>> side.FLOW_DOUBLINGS_SHIFT
  );
}

/** The current interval of the flow in `slot` is over at the time of packet `i`, or there is none yet. */
export function moveInterval(health: HealthTable, slot: number, times: Float64Array, i: number): void {
  const { hot, hotDoubles } = health;
  const at = slot * side.HOT_WORDS;
  const double = slot * side.HOT_DOUBLES;
  const timeNs = times[i]!;
  if (hotDoubles[double + side.INTERVAL_END_NS]! === -Infinity) {
    const first = Math.floor(timeNs / health.intervalNs);
    hot[at + side.HOT_FIRST_INTERVAL] = first;
    hot[at + side.HOT_INTERVAL] = first;
    hot[at + side.FLOW_BITS] = hot[at + side.FLOW_BITS]! & ~side.FLOW_DOUBLINGS_MASK;
    hotDoubles[double + side.INTERVAL_END_NS] = (first + 1) * health.intervalNs;
    return;
  }
  storeInterval(health, slot);
  while (
    Math.floor(timeNs / intervalNs(health, doublingsOf(hot, slot))) - hot[at + side.HOT_FIRST_INTERVAL]! >=
      layout.INTERVALS_MAX &&
    doublingsOf(hot, slot) < DOUBLINGS_MAX
  ) {
    doubleIntervals(health, slot);
  }
  const length = intervalNs(health, doublingsOf(hot, slot));
  const interval = Math.floor(timeNs / length);
  hot[at + side.HOT_INTERVAL] = interval;
  hotDoubles[double + side.INTERVAL_END_NS] = (interval + 1) * length;
}

/** Adds what the current interval holds to the histogram, if it holds something. */
function storeInterval(health: HealthTable, slot: number): void {
  const { hot, hotDoubles } = health;
  const at = slot * side.HOT_WORDS;
  const double = slot * side.HOT_DOUBLES;
  const forward = hotDoubles[double + FORWARD_OCTETS]!;
  const reverse = hotDoubles[double + REVERSE_OCTETS]!;
  if (forward === 0 && reverse === 0) return;
  const number = hot[at + side.HOT_INTERVAL]! - hot[at + side.HOT_FIRST_INTERVAL]!;
  useHistogram(health, slot, number);
  const octets = histogramArray(health, slot);
  const interval = histogramAt(health, slot * 2) + number;
  octets[interval] = octets[interval]! + forward;
  const length = histogramLength(health, slot);
  octets[interval + length] = octets[interval + length]! + reverse;
  hotDoubles[double + FORWARD_OCTETS] = 0;
  hotDoubles[double + REVERSE_OCTETS] = 0;
}

function doubleIntervals(health: HealthTable, slot: number): void {
  const { hot } = health;
  const at = slot * side.HOT_WORDS;
  const first = hot[at + side.HOT_FIRST_INTERVAL]!;
  const newFirst = first >> 1;
  if (hasHistogram(health, slot)) doubleHistogram(health, slot, first, newFirst);
  hot[at + side.HOT_FIRST_INTERVAL] = newFirst;
  hot[at + side.HOT_INTERVAL] = hot[at + side.HOT_INTERVAL]! >> 1;
  hot[at + side.FLOW_BITS] = hot[at + side.FLOW_BITS]! + (1 << side.FLOW_DOUBLINGS_SHIFT);
}

/** Adds neighbours up; the first interval has number `first` before, and `newFirst` behind it. */
function doubleHistogram(health: HealthTable, slot: number, first: number, newFirst: number): void {
  const octets = histogramArray(health, slot);
  const length = histogramLength(health, slot);
  for (let direction = 0; direction < 2; direction++) {
    const from = histogramAt(health, slot * 2 + direction);
    for (let o = 0; o < length; o++) {
      const value = octets[from + o]!;
      octets[from + o] = 0;
      const to = from + ((first + o) >> 1) - newFirst;
      octets[to] = octets[to]! + value;
    }
  }
}

/** New payload of the side of `block`: what the time since the last one was. Any transport's. */
export function noteData(
  health: HealthTable,
  line: number,
  block: number,
  other: number,
  times: Float64Array,
  i: number,
): void {
  const { hot, hotDoubles, number } = health;
  const timeNs = times[i]!;
  const last = (block >>> 1) + side.LAST_DATA_NS;
  const bits = hot[block + side.BITS]!;
  const isReverse = line & 1;
  if ((bits & side.DATA_SEEN) !== 0 && timeNs - hotDoubles[last]! >= side.SILENCE_NS) {
    const isOutstanding =
      (bits & side.NEXT_KNOWN) !== 0 &&
      (hot[other + side.BITS]! & side.ACK_KNOWN) !== 0 &&
      ((hot[block + side.NEXT]! - hot[other + side.ACKED]!) | 0) > 0;
    number[0] = timeNs - hotDoubles[last]!;
    noteSilence(health, line, block, isOutstanding || (bits & side.TROUBLED) !== 0);
  }
  const flowAt = (line >>> 1) * side.HOT_WORDS + side.FLOW_BITS;
  const flow = hot[flowAt]!;
  const lastWasReverse = (flow & side.FLOW_LAST_REVERSE) !== 0 ? 1 : 0;
  if ((flow & side.FLOW_ANY_DATA) !== 0 && lastWasReverse !== isReverse)
    takeResponse(health, line, other, times, i);
  hot[flowAt] =
    (flow & ~side.FLOW_LAST_REVERSE) | side.FLOW_ANY_DATA | (isReverse === 1 ? side.FLOW_LAST_REVERSE : 0);
  hot[block + side.BITS] = hot[block + side.BITS]! & ~side.TROUBLED;
  if ((bits & side.DATA_SEEN) === 0 || timeNs > hotDoubles[last]!) hotDoubles[last] = timeNs;
}
