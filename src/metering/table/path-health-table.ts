/**
 * Memory of path health: side tables with the slot numbers of the flow table, made only where path health is switched
 * on. Nothing is measured here; records/path-health-words.ts has what they hold.
 *
 * A new flow empties only its hot words. Lines, rare blocks and wide histograms it gets when it first needs them, and leaves
 * them to others when its slot is taken by the next flow: so they lie close together, whichever flows need them, and the rest
 * stays untouched memory, which the system never hands out. There are as many as all flows could need, so none is ever refused.
 * PDM and ICMP are emptied by direction when they are first used, as bits of the hot words tell.
 */
import { createDecodedBatch, type DecodedBatch } from '../../records/decoded-batch.ts';
import { type AllocateMemory, int32Array } from '../../records/memory.ts';
import {
  FLOW_BITS,
  FLOW_OCTETS_WIDE,
  HANDSHAKE_WORDS,
  HOT_DOUBLES,
  HOT_HANDSHAKE,
  HOT_SILENCES,
  HOT_TIMES,
  HOT_WORDS,
  ICMP_WORDS,
  LINE_WORDS,
  LINES_MAX,
  PDM_WORDS,
  POOL_FREE,
  POOL_LINES,
  POOL_MOST,
  POOL_RARE,
  POOL_USED,
  POOL_WIDE,
  POOL_WORDS,
  RARE_WORDS,
  SEQUENCE_WORDS,
  SILENCE_HISTOGRAM,
  SILENCE_RARE,
  SILENCE_WORDS,
  TIMES_SAMPLES,
  TIMES_STAMPS,
  TIMES_WORDS,
  WIDE_WORDS,
} from '../../records/path-health-words.ts';

export * from '../../records/path-health-words.ts';

const NS_PER_MS = 1e6;

export interface HealthTable {
  /** Packets are selected from many: nothing that needs all of them is measured. */
  readonly isSampled: boolean;
  /** Length of an interval before it ever doubles. */
  readonly intervalNs: number;
  readonly hot: Int32Array;
  readonly hotDoubles: Float64Array;
  /** Lines, of which `timesAt` and its like tell what stands where. */
  readonly lines: Int32Array;
  readonly lineFloats: Float32Array;
  readonly lineDoubles: Float64Array;
  /** Counts and free lists of lines and blocks: POOL_…. */
  readonly pools: Int32Array;
  /** The rare blocks, of which `lossAt` tells what stands where. */
  readonly loss: Int32Array;
  readonly lossDoubles: Float64Array;
  /** Wide histograms (path-health-histogram.ts), and the same memory in words. */
  readonly octets: Float64Array;
  readonly wide: Int32Array;
  readonly pdm: Int32Array;
  readonly pdmFloats: Float32Array;
  readonly pdmDoubles: Float64Array;
  /** As in a record, from ICMP_ERRORS on. */
  readonly icmp: Int32Array;
  /** The segment being looked at: what its options hold (options.ts). */
  readonly segment: Int32Array;
  /** The packet that an ICMP error quotes: a batch of one. */
  readonly quoted: DecodedBatch;
  /** One number on its way to a function: as an argument it would be boxed. */
  readonly number: Float64Array;
}

/** Octets for each flow of the words of TCP and of data, at most: what may lie in the engine's memory. */
export const HEALTH_ENGINE_OCTETS_PER_FLOW =
  4 * (HOT_WORDS + LINES_MAX * LINE_WORDS + RARE_WORDS + WIDE_WORDS);
/** Octets of the line, the block and the histogram that belong to nobody. */
export const HEALTH_ENGINE_OCTETS_BESIDES = 4 * (LINE_WORDS + RARE_WORDS + WIDE_WORDS);
/** Octets of all side tables for each flow. */
export const HEALTH_OCTETS_PER_FLOW = HEALTH_ENGINE_OCTETS_PER_FLOW + 4 * 2 * (PDM_WORDS + ICMP_WORDS);

/**
 * Side tables for `capacity` flows.
 * @param options whether packets are selected from many, and the length of an interval
 * @param allocate memory on a cache line: the engine's, where it is to measure
 */
