/**
 * What path health notes of a common TCP segment on the hot words of its direction, at `block` (metering/path-health:
 * tcp.ts, control.ts and segments.ts say what it is).
 */
import * as side from '../../records/path-health-words';

const BITS: usize = side.BITS * 4;
const WINDOW: usize = side.WINDOW * 4;
const ID_REACH: i32 = side.ID_REACH;

/** Notes the IP identification of a direction's segment, and what the step from the one before tells. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function noteIdentification(block: usize, id: u32): void {
  const bits = load<u32>(block, BITS);
  const known = load<u32>(block, side.ID_SEGMENT * 4);
  let seen = bits | side.SEEN | side.SEEN_IN_RECORD;
  if (id !== (known & 0xffff)) {
    if ((bits & side.SEEN) !== 0) {
      const step = <i32>((id - known) << 16) >> 16;
      seen |= side.ID_VARIES;
      if (step > 0 && step < ID_REACH) seen |= side.ID_ORDERED;
      else if (step <= -ID_REACH || step >= ID_REACH) seen &= ~side.ID_ORDERED;
    }
    store<u32>(block, (known & 0xffff0000) | id, side.ID_SEGMENT * 4);
  }
  store<u32>(block, seen, BITS);
}

/** Notes the receive window that a direction advertises, which is not 0. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function noteWindow(block: usize, window: u32): void {
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
}

/** The window that the direction at `other` advertised last, in octets. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function windowOctets(bits: u32, otherBits: u32, other: usize): i32 {
  const window = load<u32>(other, WINDOW);
  const shift = (bits & otherBits & side.SCALE_OPTION) !== 0 ? window >>> 16 : 0;
  return <i32>((window & 0xffff) << shift);
}

/** Counts a segment with new data in order, of a direction whose next number is `next` then. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function noteSegment(block: usize, other: usize, payload: u32, next: u32): void {
  store<u32>(block, load<u32>(block, side.SEGMENTS * 4) + 1, side.SEGMENTS * 4);
  const known = load<u32>(block, side.ID_SEGMENT * 4);
  if (payload > known >>> 16) store<u32>(block, (known & 0xffff) | (payload << 16), side.ID_SEGMENT * 4);
  store<u32>(block, next, side.NEXT * 4);
  if ((load<u32>(other, BITS) & side.ACK_KNOWN) === 0) return;
  const flight = <i32>(next - load<u32>(other, side.ACKED * 4));
  if (flight > load<i32>(block, side.FLIGHT * 4)) store<i32>(block, flight, side.FLIGHT * 4);
}
