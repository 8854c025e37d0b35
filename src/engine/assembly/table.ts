/** The flow table (metering/table/flow-table.ts), and how a flow comes into it. One table for each engine. */
import * as packet from '../../records/decoded-words';
import * as flow from '../../records/flow-words';
import * as table from '../../records/table-words';
import * as place from '../../records/engine-words';
import { ACK, ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, PROTOCOL_TCP, PROTOCOL_UDP, RST, SYN } from './headers';
import { half, word } from './octets';
import { useHealth } from './path-health-state';
import { ENTRY_OCTETS, scheduleFlow, scheduleOf, useWheel } from './wheel';

const LINK_OCTETS: usize = flow.LINK_WORDS * 4;
const FORWARD: usize = flow.FORWARD_WORD * 4;
const STATE: usize = flow.FLOW_STATE * 4;

export let entries: usize = 0;
export let index: usize = 0;
export let indexShift: u32 = 0;
export let clock: usize = 0;
export let sums: usize = 0;
export let hasExtension: bool = false;
export let hasMore: bool = false;
export let stopsAtEach: bool = false;
export let pointMask: i32 = -1;
/** Packets whose payload is to be looked into, or 0. */
export let inspectionList: usize = 0;
/** Where what its first look goes by lies: FIRST_LOOK_…; 0: there is none, and all are looked into. */
export let firstLook: usize = 0;
let capacity: u32 = 0;
let state: usize = 0;
let link: usize = 0;

/** The table that is metered into. @param at places of its arrays: TABLE_… of engine-words.ts */
export function useTable(at: usize): void {
  entries = load<u32>(at, place.TABLE_ENTRIES * 4);
  index = load<u32>(at, place.TABLE_INDEX * 4);
  indexShift = 32 - load<u32>(at, place.TABLE_INDEX_BITS * 4);
  capacity = load<u32>(at, place.TABLE_CAPACITY * 4);
  state = load<u32>(at, place.TABLE_STATE * 4);
  link = load<u32>(at, place.TABLE_LINK * 4);
  clock = load<u32>(at, place.TABLE_CLOCK * 4);
  sums = load<u32>(at, place.TABLE_SUMS * 4);
  hasExtension = load<u32>(at, place.TABLE_HAS_EXTENSION * 4) !== 0;
  hasMore = load<u32>(at, place.TABLE_HAS_MORE * 4) !== 0;
  stopsAtEach = load<u32>(at, place.TABLE_STOPS_AT_EACH * 4) !== 0;
  pointMask = load<i32>(at, place.TABLE_POINT_MASK * 4);
  inspectionList = load<u32>(at, place.TABLE_INSPECTION * 4);
  firstLook = load<u32>(at, place.TABLE_FIRST_LOOK * 4);
  useWheel(at);
  useHealth(at);
}

/** Whether every slot has a flow. */
export function isFull(): bool {
  return load<u32>(state, table.ACTIVE * 4) === capacity;
}

/** Takes a free slot and puts it in the index. The table must not be full. */
function takeSlot(hash: u32): u32 {
  let slot = load<i32>(state, table.FREE_LIST * 4);
  if (slot >= 0) {
    store<i32>(state, load<i32>(scheduleOf(slot), table.SCHEDULE_NEXT * 4), table.FREE_LIST * 4);
  } else {
    slot = load<i32>(state, table.SLOTS_TOUCHED * 4);
    store<i32>(state, slot + 1, table.SLOTS_TOUCHED * 4);
  }
  const mask = (1 << (32 - indexShift)) - 1;
  let at = hash >>> indexShift;
  while (load<u32>(index + (<usize>at << 2)) !== 0) at = (at + 1) & mask;
  store<u32>(index + (<usize>at << 2), (hash << table.TAG_SHIFT) | (slot + 1));
  const active = load<u32>(state, table.ACTIVE * 4) + 1;
  store<u32>(state, active, table.ACTIVE * 4);
  if (active > load<u32>(state, table.PEAK * 4)) store<u32>(state, active, table.PEAK * 4);
  return slot;
}

