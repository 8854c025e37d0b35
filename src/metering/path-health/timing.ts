/**
 * Times of path health: round trips by acknowledgements (with Karn's rule) and by timestamps, responses, silences, the
 * handshake. All are differences of packet times at the probe.
 *
 * Each direction's figures are about the path between the probe and the receiver of that direction: its data passes the
 * probe, and the acknowledgement comes back to it.
 */

import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';

const FIN = 0x01;
const ACK = 0x10;

/** RFC 3550 §6.4.1. */
const JITTER_SHARE = 1 / 16;

/** Where the loss block of a direction starts, emptied at its first use. */
export function lossOf(health: HealthTable, line: number, block: number): number {
  const { hot } = health;
  const isUsed = (hot[block + side.BITS]! & side.SEQUENCE_USED) !== 0;
  if (!isUsed) side.useRare(health, line >>> 1);
  const at = side.lossAt(health, line);
  if (!isUsed) {
    hot[block + side.BITS] = hot[block + side.BITS]! | side.SEQUENCE_USED;
    for (let w = 0; w < side.SEQUENCE_WORDS; w++) health.loss[at + w] = 0;
  }
  return at;
}

/** Adds the time in `health.number[0]` to the accumulator at word `at`. */
function addSample(health: HealthTable, at: number): void {
  const { lines, lineFloats, lineDoubles, number } = health;
  const ns = number[0]!;
  const samples = lines[at + side.SAMPLES]!;
  lines[at + side.SAMPLES] = samples + 1;
  const sum = (at + side.SUM_NS) >>> 1;
  lineDoubles[sum] = lineDoubles[sum]! + ns;
  if (samples === 0) {
    lineFloats[at + side.LEAST_NS] = ns;
    lineFloats[at + side.GREATEST_NS] = ns;
    lineFloats[at + side.JITTER_NS] = 0;
  } else {
    if (ns < lineFloats[at + side.LEAST_NS]!) lineFloats[at + side.LEAST_NS] = ns;
    if (ns > lineFloats[at + side.GREATEST_NS]!) lineFloats[at + side.GREATEST_NS] = ns;
    const change = ns - lineFloats[at + side.LAST_NS]!;
    const jitter = lineFloats[at + side.JITTER_NS]!;
    lineFloats[at + side.JITTER_NS] = jitter + ((change < 0 ? -change : change) - jitter) * JITTER_SHARE;
  }
  lineFloats[at + side.LAST_NS] = ns;
}

/** Waits for the acknowledgement of new data that ends at `end`, if fewer than three are waited for. */
export function expectAck(
  health: HealthTable,
  line: number,
  block: number,
  end: number,
  times: Float64Array,
  i: number,
): void {
  const at = side.useTimes(health, line);
  const { hot } = health;
  const pending = (hot[block + side.BITS]! & side.PENDING_MASK) / side.PENDING_ONE;
  if (pending < side.PENDING_HERE) {
    health.lines[at + side.PENDING_END + pending] = end;
    health.lineDoubles[(at >>> 1) + side.PENDING_NS + pending] = times[i]!;
  } else {
    const third = side.useHandshake(health, line);
    health.lines[third + side.THIRD_END] = end;
    health.lineDoubles[(third >>> 1) + side.THIRD_NS] = times[i]!;
  }
  hot[block + side.BITS] = hot[block + side.BITS]! + side.PENDING_ONE;
}

/** Where in `lines` the end of segment `p` stands that is waited for; the third one is elsewhere. */
function endAt(times: number, handshake: number, p: number): number {
  return p < side.PENDING_HERE ? times + side.PENDING_END + p : handshake + side.THIRD_END;
}

/** Where in `lineDoubles` its time stands. */
function nsAt(times: number, handshake: number, p: number): number {
  return p < side.PENDING_HERE ? (times >>> 1) + side.PENDING_NS + p : (handshake >>> 1) + side.THIRD_NS;
}

/**
 * Data of the direction at `block` is acknowledged up to `ack`: of what was waited for, the last segment that this
 * covers gives a sample, being the one whose arrival sent the acknowledgement off.
 */
export function takeAckRtt(
  health: HealthTable,
  line: number,
  block: number,
  ack: number,
  times: Float64Array,
  i: number,
): void {
  const at = side.timesAt(health, line);
  const { hot, lines, lineDoubles } = health;
  const pending = (hot[block + side.BITS]! & side.PENDING_MASK) / side.PENDING_ONE;
  const third = side.handshakeAt(health, line);
  const pendingNs = (at >>> 1) + side.PENDING_NS;
  let covered = 0;
  while (covered < pending && ((lines[endAt(at, third, covered)]! - ack) | 0) <= 0) covered++;
  if (covered === 0) return;
  const ns = times[i]! - lineDoubles[nsAt(at, third, covered - 1)]!;
  for (let p = covered; p < pending; p++) {
    lines[at + side.PENDING_END + p - covered] = lines[endAt(at, third, p)]!;
    lineDoubles[pendingNs + p - covered] = lineDoubles[nsAt(at, third, p)]!;
  }
  hot[block + side.BITS] = hot[block + side.BITS]! - covered * side.PENDING_ONE;
  if (!(ns >= 0)) return;
  health.number[0] = ns;
  addSample(health, side.useSamples(health, line) + side.ACK_TIMES);
}

