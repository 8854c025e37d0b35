/**
 * Times of path health (metering/path-health/timing.ts says what they are): the same figures, by the same rules. `flow` and
 * `d`: as of path-health-state.ts.
 */
import * as side from '../../records/path-health-words';
import {
  add,
  addDouble,
  BITS,
  blockOf,
  clearBits,
  FLOW_BITS,
  handshakeOf,
  LAST_DATA,
  NEXT,
  stampsOf,
  timesOf,
  useHandshake,
  useSamples,
  useSilences,
  useStamps,
  useTimes,
} from './path-health-state';

const PENDING_SHIFT: u32 = 5;
const JITTER_SHARE: f64 = 1.0 / 16;
const SYN_NS: usize = side.SYN_NS * 8;

/** Adds a time to the accumulator at `at`. */
function addSample(at: usize, ns: f64): void {
  const samples = load<u32>(at, side.SAMPLES * 4);
  store<u32>(at, samples + 1, side.SAMPLES * 4);
  store<f64>(at, load<f64>(at, side.SUM_NS * 4) + ns, side.SUM_NS * 4);
  if (samples === 0) {
    store<f32>(at, <f32>ns, side.LEAST_NS * 4);
    store<f32>(at, <f32>ns, side.GREATEST_NS * 4);
    store<f32>(at, 0, side.JITTER_NS * 4);
  } else {
    if (ns < <f64>load<f32>(at, side.LEAST_NS * 4)) store<f32>(at, <f32>ns, side.LEAST_NS * 4);
    if (ns > <f64>load<f32>(at, side.GREATEST_NS * 4)) store<f32>(at, <f32>ns, side.GREATEST_NS * 4);
    const change = ns - <f64>load<f32>(at, side.LAST_NS * 4);
    const jitter = <f64>load<f32>(at, side.JITTER_NS * 4);
    store<f32>(at, <f32>(jitter + (abs<f64>(change) - jitter) * JITTER_SHARE), side.JITTER_NS * 4);
  }
  store<f32>(at, <f32>ns, side.LAST_NS * 4);
}

/** Waits for the acknowledgement of new data that ends at `end`: fewer than three are waited for. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function expectAck(flow: usize, d: u32, end: u32, timeNs: f64): void {
  const at = useTimes(flow, d);
  const block = blockOf(flow, d);
  const bits = load<u32>(block, BITS);
  const pending = (bits & side.PENDING_MASK) >>> PENDING_SHIFT;
  if (pending < <u32>side.PENDING_HERE) {
    store<u32>(at + ((<usize>pending) << 2), end, side.PENDING_END * 4);
    store<f64>(at + ((<usize>pending) << 3), timeNs, side.PENDING_NS * 8);
  } else {
    const third = useHandshake(flow, d);
    store<u32>(third, end, side.THIRD_END * 4);
    store<f64>(third, timeNs, side.THIRD_NS * 8);
  }
  store<u32>(block, bits + side.PENDING_ONE, BITS);
}

/** The end of segment `p` that is waited for; the third one stands elsewhere. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function endOf(times: usize, flow: usize, d: u32, p: u32): u32 {
  if (p >= <u32>side.PENDING_HERE) return load<u32>(handshakeOf(flow, d), side.THIRD_END * 4);
  return load<u32>(times + ((<usize>p) << 2), side.PENDING_END * 4);
}

/** Its time. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function nsOf(times: usize, flow: usize, d: u32, p: u32): f64 {
  if (p >= <u32>side.PENDING_HERE) return load<f64>(handshakeOf(flow, d), side.THIRD_NS * 8);
  return load<f64>(times + ((<usize>p) << 3), side.PENDING_NS * 8);
}

/** Data of the direction is acknowledged up to `ack`; some of it is waited for. */
export function takeAckRtt(flow: usize, d: u32, ack: u32, timeNs: f64): void {
  const at = timesOf(flow, d);
  const block = blockOf(flow, d);
  const bits = load<u32>(block, BITS);
  const pending = (bits & side.PENDING_MASK) >>> PENDING_SHIFT;
  let covered: u32 = 0;
  while (covered < pending && <i32>(endOf(at, flow, d, covered) - ack) <= 0) covered++;
  if (covered === 0) return;
  const ns = timeNs - nsOf(at, flow, d, covered - 1);
  for (let p = covered; p < pending; p++) {
    const to = <usize>(p - covered);
    store<u32>(at + (to << 2), endOf(at, flow, d, p), side.PENDING_END * 4);
    store<f64>(at + (to << 3), nsOf(at, flow, d, p), side.PENDING_NS * 8);
  }
  store<u32>(block, bits - covered * side.PENDING_ONE, BITS);
  if (ns >= 0) addSample(useSamples(flow, d) + side.ACK_TIMES * 4, ns);
}

