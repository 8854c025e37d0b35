/**
 * TCP in the middle of the path (RFC 9293): follows both directions' sequence and acknowledgement numbers, windows and
 * options. New data in order and acknowledgements that advance are usual and done here; the rest goes to
 * loss.ts, times go to timing.ts. All arithmetic on numbers is modulo 2^32.
 */

import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { addReset, addSyn, addWindow, count, countFlags } from './control.ts';
import { noteData } from './intervals.ts';
import { addOldSegment, JUMP_MAX, mssOf, openHole, segmentOctets, segmentsIn, takeUnseen } from './loss.ts';
import * as options from './options.ts';
import { readTcpOptions } from './options.ts';
import { countSegments, payloadOf } from './segments.ts';
import {
  endTrouble,
  expectAck,
  leavesData,
  lossOf,
  noteEstablished,
  noteTimestamp,
  takeAckRtt,
  takeTimestampRtt,
} from './timing.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const ECE = 0x40;
const CWR = 0x80;
const HEADER_OCTETS = 20;
const SEQUENCE = 4;
const ACKNOWLEDGEMENT = 8;
const DATA_OFFSET = 12;
const WINDOW_FIELD = 14;
const IPV4_ID = 4;

/** The first segment seen is in the middle of a connection: what was before is not known. */
function beginNumbers(hot: Int32Array, block: number, seq: number): void {
  hot[block + side.NEXT] = seq;
  hot[block + side.BITS] = hot[block + side.BITS]! | side.NEXT_KNOWN;
}

/**
 * Adds packet `i` of the batch, a TCP segment whose flags were captured, to the flow in `slot`.
 * @param view  the memory that its frame lies in
 */
export function addTcp(
  health: HealthTable,
  slot: number,
  isReverse: number,
  batch: DecodedBatch,
  i: number,
  view: DataView,
): void {
  const { hot, segment } = health;
  const offsets = batch.offsets!;
  const packets = batch.words;
  const times = batch.timeNs;
  const at = i * decoded.DECODED_WORDS;
  const ip = offsets[i * decoded.OFFSET_WORDS + decoded.IP_OFFSET]!;
  const header = offsets[i * decoded.OFFSET_WORDS + decoded.TRANSPORT_OFFSET]!;
  const end = offsets[i * decoded.OFFSET_WORDS + decoded.CAPTURED_END]!;
  const line = slot * 2 + isReverse;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const other = slot * side.HOT_WORDS + side.HOT_REVERSE - isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  if ((packets[at + decoded.DETAIL]! & decoded.DETAIL_FRAGMENT) !== 0) {
    hot[block + side.BITS] = hot[block + side.BITS]! | side.FRAGMENTED;
    return;
  }
  if (header + HEADER_OCTETS > end) return;
  const flags = packets[at + decoded.CONTROL_BITS]! & 0xff;
  const seq = view.getInt32(header + SEQUENCE);
  const headerOctets = (view.getUint8(header + DATA_OFFSET) >>> 4) << 2;
  const segmentPayload = (packets[at + decoded.IP_OCTETS]! >>> 0) - (header - ip) - headerOctets;
  if (headerOctets < HEADER_OCTETS || segmentPayload < 0) return;
  const payload = payloadOf(segment, packets, at, segmentPayload);
  const id = ((packets[at + decoded.KEY_PROTOCOL]! >>> 8) & 0xf) === 4 ? view.getUint16(ip + IPV4_ID) : 0;
  const len = (flags & FIN) === 0 ? payload : payload + 1;
  if (isMirrored(health, block, id, (seq + len + ((flags & SYN) >>> 1)) | 0)) {
    count(health, line, block, side.SEQUENCE_MIRRORED);
    return;
  }
  segment[options.OPTIONS_FOUND] = options.FOUND_ALL;
  const ack = view.getInt32(header + ACKNOWLEDGEMENT);
  if (headerOctets > HEADER_OCTETS) {
    readTcpOptions(segment, view, header + HEADER_OCTETS, header + headerOctets, end, ack);
  }
  if ((flags & (SYN | RST)) !== 0) {
    if ((flags & RST) !== 0) addReset(health, slot, isReverse, line);
    else addSyn(health, slot, isReverse, flags, seq, ack, payload, times, i);
    return;
  }
  if ((flags & (ECE | CWR | FIN)) !== 0) countFlags(health, line, block, flags);
  if ((hot[block + side.BITS]! & side.NEXT_KNOWN) === 0) beginNumbers(hot, block, seq);
  const window = view.getUint16(header + WINDOW_FIELD);
  const ahead = (seq - hot[block + side.NEXT]!) | 0;
  if ((flags & ACK) !== 0) {
    addAck(health, slot, isReverse, ack, window, len === 0 && ahead === 0, headerOctets, times, i);
  }
  addWindow(health, line, block, other, window, times, i);
  const isNew = addSequence(health, line, block, other, seq, len, payload, headerOctets, id, times, i);
  if ((segment[options.OPTIONS_FOUND]! & options.FOUND_TIMESTAMPS) !== 0) {
    const isAwaited = payload > 0 ? isNew : leavesData(health, other, flags, ack);
    noteTimestamp(health, line, block, segment[options.OPTION_TSVAL]!, isAwaited, times, i);
  }
}

