/**
 * Where the state of path health lies in the engine's memory (records/path-health-words.ts says what it holds), and how it
 * is counted in. A flow's hot words are at `flow`; `d` is a direction of it, 0 forward, 1 reverse.
 */
import * as place from '../../records/engine-words';
import * as side from '../../records/path-health-words';

export const HOT_OCTETS: usize = side.HOT_WORDS * 4;
export const LINE_OCTETS: usize = side.LINE_WORDS * 4;
export const LOSS_OCTETS: usize = side.SEQUENCE_WORDS * 4;
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
const RARE_OCTETS: usize = side.RARE_WORDS * 4;
const TIMES: usize = side.HOT_TIMES * 4;
const HANDSHAKE: usize = side.HOT_HANDSHAKE * 4;
const TIMES_OCTETS: usize = side.TIMES_WORDS * 4;
const HANDSHAKE_OCTETS: usize = side.HANDSHAKE_WORDS * 4;
const SILENCES: usize = side.HOT_SILENCES * 4;
const SAMPLES: usize = side.TIMES_SAMPLES * 4;
const STAMPS: usize = side.TIMES_STAMPS * 4;
const RARE: usize = side.SILENCE_RARE * 4;
const HISTOGRAM: usize = side.SILENCE_HISTOGRAM * 4;
const WIDE_OCTETS: usize = side.WIDE_WORDS * 4;
export const INTERVAL_END: usize = side.INTERVAL_END_NS * 8;

export let hot: usize = 0;
export let intervalNs: f64 = 0;
let lines: usize = 0;
let rare: usize = 0;
let wide: usize = 0;
let pools: usize = 0;
/** Where the passes that touch ahead keep places: a word for each packet of one. */
export let touchedPlaces: usize = 0;

