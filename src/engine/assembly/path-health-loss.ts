/**
 * Order and loss of TCP segments (metering/path-health/loss.ts says what they are): the same figures, by the same rules.
 * `at`: a direction's loss words.
 */
import * as side from '../../records/path-health-words';
import { FOUND_TIMESTAMPS, found, optionTsval } from './path-health-options';
import {
  ACKED,
  add,
  addDouble,
  BITS,
  blockOf,
  clearBits,
  FLOW_BITS,
  handshakeOf,
  NEW_OCTETS,
  NEXT,
  samplesOf,
  setBits,
  timesOf,
  useLoss,
} from './path-health-state';

const LATE_NS: f64 = 3e6;
const LATE_SHARE: f64 = 0.9;
const MSS_USUAL: i32 = 1460;
/** A jump of more than this is no hole: the numbers are taken as a new beginning. */
export const JUMP_MAX: i32 = 1 << 30;
const JUMBO_OCTETS: i32 = 9216;
const TCP_HEADER_OCTETS: i32 = 20;
const ID_REACH: i32 = side.ID_REACH;
const HOLES: usize = side.SEQUENCE_HOLES * 4;
const HOLE_OCTETS: usize = side.HOLE_WORDS * 4;
const START: usize = side.HOLE_START * 4;
const END: usize = side.HOLE_END * 4;

/** Octets of payload in a full segment. @param mss  that the receiver announced, or 0 */
export function segmentOctets(mss: i32, headerOctets: i32, payload: i32): i32 {
  const options = headerOctets - TCP_HEADER_OCTETS;
  if (mss > options) return mss - options;
  return payload > JUMBO_OCTETS ? MSS_USUAL - options : payload;
}

/** Segments in `octets` of payload; at least one. */
export function segmentsIn(octets: i32, full: i32): u32 {
  if (octets <= full || full <= 0) return 1;
  return (<u32>octets + <u32>full - 1) / <u32>full;
}

/** Where hole `h` stands. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function holeOf(at: usize, h: u32): usize {
  return at + side.SEQUENCE_HOLE * 4 + <usize>h * HOLE_OCTETS;
}

/** Remembers that the numbers from the next expected one to `start` are missing. */
export function openHole(flow: usize, d: u32, start: u32, id: u32, timeNs: f64): void {
  const block = blockOf(flow, d);
  const at = useLoss(flow, d);
  if (load<u32>(at, HOLES) === side.HOLES_MAX) removeHole(at, 0);
  const holes = load<u32>(at, HOLES);
  const hole = holeOf(at, holes);
  store<u32>(hole, load<u32>(block, NEXT), START);
  store<u32>(hole, start, END);
  store<u32>(hole, id, side.HOLE_ID * 4);
  store<u32>(hole, (found & FOUND_TIMESTAMPS) !== 0 ? optionTsval : 0, side.HOLE_TIMESTAMP * 4);
  store<f64>(hole, timeNs, side.HOLE_NS * 8);
  store<u32>(at, holes + 1, HOLES);
  setBits(block, side.HAS_HOLES);
}

function removeHole(at: usize, h: u32): void {
  const holes = load<u32>(at, HOLES) - 1;
  const hole = holeOf(at, h);
  memory.copy(hole, hole + HOLE_OCTETS, <usize>(holes - h) * HOLE_OCTETS);
  store<u32>(at, holes, HOLES);
}

/** The hole that [start, end) lies in or touches, or -1. */
function findHole(at: usize, start: u32, end: u32): i32 {
  const holes = load<u32>(at, HOLES);
  for (let h: u32 = 0; h < holes; h++) {
    const hole = holeOf(at, h);
    if (<i32>(end - load<u32>(hole, START)) > 0 && <i32>(start - load<u32>(hole, END)) < 0) return <i32>h;
  }
  return -1;
}

/** Takes [start, end) out of hole `h`; what is left on both sides stays missing. */
function fillHole(block: usize, at: usize, h: u32, start: u32, end: u32): void {
  const hole = holeOf(at, h);
  const holes = load<u32>(at, HOLES);
  const leavesFront = <i32>(start - load<u32>(hole, START)) > 0;
  const leavesBack = <i32>(load<u32>(hole, END) - end) > 0;
  if (leavesFront && leavesBack && holes < <u32>side.HOLES_MAX) {
    const back = holeOf(at, holes);
    memory.copy(back, hole, HOLE_OCTETS);
    store<u32>(back, end, START);
    store<u32>(hole, start, END);
    store<u32>(at, holes + 1, HOLES);
  } else if (leavesFront) store<u32>(hole, start, END);
  else if (leavesBack) store<u32>(hole, end, START);
  else removeHole(at, h);
  if (load<u32>(at, HOLES) === 0) clearBits(block, side.HAS_HOLES);
}

/** One leg of the round trip between the hosts: by acknowledgements, else by the handshake, else 0. */
function leastLeg(flow: usize, d: u32, hasHandshake: bool): f64 {
  const byHandshake = hasHandshake ? load<f64>(handshakeOf(flow, d), side.SYN_NS * 8) : 0;
  const at = samplesOf(timesOf(flow, d));
  if (load<u32>(at, (side.ACK_TIMES + side.SAMPLES) * 4) === 0) return byHandshake;
  const least = <f64>load<f32>(at, (side.ACK_TIMES + side.LEAST_NS) * 4);
  return byHandshake > 0 && byHandshake < least ? byHandshake : least;
}

