/**
 * The timing wheel: which flow table entries are to be looked at when. Buckets of one tick, each a doubly linked list
 * of slots through `FlowTable.schedule`.
 *
 *     bucket  b = tick & (WHEEL_BUCKETS - 1)      head[b] ─▶ slot ⇄ slot ⇄ slot ─▶ -1
 *
 * An entry's packets do not move it: they only write its time. It is looked at when its bucket comes up, and moved on
 * if it lived in between (lazy re-insertion). A deadline beyond the wheel's reach waits in the last bucket and is moved
 * on from there. Entries are put in and taken out by the engine (engine/assembly/wheel.ts); `expiry.ts` decides what a
 * look means.
 */
import { type AllocateMemory, float64Array, int32Array } from '../records/memory.ts';
import * as tableWords from '../records/table-words.ts';

const BUCKET_MASK = tableWords.WHEEL_BUCKETS - 1;
/** Length of a tick in nanoseconds. */
export const TICK_NS = 2 ** tableWords.TICK_BITS;

export interface TimingWheel {
  /** First slot of each bucket, or -1. */
  readonly head: Int32Array;
  /** Bit b of word w: bucket w × 32 + b is not empty. */
  readonly occupied: Int32Array;
  /** SWEPT_TICK and DUE_TICK of table-words.ts. */
  readonly ticks: Float64Array;
}

export function createTimingWheel(allocate: AllocateMemory): TimingWheel {
  return {
    head: int32Array(allocate, tableWords.WHEEL_BUCKETS).fill(-1),
    occupied: int32Array(allocate, tableWords.WHEEL_BUCKETS / 32),
    ticks: float64Array(allocate, 2),
  };
}

/**
 * The first slot of the earliest bucket that is due, or -1 where none is left. It stays in its bucket: the caller
 * unschedules it. Empty buckets are passed by 32 at a time, so a jump of years costs no more than one of a minute.
 */
export function firstDue({ head, occupied, ticks }: TimingWheel): number {
  const due = ticks[tableWords.DUE_TICK]!;
  // Each bucket needs looking at once, however many turns of the wheel have passed.
  let swept = Math.max(ticks[tableWords.SWEPT_TICK]!, due - tableWords.WHEEL_BUCKETS);
  let slot = -1;
  while (swept < due) {
    const bucket = swept & BUCKET_MASK;
    slot = head[bucket]!;
    if (slot >= 0) break;
    const rest = occupied[bucket >>> 5]! >>> (bucket & 31);
    const skip = rest === 0 ? 32 - (bucket & 31) : 31 - Math.clz32(rest & -rest);
    swept = Math.min(swept + skip, due);
  }
  ticks[tableWords.SWEPT_TICK] = swept;
  return slot;
}

/** The first slot of the first bucket that holds any, due or not, or -1 for an empty wheel. */
export function firstScheduled(wheel: TimingWheel): number {
  const start = wheel.ticks[tableWords.SWEPT_TICK]! & BUCKET_MASK;
  const { occupied } = wheel;
  for (let step = 0; step <= tableWords.WHEEL_BUCKETS / 32; step++) {
    const word = ((start >>> 5) + step) & (tableWords.WHEEL_BUCKETS / 32 - 1);
    let bits = occupied[word]!;
    if (step === 0) bits = (bits >>> (start & 31)) << (start & 31);
    // The start's own word comes round again last, for the buckets below the start.
    if (step === tableWords.WHEEL_BUCKETS / 32) bits &= ~(-1 << (start & 31));
    if (bits !== 0) return wheel.head[word * 32 + 31 - Math.clz32(bits & -bits)]!;
  }
  return -1;
}
