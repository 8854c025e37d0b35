/**
 * TCP in the middle of the path (RFC 9293): follows both directions' sequence and acknowledgement numbers, windows and
 * options. New data in order and acknowledgements that advance are usual and done here; the rest goes to
 * loss.ts, times go to timing.ts. All arithmetic on numbers is modulo 2^32.
 */

import {
  CAPTURED_END,
  CONTROL_BITS,
  DECODED_WORDS,
  DETAIL,
  DETAIL_FRAGMENT,
  type DecodedBatch,
  IP_OCTETS,
  IP_OFFSET,
  KEY_PROTOCOL,
  OFFSET_WORDS,
  TRANSPORT_OFFSET,
} from '../../records/decoded-batch.ts';
import {
  ACK_KNOWN,
  ACKED,
  BITS,
  DATA_IN_RECORD,
  DATA_SEEN,
  FLIGHT,
  FLOW_BITS,
  FLOW_ESTABLISHED,
  FLOW_SYN_ACK,
  FRAGMENTED,
  HAS_HOLES,
  type HealthTable,
  HOT_FORWARD,
  HOT_REVERSE,
  HOT_WORDS,
  ID_ORDERED,
  ID_REACH,
  ID_SEGMENT,
  ID_VARIES,
  NEW_OCTETS,
  NEXT,
  NEXT_KNOWN,
  PENDING_MASK,
  PROBED,
  SCALE_OPTION,
  SEEN,
  SEEN_IN_RECORD,
  SEQUENCE_DSACKS,
  SEQUENCE_DUPLICATE_ACKS,
  SEQUENCE_KEEP_ALIVES,
  SEQUENCE_MIRRORED,
  SEQUENCE_SACK_BLOCKS,
  SEQUENCE_WINDOW_FULL,
  SYN_OPTIONS,
  TIMESTAMP_PENDING,
  TROUBLED,
  WINDOW,
  ZERO_WINDOW,
} from '../table/path-health-table.ts';
import { addReset, addSyn, addWindow, count, countFlags } from './control.ts';
import { noteData } from './intervals.ts';
import { addOldSegment, JUMP_MAX, mssOf, openHole, segmentOctets, segmentsIn, takeUnseen } from './loss.ts';
import {
  FOUND_ALL,
  FOUND_SACK,
  FOUND_TIMESTAMPS,
  OPTION_DSACK,
  OPTION_SACK_BLOCKS,
  OPTION_TSECR,
  OPTION_TSVAL,
  OPTIONS_FOUND,
  readTcpOptions,
} from './options.ts';
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
  hot[block + NEXT] = seq;
  hot[block + BITS] = hot[block + BITS]! | NEXT_KNOWN;
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
  const at = i * DECODED_WORDS;
  const ip = offsets[i * OFFSET_WORDS + IP_OFFSET]!;
  const header = offsets[i * OFFSET_WORDS + TRANSPORT_OFFSET]!;
  const end = offsets[i * OFFSET_WORDS + CAPTURED_END]!;
  const line = slot * 2 + isReverse;
  const block = slot * HOT_WORDS + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const other = slot * HOT_WORDS + HOT_REVERSE - isReverse * (HOT_REVERSE - HOT_FORWARD);
  if ((packets[at + DETAIL]! & DETAIL_FRAGMENT) !== 0) {
    hot[block + BITS] = hot[block + BITS]! | FRAGMENTED;
    return;
  }
  if (header + HEADER_OCTETS > end) return;
  const flags = packets[at + CONTROL_BITS]! & 0xff;
  const seq = view.getInt32(header + SEQUENCE);
  const headerOctets = (view.getUint8(header + DATA_OFFSET) >>> 4) << 2;
  const segmentPayload = (packets[at + IP_OCTETS]! >>> 0) - (header - ip) - headerOctets;
  if (headerOctets < HEADER_OCTETS || segmentPayload < 0) return;
  const payload = payloadOf(segment, packets, at, segmentPayload);
  const id = ((packets[at + KEY_PROTOCOL]! >>> 8) & 0xf) === 4 ? view.getUint16(ip + IPV4_ID) : 0;
  const len = (flags & FIN) === 0 ? payload : payload + 1;
  if (isMirrored(health, block, id, (seq + len + ((flags & SYN) >>> 1)) | 0)) {
    count(health, line, block, SEQUENCE_MIRRORED);
    return;
  }
  segment[OPTIONS_FOUND] = FOUND_ALL;
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
  if ((hot[block + BITS]! & NEXT_KNOWN) === 0) beginNumbers(hot, block, seq);
  const window = view.getUint16(header + WINDOW_FIELD);
  const ahead = (seq - hot[block + NEXT]!) | 0;
  if ((flags & ACK) !== 0) {
    addAck(health, slot, isReverse, ack, window, len === 0 && ahead === 0, headerOctets, times, i);
  }
  addWindow(health, line, block, other, window, times, i);
  const isNew = addSequence(health, line, block, other, seq, len, payload, headerOctets, id, times, i);
  if ((segment[OPTIONS_FOUND]! & FOUND_TIMESTAMPS) !== 0) {
    const isAwaited = payload > 0 ? isNew : leavesData(health, other, flags, ack);
    noteTimestamp(health, line, block, segment[OPTION_TSVAL]!, isAwaited, times, i);
  }
}