/** Starts a flow in `slot`, whose key is set, with the packet of `record` as its first. */
export function beginFlow(slot: u32, record: usize, timeNs: f64): void {
  const entry = entries + <usize>slot * ENTRY_OCTETS;
  const control = load<u32>(record, packet.CONTROL_BITS * 4);
  const detail = load<u32>(record, packet.DETAIL * 4);
  let fromB = detail >>> packet.DETAIL_FROM_B_SHIFT;
  // Whoever answers a SYN did not open the connection, even if the SYN itself was not seen.
  const protocol = load<u32>(record, packet.KEY_PROTOCOL * 4) & 0xff;
  const isTcp = protocol === PROTOCOL_TCP;
  if (isTcp && (control & (SYN | ACK | RST)) === (SYN | ACK)) fromB ^= 1;
  const session = ((detail & packet.DETAIL_PPPOE_MASK) >>> packet.DETAIL_PPPOE_SHIFT) << flow.STATE_PPPOE_SHIFT;
  const isInspected = inspectionList !== 0 && (isTcp || protocol === PROTOCOL_UDP);
  const bits =
    flow.STATE_IN_USE |
    (fromB !== 0 ? flow.STATE_INITIATOR_IS_B : 0) |
    (isInspected ? flow.STATE_LOOKS_FIRST : 0);
  store<u32>(entry, bits | session, STATE);
  // A line that has never been used is zero already, and is better left alone: it is not in the cache.
  if (slot < load<u32>(state, table.SLOTS_ZERO * 4)) memory.fill(entry + FORWARD, 0, ENTRY_OCTETS - FORWARD);
  else store<u32>(state, slot + 1, table.SLOTS_ZERO * 4);
  store<f64>(entry, timeNs, flow.FLOW_FIRST_NS * 8);
  store<f64>(entry, timeNs, flow.FLOW_LAST_NS * 8);
  store<u32>(state, load<u32>(state, table.CREATED * 4) + 1, table.CREATED * 4);
}

/**
 * A new flow whose first packet is that of `record`. The table must not be full, and not have the key yet.
 * @returns its slot
 */
export function insertFlow(record: usize, timeNs: f64): u32 {
  const slot = takeSlot(load<u32>(record, packet.HASH * 4));
  const entry = entries + <usize>slot * ENTRY_OCTETS;
  v128.store(entry, v128.load(record));
  v128.store(entry, v128.load(record, 16), 16);
  store<u64>(entry, load<u64>(record, 32), 32);
  store<u32>(entry, load<u32>(record, 40), 40);
  beginFlow(slot, record, timeNs);
  scheduleFlow(slot);
  return slot;
}

/**
 * Writes the link details of a flow's first packet: its MAC addresses, if the frame has any, ethertype and priority.
 * @param frames where the memory begins that the record's LINK_OFFSET counts from
 */
export function writeLink(slot: u32, record: usize, frames: usize): void {
  const to = link + <usize>slot * LINK_OCTETS;
  const from = load<i32>(record, packet.LINK_OFFSET * 4);
  const isIPv4 = ((load<u32>(record, packet.KEY_PROTOCOL * 4) >>> 8) & 0xf) === 4;
  const priority = (load<u32>(record, packet.DETAIL * 4) >>> packet.DETAIL_PRIORITY_SHIFT) & 7;
  const last = (<u32>(isIPv4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6) << 16) | priority;
  if (from === -1) {
    store<u64>(to, 0);
    store<u32>(to, 0, 8);
    store<u32>(to, last, 12);
    return;
  }
  // An Ethernet header: destination, then source.
  const header = from < 0 ? <usize>(-from) << 2 : frames + <usize>from;
  store<u32>(to, word(header + 6));
  store<u32>(to, (half(header + 10) << 16) | half(header), 4);
  store<u32>(to, word(header + 2), 8);
  store<u32>(to, last | flow.LINK_HAS_MACS, 12);
}
