/**
 * Times of path health (metering/path-health/timing.ts says what they are): the same figures, for what common packets
 * need of them. Places of a direction: `block` is that of its hot words, `at` that of its timing.
 */
import * as side from '../../records/path-health-words';

const BITS: usize = side.BITS * 4;
const TIMING_OCTETS: usize = side.TIMING_WORDS * 4;
const PENDING_SHIFT: u32 = 5;
const JITTER_SHARE: f64 = 1.0 / 16;

/** Empties a direction's timing at its first use. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function useTiming(block: usize, at: usize): void {
  const bits = load<u32>(block, BITS);
  if ((bits & side.TIMING_USED) !== 0) return;
  store<u32>(block, bits | side.TIMING_USED, BITS);
  memory.fill(at, 0, TIMING_OCTETS);
}

/** Adds a time to the accumulator at `at`. */
export function addSample(at: usize, ns: f64): void {
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

/** Waits for the acknowledgement of new data that ends at `end`, if fewer than three are waited for. */
export function expectAck(block: usize, at: usize, end: u32, timeNs: f64): void {
  if ((load<u32>(block, BITS) & side.PENDING_MASK) === side.PENDING_MASK) return;
  useTiming(block, at);
  const bits = load<u32>(block, BITS);
  const pending = (bits & side.PENDING_MASK) >>> PENDING_SHIFT;
  store<u32>(at + ((<usize>pending) << 2), end, side.PENDING_END * 4);
  store<f64>(at + ((<usize>pending) << 3), timeNs, side.PENDING_NS * 8);
  store<u32>(block, bits + side.PENDING_ONE, BITS);
}

/** Data of the direction is acknowledged up to `ack`; some of it is waited for. */
export function takeAckRtt(block: usize, at: usize, ack: u32, timeNs: f64): void {
  const bits = load<u32>(block, BITS);
  const pending = (bits & side.PENDING_MASK) >>> PENDING_SHIFT;
  let covered: u32 = 0;
  while (covered < pending) {
    const end = load<u32>(at + ((<usize>covered) << 2), side.PENDING_END * 4);
    if (<i32>(end - ack) > 0) break;
    covered++;
  }
  if (covered === 0) return;
  const ns = timeNs - load<f64>(at + ((<usize>(covered - 1)) << 3), side.PENDING_NS * 8);
  for (let p = covered; p < pending; p++) {
    const to = <usize>(p - covered);
    store<u32>(at + (to << 2), load<u32>(at + ((<usize>p) << 2), side.PENDING_END * 4), side.PENDING_END * 4);
    store<f64>(at + (to << 3), load<f64>(at + ((<usize>p) << 3), side.PENDING_NS * 8), side.PENDING_NS * 8);
  }
  store<u32>(block, bits - covered * side.PENDING_ONE, BITS);
  if (ns >= 0) addSample(at + side.ACK_TIMES * 4, ns);
}

/** Notes a timestamp when it is seen for the first time, while no other waits for its echo. */
export function noteTimestamp(block: usize, at: usize, value: u32, isAwaited: bool, timeNs: f64): void {
  useTiming(block, at);
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

/**
 * An echo of a timestamp of the direction, one of whose is waited for.
 * @param echoing  the hot words of the direction that it came by
 */
export function takeTimestampRtt(block: usize, at: usize, echoing: usize, echo: u32, timeNs: f64): void {
  const beyond = <i32>(echo - load<u32>(at, side.TIMESTAMP_PENDING_VALUE * 4));
  if (beyond < 0) return;
  const bits = load<u32>(block, BITS) & ~side.TIMESTAMP_PENDING;
  store<u32>(block, bits, BITS);
  const notedNs = load<f64>(at, side.TIMESTAMP_PENDING_NS * 8);
  const ns = timeNs - notedNs;
  if (beyond > 0 || !(ns >= 0)) return;
  const isBare = (bits & side.DATA_SEEN) === 0 || notedNs > load<f64>(block, side.LAST_DATA_NS * 8);
  if (isBare && 2 * (timeNs - load<f64>(echoing, side.LAST_DATA_NS * 8)) > ns) return;
  addSample(at + side.TIMESTAMP_TIMES * 4, ns);
}

/** The direction's first data behind data of the other one, whose hot words are at `other`. */
export function takeResponse(block: usize, at: usize, other: usize, timeNs: f64): void {
  const ns = timeNs - load<f64>(other, side.LAST_DATA_NS * 8);
  if (!(ns >= 0)) return;
  useTiming(block, at);
  addSample(at + side.RESPONSE_TIMES * 4, ns);
}
