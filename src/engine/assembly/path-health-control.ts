/** SYN, RST and the receive window (metering/path-health/control.ts says what they change): by the same rules. */
import * as side from '../../records/path-health-words';
import { ACK, FIN } from './headers';
import { FOUND_ALL, FOUND_MSS, FOUND_SCALE, found, optionMss, optionScale } from './path-health-options';
import {
  ACKED,
  add,
  addHalf,
  BITS,
  blockOf,
  clearBits,
  count,
  FLOW_BITS,
  NEXT,
  setBits,
  handshakeOf,
  useLoss,
  useHandshake,
  WINDOW,
} from './path-health-state';
import { endTrouble, noteSyn, noteSynAck } from './path-health-times';

export const ECE: u32 = 0x40;
export const CWR: u32 = 0x80;

/** Counts the flags that few segments have; SYN and RST have functions of their own. */
export function countFlags(flow: usize, d: u32, flags: u32): void {
  if ((flags & ECE) !== 0) count(flow, d, side.SEQUENCE_ECE);
  if ((flags & CWR) !== 0) count(flow, d, side.SEQUENCE_CWR);
  if ((flags & FIN) !== 0) addHalf(useHandshake(flow, d) + side.HANDSHAKE_SYN_FIN * 4 + 2);
}

/** An RST: as the answer to a SYN it refuses the connection. */
export function addReset(flow: usize, d: u32): void {
  addHalf(useHandshake(flow, d) + side.HANDSHAKE_RST_MSS * 4);
  const bits = load<u32>(flow, FLOW_BITS);
  if (d === 1 && (bits & (side.FLOW_SYN | side.FLOW_SYN_ACK)) === side.FLOW_SYN)
    store<u32>(flow, bits | side.FLOW_REFUSED, FLOW_BITS);
}

/** A SYN or SYN/ACK: it begins the sequence numbers, and its options hold for the connection. */
export function addSyn(flow: usize, d: u32, flags: u32, seq: u32, ack: u32, payload: i32, timeNs: f64): void {
  const block = blockOf(flow, d);
  const at = useHandshake(flow, d);
  addHalf(at + side.HANDSHAKE_SYN_FIN * 4);
  const bits = load<u32>(block, BITS);
  const isRepeated = (bits & side.INITIAL_KNOWN) !== 0 && load<u32>(at, side.HANDSHAKE_INITIAL * 4) === seq;
  if (isRepeated) {
    count(flow, d, side.SEQUENCE_RETRANSMITTED);
    setBits(block, side.TROUBLED);
  } else {
    beginConnection(flow, d, (flags & ACK) === 0);
    store<u32>(at, seq, side.HANDSHAKE_INITIAL * 4);
    store<u32>(block, seq + 1 + <u32>payload, NEXT);
  }
  if ((flags & ACK) !== 0) {
    store<u32>(block, ack, ACKED);
    setBits(block, side.ACK_KNOWN);
    if (d === 1) noteSynAck(flow, timeNs);
  } else if (d === 0) noteSyn(flow, isRepeated || payload > 0, timeNs);
}

/** What the options of a direction's first SYN say. @param isOpening it is no answer: ports may be taken into use again */
function beginConnection(flow: usize, d: u32, isOpening: bool): void {
  const block = blockOf(flow, d);
  const known: u32 = side.NEXT_KNOWN | side.INITIAL_KNOWN;
  let bits = load<u32>(block, BITS);
  if (isOpening && (bits & known) === known) {
    // Nothing of the connection before counts for this one.
    clearBits(blockOf(flow, d ^ 1), known | side.ACK_KNOWN | side.PENDING_MASK);
    bits &= ~(side.ACK_KNOWN | side.PENDING_MASK | side.HAS_HOLES);
    if ((bits & side.SEQUENCE_USED) !== 0) store<u32>(useLoss(flow, d), 0, side.SEQUENCE_HOLES * 4);
  }
  bits |= known;
  if ((found & FOUND_ALL) !== 0) bits |= side.SYN_OPTIONS;
  if ((found & FOUND_MSS) !== 0) {
    store<u16>(handshakeOf(flow, d), <u16>optionMss, side.HANDSHAKE_RST_MSS * 4 + 2);
    bits |= side.MSS_KNOWN;
  }
  if ((found & FOUND_SCALE) !== 0) bits |= side.SCALE_OPTION;
  store<u32>(block, (found & FOUND_SCALE) !== 0 ? optionScale << 16 : 0, WINDOW);
  store<u32>(block, bits, BITS);
}

/** The receive window that a direction advertises, as it stands in the segment. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function addWindow(flow: usize, d: u32, window: u32, timeNs: f64): void {
  const block = blockOf(flow, d);
  const bits = load<u32>(block, BITS);
  if ((bits & side.WINDOW_SEEN) === 0) {
    store<u32>(block, bits | side.WINDOW_SEEN, BITS);
    store<u32>(block, window | (window << 16), side.WINDOW_RANGE * 4);
  } else {
    const range = load<u32>(block, side.WINDOW_RANGE * 4);
    if (window < (range & 0xffff)) store<u32>(block, (range & 0xffff0000) | window, side.WINDOW_RANGE * 4);
    else if (window > range >>> 16)
      store<u32>(block, (range & 0xffff) | (window << 16), side.WINDOW_RANGE * 4);
  }
  store<u32>(block, (load<u32>(block, WINDOW) & 0xffff0000) | window, WINDOW);
  if (window === 0 || (bits & side.ZERO_WINDOW) !== 0) moveZeroWindow(flow, d, window, bits, timeNs);
}

/** The window closes, stays closed, or opens. @param bits  of the direction, before the segment */
function moveZeroWindow(flow: usize, d: u32, window: u32, bits: u32, timeNs: f64): void {
  const block = blockOf(flow, d);
  const other = blockOf(flow, d ^ 1);
  const at = useLoss(flow, d);
  const wasClosed = (bits & side.ZERO_WINDOW) !== 0;
  if (window === 0) {
    setBits(other, side.TROUBLED);
    if (wasClosed) return;
    setBits(block, side.ZERO_WINDOW);
    add(at, side.SEQUENCE_ZERO_WINDOWS, 1);
    store<f64>(at, timeNs, side.SEQUENCE_ZERO_SINCE_NS * 8);
    return;
  }
  clearBits(block, side.ZERO_WINDOW);
  if (<i32>(load<u32>(other, NEXT) - load<u32>(block, ACKED)) <= 0) endTrouble(flow, d ^ 1, timeNs);
  const total = load<f64>(at, side.SEQUENCE_ZERO_WINDOW_NS * 8);
  store<f64>(
    at,
    total + timeNs - load<f64>(at, side.SEQUENCE_ZERO_SINCE_NS * 8),
    side.SEQUENCE_ZERO_WINDOW_NS * 8,
  );
}