/** The state that is measured in. @param at as for `useTable` */
export function useHealth(at: usize): void {
  hot = load<u32>(at, place.TABLE_HEALTH_HOT * 4);
  lines = load<u32>(at, place.TABLE_HEALTH_LINES * 4);
  rare = load<u32>(at, place.TABLE_HEALTH_RARE * 4);
  wide = load<u32>(at, place.TABLE_HEALTH_WIDE * 4);
  pools = load<u32>(at, place.TABLE_HEALTH_POOLS * 4);
  touchedPlaces = load<u32>(at, place.TABLE_HEALTH_PLACES * 4);
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

/** The line whose number stands at `at`: line 0, which is empty, where the flow has none. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function lineOf(at: usize, offset: usize): usize {
  return lines + (<usize>load<u32>(at + offset)) * LINE_OCTETS;
}

/** What a direction waits for: its half of the flow's line of times. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function timesOf(flow: usize, d: u32): usize {
  return lineOf(flow, TIMES) + <usize>d * TIMES_OCTETS;
}

/** The other half of a line of times. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function otherTimes(times: usize): usize {
  return times ^ TIMES_OCTETS;
}

/** The handshake of a direction: its half of the flow's line. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function handshakeOf(flow: usize, d: u32): usize {
  return lineOf(flow, HANDSHAKE) + <usize>d * HANDSHAKE_OCTETS;
}

/** The line of samples of a direction, by its half of the line of times. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function samplesOf(times: usize): usize {
  return lineOf(times, SAMPLES);
}

/** The line of timestamps of a direction, likewise. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function stampsOf(times: usize): usize {
  return lineOf(times, STAMPS);
}

/** Takes a part from a pool whose parts lie at `parts`. @returns its number */
function take(pool: usize, parts: usize, octets: usize): u32 {
  const at = pools + (pool << 2);
  store<u32>(at, load<u32>(at, side.POOL_USED * 4) + 1, side.POOL_USED * 4);
  const free = load<u32>(at, side.POOL_FREE * 4);
  if (free !== 0) {
    store<u32>(at, load<u32>(parts + <usize>free * octets), side.POOL_FREE * 4);
    return free;
  }
  const number = load<u32>(at, side.POOL_MOST * 4) + 1;
  store<u32>(at, number, side.POOL_MOST * 4);
  return number;
}

/** Gives part `number` back to its pool, unless it is 0. */
function give(pool: usize, parts: usize, octets: usize, number: u32): void {
  if (number === 0) return;
  const at = pools + (pool << 2);
  store<u32>(parts + <usize>number * octets, load<u32>(at, side.POOL_FREE * 4));
  store<u32>(at, number, side.POOL_FREE * 4);
  store<u32>(at, load<u32>(at, side.POOL_USED * 4) - 1, side.POOL_USED * 4);
}

/** Takes an empty line, and notes its number at `at`. */
export function takeLine(at: usize): usize {
  const number = take(side.POOL_LINES, lines, LINE_OCTETS);
  const line = lines + <usize>number * LINE_OCTETS;
  const zero = i64x2.splat(0);
  v128.store(line, zero);
  v128.store(line, zero, 16);
  v128.store(line, zero, 32);
  v128.store(line, zero, 48);
  store<u32>(at, number);
  return line;
}

/** The line whose number stands at `at`, which is taken if none does. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function useLine(at: usize): usize {
  return load<u32>(at) === 0 ? takeLine(at) : lineOf(at, 0);
}

/** What a direction waits for: the flow gets the line if it has none. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function useTimes(flow: usize, d: u32): usize {
  return useLine(flow + TIMES) + <usize>d * TIMES_OCTETS;
}

/** The handshake of a direction, likewise. */
export function useHandshake(flow: usize, d: u32): usize {
  return useLine(flow + HANDSHAKE) + <usize>d * HANDSHAKE_OCTETS;
}

/** The line of samples of a direction, which it gets if it has none. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function useSamples(flow: usize, d: u32): usize {
  return useLine(useTimes(flow, d) + SAMPLES);
}

/** The line of timestamps of a direction, which it gets if it has none. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function useStamps(flow: usize, d: u32): usize {
  return useLine(useTimes(flow, d) + STAMPS);
}

/** The silences of a direction. */
export function useSilences(flow: usize, d: u32): usize {
  return useLine(flow + SILENCES) + <usize>d * (side.SILENCE_WORDS * 4);
}

/** The flow's rare block, which it gets if it has none. */
function useRare(flow: usize): usize {
  const at = useSilences(flow, 0) + RARE;
  let number = load<u32>(at);
  if (number === 0) {
    number = take(side.POOL_RARE, rare, RARE_OCTETS);
    store<u32>(at, number);
  }
  return rare + <usize>number * RARE_OCTETS;
}

/** Where the number of the flow's histogram stands. */
export function histogramPlace(flow: usize): usize {
  return useSilences(flow, 0) + HISTOGRAM;
}

/** Where histogram `number` lies: a line, or a wide one. */
export function histogramAt(number: u32, isWide: bool): usize {
  return isWide ? wide + <usize>number * WIDE_OCTETS : lines + <usize>number * LINE_OCTETS;
}

/** Takes an empty wide histogram. @returns its number */
export function takeWide(): u32 {
  const number = take(side.POOL_WIDE, wide, WIDE_OCTETS);
  memory.fill(wide + <usize>number * WIDE_OCTETS, 0, WIDE_OCTETS);
  return number;
}

/** Gives histogram `number` back to its pool, unless it is 0. */
export function giveHistogram(number: u32, isWide: bool): void {
  if (isWide) give(side.POOL_WIDE, wide, WIDE_OCTETS, number);
  else give(side.POOL_LINES, lines, LINE_OCTETS, number);
}

/** Takes the lines, the block and the histogram of the flow that was there for others. */
export function freeParts(flow: usize): void {
  if ((load<u64>(flow, TIMES) | <u64>load<u32>(flow, SILENCES)) === 0) return;
  for (let d: u32 = 0; d < 2; d++) {
    const times = timesOf(flow, d);
    give(side.POOL_LINES, lines, LINE_OCTETS, load<u32>(times, SAMPLES));
    give(side.POOL_LINES, lines, LINE_OCTETS, load<u32>(times, STAMPS));
  }
  give(side.POOL_LINES, lines, LINE_OCTETS, load<u32>(flow, TIMES));
  give(side.POOL_LINES, lines, LINE_OCTETS, load<u32>(flow, HANDSHAKE));
  const silences = lineOf(flow, SILENCES);
  give(side.POOL_RARE, rare, RARE_OCTETS, load<u32>(silences, RARE));
  giveHistogram(load<u32>(silences, HISTOGRAM), (load<u32>(flow, FLOW_BITS) & side.FLOW_OCTETS_WIDE) !== 0);
  give(side.POOL_LINES, lines, LINE_OCTETS, load<u32>(flow, SILENCES));
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

/** Adds 1 to the counter of 16 bits at `at`, which stays at its greatest. */
export function addHalf(at: usize): void {
  const count = load<u16>(at);
  if (count !== 0xffff) store<u16>(at, count + 1);
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
  return <i32>load<u16>(handshakeOf(flow, d), side.HANDSHAKE_RST_MSS * 4 + 2);
}
