/**
 * Order and loss of TCP segments, seen from the middle: what is retransmitted, what only came late, and on which side of
 * the probe a segment was lost. Segments that follow each other never come here (tcp.ts).
 *
 * A segment beyond the next expected number leaves a **hole**. What arrives in a hole later was not seen before: it is
 * late (reordered on the way), or the retransmission of a segment lost *upstream* of the probe. What arrives below the
 * next expected number and in no hole was seen before: its first copy was lost *downstream*, or it was retransmitted
 * though it had arrived (spurious: acknowledged already, or reported by a duplicate SACK). A hole that the receiver
 * acknowledges without its having been filled was lost in the capture, not in the network.
 *
 * At most HOLES_MAX holes are kept for each direction; the oldest one is forgotten for a new one.
 */

import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import * as segments from './options.ts';
import { lossOf } from './timing.ts';

/** Without a round-trip time, what comes this soon behind a hole's opening is late, not retransmitted (as in tshark). */
const LATE_NS = 3e6;
/** No retransmission comes sooner than this share of the shortest round trip. */
const LATE_SHARE = 0.9;
const MSS_USUAL = 1460;
/** A jump of more than this is no hole: the numbers are taken as a new beginning. */
export const JUMP_MAX = 2 ** 30;
/** The longest segment on links with jumbo frames. */
const JUMBO_OCTETS = 9216;

/**
 * Octets of payload in a full segment: the announced MSS without the options that each segment carries (RFC 6691).
 * @param mss  that the receiver announced, or 0
 */
export function segmentOctets(mss: number, headerOctets: number, payload: number): number {
  const options = headerOctets - 20;
  if (mss > options) return mss - options;
  return payload > JUMBO_OCTETS ? MSS_USUAL - options : payload;
}

/** The MSS that the SYN of a direction announced, or 0. @param block  its hot words */
export function mssOf(health: HealthTable, line: number, block: number): number {
  if ((health.hot[block + side.BITS]! & side.MSS_KNOWN) === 0) return 0;
  return health.lines[side.handshakeAt(health, line) + side.HANDSHAKE_RST_MSS]! >>> 16;
}

/** Payload of a super-packet, from that of its first segment and the word that says what else it stands for. */
export function superPayload(segmentPayload: number, rest: number): number {
  return (rest >>> 16) * segmentPayload - (rest & 0xffff);
}

/** Segments in `octets` of payload; at least one. */
export function segmentsIn(octets: number, full: number): number {
  return octets <= full || full <= 0 ? 1 : Math.ceil(octets / full);
}

/** Remembers that the numbers from the next expected one to `start` are missing. */
export function openHole(
  health: HealthTable,
  line: number,
  block: number,
  start: number,
  id: number,
  times: Float64Array,
  i: number,
): void {
  const at = lossOf(health, line, block);
  const { hot, loss } = health;
  if (loss[at + side.SEQUENCE_HOLES] === side.HOLES_MAX) removeHole(loss, at, 0);
  const hole = at + side.SEQUENCE_HOLE + loss[at + side.SEQUENCE_HOLES]! * side.HOLE_WORDS;
  loss[hole + side.HOLE_START] = hot[block + side.NEXT]!;
  loss[hole + side.HOLE_END] = start;
  loss[hole + side.HOLE_ID] = id;
  const hasTimestamp = (health.segment[segments.OPTIONS_FOUND]! & segments.FOUND_TIMESTAMPS) !== 0;
  loss[hole + side.HOLE_TIMESTAMP] = hasTimestamp ? health.segment[segments.OPTION_TSVAL]! : 0;
  health.lossDoubles[(hole >>> 1) + side.HOLE_NS] = times[i]!;
  loss[at + side.SEQUENCE_HOLES] = loss[at + side.SEQUENCE_HOLES]! + 1;
  hot[block + side.BITS] = hot[block + side.BITS]! | side.HAS_HOLES;
}

function removeHole(loss: Int32Array, at: number, number: number): void {
  const count = loss[at + side.SEQUENCE_HOLES]! - 1;
  const end = at + side.SEQUENCE_HOLE + count * side.HOLE_WORDS;
  for (let w = at + side.SEQUENCE_HOLE + number * side.HOLE_WORDS; w < end; w++)
    loss[w] = loss[w + side.HOLE_WORDS]!;
  loss[at + side.SEQUENCE_HOLES] = count;
}

/** The hole that [start, end) lies in or touches, or -1. */
function findHole(loss: Int32Array, at: number, start: number, end: number): number {
  const count = loss[at + side.SEQUENCE_HOLES]!;
  for (let h = 0; h < count; h++) {
    const hole = at + side.SEQUENCE_HOLE + h * side.HOLE_WORDS;
    if (((end - loss[hole + side.HOLE_START]!) | 0) > 0 && ((start - loss[hole + side.HOLE_END]!) | 0) < 0)
      return h;
  }
  return -1;
}

