/**
 * Where the state of path health lies in the engine's memory (records/path-health-words.ts says what it holds), and how it
 * is counted in. A flow's hot words are at `flow`; `d` is a direction of it, 0 forward, 1 reverse.
 */
import * as place from '../../records/engine-words';
import * as side from '../../records/path-health-words';

export const HOT_OCTETS: usize = side.HOT_WORDS * 4;
export const TIMING_OCTETS: usize = side.TIMING_WORDS * 4;
export const LOSS_OCTETS: usize = side.SEQUENCE_WORDS * 4;
/** Of the histogram of one direction. */
export const HISTOGRAM_OCTETS: usize = side.INTERVALS_MAX * 8;
const BLOCK_OCTETS: usize = (side.HOT_REVERSE - side.HOT_FORWARD) * 4;
const NS_PER_MS: f64 = 1e6;

export const BITS: usize = side.BITS * 4;
export const NEXT: usize = side.NEXT * 4;
export const ACKED: usize = side.ACKED * 4;
export const WINDOW: usize = side.WINDOW * 4;
export const ID_SEGMENT: usize = side.ID_SEGMENT * 4;
export const NEW_OCTETS: usize = side.NEW_OCTETS * 8;
export const LAST_DATA: usize = side.LAST_DATA_NS * 8;
export const FLOW_BITS: usize = side.FLOW_BITS * 4;
const RARE: usize = side.HOT_RARE * 4;
const RARE_OCTETS: usize = side.RARE_WORDS * 4;
export const INTERVAL_END: usize = side.INTERVAL_END_NS * 8;

export let hot: usize = 0;
export let timing: usize = 0;
export let intervalNs: f64 = 0;
let rare: usize = 0;
let rareState: usize = 0;

/** The state that is measured in. @param at as for `useTable` */
export function useHealth(at: usize): void {
  hot = load<u32>(at, place.TABLE_HEALTH_HOT * 4);
  timing = load<u32>(at, place.TABLE_HEALTH_TIMING * 4);
  rare = load<u32>(at, place.TABLE_HEALTH_RARE * 4);
  rareState = load<u32>(at, place.TABLE_HEALTH_RARE_STATE * 4);
  intervalNs = <f64>load<u32>(at, place.TABLE_HEALTH_INTERVAL_MS * 4) * NS_PER_MS;
}

/** Whether path health is measured here. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function hasHealth(): bool {
  return hot !== 0;
}

/** Hot words of a direction. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function blockOf(flow: usize, d: u32): usize {
  return flow + side.HOT_FORWARD * 4 + <usize>d * BLOCK_OCTETS;
}

/** Times of a direction, which may not be in use yet. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function timesOf(flow: usize, d: u32): usize {
  return timing + (((flow - hot) / HOT_OCTETS) * 2 + <usize>d) * TIMING_OCTETS;
}

/** The flow's rare block, which it gets if it has none. */
function useRare(flow: usize): usize {
  let number = load<u32>(flow, RARE);
  if (number === 0) {
    number = load<u32>(rareState, side.RARE_FREE * 4);
    if (number === 0) {
      number = load<u32>(rareState, side.RARE_TAKEN * 4) + 1;
      store<u32>(rareState, number, side.RARE_TAKEN * 4);
    } else {
      store<u32>(rareState, load<u32>(rare + <usize>(number - 1) * RARE_OCTETS), side.RARE_FREE * 4);
    }
    store<u32>(flow, number, RARE);
  }
  return rare + <usize>(number - 1) * RARE_OCTETS;
}

/** Takes the rare block of the flow that was there, if it had one, for others. */
export function freeRare(flow: usize): void {
  const number = load<u32>(flow, RARE);
  if (number === 0) return;
  store<u32>(rare + <usize>(number - 1) * RARE_OCTETS, load<u32>(rareState, side.RARE_FREE * 4));
  store<u32>(rareState, number, side.RARE_FREE * 4);
  store<u32>(flow, 0, RARE);
}

/** The flow's histogram, that of forward data first; the bits of the flow say whether it is in use. */
export function histogramOf(flow: usize): usize {
  return useRare(flow) + side.RARE_HISTOGRAMS * 8;
}

/** The times of a direction, emptied at their first use. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function useTimes(flow: usize, d: u32): usize {
  const block = blockOf(flow, d);
  const at = timesOf(flow, d);
  const bits = load<u32>(block, BITS);
  if ((bits & side.TIMING_USED) === 0) {
    store<u32>(block, bits | side.TIMING_USED, BITS);
    memory.fill(at, 0, TIMING_OCTETS);
  }
  return at;
}

/** The loss words of a direction, emptied at their first use. */
export function useLoss(flow: usize, d: u32): usize {
  const block = blockOf(flow, d);
  const at = useRare(flow) + <usize>d * LOSS_OCTETS;
  const bits = load<u32>(block, BITS);
  if ((bits & side.SEQUENCE_USED) === 0) {
    store<u32>(block, bits | side.SEQUENCE_USED, BITS);
    memory.fill(at, 0, LOSS_OCTETS);
  }
  return at;
}

/** Adds to the counter at word `counter` of `at`. */
export function add(at: usize, counter: usize, count: u32): void {
  store<u32>(at + (counter << 2), load<u32>(at + (counter << 2)) + count);
}

/** Adds to the double at double `number` of `at`. */
export function addDouble(at: usize, number: usize, value: f64): void {
  store<f64>(at + (number << 3), load<f64>(at + (number << 3)) + value);
}

/** Adds 1 to a counter of a direction's loss words. */
export function count(flow: usize, d: u32, counter: usize): void {
  add(useLoss(flow, d), counter, 1);
}

/** Sets bits of a direction, at `block`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function setBits(block: usize, bits: u32): void {
  store<u32>(block, load<u32>(block, BITS) | bits, BITS);
}

/** Clears bits of a direction, at `block`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function clearBits(block: usize, bits: u32): void {
  store<u32>(block, load<u32>(block, BITS) & ~bits, BITS);
}

/** The MSS that a direction's SYN announced, or 0. */
export function mssOf(flow: usize, d: u32): i32 {
  if ((load<u32>(blockOf(flow, d), BITS) & side.MSS_KNOWN) === 0) return 0;
  return <i32>load<u16>(flow + <usize>d * 2, side.HOT_MSS * 4);
}
