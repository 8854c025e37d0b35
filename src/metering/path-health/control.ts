/**
 * What changes the state of a TCP connection rather than moving it on: SYN, RST and the receive window. See
 * tcp.ts, which calls this.
 */

import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import * as options from './options.ts';
import { endTrouble, lossOf, noteSyn, noteSynAck } from './timing.ts';

const FIN = 0x01;
const ACK = 0x10;
const ECE = 0x40;
const CWR = 0x80;

/** Adds 1 to a counter of a loss block. */
export function count(health: HealthTable, line: number, block: number, counter: number): void {
  const at = lossOf(health, line, block) + counter;
  health.loss[at] = health.loss[at]! + 1;
}

/** Adds 1 to a counter of 16 bits in the line of times, the lower or the upper half of `word`, which stays at its greatest. */
function countFlag(health: HealthTable, line: number, word: number, shift: number): void {
  const at = side.useHandshake(health, line) + word;
  const both = health.lines[at]!;
  if (((both >>> shift) & 0xffff) !== 0xffff) health.lines[at] = both + (1 << shift);
}

/** Counts the flags that few segments have; SYN and RST have functions of their own. */
export function countFlags(health: HealthTable, line: number, block: number, flags: number): void {
  if ((flags & ECE) !== 0) count(health, line, block, side.SEQUENCE_ECE);
  if ((flags & CWR) !== 0) count(health, line, block, side.SEQUENCE_CWR);
  if ((flags & FIN) !== 0) countFlag(health, line, side.HANDSHAKE_SYN_FIN, 16);
}

/** An RST: as the answer to a SYN it refuses the connection. */
export function addReset(health: HealthTable, slot: number, isReverse: number, line: number): void {
  countFlag(health, line, side.HANDSHAKE_RST_MSS, 0);
  const bits = slot * side.HOT_WORDS + side.FLOW_BITS;
  const flow = health.hot[bits]!;
  if (isReverse === 1 && (flow & (side.FLOW_SYN | side.FLOW_SYN_ACK)) === side.FLOW_SYN)
    health.hot[bits] = flow | side.FLOW_REFUSED;
}

/** A SYN or SYN/ACK: it begins the sequence numbers, and its options hold for the connection. */
export function addSyn(
  health: HealthTable,
  slot: number,
  isReverse: number,
  flags: number,
  seq: number,
  ack: number,
  payload: number,
  times: Float64Array,
  i: number,
): void {
  const { hot, lines, segment } = health;
  const line = slot * 2 + isReverse;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const other = slot * side.HOT_WORDS + side.HOT_REVERSE - isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  countFlag(health, line, side.HANDSHAKE_SYN_FIN, 0);
  const at = side.handshakeAt(health, line);
  const initial = at + side.HANDSHAKE_INITIAL;
  let bits = hot[block + side.BITS]!;
  const isRepeated = (bits & side.INITIAL_KNOWN) !== 0 && lines[initial] === seq;
  if (isRepeated) {
    count(health, line, block, side.SEQUENCE_RETRANSMITTED);
    hot[block + side.BITS] = hot[block + side.BITS]! | side.TROUBLED;
  } else {
    const isReopened =
      (bits & (side.NEXT_KNOWN | side.INITIAL_KNOWN)) === (side.NEXT_KNOWN | side.INITIAL_KNOWN);
    if (isReopened && (flags & ACK) === 0) {
      // The ports were taken into use again: nothing of the connection before counts for this one.
      hot[other + side.BITS] =
        hot[other + side.BITS]! &
        ~(side.NEXT_KNOWN | side.ACK_KNOWN | side.INITIAL_KNOWN | side.PENDING_MASK);
      bits &= ~(side.ACK_KNOWN | side.PENDING_MASK | side.HAS_HOLES);
      if ((bits & side.SEQUENCE_USED) !== 0) health.loss[side.lossAt(health, line) + side.SEQUENCE_HOLES] = 0;
    }
    lines[initial] = seq;
    hot[block + side.NEXT] = (seq + 1 + payload) | 0;
    bits |= side.NEXT_KNOWN | side.INITIAL_KNOWN;
    const found = segment[options.OPTIONS_FOUND]!;
    let scale = 0;
    if ((found & options.FOUND_ALL) !== 0) bits |= side.SYN_OPTIONS;
    if ((found & options.FOUND_MSS) !== 0) {
      const mss = at + side.HANDSHAKE_RST_MSS;
      lines[mss] = (lines[mss]! & 0xffff) | (segment[options.OPTION_MSS]! << 16);
      bits |= side.MSS_KNOWN;
    }
    if ((found & options.FOUND_SCALE) !== 0) {
      scale = segment[options.OPTION_SCALE]!;
      bits |= side.SCALE_OPTION;
    }
    hot[block + side.WINDOW] = scale << 16;
    hot[block + side.BITS] = bits;
  }
  if ((flags & ACK) !== 0) {
    hot[block + side.ACKED] = ack;
    hot[block + side.BITS] = hot[block + side.BITS]! | side.ACK_KNOWN;
    if (isReverse === 1) noteSynAck(health, slot, times, i);
  } else if (isReverse === 0) noteSyn(health, slot, isRepeated || payload > 0, times, i);
}

/** The receive window that the side of `block` advertises, as it stands in the segment. */
export function addWindow(
  health: HealthTable,
  line: number,
  block: number,
  other: number,
  window: number,
  times: Float64Array,
  i: number,
): void {
  const { hot } = health;
  const bits = hot[block + side.BITS]!;
  if ((bits & side.WINDOW_SEEN) === 0) {
    hot[block + side.BITS] = bits | side.WINDOW_SEEN;
    hot[block + side.WINDOW_RANGE] = window | (window << 16);
  } else {
    const range = hot[block + side.WINDOW_RANGE]!;
    if (window < (range & 0xffff)) hot[block + side.WINDOW_RANGE] = (range & ~0xffff) | window;
    else if (window > range >>> 16) hot[block + side.WINDOW_RANGE] = (range & 0xffff) | (window << 16);
  }
  hot[block + side.WINDOW] = (hot[block + side.WINDOW]! & ~0xffff) | window;
  if (window !== 0 && (bits & side.ZERO_WINDOW) === 0) return;
  const at = lossOf(health, line, block);
  const { loss, lossDoubles } = health;
  const since = (at >>> 1) + side.SEQUENCE_ZERO_SINCE_NS;
  if (window === 0) {
    hot[other + side.BITS] = hot[other + side.BITS]! | side.TROUBLED;
    if ((bits & side.ZERO_WINDOW) !== 0) return;
    hot[block + side.BITS] = hot[block + side.BITS]! | side.ZERO_WINDOW;
    loss[at + side.SEQUENCE_ZERO_WINDOWS] = loss[at + side.SEQUENCE_ZERO_WINDOWS]! + 1;
    lossDoubles[since] = times[i]!;
    return;
  }
  hot[block + side.BITS] = hot[block + side.BITS]! & ~side.ZERO_WINDOW;
  if (((hot[other + side.NEXT]! - hot[block + side.ACKED]!) | 0) <= 0)
    endTrouble(health, line ^ 1, other, times, i);
  const total = (at >>> 1) + side.SEQUENCE_ZERO_WINDOW_NS;
  lossDoubles[total] = lossDoubles[total]! + times[i]! - lossDoubles[since]!;
}
