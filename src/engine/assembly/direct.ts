/**
 * The direct path for direct records with common frames, which is nearly all of nearly every capture file: each is read,
 * counted, decoded, and its key ordered and hashed, before the next one is looked at. It is what `walkPcap`,
 * `countFrames`, `decodeCommon` and `orderAndHash` do one after the other to a batch, without what they leave for each
 * other.
 */
import * as layout from '../../records/decoded-words';
import { DIRECT_FIRST_NS, DIRECT_IS_LATE, DIRECT_LAST_NS, DIRECT_OCTETS, DIRECT_PLACE, DIRECT_SNAPPED, TIME_OCTETS } from '../../records/engine-words';
import { decodeFrame, offsetsOf } from './decode';
import { CAPTURED_LENGTH, isDirect, ORIGINAL_LENGTH, RECORD_HEADER_OCTETS, recordTimeNs, touch } from './pcap';

const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;
/** Records touched at a time; the next ones are still in the cache when it is their turn. */
const TOUCHED_AT_ONCE: u32 = 256;

/** The doubles DIRECT_… of engine-words.ts. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function writeTotals(
  totals: usize,
  octets: u64,
  snapped: u32,
  first: f64,
  last: f64,
  at: usize,
  isLate: f64,
): void {
  store<f64>(totals, <f64>octets, DIRECT_OCTETS * 8);
  store<f64>(totals, <f64>snapped, DIRECT_SNAPPED * 8);
  store<f64>(totals, first, DIRECT_FIRST_NS * 8);
  store<f64>(totals, last, DIRECT_LAST_NS * 8);
  store<f64>(totals, <f64>at, DIRECT_PLACE * 8);
  store<f64>(totals, isLate, DIRECT_IS_LATE * 8);
}

/**
 * Takes records until one is out of order, later than `untilNs` or not direct, its frame is not a common one, or the
 * batch is full.
 * @param memory where the window's view begins: offsets of frames count from there
 * @param start  the first record, in octets from there; `end`: behind the last octet
 * @param baseSeconds  what times count from; `unitNs`: of a record's fraction
 * @param latestNs  no record may be earlier than this or than one before it; NaN if any may
 * @param untilNs  the time of the last record taken, at most
 * @param point  index of the interface, an Ethernet
 * @param tosMask,vlanMask  what of ToS and VLAN id goes to the key
 * @param out  the decoded batch, of `capacity`; `headers`: its words of header offsets, or 0
 * @param totals  overwritten with the doubles DIRECT_… of engine-words.ts
 * @returns records in the batch
 */
export function takeDirect(
  memory: usize,
  start: usize,
  end: usize,
  capturedMax: u32,
  baseSeconds: f64,
  unitNs: f64,
  latestNs: f64,
  untilNs: f64,
  point: u32,
  tosMask: u32,
  vlanMask: u32,
  out: usize,
  capacity: u32,
  multipliers: usize,
  headers: usize,
  totals: usize,
): u32 {
  const stop = memory + end;
  let at = memory + start;
  let to = out + <usize>capacity * TIME_OCTETS;
  let count: u32 = 0;
  let octets: u64 = 0;
  let snapped: u32 = 0;
  let touched: u32 = 0;
  let first = Infinity;
  let last = -Infinity;
  let isLate: f64 = 0;
  while (count < capacity && at + RECORD_HEADER_OCTETS <= stop) {
    if (count % TOUCHED_AT_ONCE === 0) touched ^= touch(at, stop, TOUCHED_AT_ONCE);
    const captured = load<u32>(at, CAPTURED_LENGTH);
    const original = load<u32>(at, ORIGINAL_LENGTH);
    const frame = at + RECORD_HEADER_OCTETS;
    if (!isDirect(captured, original, capturedMax, stop - frame)) break;
    const ns = recordTimeNs(at, baseSeconds, unitNs);
    if (ns < latestNs) {
      isLate = 1;
      break;
    }
    if (ns > untilNs) break;
    if (!decodeFrame(frame, <u32>(frame - memory), captured, original, point, tosMask, vlanMask, to, multipliers, offsetsOf(headers, count))) break;
    store<f64>(out + (<usize>count << 3), ns);
    octets += original;
    snapped += u32(captured < original);
    // Not a number stays it.
    latestNs = max<f64>(latestNs, ns);
    first = min<f64>(first, ns);
    last = max<f64>(last, ns);
    at = frame + captured;
    to += RECORD_OCTETS;
    count++;
  }
  // Kept first, so that no compiler drops the loads, and overwritten.
  store<u32>(totals, touched);
  writeTotals(totals, octets, snapped, first, last, at - memory, isLate);
  return count;
}
