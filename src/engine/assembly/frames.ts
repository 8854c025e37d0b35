/** Counts frames that were read, before they are decoded. */
import { DIRECT_FIRST_NS, DIRECT_LAST_NS, DIRECT_OCTETS, DIRECT_SNAPPED, TIME_OCTETS } from '../../records/engine-words';

/**
 * Counts the first `count` frames of a packet batch; there must be one.
 * @param totals  overwritten with the first doubles DIRECT_… of engine-words.ts
 */
export function countFrames(batch: usize, capacity: u32, count: u32, totals: usize): void {
  const offsets = batch + <usize>capacity * TIME_OCTETS;
  const each = (<usize>capacity) << 2;
  let octets: u64 = 0;
  let snapped: u32 = 0;
  let first = load<f64>(batch);
  let last = first;
  for (let i: u32 = 0; i < count; i++) {
    const lane = offsets + ((<usize>i) << 2);
    const wire = load<u32>(lane + 2 * each);
    const timeNs = load<f64>(batch + ((<usize>i) << 3));
    octets += wire;
    snapped += u32(load<u32>(lane + each) < wire);
    first = min<f64>(first, timeNs);
    last = max<f64>(last, timeNs);
  }
  store<f64>(totals, <f64>octets, DIRECT_OCTETS * 8);
  store<f64>(totals, <f64>snapped, DIRECT_SNAPPED * 8);
  store<f64>(totals, first, DIRECT_FIRST_NS * 8);
  store<f64>(totals, last, DIRECT_LAST_NS * 8);
}