/**
 * Whether a segment is the one before it once more, with the same IP identification, as where a mirror port copies it on
 * its way in and out. Notes the identification.
 * @param end  the sequence number behind it
 */
function isMirrored(health: HealthTable, block: number, id: number, end: number): boolean {
  const { hot } = health;
  const bits = hot[block + side.BITS]!;
  if (id !== (hot[block + side.ID_SEGMENT]! & 0xffff)) {
    const step = ((id - hot[block + side.ID_SEGMENT]!) << 16) >> 16;
    let seen = bits | side.SEEN | side.SEEN_IN_RECORD;
    if ((bits & side.SEEN) !== 0) {
      seen |= side.ID_VARIES;
      if (step > 0 && step < side.ID_REACH) seen |= side.ID_ORDERED;
      else if (step <= -side.ID_REACH || step >= side.ID_REACH) seen &= ~side.ID_ORDERED;
    }
    hot[block + side.ID_SEGMENT] = (hot[block + side.ID_SEGMENT]! & ~0xffff) | id;
    hot[block + side.BITS] = seen;
    return false;
  }
  hot[block + side.BITS] = bits | side.SEEN | side.SEEN_IN_RECORD;
  return (
    id !== 0 && (bits & side.SEEN) !== 0 && hot[block + side.NEXT]! === end && (bits & side.ID_VARIES) !== 0
  );
}

/** An acknowledgement, which is about the other direction's data. @param isBare the segment takes no numbers, in order */
function addAck(
  health: HealthTable,
  slot: number,
  isReverse: number,
  ack: number,
  window: number,
  isBare: boolean,
  headerOctets: number,
  times: Float64Array,
  i: number,
): void {
  const { hot, segment, loss } = health;
  const line = slot * 2 + isReverse;
  const otherLine = line ^ 1;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const other = slot * side.HOT_WORDS + side.HOT_REVERSE - isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const flow = hot[slot * side.HOT_WORDS + side.FLOW_BITS]!;
  if ((flow & (side.FLOW_SYN_ACK | side.FLOW_ESTABLISHED)) === side.FLOW_SYN_ACK && isReverse === 0) {
    noteEstablished(health, slot, times, i);
  }
  const bits = hot[block + side.BITS]!;
  const advance = (bits & side.ACK_KNOWN) === 0 ? 1 : (ack - hot[block + side.ACKED]!) | 0;
  const otherBits = hot[other + side.BITS]!;
  if (advance > 0) {
    hot[block + side.ACKED] = ack;
    hot[block + side.BITS] = (bits | side.ACK_KNOWN) & ~side.PROBED;
    if (
      (otherBits & side.TROUBLED) !== 0 &&
      ack === hot[other + side.NEXT] &&
      (bits & side.ZERO_WINDOW) === 0
    )
      endTrouble(health, otherLine, other, times, i);
    if ((otherBits & side.PENDING_MASK) !== 0) takeAckRtt(health, otherLine, other, ack, times, i);
    const isKnown = (otherBits & (side.NEXT_KNOWN | side.FRAGMENTED)) === side.NEXT_KNOWN;
    if (isKnown && ((otherBits & side.HAS_HOLES) !== 0 || ((ack - hot[other + side.NEXT]!) | 0) > 0)) {
      const full = segmentOctets(mssOf(health, line, block), headerOctets, JUMP_MAX);
      takeUnseen(health, otherLine, other, ack, full);
    }
  } else if (advance === 0 && isBare && window !== 0 && window === (hot[block + side.WINDOW]! & 0xffff)) {
    // RFC 5681 §2: no data, the same number and window, and something outstanding. The answer to a probe is none.
    const isOutstanding = (otherBits & side.NEXT_KNOWN) === 0 || ((hot[other + side.NEXT]! - ack) | 0) > 0;
    if ((bits & side.PROBED) !== 0) hot[block + side.BITS] = bits & ~side.PROBED;
    else if (isOutstanding) count(health, line, block, side.SEQUENCE_DUPLICATE_ACKS);
  }
  const found = segment[options.OPTIONS_FOUND]!;
  if ((found & options.FOUND_SACK) !== 0) {
    const at = lossOf(health, line, block);
    loss[at + side.SEQUENCE_SACK_BLOCKS] =
      loss[at + side.SEQUENCE_SACK_BLOCKS]! + segment[options.OPTION_SACK_BLOCKS]!;
    // A receiver tells of several duplicates next to each other in one block.
    const duplicate = segment[options.OPTION_DSACK]!;
    if (duplicate > 0)
      loss[at + side.SEQUENCE_DSACKS] =
        loss[at + side.SEQUENCE_DSACKS]! + segmentsIn(duplicate, hot[other + side.ID_SEGMENT]! >>> 16);
  }
  if ((found & options.FOUND_TIMESTAMPS) !== 0 && (otherBits & side.TIMESTAMP_PENDING) !== 0) {
    takeTimestampRtt(health, otherLine, other, block, segment[options.OPTION_TSECR]!, times, i);
  }
}