/** Whether a bare acknowledgement leaves data outstanding: the other side answers with its next data at once. */
export function leavesData(health: HealthTable, other: number, flags: number, ack: number): boolean {
  const { hot } = health;
  if ((flags & (FIN | ACK)) !== ACK || (hot[other + side.BITS]! & side.NEXT_KNOWN) === 0) return false;
  return ((hot[other + side.NEXT]! - ack) | 0) > 0;
}

/**
 * Notes a timestamp when it is seen for the first time, while no other waits for its echo, on a segment that is answered
 * at once: new data, or a bare acknowledgement that makes a sender go on.
 */
export function noteTimestamp(
  health: HealthTable,
  line: number,
  block: number,
  value: number,
  isAwaited: boolean,
  times: Float64Array,
  i: number,
): void {
  const at = side.useStamps(health, line);
  const { hot, lines } = health;
  const bits = hot[block + side.BITS]!;
  const isFirst = (bits & side.TIMESTAMP_SEEN) === 0;
  if (!isFirst && ((value - lines[at + side.TIMESTAMP_LAST]!) | 0) <= 0) return;
  lines[at + side.TIMESTAMP_LAST] = value;
  hot[block + side.BITS] = bits | side.TIMESTAMP_SEEN;
  if (!isAwaited || (bits & side.TIMESTAMP_PENDING) !== 0) return;
  lines[at + side.TIMESTAMP_PENDING_VALUE] = value;
  health.lineDoubles[(at >>> 1) + side.TIMESTAMP_PENDING_NS] = times[i]!;
  hot[block + side.BITS] = bits | side.TIMESTAMP_SEEN | side.TIMESTAMP_PENDING;
}

/**
 * An echo of the timestamps of the direction at `block`: of the one that is waited for it gives a sample. Of a bare
 * acknowledgement it does so only while data flows: behind a pause, the echo waited for the application.
 * @param other  block of the direction that echoes
 */
export function takeTimestampRtt(
  health: HealthTable,
  line: number,
  block: number,
  other: number,
  echo: number,
  times: Float64Array,
  i: number,
): void {
  const at = side.stampsAt(health, line);
  const { hot, hotDoubles, lines } = health;
  const beyond = (echo - lines[at + side.TIMESTAMP_PENDING_VALUE]!) | 0;
  if (beyond < 0) return;
  hot[block + side.BITS] = hot[block + side.BITS]! & ~side.TIMESTAMP_PENDING;
  const notedNs = health.lineDoubles[(at >>> 1) + side.TIMESTAMP_PENDING_NS]!;
  const ns = times[i]! - notedNs;
  if (beyond > 0 || !(ns >= 0)) return;
  const isBare =
    (hot[block + side.BITS]! & side.DATA_SEEN) === 0 ||
    notedNs > hotDoubles[(block >>> 1) + side.LAST_DATA_NS]!;
  if (isBare && 2 * (times[i]! - hotDoubles[(other >>> 1) + side.LAST_DATA_NS]!) > ns) return;
  health.number[0] = ns;
  addSample(health, at + side.TIMESTAMP_TIMES);
}

/** A direction answers: its first data behind data of the other side, whose block is `other`. */
export function takeResponse(
  health: HealthTable,
  line: number,
  other: number,
  times: Float64Array,
  i: number,
): void {
  const ns = times[i]! - health.hotDoubles[(other >>> 1) + side.LAST_DATA_NS]!;
  if (!(ns >= 0)) return;
  health.number[0] = ns;
  addSample(health, side.useSamples(health, line ^ 1) + side.RESPONSE_TIMES);
}

/** A silence of `health.number[0]` ns has ended, or goes on at the end of the record. */
export function noteSilence(health: HealthTable, line: number, block: number, isStall: boolean): void {
  const at = side.useSilences(health, line);
  const { hot, lines, lineDoubles, number } = health;
  const ns = number[0]!;
  const longest = (at >>> 1) + (isStall ? side.SILENCE_LONGEST_STALL_NS : side.SILENCE_LONGEST_IDLE_NS);
  if (ns > lineDoubles[longest]!) lineDoubles[longest] = ns;
  if (!isStall) return;
  lines[at + side.SILENCE_STALLS] = lines[at + side.SILENCE_STALLS]! + 1;
  const stalled = (at >>> 1) + side.SILENCE_STALLED_NS;
  lineDoubles[stalled] = lineDoubles[stalled]! + ns;
  hot[block + side.BITS] = hot[block + side.BITS]! & ~side.TROUBLED;
}

