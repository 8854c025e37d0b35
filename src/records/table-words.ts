/**
 * What the flow table, its timing wheel and the packet clock share with the engine besides their entries: where each
 * number stands in its array.
 *
 * Nothing but numbers stands here, so that the engine (engine/assembly) is compiled from the same ones.
 */

/** The part of an index word that is slot + 1; above it is the tag, the lowest 8 bits of the hash. */
export const SLOT_MASK = 0xffffff;
export const TAG_SHIFT = 24;

// Words of `FlowTable.state`.
/** Flows in the table, and the most that there were at a time. */
export const ACTIVE = 0;
export const PEAK = 1;
/** Flows that have begun; the reader sets it to 0. */
export const CREATED = 2;
/** Slots below this one have been handed out at least once. */
export const SLOTS_TOUCHED = 3;
/** Slots from this one on have never been used: their memory is as it was allocated, all zeroes. */
export const SLOTS_ZERO = 4;
/** First slot of the list of freed ones, or -1. */
export const FREE_LIST = 5;
export const TABLE_STATE_WORDS = 8;

// Words of `FlowTable.schedule`, for each slot, and the double among them: what ends a flow touches all of them.
/** The next slot of the same bucket of the timing wheel, or of the list of free slots; -1: none. */
export const SCHEDULE_NEXT = 0;
/** The slot before it in the bucket, or -1 - bucket in the first one. */
export const SCHEDULE_PREVIOUS = 1;
/** When the end of TCP was seen, of flows with STATE_TCP_ENDED. */
export const TCP_END_NS = 1;
export const SCHEDULE_WORDS = 4;
export const SCHEDULE_DOUBLES = SCHEDULE_WORDS / 2;

/** Bits of a tick of the timing wheel in nanoseconds, about 67 ms: a power of two, so that dividing by it is exact. */
export const TICK_BITS = 26;
/** Buckets of the wheel: a power of two; together about 69 s, so that the default timeouts are within its reach. */
export const WHEEL_BUCKETS = 1024;
// Doubles of `TimingWheel.ticks`.
/** All buckets before this tick have been looked at. */
export const SWEPT_TICK = 0;
/** Buckets up to this tick (exclusive) are due. */
export const DUE_TICK = 1;

// Doubles of the packet clock (packet-clock.ts).
/** Now; -Infinity before the first packets. */
export const NOW_NS = 0;
/** The packet before. */
export const PREVIOUS_NS = 1;
/** When the next tick begins. */
export const NEXT_TICK_NS = 2;
/** From when on entries may be due; -Infinity while some are. */
export const NEXT_LOOK_NS = 3;
/** Two packets in a row below this take the clock back. */
export const REBASE_BELOW_NS = 4;
export const CLOCK_DOUBLES = 5;
