/**
 * Memory of path health: side tables with the slot numbers of the flow table, made only where path health is switched
 * on. Nothing is measured here; records/path-health-words.ts has what they hold.
 *
 * A new flow empties only its hot words. The others are emptied by direction when they are first used, as bits of the
 * hot words tell: a table that few flows use stays untouched memory, which the system never hands out. A flow gets one of
 * the rare blocks when it first needs one, and leaves it to others when its slot is taken by the next flow: so they lie
 * close together, whichever flows need them.
 */
import { createDecodedBatch, type DecodedBatch } from '../../records/decoded-batch.ts';
import { type AllocateMemory, int32Array } from '../../records/memory.ts';
import {
  HOT_DOUBLES,
  HOT_RARE,
  HOT_WORDS,
  ICMP_WORDS,
  INTERVALS_MAX,
  PDM_WORDS,
  RARE_FREE,
  RARE_HISTOGRAMS,
  RARE_STATE_WORDS,
  RARE_TAKEN,
  RARE_WORDS,
  SEQUENCE_WORDS,
  TIMING_WORDS,
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
  readonly timing: Int32Array;
  readonly timingFloats: Float32Array;
  readonly timingDoubles: Float64Array;
  /** Words RARE_FREE and RARE_TAKEN. */
  readonly rareState: Int32Array;
  /** The rare blocks, of which `lossAt` and `histogramAt` tell what stands where. */
  readonly loss: Int32Array;
  readonly lossDoubles: Float64Array;
  readonly octets: Float64Array;
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

/** Octets for each flow of the words of TCP and of data: what may lie in the engine's memory. */
export const HEALTH_ENGINE_OCTETS_PER_FLOW = 4 * (HOT_WORDS + 2 * TIMING_WORDS + RARE_WORDS);
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
  const timing = allocate(capacity * 2 * TIMING_WORDS * 4);
  const rare = allocate(capacity * RARE_WORDS * 4);
  const rareDoubles = new Float64Array(rare.buffer, rare.byteOffset, (capacity * RARE_WORDS) / 2);
  const pdm = new ArrayBuffer(capacity * 2 * PDM_WORDS * 4);
  return {
    isSampled: options.isSampled,
    intervalNs: options.intervalMs * NS_PER_MS,
    hot: new Int32Array(hot.buffer, hot.byteOffset, capacity * HOT_WORDS),
    hotDoubles: new Float64Array(hot.buffer, hot.byteOffset, capacity * HOT_DOUBLES),
    timing: new Int32Array(timing.buffer, timing.byteOffset, capacity * 2 * TIMING_WORDS),
    timingFloats: new Float32Array(timing.buffer, timing.byteOffset, capacity * 2 * TIMING_WORDS),
    timingDoubles: new Float64Array(timing.buffer, timing.byteOffset, capacity * TIMING_WORDS),
    rareState: int32Array(allocate, RARE_STATE_WORDS),
    loss: new Int32Array(rare.buffer, rare.byteOffset, capacity * RARE_WORDS),
    lossDoubles: rareDoubles,
    octets: rareDoubles,
    pdm: new Int32Array(pdm),
    pdmFloats: new Float32Array(pdm),
    pdmDoubles: new Float64Array(pdm),
    icmp: new Int32Array(capacity * 2 * ICMP_WORDS),
    segment: new Int32Array(16),
    quoted,
    number: new Float64Array(4),
  };
}

/** Where the rare block of a slot begins, in words of `loss`: that of another one where it has none. */
function rareOf(health: HealthTable, slot: number): number {
  const number = health.hot[slot * HOT_WORDS + HOT_RARE]!;
  return number === 0 ? 0 : (number - 1) * RARE_WORDS;
}

/** Where the loss words of a direction stand in `loss`; whether they are in use is told by its bits. */
export function lossAt(health: HealthTable, line: number): number {
  return rareOf(health, line >>> 1) + (line & 1) * SEQUENCE_WORDS;
}

/** Where the histogram of a direction stands in `octets`; whether it is in use is told by the flow's bits. */
export function histogramAt(health: HealthTable, line: number): number {
  return (rareOf(health, line >>> 1) >>> 1) + RARE_HISTOGRAMS + (line & 1) * INTERVALS_MAX;
}

/** Gives the slot a rare block, if it has none. */
export function useRare({ hot, loss, rareState }: HealthTable, slot: number): void {
  const at = slot * HOT_WORDS + HOT_RARE;
  if (hot[at] !== 0) return;
  const free = rareState[RARE_FREE]!;
  if (free === 0) {
    rareState[RARE_TAKEN] = rareState[RARE_TAKEN]! + 1;
    hot[at] = rareState[RARE_TAKEN]!;
    return;
  }
  rareState[RARE_FREE] = loss[(free - 1) * RARE_WORDS]!;
  hot[at] = free;
}

/** Takes the rare block of the flow that was in the slot, if it had one, for others. */
export function freeRare({ hot, loss, rareState }: HealthTable, slot: number): void {
  const at = slot * HOT_WORDS + HOT_RARE;
  const number = hot[at]!;
  if (number === 0) return;
  loss[(number - 1) * RARE_WORDS] = rareState[RARE_FREE]!;
  rareState[RARE_FREE] = number;
  hot[at] = 0;
}