/** Whether an acknowledgement up to `ack` leaves data of the direction at `other` outstanding. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function leavesData(other: usize, ack: u32): bool {
  return (load<u32>(other, BITS) & side.NEXT_KNOWN) !== 0 && <i32>(load<u32>(other, NEXT) - ack) > 0;
}

/** Notes a timestamp when it is seen for the first time, while no other waits for its echo. */
export function noteTimestamp(flow: usize, d: u32, value: u32, isAwaited: bool, timeNs: f64): void {
  const at = useStamps(flow, d);
  const block = blockOf(flow, d);
  const bits = load<u32>(block, BITS);
  const isFirst = (bits & side.TIMESTAMP_SEEN) === 0;
  if (!isFirst && <i32>(value - load<u32>(at, side.TIMESTAMP_LAST * 4)) <= 0) return;
  store<u32>(at, value, side.TIMESTAMP_LAST * 4);
  store<u32>(block, bits | side.TIMESTAMP_SEEN, BITS);
  if (!isAwaited || (bits & side.TIMESTAMP_PENDING) !== 0) return;
  store<u32>(at, value, side.TIMESTAMP_PENDING_VALUE * 4);
  store<f64>(at, timeNs, side.TIMESTAMP_PENDING_NS * 8);
  store<u32>(block, bits | side.TIMESTAMP_SEEN | side.TIMESTAMP_PENDING, BITS);
}

/** The other direction echoes a timestamp of this one, of which one is waited for. */
export function takeTimestampRtt(flow: usize, d: u32, echo: u32, timeNs: f64): void {
  const at = stampsOf(timesOf(flow, d));
  const block = blockOf(flow, d);
  const beyond = <i32>(echo - load<u32>(at, side.TIMESTAMP_PENDING_VALUE * 4));
  if (beyond < 0) return;
  const bits = load<u32>(block, BITS) & ~side.TIMESTAMP_PENDING;
  store<u32>(block, bits, BITS);
  const notedNs = load<f64>(at, side.TIMESTAMP_PENDING_NS * 8);
  const ns = timeNs - notedNs;
  if (beyond > 0 || !(ns >= 0)) return;
  const isBare = (bits & side.DATA_SEEN) === 0 || notedNs > load<f64>(block, LAST_DATA);
  if (isBare && 2 * (timeNs - load<f64>(blockOf(flow, d ^ 1), LAST_DATA)) > ns) return;
  addSample(at + side.TIMESTAMP_TIMES * 4, ns);
}

/** The direction's first data behind data of the other one. */
export function takeResponse(flow: usize, d: u32, timeNs: f64): void {
  const ns = timeNs - load<f64>(blockOf(flow, d ^ 1), LAST_DATA);
  if (!(ns >= 0)) return;
  addSample(useSamples(flow, d ^ 1) + side.RESPONSE_TIMES * 4, ns);
}

/** A silence has ended. */
export function noteSilence(flow: usize, d: u32, ns: f64, isStall: bool): void {
  const at = useSilences(flow, d);
  const longest =
    at + (isStall ? <usize>(side.SILENCE_LONGEST_STALL_NS * 8) : <usize>(side.SILENCE_LONGEST_IDLE_NS * 8));
  if (ns > load<f64>(longest)) store<f64>(longest, ns);
  if (!isStall) return;
  add(at, side.SILENCE_STALLS, 1);
  addDouble(at, side.SILENCE_STALLED_NS, ns);
  clearBits(blockOf(flow, d), side.TROUBLED);
}

/** What held the direction's data up is over. */
export function endTrouble(flow: usize, d: u32, timeNs: f64): void {
  const block = blockOf(flow, d);
  clearBits(block, side.TROUBLED);
  const ns = timeNs - load<f64>(block, LAST_DATA);
  if ((load<u32>(block, BITS) & side.DATA_SEEN) === 0 || !(ns >= side.SILENCE_NS)) return;
  noteSilence(flow, d, ns, true);
  store<f64>(block, timeNs, LAST_DATA);
}

/** A SYN of the initiator. */
export function noteSyn(flow: usize, isVoid: bool, timeNs: f64): void {
  const at = useHandshake(flow, 0);
  const bits = load<u32>(flow, FLOW_BITS);
  if ((bits & side.FLOW_SERVER_TIME) !== 0) return;
  store<u32>(flow, bits | side.FLOW_SYN | (isVoid ? side.FLOW_SERVER_VOID : 0), FLOW_BITS);
  store<f64>(at, timeNs, SYN_NS);
}

/** A SYN/ACK of the responder. */
export function noteSynAck(flow: usize, timeNs: f64): void {
  const forward = useHandshake(flow, 0);
  const reverse = useHandshake(flow, 1);
  const bits = load<u32>(flow, FLOW_BITS);
  if ((bits & side.FLOW_SYN_ACK) !== 0) {
    if ((bits & side.FLOW_CLIENT_TIME) === 0) store<u32>(flow, bits | side.FLOW_CLIENT_VOID, FLOW_BITS);
    return;
  }
  store<f64>(reverse, timeNs, SYN_NS);
  const isTimed = (bits & (side.FLOW_SYN | side.FLOW_SERVER_VOID)) === side.FLOW_SYN;
  if (isTimed) store<f64>(forward, timeNs - load<f64>(forward, SYN_NS), SYN_NS);
  store<u32>(flow, bits | side.FLOW_SYN_ACK | (isTimed ? side.FLOW_SERVER_TIME : 0), FLOW_BITS);
}

/** The initiator's first segment behind the SYN/ACK. */
export function noteEstablished(flow: usize, timeNs: f64): void {
  const reverse = useHandshake(flow, 1);
  const bits = load<u32>(flow, FLOW_BITS);
  const isTimed = (bits & side.FLOW_CLIENT_VOID) === 0;
  store<u32>(flow, bits | side.FLOW_ESTABLISHED | (isTimed ? side.FLOW_CLIENT_TIME : 0), FLOW_BITS);
  if (isTimed) store<f64>(reverse, timeNs - load<f64>(reverse, SYN_NS), SYN_NS);
}
