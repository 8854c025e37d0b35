/**
 * The direct path for direct records, which is nearly all of nearly every capture file: each is read,
 * counted, decoded, and its key ordered and hashed, before the next one is looked at. It is what `walkPcap`,
 * `countFrames`, `decodeCommon` and `orderAndHash` do one after the other to a batch, without what they leave for each
 * other.
 */
import * as layout from '../../records/decoded-words';
import * as place from '../../records/engine-words';
import { ACCEPTED } from '../../records/reason-codes';
import { decodeFrame, offsetsOf } from './decode';
import { capturedOf, endOf, headerOctets, isDirect, isSayable, originalOf, timeNsOf, touch } from './pcap';
import { isOfShare } from './share';
import { decodeUncommon } from './uncommon';
import { LEFT, useFrames } from './uncommon-frame';

const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;
/** Records touched at a time; the next ones are still in the cache when it is their turn. */
const TOUCHED_AT_ONCE: u32 = 256;

/** The doubles DIRECT_… of engine-words.ts. @param touched  kept first, so that no compiler drops the loads, and overwritten */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function writeTotals(
  totals: usize,
  touched: u32,
  records: u32,
  octets: u64,
  octetsKept: u64,
  snapped: u32,
  first: f64,
  last: f64,
  at: usize,
  isLate: bool,
  refused: u32,
): void {
  store<u32>(totals, touched);
  store<f64>(totals, <f64>octets, place.DIRECT_OCTETS * 8);
  store<f64>(totals, <f64>snapped, place.DIRECT_SNAPPED * 8);
  store<f64>(totals, first, place.DIRECT_FIRST_NS * 8);
  store<f64>(totals, last, place.DIRECT_LAST_NS * 8);
  store<f64>(totals, <f64>at, place.DIRECT_PLACE * 8);
  store<f64>(totals, f64(u32(isLate)), place.DIRECT_IS_LATE * 8);
  store<f64>(totals, <f64>records, place.DIRECT_RECORDS * 8);
  store<f64>(totals, <f64>octetsKept, place.DIRECT_KEPT_OCTETS * 8);
  store<f64>(totals, <f64>refused, place.DIRECT_REFUSED * 8);
}

/**
 * Takes records until one is out of order, later than `untilNs` or not direct, its frame is left to the general path, or
 * the batch is full. Of those that it takes the batch gets the share of one meter.
 * @param memory where the window's view begins: offsets of frames count from there
 * @param start  the first record, in octets from there; `end`: behind the last octet
 * @param baseSeconds  what times count from; `unitNs`: of a record's fraction
 * @param latestNs  no record may be earlier than this or than one before it; NaN if any may
 * @param untilNs  the time of the last record taken, at most
 * @param point  index of the interface, an Ethernet
 * @param tosMask,vlanMask  what of ToS and VLAN id goes to the key
 * @param out  the decoded batch, of `capacity`; `headers`: its words of header offsets, or 0
 * @param udpTunnels  kinds of tunnels by UDP port, where any are looked into, or 0
 * @param uncommon  what uncommon frames are decoded with (UNCOMMON_… of engine-words.ts)
 * @param totals  overwritten with the doubles DIRECT_… of engine-words.ts
 * @param worker  which of how many meters this is (share.ts); of one, that one gets all. Without a branch, which would be
 *   mispredicted every other time, a record of another meter is written and then written over
 * @returns records in the batch
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function take(
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
  udpTunnels: usize,
  uncommon: usize,
  totals: usize,
  worker: u32,
  workers: u32,
  isBlock: bool,
): u32 {
  const stop = memory + end;
  let at = memory + start, to = out + <usize>capacity * place.TIME_OCTETS;
  let count: u32 = 0, records: u32 = 0, refused: u32 = 0, snapped: u32 = 0, touched: u32 = 0;
  let octets: u64 = 0, octetsKept: u64 = 0;
  const isOrdered = latestNs === latestNs;
  let first = at + headerOctets(isBlock) <= stop ? timeNsOf(at, baseSeconds, unitNs, isBlock) : Infinity;
  let last = isOrdered ? latestNs : -Infinity;
  let isLate = false;
  while (count < capacity && at + headerOctets(isBlock) <= stop) {
    if (records % TOUCHED_AT_ONCE === 0) touched ^= touch(at, stop, TOUCHED_AT_ONCE, isBlock);
    const captured = capturedOf(at, isBlock), original = originalOf(at, isBlock);
    const frame = at + headerOctets(isBlock);
    const ns = timeNsOf(at, baseSeconds, unitNs, isBlock);
    if (!isDirect(at, captured, original, capturedMax, stop, isBlock) || !isSayable(ns, isBlock)) break;
    isLate = isOrdered && ns < last;
    if (isLate || ns > untilNs) break;
    const offsets = offsetsOf(headers, count);
    const isCommon = decodeFrame(frame, <u32>(frame - memory), captured, original, point, tosMask, vlanMask, to, multipliers, offsets, udpTunnels);
    const outcome = isCommon ? ACCEPTED : decodeUncommon(frame, <u32>(frame - memory), captured, original, -1, point, to, multipliers, offsets);
    if (outcome === LEFT) break;
    store<f64>(out + (<usize>count << 3), ns);
    refused += u32(outcome !== ACCEPTED);
    const isOwn = u32(outcome === ACCEPTED) & u32(workers === 1 || isOfShare(to, worker, workers));
    octets += original;
    octetsKept += original * isOwn;
    snapped += u32(captured < original);
    if (ns < last) first = min<f64>(first, ns);
    else last = ns;
    store<f64>(totals, ns, place.DIRECT_END_NS * 8);
    at = endOf(at, captured, isBlock);
    to += RECORD_OCTETS * <usize>isOwn;
    count += isOwn;
    records++;
  }
  writeTotals(totals, touched, records, octets, octetsKept, snapped, first, last, at - memory, isLate, refused);
  return count;
}

/**
 * `take` of classic records, or of blocks of the interface that `useInterface` was told of: compiled for each of them, so
 * that nothing is asked for a record.
 */
export function takeRecords(
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
  udpTunnels: usize,
  uncommon: usize,
  totals: usize,
  worker: u32,
  workers: u32,
  isBlock: bool,
): u32 {
  useFrames(uncommon, udpTunnels, tosMask, vlanMask);
  if (isBlock) {
    return take(
      memory, start, end, capturedMax, baseSeconds, unitNs, latestNs, untilNs, point, tosMask, vlanMask, out, capacity,
      multipliers, headers, udpTunnels, uncommon, totals, worker, workers, true);
  }
  return take(
    memory, start, end, capturedMax, baseSeconds, unitNs, latestNs, untilNs, point, tosMask, vlanMask, out, capacity,
    multipliers, headers, udpTunnels, uncommon, totals, worker, workers, false);
}