/**
 * Everything that the side of `block` sent has arrived and there is room for more: what held it up is over, and was a
 * stall if it took long. A silence from now on is its own.
 */
export function endTrouble(
  health: HealthTable,
  line: number,
  block: number,
  times: Float64Array,
  i: number,
): void {
  const { hot, hotDoubles, number } = health;
  const last = (block >>> 1) + side.LAST_DATA_NS;
  hot[block + side.BITS] = hot[block + side.BITS]! & ~side.TROUBLED;
  const ns = times[i]! - hotDoubles[last]!;
  if ((hot[block + side.BITS]! & side.DATA_SEEN) === 0 || !(ns >= side.SILENCE_NS)) return;
  number[0] = ns;
  noteSilence(health, line, block, true);
  hotDoubles[last] = times[i]!;
}

/**
 * A SYN of the initiator. Each leg of the handshake is void once one of its ends was sent twice, or the SYN carried data
 * (RFC 7413). Of a leg that is done the block holds the difference, of one that is not the moment it began.
 */
export function noteSyn(
  health: HealthTable,
  slot: number,
  isVoid: boolean,
  times: Float64Array,
  i: number,
): void {
  const at = side.useHandshake(health, slot * 2);
  const bits = slot * side.HOT_WORDS + side.FLOW_BITS;
  const flow = health.hot[bits]!;
  if ((flow & side.FLOW_SERVER_TIME) !== 0) return;
  health.hot[bits] = flow | side.FLOW_SYN | (isVoid ? side.FLOW_SERVER_VOID : 0);
  health.lineDoubles[(at >>> 1) + side.SYN_NS] = times[i]!;
}

/** A SYN/ACK of the responder. */
export function noteSynAck(health: HealthTable, slot: number, times: Float64Array, i: number): void {
  const { hot, lineDoubles } = health;
  const bits = slot * side.HOT_WORDS + side.FLOW_BITS;
  const forward = side.useHandshake(health, slot * 2) >>> 1;
  const reverse = side.useHandshake(health, slot * 2 + 1) >>> 1;
  const flow = hot[bits]!;
  if ((flow & side.FLOW_SYN_ACK) !== 0) {
    if ((flow & side.FLOW_CLIENT_TIME) === 0) hot[bits] = flow | side.FLOW_CLIENT_VOID;
    return;
  }
  lineDoubles[reverse + side.SYN_NS] = times[i]!;
  const isTimed = (flow & (side.FLOW_SYN | side.FLOW_SERVER_VOID)) === side.FLOW_SYN;
  if (isTimed) lineDoubles[forward + side.SYN_NS] = times[i]! - lineDoubles[forward + side.SYN_NS]!;
  hot[bits] = flow | side.FLOW_SYN_ACK | (isTimed ? side.FLOW_SERVER_TIME : 0);
}

/** The initiator's first segment behind the SYN/ACK. */
export function noteEstablished(health: HealthTable, slot: number, times: Float64Array, i: number): void {
  const { hot, lineDoubles } = health;
  const bits = slot * side.HOT_WORDS + side.FLOW_BITS;
  const reverse = side.useHandshake(health, slot * 2 + 1) >>> 1;
  const isTimed = (hot[bits]! & side.FLOW_CLIENT_VOID) === 0;
  hot[bits] = hot[bits]! | side.FLOW_ESTABLISHED | (isTimed ? side.FLOW_CLIENT_TIME : 0);
  if (isTimed) lineDoubles[reverse + side.SYN_NS] = times[i]! - lineDoubles[reverse + side.SYN_NS]!;
}

/** Empties the counters of a record in the lines of a direction, and leaves what is still waited for. */
export function emptyTiming(health: HealthTable, line: number): void {
  const { lines } = health;
  const at = side.handshakeAt(health, line);
  if (at >= side.LINE_WORDS) {
    lines[at + side.HANDSHAKE_SYN_FIN] = 0;
    lines[at + side.HANDSHAKE_RST_MSS] = lines[at + side.HANDSHAKE_RST_MSS]! & ~0xffff;
  }
  const samples = side.samplesAt(health, line);
  for (let w = 0; samples !== 0 && w < 2 * side.ACCUMULATOR_WORDS; w++) lines[samples + w] = 0;
  const stamps = side.stampsAt(health, line);
  for (let w = 0; stamps !== 0 && w < side.ACCUMULATOR_WORDS; w++)
    lines[stamps + side.TIMESTAMP_TIMES + w] = 0;
}

/** Empties the silences of a direction, which are those of a record. */
export function emptySilences(health: HealthTable, line: number): void {
  const at = side.silencesAt(health, line);
  if (at < side.LINE_WORDS) return;
  health.lines[at + side.SILENCE_STALLS] = 0;
  for (let d = side.SILENCE_STALLED_NS; d <= side.SILENCE_LONGEST_IDLE_NS; d++)
    health.lineDoubles[(at >>> 1) + d] = 0;
}
