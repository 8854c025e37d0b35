/**
 * The timing wheel: which flow table entries are to be looked at when. Buckets of one tick, each a doubly linked list
 * of slots through `FlowTable.wheelNext` and `wheelPrevious`.
 *
 *     bucket  b = tick & (WHEEL_BUCKETS - 1)      head[b] ─▶ slot ⇄ slot ⇄ slot ─▶ -1
 *
 * An entry's packets do not move it: they only write its time. It is looked at when its bucket comes up, and moved on
 * if it lived in between (lazy re-insertion). A deadline beyond the wheel's reach waits in the last bucket and is moved
 * on from there. The wheel knows nothing of flows: `expiry.ts` decides what a look means.
 */
import type { FlowTable } from './flow-table.ts';

/** Length of a tick in nanoseconds: 2^26, about 67 ms. A power of two, so that dividing by it is exact. */
export const TICK_NS = 2 ** 26;
/** Buckets of the wheel: a power of two; together about 69 s, so that the default timeouts are within its reach. */
export const WHEEL_BUCKETS = 1024;
const BUCKET_MASK = WHEEL_BUCKETS - 1;

export interface TimingWheel {
  /** First slot of each bucket, or -1. */
  readonly head: Int32Array;
  /** Bit b of word w: bucket w × 32 + b is not empty. */
  readonly occupied: Int32Array;
  /** All buckets before this tick have been looked at. */
  sweptTick: number;
  /** Buckets up to this tick (exclusive) are due. */
  dueTick: number;
}

export function createTimingWheel(): TimingWheel {
  return {
    head: new Int32Array(WHEEL_BUCKETS).fill(-1),
    occupied: new Int32Array(WHEEL_BUCKETS / 32),
    sweptTick: 0,
    dueTick: 0,
  };
}

/** Empties the wheel; its time stays. */
export function clearWheel(wheel: TimingWheel): void {
  wheel.head.fill(-1);
  wheel.occupied.fill(0);
}

/** The tick at whose start `deadlineNs` has passed. */
export function tickAfter(deadlineNs: number): number {
  return Math.ceil(deadlineNs / TICK_NS);
}

/** Puts `slot` where it is looked at no earlier than `tick`'s start, or in the last bucket of the wheel's reach. */
export function schedule(wheel: TimingWheel, table: FlowTable, slot: number, tick: number): void {
  const { head } = wheel;
  const { wheelNext, wheelPrevious } = table;
  const soonest = wheel.sweptTick + 1;
  const latest = wheel.sweptTick + BUCKET_MASK;
  const chosen = tick < soonest ? soonest : tick > latest ? latest : tick;
  const bucket = chosen & BUCKET_MASK;
  const next = head[bucket]!;
  wheelNext[slot] = next;
  // A list's first slot remembers its bucket, so that it can be taken out from there.
  wheelPrevious[slot] = -1 - bucket;
  if (next >= 0) wheelPrevious[next] = slot;
  head[bucket] = slot;
  wheel.occupied[bucket >>> 5] = wheel.occupied[bucket >>> 5]! | (1 << (bucket & 31));
}

/** Takes `slot` out of whichever bucket it is in. */
export function unschedule(wheel: TimingWheel, table: FlowTable, slot: number): void {
  const { wheelNext, wheelPrevious } = table;
  const next = wheelNext[slot]!;
  const previous = wheelPrevious[slot]!;
  if (next >= 0) wheelPrevious[next] = previous;
  if (previous >= 0) {
    wheelNext[previous] = next;
    return;
  }
  const bucket = -1 - previous;
  wheel.head[bucket] = next;
  if (next < 0) wheel.occupied[bucket >>> 5] = wheel.occupied[bucket >>> 5]! & ~(1 << (bucket & 31));
}

/**
 * The first slot of the earliest bucket that is due, or -1 where none is left. It stays in its bucket: the caller
 * unschedules it. Empty buckets are passed by 32 at a time, so a jump of years costs no more than one of a minute.
 */
export function firstDue(wheel: TimingWheel): number {
  // Each bucket needs looking at once, however many turns of the wheel have passed.
  if (wheel.dueTick - wheel.sweptTick > WHEEL_BUCKETS) wheel.sweptTick = wheel.dueTick - WHEEL_BUCKETS;
  while (wheel.sweptTick < wheel.dueTick) {
    const bucket = wheel.sweptTick & BUCKET_MASK;
    const slot = wheel.head[bucket]!;
    if (slot >= 0) return slot;
    const rest = wheel.occupied[bucket >>> 5]! >>> (bucket & 31);
    const skip = rest === 0 ? 32 - (bucket & 31) : 31 - Math.clz32(rest & -rest);
    wheel.sweptTick = Math.min(wheel.sweptTick + skip, wheel.dueTick);
  }
  return -1;
}

/** The first slot of the first bucket that holds any, due or not, or -1 for an empty wheel. */
export function firstScheduled(wheel: TimingWheel): number {
  const start = wheel.sweptTick & BUCKET_MASK;
  const { occupied } = wheel;
  for (let step = 0; step <= WHEEL_BUCKETS / 32; step++) {
    const word = ((start >>> 5) + step) & (WHEEL_BUCKETS / 32 - 1);
    let bits = occupied[word]!;
    if (step === 0) bits = (bits >>> (start & 31)) << (start & 31);
    // The start's own word comes round again last, for the buckets below the start.
    if (step === WHEEL_BUCKETS / 32) bits &= ~(-1 << (start & 31));
    if (bits !== 0) return wheel.head[word * 32 + 31 - Math.clz32(bits & -bits)]!;
  }
  return -1;
}
