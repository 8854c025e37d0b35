/**
 * TCP in the middle of the path (metering/path-health/tcp.ts says what is measured): the same figures, by the same rules.
 */
import * as packet from '../../records/decoded-words';
import * as side from '../../records/path-health-words';
import { superPayload } from './further-segments';
import { ACK, FIN, RST, SYN, TCP_HEADER_OCTETS } from './headers';
import { half, word } from './octets';
import { addReset, addSyn, addWindow, CWR, countFlags, ECE } from './path-health-control';
import { noteData } from './path-health-intervals';
import { addOldSegment, JUMP_MAX, openHole, segmentOctets, segmentsIn, takeUnseen } from './path-health-loss';
import {
  FOUND_SACK,
  FOUND_TIMESTAMPS,
  found,
  optionDsack,
  optionSackBlocks,
  optionTsecr,
  optionTsval,
  readOptions,
} from './path-health-options';
import {
  ACKED,
  add,
  BITS,
  blockOf,
  count,
  FLOW_BITS,
  ID_SEGMENT,
  mssOf,
  NEW_OCTETS,
  NEXT,
  setBits,
  useLoss,
  WINDOW,
} from './path-health-state';
import {
  endTrouble,
  expectAck,
  leavesData,
  noteEstablished,
  noteTimestamp,
  takeAckRtt,
  takeTimestampRtt,
} from './path-health-times';

const SEQUENCE: usize = 4;
const ACKNOWLEDGEMENT: usize = 8;
const DATA_OFFSET: usize = 12;
const WINDOW_FIELD: usize = 14;
const IPV4_ID: usize = 4;
const ID_REACH: i32 = side.ID_REACH;
const SINGLE_OCTETS: i32 = side.SINGLE_OCTETS;

/**
 * Adds a TCP segment to the flow whose hot words are at `flow`.
 * @param d  its direction; `record`: its decoded words
 * @param ip,tcp,end  its headers' places, and behind what was captured of it
 */
export function addTcp(flow: usize, d: u32, record: usize, ip: usize, tcp: usize, end: usize, timeNs: f64): void {
  const block = blockOf(flow, d);
  if ((load<u32>(record, packet.DETAIL * 4) & packet.DETAIL_FRAGMENT) !== 0) {
    setBits(block, side.FRAGMENTED);
    return;
  }
  if (tcp + TCP_HEADER_OCTETS > end) return;
  const flags = load<u32>(record, packet.CONTROL_BITS * 4) & 0xff;
  const headerOctets = (<u32>load<u8>(tcp, DATA_OFFSET) >>> 4) << 2;
  const octets = <i32>(load<u32>(record, packet.IP_OCTETS * 4) - <u32>(tcp - ip) - headerOctets);
  if (headerOctets < <u32>TCP_HEADER_OCTETS || octets < 0) return;
  const isSuper = (load<u32>(record, packet.DETAIL * 4) & packet.DETAIL_SUPER_PACKET) !== 0;
  const payload = isSuper ? superPayload(record, octets) : octets;
  const seq = word(tcp + SEQUENCE);
  const isIPv4 = ((load<u32>(record, packet.KEY_PROTOCOL * 4) >>> 8) & 0xf) === 4;
  const id = isIPv4 ? half(ip + IPV4_ID) : 0;
  const len = payload + <i32>(flags & FIN);
  if (isMirrored(block, id, seq + <u32>len + ((flags & SYN) >>> 1))) {
    count(flow, d, side.SEQUENCE_MIRRORED);
    return;
  }
  const ack = word(tcp + ACKNOWLEDGEMENT);
  readOptions(tcp, headerOctets, end, ack);
  if ((flags & (SYN | RST)) !== 0) {
    if ((flags & RST) !== 0) addReset(flow, d);
    else addSyn(flow, d, flags, seq, ack, payload, timeNs);
    return;
  }
  if ((flags & (ECE | CWR | FIN)) !== 0) countFlags(flow, d, flags);
  // The first segment seen is in the middle of a connection: what was before is not known.
  if ((load<u32>(block, BITS) & side.NEXT_KNOWN) === 0) {
    store<u32>(block, seq, NEXT);
    setBits(block, side.NEXT_KNOWN);
  }
  const window = half(tcp + WINDOW_FIELD);
  const isBare = len === 0 && seq === load<u32>(block, NEXT);
  if ((flags & ACK) !== 0) addAck(flow, d, ack, window, isBare, headerOctets, timeNs);
  addWindow(flow, d, window, timeNs);
  const isNew = addSequence(flow, d, seq, len, payload, isSuper ? octets : 0, headerOctets, id, timeNs);
  if ((found & FOUND_TIMESTAMPS) === 0) return;
  const leaves = (flags & (FIN | ACK)) === ACK && leavesData(blockOf(flow, d ^ 1), ack);
  noteTimestamp(flow, d, optionTsval, payload > 0 ? isNew : leaves, timeNs);
}