export function createHealthTable(
  capacity: number,
  options: { isSampled: boolean; intervalMs: number },
  allocate: AllocateMemory,
): HealthTable {
  const quoted = createDecodedBatch(1);
  quoted.count = 1;
  const hot = allocate(capacity * HOT_WORDS * 4);
  const lineWords = (capacity * LINES_MAX + 1) * LINE_WORDS;
  const lines = allocate(lineWords * 4);
  const rareWords = (capacity + 1) * RARE_WORDS;
  const rare = allocate(rareWords * 4);
  const wideWords = (capacity + 1) * WIDE_WORDS;
  const wide = allocate(wideWords * 4);
  const pdm = new ArrayBuffer(capacity * 2 * PDM_WORDS * 4);
  return {
    isSampled: options.isSampled,
    intervalNs: options.intervalMs * NS_PER_MS,
    hot: new Int32Array(hot.buffer, hot.byteOffset, capacity * HOT_WORDS),
    hotDoubles: new Float64Array(hot.buffer, hot.byteOffset, capacity * HOT_DOUBLES),
    lines: new Int32Array(lines.buffer, lines.byteOffset, lineWords),
    lineFloats: new Float32Array(lines.buffer, lines.byteOffset, lineWords),
    lineDoubles: new Float64Array(lines.buffer, lines.byteOffset, lineWords / 2),
    pools: int32Array(allocate, POOL_WORDS),
    loss: new Int32Array(rare.buffer, rare.byteOffset, rareWords),
    lossDoubles: new Float64Array(rare.buffer, rare.byteOffset, rareWords / 2),
    octets: new Float64Array(wide.buffer, wide.byteOffset, wideWords / 2),
    wide: new Int32Array(wide.buffer, wide.byteOffset, wideWords),
    pdm: new Int32Array(pdm),
    pdmFloats: new Float32Array(pdm),
    pdmDoubles: new Float64Array(pdm),
    icmp: new Int32Array(capacity * 2 * ICMP_WORDS),
    segment: new Int32Array(16),
    quoted,
    number: new Float64Array(4),
  };
}

/** Octets of lines that have been in use. */
export function linesTaken({ pools }: HealthTable): number {
  return pools[POOL_LINES + POOL_MOST]! * LINE_WORDS * 4;
}

/** Octets that flows have taken of a table so far, PDM and ICMP errors aside; `slots` of it have been in use. */
export function healthOctetsTaken(health: HealthTable, slots: number): number {
  const rare = health.pools[POOL_RARE + POOL_MOST]! * RARE_WORDS;
  const wide = health.pools[POOL_WIDE + POOL_MOST]! * WIDE_WORDS;
  return 4 * (slots * HOT_WORDS + rare + wide) + linesTaken(health);
}

/** Where what a direction waits for stands in `lines`. @param line 2 × slot, + 1 for the reverse direction */
export function timesAt({ hot }: HealthTable, line: number): number {
  return hot[(line >>> 1) * HOT_WORDS + HOT_TIMES]! * LINE_WORDS + (line & 1) * TIMES_WORDS;
}

/** Where the handshake of a direction stands in `lines`. */
export function handshakeAt({ hot }: HealthTable, line: number): number {
  return hot[(line >>> 1) * HOT_WORDS + HOT_HANDSHAKE]! * LINE_WORDS + (line & 1) * HANDSHAKE_WORDS;
}

/** Where the line of samples of a direction begins in `lines`. */
export function samplesAt(health: HealthTable, line: number): number {
  return health.lines[timesAt(health, line) + TIMES_SAMPLES]! * LINE_WORDS;
}

/** Where the line of timestamps of a direction begins in `lines`. */
export function stampsAt(health: HealthTable, line: number): number {
  return health.lines[timesAt(health, line) + TIMES_STAMPS]! * LINE_WORDS;
}

/** Where the silences of a direction stand in `lines`. */
export function silencesAt({ hot }: HealthTable, line: number): number {
  return hot[(line >>> 1) * HOT_WORDS + HOT_SILENCES]! * LINE_WORDS + (line & 1) * SILENCE_WORDS;
}

/** Where the rare block of a slot begins, in words of `loss`. */
function rareAt(health: HealthTable, slot: number): number {
  return health.lines[silencesAt(health, slot * 2) + SILENCE_RARE]! * RARE_WORDS;
}

/** Where the loss words of a direction stand in `loss`; whether they are in use is told by its bits. */
export function lossAt(health: HealthTable, line: number): number {
  return rareAt(health, line >>> 1) + (line & 1) * SEQUENCE_WORDS;
}

