/**
 * Looks ahead in direct records of a capture: how far they stand in the order of time
 * (capture/files/ordered-captures.ts).
 */
import { CAPTURED_LENGTH, isDirect, ORIGINAL_LENGTH, RECORD_HEADER_OCTETS, recordTimeNs } from './pcap';

/** Records whose headers are loaded at once, as if all records were as long as the first of them. */
const TOUCHED_AT_ONCE: u32 = 64;

/** Loads where headers are likely to stand: all cache misses at once, where the walk has them one after the other. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function touchHeaders(at: usize, stop: usize): u32 {
  const octets = <usize>load<u32>(at, CAPTURED_LENGTH) + RECORD_HEADER_OCTETS;
  const far = min<usize>(stop - RECORD_HEADER_OCTETS, at + octets * TOUCHED_AT_ONCE);
  let touched: u32 = 0;
  for (let place = at; place <= far; place += octets) touched ^= load<u32>(place);
  return touched;
}

/**
 * Walks over records until one is earlier than one before it, or is not direct, or `countMax` of them have been seen.
 * @param memory,start,end,capturedMax,baseSeconds,unitNs  as of `takeDirect`
 * @param lastNs  the latest time before
 * @param out  its double is overwritten with the latest time now
 * @returns the first record that was not walked over, in octets from `memory`
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
): u32 {
  const stop = memory + end;
  let at = memory + start;
  // Seconds above the fraction: whole numbers are compared in less time than it takes to make doubles of them.
  let latest: u64 = 0;
  let lastAt: usize = 0;
  let touched: u32 = 0;
  if (at + RECORD_HEADER_OCTETS > stop || recordTimeNs(at, baseSeconds, unitNs) < lastNs) countMax = 0;
  for (let i: u32 = 0; i < countMax && at + RECORD_HEADER_OCTETS <= stop; i++) {
    if (i % TOUCHED_AT_ONCE === 0) touched ^= touchHeaders(at, stop);
    const captured = load<u32>(at, CAPTURED_LENGTH);
    const frame = at + RECORD_HEADER_OCTETS;
    if (!isDirect(captured, load<u32>(at, ORIGINAL_LENGTH), capturedMax, stop - frame)) break;
    const time = rotl<u64>(load<u64>(at), 32);
    if (time < latest) break;
    latest = time;
    lastAt = at;
    at = frame + captured;
  }
  // Kept first, so that no compiler drops the loads, and overwritten.
  store<u32>(out, touched);
  store<f64>(out, lastAt === 0 ? lastNs : recordTimeNs(lastAt, baseSeconds, unitNs));
  return <u32>(at - memory);
}
