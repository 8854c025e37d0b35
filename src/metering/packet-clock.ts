/**
 * Packet time as far as it is trusted (expiry.ts says when it moves), and from when on there is something to look at.
 * Its times stand in one array, as numbers: as fields they would be boxed anew with every packet.
 */
import { type AllocateMemory, float64Array } from '../records/memory.ts';
import * as tableWords from '../records/table-words.ts';
import { setClock } from './expiry.ts';
import { TICK_NS, type TimingWheel } from './timing-wheel.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { CLOCK_DOUBLES, NEXT_LOOK_NS, NEXT_TICK_NS, NOW_NS, PREVIOUS_NS, REBASE_BELOW_NS } = tableWords;

/** The clock (table-words.ts has its places), which the engine reads too, before the first packet. */
export function createPacketClock(allocate: AllocateMemory): Float64Array {
  const clock = float64Array(allocate, CLOCK_DOUBLES).fill(-Infinity);
  clock[PREVIOUS_NS] = Number.NaN;
  return clock;
}

/** Sets the clock, forward or back, and tells the wheel. */
export function movePacketClock(
  clock: Float64Array,
  wheel: TimingWheel,
  idleNs: number,
  nowNs: number,
): void {
  clock[NOW_NS] = nowNs;
  clock[NEXT_TICK_NS] = (Math.floor(nowNs / TICK_NS) + 1) * TICK_NS;
  clock[REBASE_BELOW_NS] = nowNs - idleNs;
  clock[NEXT_LOOK_NS] = setClock(wheel, nowNs) ? -Infinity : clock[NEXT_TICK_NS]!;
}
