/**
 * Loads what path health will need of the flows of many packets, so that the processor overlaps the cache misses. Each line
 * is found by what stands in the one before, so there is a pass for each.
 */
import * as packet from '../../records/decoded-words';
import * as flow from '../../records/flow-words';
import { slotAt } from './find';
import { HOT_OCTETS, hot, otherTimes, samplesOf, stampsOf, timesOf, touchedPlaces } from './path-health-state';
import { entries } from './table';
import { ENTRY_OCTETS } from './wheel';

const RECORD_OCTETS: usize = packet.DECODED_WORDS * 4;
const CACHE_LINE_OCTETS: usize = 64;
const STATE: usize = flow.FLOW_STATE * 4;

/** The direction of a packet, whose flow's entry is there. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function directionOf(slot: u32, record: usize): u32 {
  const state = load<u32>(entries + <usize>slot * ENTRY_OCTETS, STATE);
  return (load<u32>(record, packet.DETAIL * 4) >>> packet.DETAIL_FROM_B_SHIFT) ^ ((state >>> 1) & 1);
}

/**
 * Loads path health of packets `from` to `end`, whose entries are there, no more of them than there is room for in
 * `touchedPlaces`: each pass leaves the next one its places there, so that few instructions lie between two misses.
 * @param found  their index words; `records`: of the batch
 * @returns a value that depends on all that was loaded
 */
export function touchHealth(found: usize, records: usize, from: u32, end: u32): u32 {
  let touched: u32 = 0;
  const places = touchedPlaces;
  const placesEnd = places + (<usize>(end - from) << 2);
  let place = places;
  for (let i = from; i < end; i++) {
    const slot = slotAt(found, i);
    const at = hot + <usize>slot * HOT_OCTETS;
    // The direction in the bits that are zero, as hot words begin on a cache line.
    store<u32>(place, <u32>at | directionOf(slot, records + <usize>i * RECORD_OCTETS));
    touched ^= load<u32>(at) ^ load<u32>(at, CACHE_LINE_OCTETS);
    place += 4;
  }
  for (place = places; place < placesEnd; place += 4) {
    const both = load<u32>(place);
    const answered = timesOf(both & ~1, (both & 1) ^ 1);
    store<u32>(place, <u32>answered);
    touched ^= load<u32>(answered);
  }
  for (place = places; place < placesEnd; place += 4) {
    const answered = <usize>load<u32>(place);
    touched ^= load<u32>(samplesOf(answered)) ^ load<u32>(stampsOf(answered)) ^ load<u32>(stampsOf(otherTimes(answered)));
  }
  return touched;
}
