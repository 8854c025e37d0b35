/**
 * The passes of a batch through the flow table (metering/metering-process.ts): two that touch what will be needed, many
 * packets at once, so that the processor overlaps the cache misses, and one that adds the packets to their flows, in
 * order. It stops at whatever is rare; the metering process decides that, and calls it again from there.
 */
import * as packet from '../../records/decoded-words';
import * as flow from '../../records/flow-words';
import { NEXT_LOOK_NS, PREVIOUS_NS, REBASE_BELOW_NS, TCP_END_NS } from '../../records/table-words';
import * as place from '../../records/engine-words';
import { slotAt, slotOf } from './find';
import { addFurtherSegments } from './further-segments';
import { FIN, PROTOCOL_TCP, RST, SYN } from './headers';
import { listPayload } from './inspection';
import { addToLine } from './line';
import { addHealth } from './path-health';
import { hasHealth } from './path-health-state';
import { touchHealth } from './path-health-touch';
import { clock, entries, index, indexShift, stopsAtEach, sums } from './table';
import { activeNs, ENTRY_OCTETS, idleNs, scheduleFlow, scheduleOf, tcpEndDelayNs, unschedule } from './wheel';

const RECORD_OCTETS: usize = packet.DECODED_WORDS * 4;
const LINE_OCTETS: usize = (flow.REVERSE_WORD - flow.FORWARD_WORD) * 4;
const FORWARD: usize = flow.FORWARD_WORD * 4;
const REVERSE: usize = flow.REVERSE_WORD * 4;
const STATE: usize = flow.FLOW_STATE * 4;
const FIRST: usize = flow.FLOW_FIRST_NS * 8;
const LAST: usize = flow.FLOW_LAST_NS * 8;

const TOUCHED_AT_ONCE: u32 = place.TOUCHED_AT_ONCE;

/** True if the flow, whose TCP has ended, does not take the packet: it is too late, or opens a new connection. */
function isBehindTcpEnd(slot: u32, timeNs: f64, control: u32): bool {
  const sinceNs = timeNs - load<f64>(scheduleOf(slot), TCP_END_NS * 8);
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
  store<f64>(scheduleOf(slot), timeNs, TCP_END_NS * 8);
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
function touchEntries(found: usize, records: usize, from: u32, end: u32): void {
  const table = entries;
  let touched: u32 = 0;
  for (let i = from; i < end; i++) {
    const entry = table + <usize>slotAt(found, i) * ENTRY_OCTETS;
    touched ^= load<u32>(entry) ^ load<u32>(entry, FORWARD) ^ load<u32>(entry, REVERSE);
  }
  if (hasHealth()) touched ^= touchHealth(found, records, from, end);
  // Kept, so that no compiler drops the loads.
  store<u32>(sums, touched, place.SUMS_TOUCHED * 8);
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

/** Adds a packet to its flow. @returns its octets */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addPacket(
  entry: usize,
  slot: u32,
  record: usize,
  timeNs: f64,
  detail: u32,
  frameOctets: f64,
): u32 {
  const octets = load<u32>(record, packet.IP_OCTETS * 4);
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
  return octets;
}

/**
 * Adds packet `i` to the path health of its flow, and what a super-packet has behind its first segment to the flow.
 * @returns whether something is left to TypeScript
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function hasRest(
  slot: u32,
  record: usize,
  detail: u32,
  timeNs: f64,
  i: u32,
  frames: usize,
  offsets: usize,
): bool {
  const isSuper = (detail & packet.DETAIL_SUPER_PACKET) !== 0;
  if (!stopsAtEach && !isSuper) return false;
  const entry = entries + <usize>slot * ENTRY_OCTETS;
  const isReverse = (detail >>> packet.DETAIL_FROM_B_SHIFT) ^ ((load<u32>(entry, STATE) >>> 1) & 1);
  if (isSuper) addFurtherSegments(entry + FORWARD + <usize>isReverse * LINE_OCTETS, record, sums);
  if (!stopsAtEach) return false;
  if (offsets === 0 || frames === 0 || !hasHealth()) return true;
  return !addHealth(slot, isReverse, record, offsets + <usize>i * (packet.OFFSET_WORDS * 4), frames, timeNs);
}

/** Whether packets with payload of the flow are still to be looked into. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isInspected(table: usize, slot: u32): bool {
  return (load<u32>(table + <usize>slot * ENTRY_OCTETS, STATE) & flow.STATE_LOOKS_MASK) !== 0;
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
 * @param offsets  where their headers stand in it, OFFSET_WORDS each, or 0 where neither path health is measured here nor
 *   payload looked into
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
  offsets: usize,
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
    if (i % TOUCHED_AT_ONCE === 0) touchEntries(found, records, i, min<u32>(i + TOUCHED_AT_ONCE, count));
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
    const frameOctets = <f64>load<u32>(record, packet.FRAME_OCTETS * 4);
    octetsSum += addPacket(table + <usize>slot * ENTRY_OCTETS, slot, record, timeNs, detail, frameOctets);
    if (isInspected(table, slot)) listPayload(i, slot, record, offsets, frames);
    framesSum += frameOctets;
    if (hasRest(slot, record, detail, timeNs, i, frames, offsets)) {
      store<u32>(foundAt, slot);
      stop = place.STOP_ADDED;
      break;
    }
  }
  leave(previousNs, octetsSum, framesSum);
  return stop | (i << place.STOP_BITS);
}
