/** Finds the flow of a packet in the flow table (metering/table/flow-table.ts), and puts it there if it is new. */
import * as packet from '../../records/decoded-words';
import * as flow from '../../records/flow-words';
import { SLOT_MASK, TAG_SHIFT } from '../../records/table-words';
import { beginHealth } from './path-health';
import { hasHealth } from './path-health-state';
import {
  entries,
  hasExtension,
  hasMore,
  index,
  indexShift,
  insertFlow,
  isFull,
  pointMask,
  writeLink,
} from './table';
import { ENTRY_OCTETS } from './wheel';

const STATE: usize = flow.FLOW_STATE * 4;
/** From where a record has the PPPoE session to where an entry has it. */
const SESSION_SHIFT: u32 = flow.STATE_PPPOE_SHIFT - packet.DETAIL_PPPOE_SHIFT;

/**
 * True if the key words (0 … 10) and the PPPoE session of the record are those of the entry. Unused words of IPv4 keys
 * are zero in both.
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isSameKey(record: usize, entry: usize): bool {
  const addresses = v128.or(
    v128.xor(v128.load(record), v128.load(entry)),
    v128.xor(v128.load(record, 16), v128.load(entry, 16)),
  );
  // Of word 11 only the entry's upper half is a part of the key: the session, which a record has in its DETAIL.
  const rest = v128.and(
    v128.xor(v128.load(record, 32), v128.load(entry, 32)),
    i32x4.replace_lane(i32x4(-1, -1, -1, 0), 2, pointMask),
  );
  const session = (load<u32>(record, packet.DETAIL * 4) & packet.DETAIL_PPPOE_MASK) << SESSION_SHIFT;
  const isOtherSession = ((load<u32>(entry, STATE) ^ session) >>> flow.STATE_PPPOE_SHIFT) !== 0;
  return !(u32(v128.any_true(v128.or(addresses, rest))) | u32(isOtherSession));
}

/** The slot of the record's flow, or -1. */
function findSlot(record: usize): i32 {
  const hash = load<u32>(record, packet.HASH * 4);
  const mask = (1 << (32 - indexShift)) - 1;
  let at = hash >>> indexShift;
  let found = load<u32>(index + (<usize>at << 2));
  while (found !== 0) {
    const slot = (found & SLOT_MASK) - 1;
    const isTag = (((found >>> TAG_SHIFT) ^ hash) & 0xff) === 0;
    if (isTag && isSameKey(record, entries + <usize>slot * ENTRY_OCTETS)) return slot;
    at = (at + 1) & mask;
    found = load<u32>(index + (<usize>at << 2));
  }
  return -1;
}

/** True if the entry is in use and has the record's key. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isFlowOf(record: usize, entry: usize): bool {
  return (load<u32>(entry, STATE) & flow.STATE_IN_USE) !== 0 && isSameKey(record, entry);
}

/**
 * The slot of the record's flow, which is put into the table with its link details if it is not there.
 * @returns -1 where the table is full, or its flows have more than is known here
 */
function findOrInsert(record: usize, timeNs: f64, frames: usize): i32 {
  if (hasExtension) return -1;
  const found = findSlot(record);
  if (found >= 0 || frames === 0 || hasMore || isFull()) return found;
  const slot = insertFlow(record, timeNs);
  writeLink(slot, record, frames);
  if (hasHealth()) beginHealth(slot);
  return slot;
}

/**
 * The slot of the record's flow; see findOrInsert.
 * @param word  what the index word was: right whatever has happened to the table since, as an entry in use with this key
 *   is the flow
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function slotOf(table: usize, record: usize, word: u32, timeNs: f64, frames: usize): i32 {
  const slot = <i32>(word & SLOT_MASK) - 1;
  if (slot < 0 || hasExtension || !isFlowOf(record, table + <usize>slot * ENTRY_OCTETS))
    return findOrInsert(record, timeNs, frames);
  return slot;
}

/** The slot that packet `i` was found to go to. A free index word is before the first one; any will do in its place. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function slotAt(found: usize, i: u32): u32 {
  const number = load<u32>(found + (<usize>i << 2)) & SLOT_MASK;
  return number === 0 ? 0 : number - 1;
}
