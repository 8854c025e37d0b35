/**
 * Looks ahead in direct records of a capture: how far they stand in the order of time
 * (capture/files/ordered-captures.ts).
 */
import { capturedOf, endOf, headerOctets, isDirect, isSayable, originalOf, timeNsOf, unitsOf } from './pcap';

/** Records whose headers are loaded at once, as if all records were as long as the first of them. */
const TOUCHED_AT_ONCE: u32 = 64;

/** Loads where headers are likely to stand: all cache misses at once, where the walk has them one after the other. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function touchHeaders(at: usize, stop: usize, isBlock: bool): u32 {
  const octets = endOf(at, capturedOf(at, isBlock), isBlock) - at;
  // A length that goes round all of the memory is damage, and would stand still here.
  if (octets === 0) return 0;
  const far = min<usize>(stop - headerOctets(isBlock), at + octets * TOUCHED_AT_ONCE);
  let touched: u32 = 0;
  for (let place = at; place <= far; place += octets) touched ^= load<u32>(place);
  return touched;
}

/**
 * Walks over records until one is earlier than one before it, or is not direct, or `countMax` of them have been seen.
 * @param memory,start,end,capturedMax,baseSeconds,unitNs  as of `takeRecords`
 * @param lastNs  the latest time before
 * @param out  its double is overwritten with the latest time now
 * @returns the first record that was not walked over, in octets from `memory`
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function scan(
  memory: usize,
  start: usize,
  end: usize,
  capturedMax: u32,
  baseSeconds: f64,
  unitNs: f64,
  lastNs: f64,
  countMax: u32,
  out: usize,
  isBlock: bool,
): u32 {
  const stop = memory + end;
  let at = memory + start;
  // Seconds above the fraction: whole numbers are compared in less time than it takes to make doubles of them.
  let latest: u64 = 0;
  let lastAt: usize = 0;
  let touched: u32 = 0;
  const octets = headerOctets(isBlock);
  if (at + octets > stop || timeNsOf(at, baseSeconds, unitNs, isBlock) < lastNs) countMax = 0;
  for (let i: u32 = 0; i < countMax && at + octets <= stop; i++) {
    if (i % TOUCHED_AT_ONCE === 0) touched ^= touchHeaders(at, stop, isBlock);
    const captured = capturedOf(at, isBlock);
    if (!isDirect(at, captured, originalOf(at, isBlock), capturedMax, stop, isBlock)) break;
    if (isBlock && !isSayable(timeNsOf(at, 0, 0, true), true)) break;
    const time = unitsOf(at, isBlock);
    if (time < latest) break;
    latest = time;
    lastAt = at;
    at = endOf(at, captured, isBlock);
  }
  // Kept first, so that no compiler drops the loads, and overwritten.
  store<u32>(out, touched);
  store<f64>(out, lastAt === 0 ? lastNs : timeNsOf(lastAt, baseSeconds, unitNs, isBlock));
  return <u32>(at - memory);
}

/**
 * `scan` of classic records, or of blocks of the interface that `useInterface` was told of: compiled for each of them, so
 * that nothing is asked for a record.
 */
export function scanOrder(
  memory: usize,
  start: usize,
  end: usize,
  capturedMax: u32,
  baseSeconds: f64,
  unitNs: f64,
  lastNs: f64,
  countMax: u32,
  out: usize,
  isBlock: bool,
): u32 {
  if (isBlock) return scan(memory, start, end, capturedMax, baseSeconds, unitNs, lastNs, countMax, out, true);
  return scan(memory, start, end, capturedMax, baseSeconds, unitNs, lastNs, countMax, out, false);
}