/**
 * Whether a segment is the one before it once more, with the same IP identification. Notes the identification.
 * @param end  the sequence number behind it
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isMirrored(block: usize, id: u32, end: u32): bool {
  const bits = load<u32>(block, BITS);
  const known = load<u32>(block, ID_SEGMENT);
  let seen = bits | side.SEEN | side.SEEN_IN_RECORD;
  if (id === (known & 0xffff)) {
    store<u32>(block, seen, BITS);
    const both: u32 = side.SEEN | side.ID_VARIES;
    return id !== 0 && (bits & both) === both && load<u32>(block, NEXT) === end;
  }
  if ((bits & side.SEEN) !== 0) {
    const step = (<i32>(id - known) << 16) >> 16;
    seen |= side.ID_VARIES;
    if (step > 0 && step < ID_REACH) seen |= side.ID_ORDERED;
    else if (step <= -ID_REACH || step >= ID_REACH) seen &= ~side.ID_ORDERED;
  }
  store<u32>(block, (known & 0xffff0000) | id, ID_SEGMENT);
  store<u32>(block, seen, BITS);
  return false;
}

/** An acknowledgement, which is about the other direction's data. @param isBare the segment takes no numbers, in order */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addAck(
  flow: usize,
  d: u32,
  ack: u32,
  window: u32,
  isBare: bool,
  headerOctets: u32,
  timeNs: f64,
): void {
  const block = blockOf(flow, d);
  const other = blockOf(flow, d ^ 1);
  const answered = load<u32>(flow, FLOW_BITS) & (side.FLOW_SYN_ACK | side.FLOW_ESTABLISHED);
  if (answered === side.FLOW_SYN_ACK && d === 0) noteEstablished(flow, timeNs);
  const bits = load<u32>(block, BITS);
  const advance: i32 = (bits & side.ACK_KNOWN) === 0 ? 1 : <i32>(ack - load<u32>(block, ACKED));
  const otherBits = load<u32>(other, BITS);
  if (advance > 0) {
    store<u32>(block, ack, ACKED);
    store<u32>(block, (bits | side.ACK_KNOWN) & ~side.PROBED, BITS);
    if ((otherBits & side.TROUBLED) !== 0 && ack === load<u32>(other, NEXT) && (bits & side.ZERO_WINDOW) === 0)
      endTrouble(flow, d ^ 1, timeNs);
    if ((otherBits & side.PENDING_MASK) !== 0) takeAckRtt(flow, d ^ 1, ack, timeNs);
    const isKnown = (otherBits & (side.NEXT_KNOWN | side.FRAGMENTED)) === side.NEXT_KNOWN;
    if (isKnown && ((otherBits & side.HAS_HOLES) !== 0 || <i32>(ack - load<u32>(other, NEXT)) > 0))
      takeUnseen(flow, d ^ 1, ack, segmentOctets(mssOf(flow, d), headerOctets, JUMP_MAX));
  } else if (advance === 0 && isBare && window !== 0 && window === (load<u32>(block, WINDOW) & 0xffff)) {
    // RFC 5681 §2: no data, the same number and window, and something outstanding. The answer to a probe is none.
    const isOutstanding =
      (otherBits & side.NEXT_KNOWN) === 0 || <i32>(load<u32>(other, NEXT) - ack) > 0;
    if ((bits & side.PROBED) !== 0) store<u32>(block, bits & ~side.PROBED, BITS);
    else if (isOutstanding) count(flow, d, side.SEQUENCE_DUPLICATE_ACKS);
  }
  if ((found & FOUND_SACK) !== 0) addSack(flow, d);
  if ((found & FOUND_TIMESTAMPS) !== 0 && (otherBits & side.TIMESTAMP_PENDING) !== 0)
    takeTimestampRtt(flow, d ^ 1, optionTsecr, timeNs);
}

/** SACK blocks; a receiver tells of several duplicates next to each other in one block. */
function addSack(flow: usize, d: u32): void {
  const at = useLoss(flow, d);
  add(at, side.SEQUENCE_SACK_BLOCKS, optionSackBlocks);
  if (optionDsack <= 0) return;
  const largest = <i32>(load<u32>(blockOf(flow, d ^ 1), ID_SEGMENT) >>> 16);
  add(at, side.SEQUENCE_DSACKS, segmentsIn(optionDsack, largest));
}