/** True if data before the segment was not seen. @param ahead of what comes next, modulo 2^32 */
function isGap(hot: Int32Array, block: number, ahead: number): boolean {
  if (ahead <= 0 || ahead >= JUMP_MAX) return false;
  return ahead > 1 || (hot[block + side.BITS]! & side.DATA_SEEN) !== 0;
}

/** The numbers that the segment takes. @returns whether it brought new data in order, or behind a gap */
function addSequence(
  health: HealthTable,
  line: number,
  block: number,
  other: number,
  seq: number,
  len: number,
  payload: number,
  headerOctets: number,
  id: number,
  times: Float64Array,
  i: number,
): boolean {
  const { hot, hotDoubles } = health;
  const ahead = (seq - hot[block + side.NEXT]!) | 0;
  const otherBits = hot[other + side.BITS]!;
  const isZeroProbe = payload === 1 && ahead === 0 && len === 1 && (otherBits & side.ZERO_WINDOW) !== 0;
  if (len <= 1 && payload === len && (isZeroProbe || isKeepAlive(health, block, other, ahead, len))) {
    count(health, line, block, side.SEQUENCE_KEEP_ALIVES);
    hot[other + side.BITS] = otherBits | side.PROBED;
    return false;
  }
  if (len === 0) {
    // A bare ACK behind data that was not seen.
    if (isGap(hot, block, ahead)) {
      openHole(health, line, block, seq, id, times, i);
      hot[block + side.NEXT] = seq;
    }
    return false;
  }
  const full = countSegments(health, line, block, other, payload, headerOctets);
  if (ahead < 0) {
    addOldSegment(health, line, block, other, seq, len, full, id, times, i);
    return false;
  }
  if (payload > 0) noteData(health, line, block, other, times, i);
  if (isGap(hot, block, ahead)) openHole(health, line, block, seq, id, times, i);
  const next = (seq + len) | 0;
  hot[block + side.NEXT] = next;
  if (payload > 0) {
    hot[block + side.BITS] = hot[block + side.BITS]! | side.DATA_SEEN | side.DATA_IN_RECORD;
    hotDoubles[(block >>> 1) + side.NEW_OCTETS] = hotDoubles[(block >>> 1) + side.NEW_OCTETS]! + payload;
  }
  if ((otherBits & side.ACK_KNOWN) !== 0) {
    const flight = (next - hot[other + side.ACKED]!) | 0;
    if (flight > hot[block + side.FLIGHT]!) hot[block + side.FLIGHT] = flight;
    const isKnown = (hot[block + side.BITS]! & otherBits & side.SYN_OPTIONS) !== 0;
    if (isKnown && payload > 0 && flight === windowOctets(hot, block, other))
      count(health, line, block, side.SEQUENCE_WINDOW_FULL);
  }
  if ((hot[block + side.BITS]! & side.PENDING_MASK) !== side.PENDING_MASK)
    expectAck(health, line, block, next, times, i);
  return true;
}

/** The window that the other side advertised last, in octets (RFC 7323 §2.2: scaled only if both SYNs had the option). */
function windowOctets(hot: Int32Array, block: number, other: number): number {
  const window = hot[other + side.WINDOW]!;
  const isScaled = (hot[block + side.BITS]! & hot[other + side.BITS]! & side.SCALE_OPTION) !== 0;
  return isScaled ? (window & 0xffff) << (window >>> 16) : window & 0xffff;
}

/** At most an octet before the next expected number, which the receiver has already: RFC 9293 §3.8.4. */
function isKeepAlive(health: HealthTable, block: number, other: number, ahead: number, len: number): boolean {
  if (ahead !== -1) return false;
  const { hot } = health;
  if (len === 0) return true;
  return (
    (hot[other + side.BITS]! & side.ACK_KNOWN) !== 0 &&
    ((hot[block + side.NEXT]! - hot[other + side.ACKED]!) | 0) <= 0
  );
}