/**
 * Whether a segment is the one before it once more, with the same IP identification, as where a mirror port copies it on
 * its way in and out. Notes the identification.
 * @param end  the sequence number behind it
 */
function isMirrored(health: HealthTable, block: number, id: number, end: number): boolean {
  const { hot } = health;
  const bits = hot[block + BITS]!;
  if (id !== (hot[block + ID_SEGMENT]! & 0xffff)) {
    const step = ((id - hot[block + ID_SEGMENT]!) << 16) >> 16;
    let seen = bits | SEEN | SEEN_IN_RECORD;
    if ((bits & SEEN) !== 0) {
      seen |= ID_VARIES;
      if (step > 0 && step < ID_REACH) seen |= ID_ORDERED;
      else if (step <= -ID_REACH || step >= ID_REACH) seen &= ~ID_ORDERED;
    }
    hot[block + ID_SEGMENT] = (hot[block + ID_SEGMENT]! & ~0xffff) | id;
    hot[block + BITS] = seen;
    return false;
  }
  hot[block + BITS] = bits | SEEN | SEEN_IN_RECORD;
  return id !== 0 && (bits & SEEN) !== 0 && hot[block + NEXT]! === end && (bits & ID_VARIES) !== 0;
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
  const block = slot * HOT_WORDS + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const other = slot * HOT_WORDS + HOT_REVERSE - isReverse * (HOT_REVERSE - HOT_FORWARD);
  const flow = hot[slot * HOT_WORDS + FLOW_BITS]!;
  if ((flow & (FLOW_SYN_ACK | FLOW_ESTABLISHED)) === FLOW_SYN_ACK && isReverse === 0) {
    noteEstablished(health, slot, times, i);
  }
  const bits = hot[block + BITS]!;
  const advance = (bits & ACK_KNOWN) === 0 ? 1 : (ack - hot[block + ACKED]!) | 0;
  const otherBits = hot[other + BITS]!;
  if (advance > 0) {
    hot[block + ACKED] = ack;
    hot[block + BITS] = (bits | ACK_KNOWN) & ~PROBED;
    if ((otherBits & TROUBLED) !== 0 && ack === hot[other + NEXT] && (bits & ZERO_WINDOW) === 0)
      endTrouble(health, otherLine, other, times, i);
    if ((otherBits & PENDING_MASK) !== 0) takeAckRtt(health, otherLine, other, ack, times, i);
    const isKnown = (otherBits & (NEXT_KNOWN | FRAGMENTED)) === NEXT_KNOWN;
    if (isKnown && ((otherBits & HAS_HOLES) !== 0 || ((ack - hot[other + NEXT]!) | 0) > 0)) {
      const full = segmentOctets(mssOf(health, line, block), headerOctets, JUMP_MAX);
      takeUnseen(health, otherLine, other, ack, full);
    }
  } else if (advance === 0 && isBare && window !== 0 && window === (hot[block + WINDOW]! & 0xffff)) {
    // RFC 5681 §2: no data, the same number and window, and something outstanding. The answer to a probe is none.
    const isOutstanding = (otherBits & NEXT_KNOWN) === 0 || ((hot[other + NEXT]! - ack) | 0) > 0;
    if ((bits & PROBED) !== 0) hot[block + BITS] = bits & ~PROBED;
    else if (isOutstanding) count(health, line, block, SEQUENCE_DUPLICATE_ACKS);
  }
  const found = segment[OPTIONS_FOUND]!;
  if ((found & FOUND_SACK) !== 0) {
    const at = lossOf(health, line, block);
    loss[at + SEQUENCE_SACK_BLOCKS] = loss[at + SEQUENCE_SACK_BLOCKS]! + segment[OPTION_SACK_BLOCKS]!;
    // A receiver tells of several duplicates next to each other in one block.
    const duplicate = segment[OPTION_DSACK]!;
    if (duplicate > 0)
      loss[at + SEQUENCE_DSACKS] =
        loss[at + SEQUENCE_DSACKS]! + segmentsIn(duplicate, hot[other + ID_SEGMENT]! >>> 16);
  }
  if ((found & FOUND_TIMESTAMPS) !== 0 && (otherBits & TIMESTAMP_PENDING) !== 0) {
    takeTimestampRtt(health, otherLine, other, block, segment[OPTION_TSECR]!, times, i);
  }
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
  const ahead = (seq - hot[block + NEXT]!) | 0;
  const otherBits = hot[other + BITS]!;
  const isZeroProbe = payload === 1 && ahead === 0 && len === 1 && (otherBits & ZERO_WINDOW) !== 0;
  if (len <= 1 && payload === len && (isZeroProbe || isKeepAlive(health, block, other, ahead, len))) {
    count(health, line, block, SEQUENCE_KEEP_ALIVES);
    hot[other + BITS] = otherBits | PROBED;
    return false;
  }
  if (len === 0) {
    // A bare ACK behind data that was not seen.
    if (ahead > 0 && ahead < JUMP_MAX && (ahead > 1 || (hot[block + BITS]! & DATA_SEEN) !== 0)) {
      openHole(health, line, block, seq, id, times, i);
      hot[block + NEXT] = seq;
    }
    return false;
  }
  const full = countSegments(health, line, block, other, payload, headerOctets);
  if (ahead < 0) {
    addOldSegment(health, line, block, other, seq, len, full, id, times, i);
    return false;
  }
  if (payload > 0) noteData(health, line, block, other, times, i);
  if (ahead > 0 && ahead < JUMP_MAX && (ahead > 1 || (hot[block + BITS]! & DATA_SEEN) !== 0)) {
    openHole(health, line, block, seq, id, times, i);
  }
  const next = (seq + len) | 0;
  hot[block + NEXT] = next;
  if (payload > 0) {
    hot[block + BITS] = hot[block + BITS]! | DATA_SEEN | DATA_IN_RECORD;
    hotDoubles[(block >>> 1) + NEW_OCTETS] = hotDoubles[(block >>> 1) + NEW_OCTETS]! + payload;
  }
  if ((otherBits & ACK_KNOWN) !== 0) {
    const flight = (next - hot[other + ACKED]!) | 0;
    if (flight > hot[block + FLIGHT]!) hot[block + FLIGHT] = flight;
    const isKnown = (hot[block + BITS]! & otherBits & SYN_OPTIONS) !== 0;
    if (isKnown && payload > 0 && flight === windowOctets(hot, block, other))
      count(health, line, block, SEQUENCE_WINDOW_FULL);
  }
  if ((hot[block + BITS]! & PENDING_MASK) !== PENDING_MASK) expectAck(health, line, block, next, times, i);
  return true;
}

/** The window that the other side advertised last, in octets (RFC 7323 §2.2: scaled only if both SYNs had the option). */
function windowOctets(hot: Int32Array, block: number, other: number): number {
  const window = hot[other + WINDOW]!;
  const isScaled = (hot[block + BITS]! & hot[other + BITS]! & SCALE_OPTION) !== 0;
  return isScaled ? (window & 0xffff) << (window >>> 16) : window & 0xffff;
}

/** At most an octet before the next expected number, which the receiver has already: RFC 9293 §3.8.4. */
function isKeepAlive(health: HealthTable, block: number, other: number, ahead: number, len: number): boolean {
  if (ahead !== -1) return false;
  const { hot } = health;
  if (len === 0) return true;
  return (hot[other + BITS]! & ACK_KNOWN) !== 0 && ((hot[block + NEXT]! - hot[other + ACKED]!) | 0) <= 0;
}
