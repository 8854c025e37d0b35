/**
 * Histograms of path health: new payload octets of each interval that is over, of both directions of a flow. A flow has none
 * until an interval with data is over, then a line with room for the first few, then a wide one (path-health-table.ts has
 * the memory of both). Numbers of intervals count from the flow's first one.
 */
import * as side from '../../records/path-health-words.ts';
import { give, type HealthTable, take, useLine, useSilences } from './path-health-table.ts';

const LINE_DOUBLES = side.LINE_WORDS / 2;
const WIDE_DOUBLES = side.WIDE_WORDS / 2;

function bitsOf({ hot }: HealthTable, slot: number): number {
  return hot[slot * side.HOT_WORDS + side.FLOW_BITS]!;
}

/** Whether intervals of the flow's record stand in its histogram. */
export function hasHistogram(health: HealthTable, slot: number): boolean {
  return (bitsOf(health, slot) & side.FLOW_OCTETS_USED) !== 0;
}

/** Intervals that the flow's histogram has room for; in those behind them there was no data. */
export function histogramLength(health: HealthTable, slot: number): number {
  return (bitsOf(health, slot) & side.FLOW_OCTETS_WIDE) === 0 ? side.LINE_INTERVALS : side.INTERVALS_MAX;
}

/** The array that the flow's histogram stands in. */
export function histogramArray(health: HealthTable, slot: number): Float64Array {
  return (bitsOf(health, slot) & side.FLOW_OCTETS_WIDE) === 0 ? health.lineDoubles : health.octets;
}

/** Where the histogram of a direction begins in its array. @param line 2 × slot, + 1 for the reverse direction */
export function histogramAt(health: HealthTable, line: number): number {
  const slot = line >>> 1;
  const silences = health.hot[slot * side.HOT_WORDS + side.HOT_SILENCES]! * side.LINE_WORDS;
  const number = health.lines[silences + side.SILENCE_HISTOGRAM]!;
  const isWide = (bitsOf(health, slot) & side.FLOW_OCTETS_WIDE) !== 0;
  const at = number * (isWide ? WIDE_DOUBLES : LINE_DOUBLES);
  return at + (line & 1) * (isWide ? side.INTERVALS_MAX : side.LINE_INTERVALS);
}

/** Gives the flow a wide histogram in place of its line, if it has one. @param at where in `lines` its number stands */
function widen(health: HealthTable, slot: number, at: number): void {
  const { hot, lines, lineDoubles, wide, octets, pools } = health;
  const before = lines[at]!;
  const number = take(pools, side.POOL_WIDE, wide, side.WIDE_WORDS);
  const from = before * LINE_DOUBLES;
  const to = number * WIDE_DOUBLES;
  for (let d = 0; d < WIDE_DOUBLES; d++) octets[to + d] = 0;
  for (let o = 0; o < side.LINE_INTERVALS; o++) {
    octets[to + o] = lineDoubles[from + o]!;
    octets[to + side.INTERVALS_MAX + o] = lineDoubles[from + side.LINE_INTERVALS + o]!;
  }
  give(pools, side.POOL_LINES, lines, side.LINE_WORDS, before);
  lines[at] = number;
  hot[slot * side.HOT_WORDS + side.FLOW_BITS] = bitsOf(health, slot) | side.FLOW_OCTETS_WIDE;
}

/** Gives the flow a histogram with room for interval `number`, which is empty if this record has none yet. */
export function useHistogram(health: HealthTable, slot: number, number: number): void {
  const at = useSilences(health, slot * 2) + side.SILENCE_HISTOGRAM;
  if (!hasHistogram(health, slot)) {
    const array = histogramArray(health, slot);
    const length = 2 * histogramLength(health, slot);
    if (health.lines[at] !== 0)
      array.fill(0, histogramAt(health, slot * 2), histogramAt(health, slot * 2) + length);
    health.hot[slot * side.HOT_WORDS + side.FLOW_BITS] = bitsOf(health, slot) | side.FLOW_OCTETS_USED;
  }
  if (number >= histogramLength(health, slot)) widen(health, slot, at);
  else if (health.lines[at] === 0) useLine(health, health.lines, at);
}
