/** Frames of a capture's records to a packet batch, for whatever goes from stage to stage. */
import { TIME_OCTETS } from '../../records/engine-words';
import { capturedOf, endOf, headerOctets, isDirect, isSayable, originalOf, timeNsOf, touch } from './pcap';

/**
 * Adds the frames of whole records to a packet batch, as long as they are direct: little-endian, not longer than the
 * limit, and stored no longer than they were.
 * @param memory where the window's view begins: offsets of frames count from there
 * @param start  the first record, in octets from there; `end`: behind the last octet
 * @param baseSeconds  what times count from; `unitNs`: of a record's fraction
 * @returns frames in the batch now
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function walk(
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
  isBlock: bool,
): u32 {
  const offsets = batch + <usize>capacity * TIME_OCTETS;
  const each = (<usize>capacity) << 2;
  let at = memory + start;
  const stop = memory + end;
  let count = from;
  // Overwritten by the first frame, if there is one.
  if (from < capacity) store<u32>(offsets + (<usize>from << 2), touch(at, stop, capacity - from, isBlock));
  while (count < capacity && at + headerOctets(isBlock) <= stop) {
    const captured = capturedOf(at, isBlock);
    const original = originalOf(at, isBlock);
    if (!isDirect(at, captured, original, capturedMax, stop, isBlock)) break;
    const ns = timeNsOf(at, baseSeconds, unitNs, isBlock);
    if (!isSayable(ns, isBlock)) break;
    store<f64>(batch + ((<usize>count) << 3), ns);
    const lane = offsets + ((<usize>count) << 2);
    store<u32>(lane, <u32>(at + headerOctets(isBlock) - memory));
    store<u32>(lane + each, captured);
    store<u32>(lane + 2 * each, original);
    store<u16>(offsets + 3 * each + ((<usize>count) << 1), <u16>interfaceIndex);
    at = endOf(at, captured, isBlock);
    count++;
  }
  return count;
}

/** `walk` over classic records, with a record header of 16 octets. */
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
  return walk(memory, start, end, capturedMax, baseSeconds, unitNs, interfaceIndex, batch, capacity, from, false);
}

/** `walk` over blocks of the interface that `useInterface` was told of. */
export function walkBlocks(
  memory: usize,
  start: usize,
  end: usize,
  capturedMax: u32,
  interfaceIndex: u32,
  batch: usize,
  capacity: u32,
  from: u32,
): u32 {
  return walk(memory, start, end, capturedMax, 0, 0, interfaceIndex, batch, capacity, from, true);
}
