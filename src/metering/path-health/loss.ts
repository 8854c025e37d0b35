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

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { ACKED, ACK_KNOWN, BITS, HAS_HOLES, HOT_FORWARD, HOT_WORDS, ID_ORDERED, NEXT, PENDING_MASK } = side;
const { TIMESTAMP_PENDING, TIMING_WORDS, TROUBLED, NEW_OCTETS, FLOW_BITS, FLOW_CLIENT_TIME } = side;
const { ACK_TIMES, FLOW_SERVER_TIME, LEAST_NS, SAMPLES, SYN_NS } = side;
const { HOLES_MAX, HOLE_END, HOLE_ID, HOLE_NS, HOLE_START, HOLE_TIMESTAMP, HOLE_WORDS } = side;
const {
  SEQUENCE_DISORDERED,
  SEQUENCE_DOWNSTREAM,
  SEQUENCE_EPISODES,
  SEQUENCE_HOLE,
  SEQUENCE_HOLES,
  SEQUENCE_MSS,
} = side;
const { SEQUENCE_RECOVER, SEQUENCE_RETRANSMITTED, SEQUENCE_RETRANSMITTED_OCTETS, SEQUENCE_SPURIOUS } = side;
const { SEQUENCE_UNSEEN_OCTETS, SEQUENCE_UNSEEN_SEGMENTS, SEQUENCE_UPSTREAM } = side;
const { FOUND_TIMESTAMPS, OPTIONS_FOUND, OPTION_TSVAL } = segments;

/** Without a round-trip time, what comes this soon behind a hole's opening is late, not retransmitted (as in tshark). */
const LATE_NS = 3e6;
/** No retransmission comes sooner than this share of the shortest round trip. */
const LATE_SHARE = 0.9;
/** Identifications further apart than this say nothing about order. */
export const ID_REACH = 1024;
const MSS_USUAL = 1460;
/** A jump of more than this is no hole: the numbers are taken as a new beginning. */
export const JUMP_MAX = 2 ** 30;
/** A payload up to this is one segment, whatever was announced; anything longer is looked at. */
export const SINGLE_OCTETS = 1460;
/** The longest segment on links with jumbo frames. */
const JUMBO_OCTETS = 9216;

/**
 * Octets of payload in a full segment of the direction whose receiver's MSS is in the loss block at `receiver`: the
 * announced MSS without the options that each segment carries (RFC 6691).
 * @param receiver  of the other direction; -1 where its MSS is not known
 */
export function segmentOctets(
  health: HealthTable,
  receiver: number,
  headerOctets: number,
  payload: number,
): number {
  const mss = receiver < 0 ? 0 : health.loss[receiver + SEQUENCE_MSS]!;
  const options = headerOctets - 20;
  if (mss > options) return mss - options;
  return payload > JUMBO_OCTETS ? MSS_USUAL - options : payload;
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
  if (loss[at + SEQUENCE_HOLES] === HOLES_MAX) removeHole(loss, at, 0);
  const hole = at + SEQUENCE_HOLE + loss[at + SEQUENCE_HOLES]! * HOLE_WORDS;
  loss[hole + HOLE_START] = hot[block + NEXT]!;
  loss[hole + HOLE_END] = start;
  loss[hole + HOLE_ID] = id;
  const hasTimestamp = (health.segment[OPTIONS_FOUND]! & FOUND_TIMESTAMPS) !== 0;
  loss[hole + HOLE_TIMESTAMP] = hasTimestamp ? health.segment[OPTION_TSVAL]! : 0;
  health.lossDoubles[(hole >>> 1) + HOLE_NS] = times[i]!;
  loss[at + SEQUENCE_HOLES] = loss[at + SEQUENCE_HOLES]! + 1;
  hot[block + BITS] = hot[block + BITS]! | HAS_HOLES;
}

function removeHole(loss: Int32Array, at: number, number: number): void {
  const count = loss[at + SEQUENCE_HOLES]! - 1;
  const end = at + SEQUENCE_HOLE + count * HOLE_WORDS;
  for (let w = at + SEQUENCE_HOLE + number * HOLE_WORDS; w < end; w++) loss[w] = loss[w + HOLE_WORDS]!;
  loss[at + SEQUENCE_HOLES] = count;
}