/** Takes [start, end) out of hole `h`; what is left on both sides stays missing. */
function fillHole(
  health: HealthTable,
  block: number,
  at: number,
  h: number,
  start: number,
  end: number,
): void {
  const { loss } = health;
  const hole = at + side.SEQUENCE_HOLE + h * side.HOLE_WORDS;
  const leavesFront = ((start - loss[hole + side.HOLE_START]!) | 0) > 0;
  const leavesBack = ((loss[hole + side.HOLE_END]! - end) | 0) > 0;
  if (leavesFront && leavesBack && loss[at + side.SEQUENCE_HOLES]! < side.HOLES_MAX) {
    const back = at + side.SEQUENCE_HOLE + loss[at + side.SEQUENCE_HOLES]! * side.HOLE_WORDS;
    for (let w = 0; w < side.HOLE_WORDS; w++) loss[back + w] = loss[hole + w]!;
    loss[back + side.HOLE_START] = end;
    loss[hole + side.HOLE_END] = start;
    loss[at + side.SEQUENCE_HOLES] = loss[at + side.SEQUENCE_HOLES]! + 1;
  } else if (leavesFront) loss[hole + side.HOLE_END] = start;
  else if (leavesBack) loss[hole + side.HOLE_START] = end;
  else removeHole(loss, at, h);
  if (loss[at + side.SEQUENCE_HOLES] === 0)
    health.hot[block + side.BITS] = health.hot[block + side.BITS]! & ~side.HAS_HOLES;
}

/** The shortest round trip between the hosts that was seen, or 0. */
function leastRoundTrip(health: HealthTable, line: number): number {
  const slot = line >>> 1;
  const flow = health.hot[slot * side.HOT_WORDS + side.FLOW_BITS]!;
  return (
    leastLeg(health, slot * 2, flow & side.FLOW_SERVER_TIME) +
    leastLeg(health, slot * 2 + 1, flow & side.FLOW_CLIENT_TIME)
  );
}

/** One leg: by acknowledgements, else by the handshake, else 0. @param hasHandshake not 0 where its time is known */
function leastLeg(health: HealthTable, line: number, hasHandshake: number): number {
  const double = (side.handshakeAt(health, line) >>> 1) + side.SYN_NS;
  const byHandshake = hasHandshake === 0 ? 0 : health.lineDoubles[double]!;
  const at = side.samplesAt(health, line) + side.ACK_TIMES;
  if (health.lines[at + side.SAMPLES] === 0) return byHandshake;
  const least = health.lineFloats[at + side.LEAST_NS]!;
  return byHandshake > 0 && byHandshake < least ? byHandshake : least;
}

/** Whether a segment that fills hole `h` was sent before the segment that opened it: late, not retransmitted. */
function isLate(
  health: HealthTable,
  line: number,
  block: number,
  hole: number,
  id: number,
  times: Float64Array,
  i: number,
): boolean {
  const { loss, segment, hot } = health;
  const openerId = loss[hole + side.HOLE_ID]!;
  if (id !== 0 && openerId !== 0 && (hot[block + side.BITS]! & side.ID_ORDERED) !== 0) {
    const ahead = ((id - openerId) << 16) >> 16;
    if (ahead < 0 && ahead > -side.ID_REACH) return true;
    if (ahead > 0 && ahead < side.ID_REACH) return false;
  }
  const opener = loss[hole + side.HOLE_TIMESTAMP]!;
  if (opener !== 0 && (segment[segments.OPTIONS_FOUND]! & segments.FOUND_TIMESTAMPS) !== 0) {
    const ahead = (segment[segments.OPTION_TSVAL]! - opener) | 0;
    if (ahead !== 0) return ahead < 0;
  }
  const roundTrip = leastRoundTrip(health, line);
  const sinceNs = times[i]! - health.lossDoubles[(hole >>> 1) + side.HOLE_NS]!;
  return sinceNs < (roundTrip > 0 ? roundTrip * LATE_SHARE : LATE_NS);
}

/**
 * A segment that begins below the next expected number and is no keep-alive.
 * @param len  sequence numbers it takes: payload, and one for FIN
 * @param full  octets of payload in a full segment
 */