/**
 * Counts the segments that a packet stands for, and notes the largest.
 * @param each  payload of every segment of a super-packet but the last, where the source told; else 0
 * @returns octets of a full one's payload
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function countSegments(flow: usize, d: u32, payload: i32, each: i32, headerOctets: u32): i32 {
  const block = blockOf(flow, d);
  let full = each;
  if (full === 0)
    full = payload <= SINGLE_OCTETS ? payload : segmentOctets(mssOf(flow, d ^ 1), headerOctets, payload);
  if (payload > 0)
    store<u32>(block, load<u32>(block, side.SEGMENTS * 4) + segmentsIn(payload, full), side.SEGMENTS * 4);
  const largest = <u32>min<i32>(payload, full);
  const known = load<u32>(block, ID_SEGMENT);
  if (<i32>largest > <i32>(known >>> 16)) store<u32>(block, (known & 0xffff) | (largest << 16), ID_SEGMENT);
  return full;
}

/** Whether numbers are missing before a segment that begins so far ahead of the next one. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isBehindGap(block: usize, ahead: i32): bool {
  if (ahead <= 0 || ahead >= JUMP_MAX) return false;
  return ahead > 1 || (load<u32>(block, BITS) & side.DATA_SEEN) !== 0;
}

/** The numbers that the segment takes. @returns whether it brought new data in order, or behind a gap */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addSequence(
  flow: usize,
  d: u32,
  seq: u32,
  len: i32,
  payload: i32,
  each: i32,
  headerOctets: u32,
  id: u32,
  timeNs: f64,
): bool {
  const block = blockOf(flow, d);
  const other = blockOf(flow, d ^ 1);
  const ahead = <i32>(seq - load<u32>(block, NEXT));
  if (len <= 1 && payload === len && isProbe(block, other, ahead, len)) {
    count(flow, d, side.SEQUENCE_KEEP_ALIVES);
    setBits(other, side.PROBED);
    return false;
  }
  const isGap = isBehindGap(block, ahead);
  if (len === 0) {
    // A bare ACK behind data that was not seen.
    if (isGap) {
      openHole(flow, d, seq, id, timeNs);
      store<u32>(block, seq, NEXT);
    }
    return false;
  }
  const full = countSegments(flow, d, payload, each, headerOctets);
  if (ahead < 0) {
    addOldSegment(flow, d, seq, len, full, id, timeNs);
    return false;
  }
  if (payload > 0) noteData(flow, d, timeNs);
  if (isGap) openHole(flow, d, seq, id, timeNs);
  const next = seq + <u32>len;
  store<u32>(block, next, NEXT);
  if (payload > 0) {
    setBits(block, side.DATA_SEEN | side.DATA_IN_RECORD);
    store<f64>(block, load<f64>(block, NEW_OCTETS) + <f64>payload, NEW_OCTETS);
  }
  noteFlight(flow, d, next, payload);
  if ((load<u32>(block, BITS) & side.PENDING_MASK) !== side.PENDING_MASK) expectAck(flow, d, next, timeNs);
  return true;
}

/** Notes how much is not acknowledged, and whether that fills the receiver's window. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function noteFlight(flow: usize, d: u32, next: u32, payload: i32): void {
  const block = blockOf(flow, d);
  const other = blockOf(flow, d ^ 1);
  const otherBits = load<u32>(other, BITS);
  if ((otherBits & side.ACK_KNOWN) === 0) return;
  const flight = <i32>(next - load<u32>(other, ACKED));
  if (flight > load<i32>(block, side.FLIGHT * 4)) store<i32>(block, flight, side.FLIGHT * 4);
  const both = load<u32>(block, BITS) & otherBits;
  if ((both & side.SYN_OPTIONS) === 0 || payload === 0) return;
  // RFC 7323 §2.2: scaled only if both SYNs had the option.
  const window = load<u32>(other, WINDOW);
  const octets = (window & 0xffff) << ((both & side.SCALE_OPTION) !== 0 ? window >>> 16 : 0);
  if (flight === <i32>octets) count(flow, d, side.SEQUENCE_WINDOW_FULL);
}

/**
 * Whether a segment of at most one octet asks whether the other side is there, or has room: at most an octet before the
 * next expected number, which the receiver has already (RFC 9293 §3.8.4), or one into a closed window.
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isProbe(block: usize, other: usize, ahead: i32, len: i32): bool {
  const otherBits = load<u32>(other, BITS);
  if (len === 1 && ahead === 0) return (otherBits & side.ZERO_WINDOW) !== 0;
  if (ahead !== -1) return false;
  if (len === 0) return true;
  return (otherBits & side.ACK_KNOWN) !== 0 && <i32>(load<u32>(block, NEXT) - load<u32>(other, ACKED)) <= 0;
}