/** The hole that [start, end) lies in or touches, or -1. */
function findHole(loss: Int32Array, at: number, start: number, end: number): number {
  const count = loss[at + SEQUENCE_HOLES]!;
  for (let h = 0; h < count; h++) {
    const hole = at + SEQUENCE_HOLE + h * HOLE_WORDS;
    if (((end - loss[hole + HOLE_START]!) | 0) > 0 && ((start - loss[hole + HOLE_END]!) | 0) < 0) return h;
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
  const hole = at + SEQUENCE_HOLE + h * HOLE_WORDS;
  const leavesFront = ((start - loss[hole + HOLE_START]!) | 0) > 0;
  const leavesBack = ((loss[hole + HOLE_END]! - end) | 0) > 0;
  if (leavesFront && leavesBack && loss[at + SEQUENCE_HOLES]! < HOLES_MAX) {
    const back = at + SEQUENCE_HOLE + loss[at + SEQUENCE_HOLES]! * HOLE_WORDS;
    for (let w = 0; w < HOLE_WORDS; w++) loss[back + w] = loss[hole + w]!;
    loss[back + HOLE_START] = end;
    loss[hole + HOLE_END] = start;
    loss[at + SEQUENCE_HOLES] = loss[at + SEQUENCE_HOLES]! + 1;
  } else if (leavesFront) loss[hole + HOLE_END] = start;
  else if (leavesBack) loss[hole + HOLE_START] = end;
  else removeHole(loss, at, h);
  if (loss[at + SEQUENCE_HOLES] === 0) health.hot[block + BITS] = health.hot[block + BITS]! & ~HAS_HOLES;
}

/** The shortest round trip between the hosts that was seen, or 0. */
function leastRoundTrip(health: HealthTable, line: number): number {
  const slot = line >>> 1;
  const flow = health.hot[slot * HOT_WORDS + FLOW_BITS]!;
  return (
    leastLeg(health, slot * 2, flow & FLOW_SERVER_TIME) +
    leastLeg(health, slot * 2 + 1, flow & FLOW_CLIENT_TIME)
  );
}

/** One leg: by acknowledgements, else by the handshake, else 0. @param hasHandshake not 0 where its time is known */
function leastLeg(health: HealthTable, line: number, hasHandshake: number): number {
  const at = line * TIMING_WORDS;
  const block = (line >>> 1) * HOT_WORDS + HOT_FORWARD + (line & 1) * (side.HOT_REVERSE - HOT_FORWARD);
  if ((health.hot[block + BITS]! & side.TIMING_USED) === 0) return 0;
  const byHandshake = hasHandshake === 0 ? 0 : health.timingDoubles[(at >>> 1) + SYN_NS]!;
  if (health.timing[at + ACK_TIMES + SAMPLES] === 0) return byHandshake;
  const least = health.timingFloats[at + ACK_TIMES + LEAST_NS]!;
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
  const openerId = loss[hole + HOLE_ID]!;
  if (id !== 0 && openerId !== 0 && (hot[block + BITS]! & ID_ORDERED) !== 0) {
    const ahead = ((id - openerId) << 16) >> 16;
    if (ahead < 0 && ahead > -ID_REACH) return true;
    if (ahead > 0 && ahead < ID_REACH) return false;
  }
  const opener = loss[hole + HOLE_TIMESTAMP]!;
  if (opener !== 0 && (segment[OPTIONS_FOUND]! & FOUND_TIMESTAMPS) !== 0) {
    const ahead = (segment[OPTION_TSVAL]! - opener) | 0;
    if (ahead !== 0) return ahead < 0;
  }
  const roundTrip = leastRoundTrip(health, line);
  const sinceNs = times[i]! - health.lossDoubles[(hole >>> 1) + HOLE_NS]!;
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
  const beyond = (end - hot[block + NEXT]!) | 0;
  const old = beyond > 0 ? len - beyond : len;
  const count = segmentsIn(old, full);
  const h = (hot[block + BITS]! & HAS_HOLES) === 0 ? -1 : findHole(loss, at, seq, end);
  if (beyond > 0) advance(health, block, end, beyond);
  if (h >= 0) addNewOctets(health, block, old);
  if (h >= 0 && isLate(health, line, block, at + SEQUENCE_HOLE + h * HOLE_WORDS, id, times, i)) {
    loss[at + SEQUENCE_DISORDERED] = loss[at + SEQUENCE_DISORDERED]! + count;
    fillHole(health, block, at, h, seq, end);
    return;
  }
  // Karn's rule: nothing that is acknowledged now tells which copy it answers.
  hot[block + BITS] = (hot[block + BITS]! & ~(PENDING_MASK | TIMESTAMP_PENDING)) | TROUBLED;
  loss[at + SEQUENCE_RETRANSMITTED] = loss[at + SEQUENCE_RETRANSMITTED]! + count;
  lossDoubles[(at >>> 1) + SEQUENCE_RETRANSMITTED_OCTETS] =
    lossDoubles[(at >>> 1) + SEQUENCE_RETRANSMITTED_OCTETS]! + old;
  const isAcked = (hot[other + BITS]! & ACK_KNOWN) !== 0 && ((end - hot[other + ACKED]!) | 0) <= 0;
  if (h >= 0) {
    loss[at + SEQUENCE_UPSTREAM] = loss[at + SEQUENCE_UPSTREAM]! + count;
    fillHole(health, block, at, h, seq, end);
  } else if (isAcked) {
    loss[at + SEQUENCE_SPURIOUS] = loss[at + SEQUENCE_SPURIOUS]! + count;
    return;
  } else loss[at + SEQUENCE_DOWNSTREAM] = loss[at + SEQUENCE_DOWNSTREAM]! + count;
  noteEpisode(health, block, at, seq);
}

/** A retransmission at `seq`: a new episode unless it repairs the window of the last one. */
function noteEpisode(health: HealthTable, block: number, at: number, seq: number): void {
  const { loss, hot } = health;
  const isFirst = loss[at + SEQUENCE_EPISODES] === 0 && loss[at + SEQUENCE_RECOVER] === 0;
  if (!isFirst && ((seq - loss[at + SEQUENCE_RECOVER]!) | 0) < 0) return;
  loss[at + SEQUENCE_EPISODES] = loss[at + SEQUENCE_EPISODES]! + 1;
  loss[at + SEQUENCE_RECOVER] = hot[block + NEXT]!;
}

function advance(health: HealthTable, block: number, end: number, octets: number): void {
  health.hot[block + NEXT] = end;
  addNewOctets(health, block, octets);
}

function addNewOctets(health: HealthTable, block: number, octets: number): void {
  const at = (block >>> 1) + NEW_OCTETS;
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
  for (let h = 0; h < loss[at + SEQUENCE_HOLES]!; ) {
    const hole = at + SEQUENCE_HOLE + h * HOLE_WORDS;
    const start = loss[hole + HOLE_START]!;
    const end = loss[hole + HOLE_END]!;
    if (((ack - start) | 0) <= 0) {
      h++;
      continue;
    }
    const isWhole = ((ack - end) | 0) >= 0;
    countUnseen(health, at, ((isWhole ? end : ack) - start) | 0, full);
    if (isWhole) removeHole(loss, at, h);
    else {
      loss[hole + HOLE_START] = ack;
      h++;
    }
  }
  if (loss[at + SEQUENCE_HOLES] === 0) hot[block + BITS] = hot[block + BITS]! & ~HAS_HOLES;
  const beyond = (ack - hot[block + NEXT]!) | 0;
  if (beyond <= 0) return;
  hot[block + NEXT] = ack;
  if (beyond < JUMP_MAX) countUnseen(health, at, beyond, full);
}

function countUnseen(health: HealthTable, at: number, octets: number, full: number): void {
  const { loss, lossDoubles } = health;
  loss[at + SEQUENCE_UNSEEN_SEGMENTS] = loss[at + SEQUENCE_UNSEEN_SEGMENTS]! + segmentsIn(octets, full);
  lossDoubles[(at >>> 1) + SEQUENCE_UNSEEN_OCTETS] =
    lossDoubles[(at >>> 1) + SEQUENCE_UNSEEN_OCTETS]! + octets;
}
