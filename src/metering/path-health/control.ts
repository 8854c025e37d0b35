/**
 * What changes the state of a TCP connection rather than moving it on: SYN, RST and the receive window. See
 * tcp.ts, which calls this.
 */

import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import * as options from './options.ts';
import { endTrouble, lossOf, noteSyn, noteSynAck } from './timing.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { ACKED, ACK_KNOWN, BITS, FLOW_BITS, FLOW_REFUSED, FLOW_SYN, FLOW_SYN_ACK, HAS_HOLES } = side;
const { HOT_FORWARD, HOT_REVERSE, HOT_WORDS, INITIAL_KNOWN, SEQUENCE_HOLES, SEQUENCE_INITIAL, SEQUENCE_MSS } =
  side;
const { SEQUENCE_RETRANSMITTED, SEQUENCE_RST, SEQUENCE_SYN, SEQUENCE_ZERO_SINCE_NS, SEQUENCE_ZERO_WINDOWS } =
  side;
const { SEQUENCE_ZERO_WINDOW_NS, MSS_KNOWN, NEXT, NEXT_KNOWN, PENDING_MASK, SCALE_OPTION, SYN_OPTIONS } =
  side;
const { SEQUENCE_CWR, SEQUENCE_ECE, SEQUENCE_FIN } = side;
const { TROUBLED, WINDOW, WINDOW_RANGE, WINDOW_SEEN, ZERO_WINDOW } = side;
const { FOUND_ALL, FOUND_MSS, FOUND_SCALE, OPTIONS_FOUND, OPTION_MSS, OPTION_SCALE } = options;

const FIN = 0x01;
const ACK = 0x10;
const ECE = 0x40;
const CWR = 0x80;

/** Adds 1 to a counter of a loss block. */
export function count(health: HealthTable, line: number, block: number, counter: number): void {
  const at = lossOf(health, line, block) + counter;
  health.loss[at] = health.loss[at]! + 1;
}

/** Counts the flags that few segments have; SYN and RST have functions of their own. */
export function countFlags(health: HealthTable, line: number, block: number, flags: number): void {
  if ((flags & ECE) !== 0) count(health, line, block, SEQUENCE_ECE);
  if ((flags & CWR) !== 0) count(health, line, block, SEQUENCE_CWR);
  if ((flags & FIN) !== 0) count(health, line, block, SEQUENCE_FIN);
}

/** An RST: as the answer to a SYN it refuses the connection. */
export function addReset(
  health: HealthTable,
  slot: number,
  isReverse: number,
  line: number,
  block: number,
): void {
  count(health, line, block, SEQUENCE_RST);
  const bits = slot * HOT_WORDS + FLOW_BITS;
  const flow = health.hot[bits]!;
  if (isReverse === 1 && (flow & (FLOW_SYN | FLOW_SYN_ACK)) === FLOW_SYN)
    health.hot[bits] = flow | FLOW_REFUSED;
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
  const { hot, loss, segment } = health;
  const line = slot * 2 + isReverse;
  const block = slot * HOT_WORDS + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const other = slot * HOT_WORDS + HOT_REVERSE - isReverse * (HOT_REVERSE - HOT_FORWARD);
  const at = lossOf(health, line, block);
  loss[at + SEQUENCE_SYN] = loss[at + SEQUENCE_SYN]! + 1;
  let bits = hot[block + BITS]!;
  const isRepeated = (bits & INITIAL_KNOWN) !== 0 && loss[at + SEQUENCE_INITIAL] === seq;
  if (isRepeated) {
    loss[at + SEQUENCE_RETRANSMITTED] = loss[at + SEQUENCE_RETRANSMITTED]! + 1;
    hot[block + BITS] = bits | TROUBLED;
  } else {
    const isReopened = (bits & (NEXT_KNOWN | INITIAL_KNOWN)) === (NEXT_KNOWN | INITIAL_KNOWN);
    if (isReopened && (flags & ACK) === 0) {
      // The ports were taken into use again: nothing of the connection before counts for this one.
      hot[other + BITS] = hot[other + BITS]! & ~(NEXT_KNOWN | ACK_KNOWN | INITIAL_KNOWN | PENDING_MASK);
      bits &= ~(ACK_KNOWN | PENDING_MASK | HAS_HOLES);
      loss[at + SEQUENCE_HOLES] = 0;
    }
    loss[at + SEQUENCE_INITIAL] = seq;
    hot[block + NEXT] = (seq + 1 + payload) | 0;
    bits |= NEXT_KNOWN | INITIAL_KNOWN;
    const found = segment[OPTIONS_FOUND]!;
    let scale = 0;
    if ((found & FOUND_ALL) !== 0) bits |= SYN_OPTIONS;
    if ((found & FOUND_MSS) !== 0) {
      loss[at + SEQUENCE_MSS] = segment[OPTION_MSS]!;
      bits |= MSS_KNOWN;
    }
    if ((found & FOUND_SCALE) !== 0) {
      scale = segment[OPTION_SCALE]!;
      bits |= SCALE_OPTION;
    }
    hot[block + WINDOW] = scale << 16;
    hot[block + BITS] = bits;
  }
  if ((flags & ACK) !== 0) {
    hot[block + ACKED] = ack;
    hot[block + BITS] = hot[block + BITS]! | ACK_KNOWN;
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
  const bits = hot[block + BITS]!;
  if ((bits & WINDOW_SEEN) === 0) {
    hot[block + BITS] = bits | WINDOW_SEEN;
    hot[block + WINDOW_RANGE] = window | (window << 16);
  } else {
    const range = hot[block + WINDOW_RANGE]!;
    if (window < (range & 0xffff)) hot[block + WINDOW_RANGE] = (range & ~0xffff) | window;
    else if (window > range >>> 16) hot[block + WINDOW_RANGE] = (range & 0xffff) | (window << 16);
  }
  hot[block + WINDOW] = (hot[block + WINDOW]! & ~0xffff) | window;
  if (window !== 0 && (bits & ZERO_WINDOW) === 0) return;
  const at = lossOf(health, line, block);
  const { loss, lossDoubles } = health;
  const since = (at >>> 1) + SEQUENCE_ZERO_SINCE_NS;
  if (window === 0) {
    hot[other + BITS] = hot[other + BITS]! | TROUBLED;
    if ((bits & ZERO_WINDOW) !== 0) return;
    hot[block + BITS] = hot[block + BITS]! | ZERO_WINDOW;
    loss[at + SEQUENCE_ZERO_WINDOWS] = loss[at + SEQUENCE_ZERO_WINDOWS]! + 1;
    lossDoubles[since] = times[i]!;
    return;
  }
  hot[block + BITS] = hot[block + BITS]! & ~ZERO_WINDOW;
  if (((hot[other + NEXT]! - hot[block + ACKED]!) | 0) <= 0) endTrouble(health, line ^ 1, other, times, i);
  const total = (at >>> 1) + SEQUENCE_ZERO_WINDOW_NS;
  lossDoubles[total] = lossDoubles[total]! + times[i]! - lossDoubles[since]!;
}
