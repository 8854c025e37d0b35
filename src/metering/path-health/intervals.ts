/**
 * Data over time: a histogram of new payload octets in intervals, silences between data, and whose turn it is to answer.
 * For any transport.
 *
 * Interval n covers the times [n × length, (n + 1) × length) since the time base. When a flow needs more of them than
 * INTERVALS_MAX, neighbours are added up and the length doubles. A packet whose time lies before the current interval is
 * counted to the current one.
 */
import * as layout from '../../records/path-health-layout.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import * as timing from './timing.ts';
import { noteSilence, takeResponse } from './timing.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { ACKED, ACK_KNOWN, BITS, DATA_SEEN, FLOW_ANY_DATA, FLOW_BITS, FLOW_LAST_REVERSE } = side;
const { FLOW_OCTETS_USED, HOT_DOUBLES, HOT_DOUBLINGS, HOT_FIRST_INTERVAL, HOT_FORWARD, HOT_INTERVAL } = side;
const { HOT_REVERSE, HOT_WORDS, INTERVAL_END_NS, LAST_DATA_NS, NEW_OCTETS, NEXT, NEXT_KNOWN, TROUBLED } =
  side;
const { INTERVALS_MAX } = layout;
const { SILENCE_NS } = timing;

/** Longer intervals than any capture's: a time that needs more is not believed and counts to the last one. */
const DOUBLINGS_MAX = 40;
const FORWARD_OCTETS = (HOT_FORWARD >>> 1) + NEW_OCTETS;
const REVERSE_OCTETS = (HOT_REVERSE >>> 1) + NEW_OCTETS;

/** Length of an interval after so many doublings, ns. */
export function intervalNs(health: HealthTable, doublings: number): number {
  return health.intervalNs * 2 ** doublings;
}

/** The current interval of the flow in `slot` is over at the time of packet `i`, or there is none yet. */
export function moveInterval(health: HealthTable, slot: number, times: Float64Array, i: number): void {
  const { hot, hotDoubles } = health;
  const at = slot * HOT_WORDS;
  const double = slot * HOT_DOUBLES;
  const timeNs = times[i]!;
  if (hotDoubles[double + INTERVAL_END_NS]! === -Infinity) {
    const first = Math.floor(timeNs / health.intervalNs);
    hot[at + HOT_FIRST_INTERVAL] = first;
    hot[at + HOT_INTERVAL] = first;
    hot[at + HOT_DOUBLINGS] = 0;
    hotDoubles[double + INTERVAL_END_NS] = (first + 1) * health.intervalNs;
    return;
  }
  storeInterval(health, slot);
  while (
    Math.floor(timeNs / intervalNs(health, hot[at + HOT_DOUBLINGS]!)) - hot[at + HOT_FIRST_INTERVAL]! >=
      INTERVALS_MAX &&
    hot[at + HOT_DOUBLINGS]! < DOUBLINGS_MAX
  ) {
    doubleIntervals(health, slot);
  }
  const length = intervalNs(health, hot[at + HOT_DOUBLINGS]!);
  const interval = Math.floor(timeNs / length);
  hot[at + HOT_INTERVAL] = interval;
  hotDoubles[double + INTERVAL_END_NS] = (interval + 1) * length;
}

/** Adds what the current interval holds to the histogram. */
function storeInterval(health: HealthTable, slot: number): void {
  const { hot, hotDoubles, octets } = health;
  const at = slot * HOT_WORDS;
  const double = slot * HOT_DOUBLES;
  const to = slot * 2 * INTERVALS_MAX;
  if ((hot[at + FLOW_BITS]! & FLOW_OCTETS_USED) === 0) {
    hot[at + FLOW_BITS] = hot[at + FLOW_BITS]! | FLOW_OCTETS_USED;
    for (let o = 0; o < 2 * INTERVALS_MAX; o++) octets[to + o] = 0;
  }
  const interval = to + hot[at + HOT_INTERVAL]! - hot[at + HOT_FIRST_INTERVAL]!;
  octets[interval] = octets[interval]! + hotDoubles[double + FORWARD_OCTETS]!;
  octets[interval + INTERVALS_MAX] = octets[interval + INTERVALS_MAX]! + hotDoubles[double + REVERSE_OCTETS]!;
  hotDoubles[double + FORWARD_OCTETS] = 0;
  hotDoubles[double + REVERSE_OCTETS] = 0;
}

function doubleIntervals(health: HealthTable, slot: number): void {
  const { hot, octets } = health;
  const at = slot * HOT_WORDS;
  const first = hot[at + HOT_FIRST_INTERVAL]!;
  const newFirst = first >> 1;
  for (let direction = 0; direction < 2; direction++) {
    const from = (slot * 2 + direction) * INTERVALS_MAX;
    for (let o = 0; o < INTERVALS_MAX; o++) {
      const value = octets[from + o]!;
      octets[from + o] = 0;
      const to = from + ((first + o) >> 1) - newFirst;
      octets[to] = octets[to]! + value;
    }
  }
  hot[at + HOT_FIRST_INTERVAL] = newFirst;
  hot[at + HOT_INTERVAL] = hot[at + HOT_INTERVAL]! >> 1;
  hot[at + HOT_DOUBLINGS] = hot[at + HOT_DOUBLINGS]! + 1;
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
  const last = (block >>> 1) + LAST_DATA_NS;
  const bits = hot[block + BITS]!;
  const isReverse = line & 1;
  if ((bits & DATA_SEEN) !== 0 && timeNs - hotDoubles[last]! >= SILENCE_NS) {
    const isOutstanding =
      (bits & NEXT_KNOWN) !== 0 &&
      (hot[other + BITS]! & ACK_KNOWN) !== 0 &&
      ((hot[block + NEXT]! - hot[other + ACKED]!) | 0) > 0;
    number[0] = timeNs - hotDoubles[last]!;
    noteSilence(health, line, block, isOutstanding || (bits & TROUBLED) !== 0);
  }
  const flowAt = (line >>> 1) * HOT_WORDS + FLOW_BITS;
  const flow = hot[flowAt]!;
  const lastWasReverse = (flow & FLOW_LAST_REVERSE) !== 0 ? 1 : 0;
  if ((flow & FLOW_ANY_DATA) !== 0 && lastWasReverse !== isReverse)
    takeResponse(health, line, block, other, times, i);
  hot[flowAt] = (flow & ~FLOW_LAST_REVERSE) | FLOW_ANY_DATA | (isReverse === 1 ? FLOW_LAST_REVERSE : 0);
  hot[block + BITS] = hot[block + BITS]! & ~TROUBLED;
  if ((bits & DATA_SEEN) === 0 || timeNs > hotDoubles[last]!) hotDoubles[last] = timeNs;
}