/** Takes a part of `size` words from a pool. @returns its number */
export function take(pools: Int32Array, pool: number, words: Int32Array, size: number): number {
  pools[pool + POOL_USED] = pools[pool + POOL_USED]! + 1;
  const free = pools[pool + POOL_FREE]!;
  if (free !== 0) {
    pools[pool + POOL_FREE] = words[free * size]!;
    return free;
  }
  pools[pool + POOL_MOST] = pools[pool + POOL_MOST]! + 1;
  return pools[pool + POOL_MOST]!;
}

/** Gives part `number` back to its pool. */
export function give(pools: Int32Array, pool: number, words: Int32Array, size: number, number: number): void {
  if (number === 0) return;
  words[number * size] = pools[pool + POOL_FREE]!;
  pools[pool + POOL_FREE] = number;
  pools[pool + POOL_USED] = pools[pool + POOL_USED]! - 1;
}

/** The line whose number stands at word `at` of `from`: an empty one is taken if none does. @returns where it begins */
export function useLine({ lines, pools }: HealthTable, from: Int32Array, at: number): number {
  if (from[at] !== 0) return from[at]! * LINE_WORDS;
  const number = take(pools, POOL_LINES, lines, LINE_WORDS);
  const begin = number * LINE_WORDS;
  for (let w = 0; w < LINE_WORDS; w++) lines[begin + w] = 0;
  from[at] = number;
  return begin;
}

/** What a direction waits for: the flow gets the line if it has none. @returns as timesAt */
export function useTimes(health: HealthTable, line: number): number {
  return useLine(health, health.hot, (line >>> 1) * HOT_WORDS + HOT_TIMES) + (line & 1) * TIMES_WORDS;
}

/** The handshake of a direction, as useTimes. */
export function useHandshake(health: HealthTable, line: number): number {
  return useLine(health, health.hot, (line >>> 1) * HOT_WORDS + HOT_HANDSHAKE) + (line & 1) * HANDSHAKE_WORDS;
}

/** The line of samples of a direction, as useTimes. */
export function useSamples(health: HealthTable, line: number): number {
  return useLine(health, health.lines, useTimes(health, line) + TIMES_SAMPLES);
}

/** The line of timestamps of a direction, as useTimes. */
export function useStamps(health: HealthTable, line: number): number {
  return useLine(health, health.lines, useTimes(health, line) + TIMES_STAMPS);
}

/** The silences of a direction, as useTimes. */
export function useSilences(health: HealthTable, line: number): number {
  return useLine(health, health.hot, (line >>> 1) * HOT_WORDS + HOT_SILENCES) + (line & 1) * SILENCE_WORDS;
}

/** Gives the slot a rare block, if it has none. */
export function useRare(health: HealthTable, slot: number): void {
  const { lines, loss, pools } = health;
  const at = useSilences(health, slot * 2) + SILENCE_RARE;
  if (lines[at] === 0) lines[at] = take(pools, POOL_RARE, loss, RARE_WORDS);
}

/** Takes the lines, the rare block and the histogram of the flow that was in the slot for others. */
export function freeParts({ hot, lines, loss, wide, pools }: HealthTable, slot: number): void {
  const at = slot * HOT_WORDS;
  const times = hot[at + HOT_TIMES]!;
  for (let word = times * LINE_WORDS; word < (times + 1) * LINE_WORDS; word += TIMES_WORDS) {
    give(pools, POOL_LINES, lines, LINE_WORDS, lines[word + TIMES_SAMPLES]!);
    give(pools, POOL_LINES, lines, LINE_WORDS, lines[word + TIMES_STAMPS]!);
  }
  give(pools, POOL_LINES, lines, LINE_WORDS, times);
  give(pools, POOL_LINES, lines, LINE_WORDS, hot[at + HOT_HANDSHAKE]!);
  hot[at + HOT_TIMES] = 0;
  hot[at + HOT_HANDSHAKE] = 0;
  const silences = hot[at + HOT_SILENCES]!;
  give(pools, POOL_RARE, loss, RARE_WORDS, lines[silences * LINE_WORDS + SILENCE_RARE]!);
  const histogram = lines[silences * LINE_WORDS + SILENCE_HISTOGRAM]!;
  if ((hot[at + FLOW_BITS]! & FLOW_OCTETS_WIDE) === 0) give(pools, POOL_LINES, lines, LINE_WORDS, histogram);
  else give(pools, POOL_WIDE, wide, WIDE_WORDS, histogram);
  give(pools, POOL_LINES, lines, LINE_WORDS, silences);
  hot[at + HOT_SILENCES] = 0;
}
