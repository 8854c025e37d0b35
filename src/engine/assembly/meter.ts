/**
 * The passes of a batch through the flow table (metering/metering-process.ts): two that touch what will be needed, many
 * packets at once, so that the processor overlaps the cache misses, and one that adds the packets to their flows, in
 * order. It stops at whatever is rare; the metering process decides that, and calls it again from there.
 */
import * as packet from '../../records/decoded-words';
import * as flow from '../../records/flow-words';
import { NEXT_LOOK_NS, PREVIOUS_NS, REBASE_BELOW_NS, SLOT_MASK, TAG_SHIFT } from '../../records/table-words';
import * as place from '../../records/engine-words';
import { FIN, PROTOCOL_TCP, RST, SYN } from './headers';
import { listPayload } from './inspection';
import { addToLine } from './line';
import {
  clock,
  entries,
  hasExtension,
  hasMore,
  index,
  indexShift,
  insertFlow,
  isFull,
  pointMask,
  stopsAtEach,
  sums,
  writeLink,
} from './table';
import { activeNs, ENTRY_OCTETS, idleNs, scheduleFlow, tcpEndDelayNs, tcpEnds, unschedule } from './wheel';

const RECORD_OCTETS: usize = packet.DECODED_WORDS * 4;
const LINE_OCTETS: usize = (flow.REVERSE_WORD - flow.FORWARD_WORD) * 4;
const FORWARD: usize = flow.FORWARD_WORD * 4;
const REVERSE: usize = flow.REVERSE_WORD * 4;
const STATE: usize = flow.FLOW_STATE * 4;
const FIRST: usize = flow.FLOW_FIRST_NS * 8;
const LAST: usize = flow.FLOW_LAST_NS * 8;
/** From where a record has the PPPoE session to where an entry has it. */
const SESSION_SHIFT: u32 = flow.STATE_PPPOE_SHIFT - packet.DETAIL_PPPOE_SHIFT;

/** Packets whose entries are touched at once: their 192 octets each stay in the L1 cache until they are added. */
const TOUCHED_AT_ONCE: u32 = 128;

/** True if the flow, whose TCP has ended, does not take the packet: it is too late, or opens a new connection. */
function isBehindTcpEnd(slot: u32, timeNs: f64, control: u32): bool {
  const sinceNs = timeNs - load<f64>(tcpEnds + (<usize>slot << 3));
  if (sinceNs >= tcpEndDelayNs) return true;
  // A SYN that is older than the end belongs to the connection that ended.
  return (control & (SYN | RST)) === SYN && sinceNs >= 0;
}

/** Notes a FIN or RST in the entry's state; a flow that has come to its end by it is looked at soon. */
function noteTcpEnd(slot: u32, entry: usize, isReverse: u32, control: u32, timeNs: f64): void {
  let state = load<u32>(entry, STATE);
  if ((control & FIN) !== 0) state |= isReverse !== 0 ? flow.STATE_FIN_REVERSE : flow.STATE_FIN_FORWARD;
  const fins: u32 = flow.STATE_FIN_FORWARD | flow.STATE_FIN_REVERSE;
  const wasEnded = (state & flow.STATE_TCP_ENDED) !== 0;
  const isEnded = wasEnded || (state & fins) === fins || (control & RST) !== 0;
  if (isEnded) state |= flow.STATE_TCP_ENDED;
  store<u32>(entry, state, STATE);
  if (!isEnded || wasEnded) return;
  store<f64>(tcpEnds + (<usize>slot << 3), timeNs);
  unschedule(slot);
  scheduleFlow(slot);
}

/** Loads the index word of each packet into `found`. */
export function touchIndex(records: usize, count: u32, found: usize): void {
  const shift = indexShift;
  const words = index;
  let at = records;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(
      found + (<usize>i << 2),
      load<u32>(words + (<usize>(load<u32>(at, packet.HASH * 4) >>> shift) << 2)),
    );
    at += RECORD_OCTETS;
  }
}

/**
 * Loads the three lines of the entry that each packet's index word points to, of packets `from` to `end`. Which of the
 * counter lines the packet will be counted on is not known before the first line is there; loading both at once is
 * quicker than waiting for it.
 */
function touchEntries(found: usize, from: u32, end: u32): void {
  const table = entries;
  let touched: u32 = 0;
  for (let i = from; i < end; i++) {
    // A free index word points before the first entry; any entry will do in its place.
    const number = load<u32>(found + (<usize>i << 2)) & SLOT_MASK;
    const entry = table + <usize>(number === 0 ? 0 : number - 1) * ENTRY_OCTETS;
    touched ^= load<u32>(entry) ^ load<u32>(entry, FORWARD) ^ load<u32>(entry, REVERSE);
  }
  // Kept, so that no compiler drops the loads.
  store<u32>(sums, touched, place.SUMS_TOUCHED * 8);
}

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
  return slot;
}