export function addOldSegment(
  health: HealthTable,
  line: number,
  block: number,
  other: number,
  seq: number,
  len: number,
  full: number,
  id: number,
  times: Float64Array,
  i: number,
): void {
  const { hot, loss, lossDoubles } = health;
  const at = lossOf(health, line, block);
  const end = (seq + len) | 0;
  const beyond = (end - hot[block + side.NEXT]!) | 0;
  const old = beyond > 0 ? len - beyond : len;
  const count = segmentsIn(old, full);
  const h = (hot[block + side.BITS]! & side.HAS_HOLES) === 0 ? -1 : findHole(loss, at, seq, end);
  if (beyond > 0) advance(health, block, end, beyond);
  if (h >= 0) addNewOctets(health, block, old);
  if (h >= 0 && isLate(health, line, block, at + side.SEQUENCE_HOLE + h * side.HOLE_WORDS, id, times, i)) {
    loss[at + side.SEQUENCE_DISORDERED] = loss[at + side.SEQUENCE_DISORDERED]! + count;
    fillHole(health, block, at, h, seq, end);
    return;
  }
  // Karn's rule: nothing that is acknowledged now tells which copy it answers.
  hot[block + side.BITS] =
    (hot[block + side.BITS]! & ~(side.PENDING_MASK | side.TIMESTAMP_PENDING)) | side.TROUBLED;
  loss[at + side.SEQUENCE_RETRANSMITTED] = loss[at + side.SEQUENCE_RETRANSMITTED]! + count;
  lossDoubles[(at >>> 1) + side.SEQUENCE_RETRANSMITTED_OCTETS] =
    lossDoubles[(at >>> 1) + side.SEQUENCE_RETRANSMITTED_OCTETS]! + old;
  const isAcked =
    (hot[other + side.BITS]! & side.ACK_KNOWN) !== 0 && ((end - hot[other + side.ACKED]!) | 0) <= 0;
  if (h >= 0) {
    loss[at + side.SEQUENCE_UPSTREAM] = loss[at + side.SEQUENCE_UPSTREAM]! + count;
    fillHole(health, block, at, h, seq, end);
  } else if (isAcked) {
    loss[at + side.SEQUENCE_SPURIOUS] = loss[at + side.SEQUENCE_SPURIOUS]! + count;
    return;
  } else loss[at + side.SEQUENCE_DOWNSTREAM] = loss[at + side.SEQUENCE_DOWNSTREAM]! + count;
  noteEpisode(health, block, at, seq);
}

/** A retransmission at `seq`: a new episode unless it repairs the window of the last one. */
function noteEpisode(health: HealthTable, block: number, at: number, seq: number): void {
  const { loss, hot } = health;
  const isFirst = loss[at + side.SEQUENCE_EPISODES] === 0 && loss[at + side.SEQUENCE_RECOVER] === 0;
  if (!isFirst && ((seq - loss[at + side.SEQUENCE_RECOVER]!) | 0) < 0) return;
  loss[at + side.SEQUENCE_EPISODES] = loss[at + side.SEQUENCE_EPISODES]! + 1;
  loss[at + side.SEQUENCE_RECOVER] = hot[block + side.NEXT]!;
}

function advance(health: HealthTable, block: number, end: number, octets: number): void {
  health.hot[block + side.NEXT] = end;
  addNewOctets(health, block, octets);
}

function addNewOctets(health: HealthTable, block: number, octets: number): void {
  const at = (block >>> 1) + side.NEW_OCTETS;
  health.hotDoubles[at] = health.hotDoubles[at]! + octets;
}

/**
 * The receiver acknowledges data of the direction at `block` up to `ack`: holes below it, and what lies between the next
 * expected number and `ack`, have arrived without having been captured.
 */
export function takeUnseen(
  health: HealthTable,
  line: number,
  block: number,
  ack: number,
  full: number,
): void {
  const at = lossOf(health, line, block);
  const { hot, loss } = health;
  for (let h = 0; h < loss[at + side.SEQUENCE_HOLES]!; ) {
    const hole = at + side.SEQUENCE_HOLE + h * side.HOLE_WORDS;
    const start = loss[hole + side.HOLE_START]!;
    const end = loss[hole + side.HOLE_END]!;
    if (((ack - start) | 0) <= 0) {
      h++;
      continue;
    }
    const isWhole = ((ack - end) | 0) >= 0;
    countUnseen(health, at, ((isWhole ? end : ack) - start) | 0, full);
    if (isWhole) removeHole(loss, at, h);
    else {
      loss[hole + side.HOLE_START] = ack;
      h++;
    }
  }
  if (loss[at + side.SEQUENCE_HOLES] === 0)
    hot[block + side.BITS] = hot[block + side.BITS]! & ~side.HAS_HOLES;
  const beyond = (ack - hot[block + side.NEXT]!) | 0;
  if (beyond <= 0) return;
  hot[block + side.NEXT] = ack;
  if (beyond < JUMP_MAX) countUnseen(health, at, beyond, full);
}

function countUnseen(health: HealthTable, at: number, octets: number, full: number): void {
  const { loss, lossDoubles } = health;
  loss[at + side.SEQUENCE_UNSEEN_SEGMENTS] =
    loss[at + side.SEQUENCE_UNSEEN_SEGMENTS]! + segmentsIn(octets, full);
  lossDoubles[(at >>> 1) + side.SEQUENCE_UNSEEN_OCTETS] =
    lossDoubles[(at >>> 1) + side.SEQUENCE_UNSEEN_OCTETS]! + octets;
}