/** Whether a segment that fills the hole was sent before the segment that opened it: late, not retransmitted. */
function isLate(flow: usize, d: u32, hole: usize, id: u32, timeNs: f64): bool {
  const openerId = load<u32>(hole, side.HOLE_ID * 4);
  const isOrdered = (load<u32>(blockOf(flow, d), BITS) & side.ID_ORDERED) !== 0;
  if (id !== 0 && openerId !== 0 && isOrdered) {
    const ahead = (<i32>(id - openerId) << 16) >> 16;
    if (ahead < 0 && ahead > -ID_REACH) return true;
    if (ahead > 0 && ahead < ID_REACH) return false;
  }
  const opener = load<u32>(hole, side.HOLE_TIMESTAMP * 4);
  if (opener !== 0 && (found & FOUND_TIMESTAMPS) !== 0) {
    const ahead = <i32>(optionTsval - opener);
    if (ahead !== 0) return ahead < 0;
  }
  const bits = load<u32>(flow, FLOW_BITS);
  const roundTrip =
    leastLeg(flow, 0, (bits & side.FLOW_SERVER_TIME) !== 0) +
    leastLeg(flow, 1, (bits & side.FLOW_CLIENT_TIME) !== 0);
  const sinceNs = timeNs - load<f64>(hole, side.HOLE_NS * 8);
  return sinceNs < (roundTrip > 0 ? roundTrip * LATE_SHARE : LATE_NS);
}

/**
 * A segment that begins below the next expected number and is no keep-alive.
 * @param len  sequence numbers it takes: payload, and one for FIN
 * @param full  octets of payload in a full segment
 */
export function addOldSegment(flow: usize, d: u32, seq: u32, len: i32, full: i32, id: u32, timeNs: f64): void {
  const block = blockOf(flow, d);
  const other = blockOf(flow, d ^ 1);
  const at = useLoss(flow, d);
  const end = seq + <u32>len;
  const beyond = <i32>(end - load<u32>(block, NEXT));
  const old = beyond > 0 ? len - beyond : len;
  const segments = segmentsIn(old, full);
  const h = (load<u32>(block, BITS) & side.HAS_HOLES) === 0 ? -1 : findHole(at, seq, end);
  if (beyond > 0) {
    store<u32>(block, end, NEXT);
    store<f64>(block, load<f64>(block, NEW_OCTETS) + <f64>beyond, NEW_OCTETS);
  }
  if (h >= 0) store<f64>(block, load<f64>(block, NEW_OCTETS) + <f64>old, NEW_OCTETS);
  if (h >= 0 && isLate(flow, d, holeOf(at, h), id, timeNs)) {
    add(at, side.SEQUENCE_DISORDERED, segments);
    fillHole(block, at, h, seq, end);
    return;
  }
  // Karn's rule: nothing that is acknowledged now tells which copy it answers.
  clearBits(block, side.PENDING_MASK | side.TIMESTAMP_PENDING);
  setBits(block, side.TROUBLED);
  add(at, side.SEQUENCE_RETRANSMITTED, segments);
  addDouble(at, side.SEQUENCE_RETRANSMITTED_OCTETS, <f64>old);
  const isAcked =
    (load<u32>(other, BITS) & side.ACK_KNOWN) !== 0 && <i32>(end - load<u32>(other, ACKED)) <= 0;
  if (h >= 0) {
    add(at, side.SEQUENCE_UPSTREAM, segments);
    fillHole(block, at, h, seq, end);
  } else if (isAcked) {
    add(at, side.SEQUENCE_SPURIOUS, segments);
    return;
  } else add(at, side.SEQUENCE_DOWNSTREAM, segments);
  noteEpisode(block, at, seq);
}

/** A retransmission at `seq`: a new episode unless it repairs the window of the last one. */
function noteEpisode(block: usize, at: usize, seq: u32): void {
  const recover = load<u32>(at, side.SEQUENCE_RECOVER * 4);
  const isFirst = load<u32>(at, side.SEQUENCE_EPISODES * 4) === 0 && recover === 0;
  if (!isFirst && <i32>(seq - recover) < 0) return;
  add(at, side.SEQUENCE_EPISODES, 1);
  store<u32>(at, load<u32>(block, NEXT), side.SEQUENCE_RECOVER * 4);
}

/** The receiver acknowledges data of the direction up to `ack` that was not all captured. */
export function takeUnseen(flow: usize, d: u32, ack: u32, full: i32): void {
  const block = blockOf(flow, d);
  const at = useLoss(flow, d);
  let h: u32 = 0;
  while (h < load<u32>(at, HOLES)) {
    const hole = holeOf(at, h);
    const start = load<u32>(hole, START);
    const end = load<u32>(hole, END);
    if (<i32>(ack - start) <= 0) {
      h++;
      continue;
    }
    const isWhole = <i32>(ack - end) >= 0;
    countUnseen(at, <i32>((isWhole ? end : ack) - start), full);
    if (isWhole) removeHole(at, h);
    else {
      store<u32>(hole, ack, START);
      h++;
    }
  }
  if (load<u32>(at, HOLES) === 0) clearBits(block, side.HAS_HOLES);
  const beyond = <i32>(ack - load<u32>(block, NEXT));
  if (beyond <= 0) return;
  store<u32>(block, ack, NEXT);
  if (beyond < JUMP_MAX) countUnseen(at, beyond, full);
}

function countUnseen(at: usize, octets: i32, full: i32): void {
  add(at, side.SEQUENCE_UNSEEN_SEGMENTS, segmentsIn(octets, full));
  addDouble(at, side.SEQUENCE_UNSEEN_OCTETS, <f64>octets);
}