/**
 * The slot of the record's flow; see findOrInsert.
 * @param word  what the index word was: right whatever has happened to the table since, as an entry in use with this key
 *   is the flow
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function slotOf(table: usize, record: usize, word: u32, timeNs: f64, frames: usize): i32 {
  const slot = <i32>(word & SLOT_MASK) - 1;
  if (slot < 0 || hasExtension || !isFlowOf(record, table + <usize>slot * ENTRY_OCTETS))
    return findOrInsert(record, timeNs, frames);
  return slot;
}

/** True if the clock is to be looked at before a packet of this time. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isLookDue(timeNs: f64, previousNs: f64, nextLookNs: f64, rebaseBelowNs: f64): bool {
  const reachedNs = timeNs < previousNs ? timeNs : previousNs;
  return reachedNs >= nextLookNs || timeNs < rebaseBelowNs;
}

/** True if the flow does not take the packet: it is idle or active for too long, or its TCP has ended. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isOver(entry: usize, slot: u32, record: usize, timeNs: f64, idle: f64, active: f64): bool {
  const gapNs = timeNs - load<f64>(entry, LAST);
  if (gapNs >= idle || gapNs <= -idle || timeNs - load<f64>(entry, FIRST) >= active) return true;
  if ((load<u32>(entry, STATE) & flow.STATE_TCP_ENDED) === 0) return false;
  return isBehindTcpEnd(slot, timeNs, load<u32>(record, packet.CONTROL_BITS * 4));
}

/** Adds a packet to its flow. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addPacket(
  entry: usize,
  slot: u32,
  record: usize,
  timeNs: f64,
  detail: u32,
  octets: u32,
  frameOctets: f64,
): void {
  const isReverse = (detail >>> packet.DETAIL_FROM_B_SHIFT) ^ ((load<u32>(entry, STATE) >>> 1) & 1);
  const line = entry + FORWARD + <usize>isReverse * LINE_OCTETS;
  const control = load<u32>(record, packet.CONTROL_BITS * 4);
  if (timeNs > load<f64>(entry, LAST)) store<f64>(entry, timeNs, LAST);
  else if (timeNs < load<f64>(entry, FIRST)) store<f64>(entry, timeNs, FIRST);
  addToLine(line, record, timeNs, octets, frameOctets, control, detail);
  if (
    (control & (FIN | RST)) !== 0 &&
    (load<u32>(record, packet.KEY_PROTOCOL * 4) & 0xff) === PROTOCOL_TCP
  ) {
    noteTcpEnd(slot, entry, isReverse, control, timeNs);
  }
}

/** Keeps the time of the packet before the next one, and adds octets of packets and frames to what is counted. */
function leave(previousNs: f64, octets: f64, frameOctets: f64): void {
  store<f64>(clock, previousNs, PREVIOUS_NS * 8);
  store<f64>(sums, load<f64>(sums, place.SUMS_OCTETS * 8) + octets, place.SUMS_OCTETS * 8);
  store<f64>(sums, load<f64>(sums, place.SUMS_FRAME_OCTETS * 8) + frameOctets, place.SUMS_FRAME_OCTETS * 8);
}

/**
 * Adds packets to their flows, from number `from` of `count` on.
 * @param records,times  of the batch; `found`: its index words, as `touchIndex` loaded them
 * @param firstSlot  what is known of the first packet: the slot that it goes to, SLOT_CLOCK_SEEN or SLOT_UNKNOWN
 * @param frames  where the memory of their frames begins, or 0 where it is not the engine's
 * @param headers  the batch's words of header offsets; read where payload is looked into
 * @returns why it stopped (STOP_…) | the packet's number << STOP_BITS
 */
export function meter(
  records: usize,
  times: usize,
  found: usize,
  count: u32,
  from: u32,
  firstSlot: i32,
  frames: usize,
  headers: usize,
): u32 {
  const table = entries;
  const idle = idleNs;
  const active = activeNs;
  const nextLookNs = load<f64>(clock, NEXT_LOOK_NS * 8);
  const rebaseBelowNs = load<f64>(clock, REBASE_BELOW_NS * 8);
  let previousNs = load<f64>(clock, PREVIOUS_NS * 8);
  let octetsSum: f64 = 0;
  let framesSum: f64 = 0;
  let nextSlot = firstSlot;
  let stop: u32 = place.STOP_END;
  let i = from;
  for (; i < count; i++) {
    if (i % TOUCHED_AT_ONCE === 0) touchEntries(found, i, min<u32>(i + TOUCHED_AT_ONCE, count));
    const record = records + <usize>i * RECORD_OCTETS;
    const timeNs = load<f64>(times + (<usize>i << 3));
    const foundAt = found + (<usize>i << 2);
    let slot = nextSlot;
    nextSlot = place.SLOT_UNKNOWN;
    if (slot === place.SLOT_UNKNOWN && isLookDue(timeNs, previousNs, nextLookNs, rebaseBelowNs)) {
      stop = place.STOP_LOOK;
      break;
    }
    previousNs = timeNs;
    if (slot < 0) {
      slot = slotOf(table, record, load<u32>(foundAt), timeNs, frames);
      if (slot < 0) {
        stop = place.STOP_FIND;
        break;
      }
      // A flow that has just been begun is not over: it has no age, and no end was seen.
      if (isOver(table + <usize>slot * ENTRY_OCTETS, slot, record, timeNs, idle, active)) {
        store<i32>(foundAt, slot);
        stop = place.STOP_ENDED;
        break;
      }
    }
    const detail = load<u32>(record, packet.DETAIL * 4);
    const octets = load<u32>(record, packet.IP_OCTETS * 4);
    const frameOctets = <f64>load<u32>(record, packet.FRAME_OCTETS * 4);
    const entry = table + <usize>slot * ENTRY_OCTETS;
    addPacket(entry, slot, record, timeNs, detail, octets, frameOctets);
    if ((load<u32>(entry, STATE) & flow.STATE_INSPECTED) !== 0) listPayload(i, slot, record, headers, frames);
    octetsSum += octets;
    framesSum += frameOctets;
    if (stopsAtEach || (detail & packet.DETAIL_SUPER_PACKET) !== 0) {
      store<u32>(foundAt, slot);
      stop = place.STOP_ADDED;
      break;
    }
  }
  leave(previousNs, octetsSum, framesSum);
  return stop | (i << place.STOP_BITS);
}
