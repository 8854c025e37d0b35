/** Histograms of path health (metering/table/path-health-histogram.ts says what they are): the same, in the same memory. */
import * as side from '../../records/path-health-words';
import { FLOW_BITS, giveHistogram, histogramAt, histogramPlace, takeLine, takeWide } from './path-health-state';

/** Whether intervals of the flow's record stand in its histogram. */
export function hasHistogram(flow: usize): bool {
  return (load<u32>(flow, FLOW_BITS) & side.FLOW_OCTETS_USED) !== 0;
}

function isWide(flow: usize): bool {
  return (load<u32>(flow, FLOW_BITS) & side.FLOW_OCTETS_WIDE) !== 0;
}

/** Intervals that the flow's histogram has room for: those of the reverse direction lie so many behind. */
export function histogramLength(flow: usize): usize {
  return isWide(flow) ? side.INTERVALS_MAX : side.LINE_INTERVALS;
}

/** The flow's histogram: that of forward data. */
export function histogramOf(flow: usize): usize {
  return histogramAt(load<u32>(histogramPlace(flow)), isWide(flow));
}

/** Gives the flow a wide histogram in place of its line, if it has one. @param at  where its number stands */
function widen(flow: usize, at: usize): void {
  const before = load<u32>(at);
  const from = histogramAt(before, false);
  const number = takeWide();
  const to = histogramAt(number, true);
  const octets: usize = side.LINE_INTERVALS * 8;
  memory.copy(to, from, octets);
  memory.copy(to + side.INTERVALS_MAX * 8, from + octets, octets);
  giveHistogram(before, false);
  store<u32>(at, number);
  store<u32>(flow, load<u32>(flow, FLOW_BITS) | side.FLOW_OCTETS_WIDE, FLOW_BITS);
}

/** The flow's histogram, with room for interval `number`; it is empty if this record has none yet. */
export function useHistogram(flow: usize, number: usize): usize {
  const at = histogramPlace(flow);
  if (!hasHistogram(flow)) {
    if (load<u32>(at) !== 0) memory.fill(histogramOf(flow), 0, histogramLength(flow) * 16);
    store<u32>(flow, load<u32>(flow, FLOW_BITS) | side.FLOW_OCTETS_USED, FLOW_BITS);
  }
  if (number >= histogramLength(flow)) widen(flow, at);
  else if (load<u32>(at) === 0) takeLine(at);
  return histogramOf(flow);
}
