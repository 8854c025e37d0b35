/**
 * Record headers of classic captures (capture/files/pcap-format.ts has the format): the plain case, which is nearly every
 * record of nearly every file. Anything else ends the walk, and the format's own code decides what it is.
 */
import { TIME_OCTETS } from '../../records/engine-words';

export const RECORD_HEADER_OCTETS: usize = 16;
const FRACTION: usize = 4;
export const CAPTURED_LENGTH: usize = 8;
export const ORIGINAL_LENGTH: usize = 12;
const CACHE_LINE_OCTETS: usize = 64;
/** Of a record whose lines are all touched: most of them hold headers. */
const TOUCHED_OCTETS_MAX: usize = 256;
const NS_PER_S: f64 = 1e9;
/** As in capture/files/capture-format.ts. */
const ROUNDING_NS: f64 = 512;

/**
 * Loads what the walk and the decoder are about to read, as if all records were as long as the first: all cache misses at
 * once, where the walk has them one after the other, since each record tells where the next one begins. Long records are
 * left alone: most of their lines are payload.
 * @returns a value that depends on all of them, so that no compiler drops the loads
 */
export function touch(at: usize, end: usize, count: u32): u32 {
  if (at + RECORD_HEADER_OCTETS > end) return 0;
  const octets = <usize>load<u32>(at, CAPTURED_LENGTH) + RECORD_HEADER_OCTETS;
  if (octets > TOUCHED_OCTETS_MAX) return 0;
  const far = min<usize>(end - 4, at + octets * count);
  let touched: u32 = 0;
  for (let place = at; place < far; place += CACHE_LINE_OCTETS) touched ^= load<u32>(place);
  return touched;
}

/** Whether a record is one that the engine reads: within the limit, stored no longer than it was, and whole. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isDirect(captured: u32, original: u32, capturedMax: u32, octetsLeft: usize): bool {
  return !(captured > capturedMax || original < captured || <usize>captured > octetsLeft);
}

/** When the frame of the record at `at` was observed, as in capture/files/pcap-format.ts. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function recordTimeNs(at: usize, baseSeconds: f64, unitNs: f64): f64 {
  const wholeNs = (<f64>load<u32>(at) - baseSeconds) * NS_PER_S;
  const fractionNs = <f64>load<u32>(at, FRACTION) * unitNs;
  const ns = wholeNs + fractionNs;
  return ns - wholeNs < fractionNs ? ns + ROUNDING_NS : ns;
}

/**
 * Adds the frames of whole records to a packet batch, as long as they are direct: little-endian, with a record header
 * of 16 octets, not longer than the limit, and stored no longer than they were.
 * @param memory where the window's view begins: offsets of frames count from there
 * @param start  the first record, in octets from there; `end`: behind the last octet
 * @param baseSeconds  what times count from; `unitNs`: of a record's fraction
 * @returns frames in the batch now
 */
export function walkPcap(
  memory: usize,
  start: usize,
  end: usize,
  capturedMax: u32,
  baseSeconds: f64,
  unitNs: f64,
  interfaceIndex: u32,
  batch: usize,
  capacity: u32,
  from: u32,
): u32 {
  const offsets = batch + <usize>capacity * TIME_OCTETS;
  const each = (<usize>capacity) << 2;
  let at = memory + start;
  const stop = memory + end;
  let count = from;
  // Overwritten by the first frame, if there is one.
  if (from < capacity) store<u32>(offsets + (<usize>from << 2), touch(at, stop, capacity - from));
  while (count < capacity && at + RECORD_HEADER_OCTETS <= stop) {
    const captured = load<u32>(at, CAPTURED_LENGTH);
    const original = load<u32>(at, ORIGINAL_LENGTH);
    const frame = at + RECORD_HEADER_OCTETS;
    if (!isDirect(captured, original, capturedMax, stop - frame)) break;
    store<f64>(batch + ((<usize>count) << 3), recordTimeNs(at, baseSeconds, unitNs));
    const lane = offsets + ((<usize>count) << 2);
    store<u32>(lane, <u32>(frame - memory));
    store<u32>(lane + each, captured);
    store<u32>(lane + 2 * each, original);
    store<u16>(offsets + 3 * each + ((<usize>count) << 1), <u16>interfaceIndex);
    at = frame + captured;
    count++;
  }
  return count;
}
