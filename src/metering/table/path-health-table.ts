/**
 * Memory of path health: side tables with the slot numbers of the flow table, made only where path health is switched
 * on. Nothing is measured here; records/path-health-words.ts has what they hold.
 *
 * A new flow empties only its hot words. The others are emptied by direction when they are first used, as bits of the
 * hot words tell: a table that few flows use stays untouched memory, which the system never hands out.
 */
import { createDecodedBatch, type DecodedBatch } from '../../records/decoded-batch.ts';
import type { AllocateMemory } from '../../records/memory.ts';
import { INTERVALS_MAX } from '../../records/path-health-layout.ts';
import {
  HOT_DOUBLES,
  HOT_WORDS,
  ICMP_WORDS,
  PDM_WORDS,
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
export const HEALTH_ENGINE_OCTETS_PER_FLOW =
  4 * (HOT_WORDS + 2 * (TIMING_WORDS + SEQUENCE_WORDS)) + 8 * 2 * INTERVALS_MAX;
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
  const loss = allocate(capacity * 2 * SEQUENCE_WORDS * 4);
  const octets = allocate(capacity * 2 * INTERVALS_MAX * 8);
  const pdm = new ArrayBuffer(capacity * 2 * PDM_WORDS * 4);
  return {
    isSampled: options.isSampled,
    intervalNs: options.intervalMs * NS_PER_MS,
    hot: new Int32Array(hot.buffer, hot.byteOffset, capacity * HOT_WORDS),
    hotDoubles: new Float64Array(hot.buffer, hot.byteOffset, capacity * HOT_DOUBLES),
    timing: new Int32Array(timing.buffer, timing.byteOffset, capacity * 2 * TIMING_WORDS),
    timingFloats: new Float32Array(timing.buffer, timing.byteOffset, capacity * 2 * TIMING_WORDS),
    timingDoubles: new Float64Array(timing.buffer, timing.byteOffset, capacity * TIMING_WORDS),
    loss: new Int32Array(loss.buffer, loss.byteOffset, capacity * 2 * SEQUENCE_WORDS),
    lossDoubles: new Float64Array(loss.buffer, loss.byteOffset, capacity * SEQUENCE_WORDS),
    octets: new Float64Array(octets.buffer, octets.byteOffset, capacity * 2 * INTERVALS_MAX),
    pdm: new Int32Array(pdm),
    pdmFloats: new Float32Array(pdm),
    pdmDoubles: new Float64Array(pdm),
    icmp: new Int32Array(capacity * 2 * ICMP_WORDS),
    segment: new Int32Array(16),
    quoted,
    number: new Float64Array(4),
  };
}
