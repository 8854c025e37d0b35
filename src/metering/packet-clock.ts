/**
 * Packet time as far as it is trusted (expiry.ts says when it moves), and the time at which a flow is looked at next.
 * Its times stand in one array, as numbers: as fields they would be boxed anew with every packet.
 */
import { type AllocateMemory, float64Array } from '../records/memory.ts';
import * as tableWords from '../records/table-words.ts';
import { setClock } from './expiry.ts';
import { TICK_NS, type TimingWheel } from './timing-wheel.ts';

/** The clock (table-words.ts has its indexes), which the engine reads too, before the first packet. */
export function createPacketClock(allocate: AllocateMemory): Float64Array {
  const clock = float64Array(allocate, tableWords.CLOCK_DOUBLES).fill(-Infinity);
  clock[tableWords.PREVIOUS_NS] = Number.NaN;
  return clock;
}

/** Sets the clock, forward or back, and tells the wheel. */
export function movePacketClock(
  clock: Float64Array,
  wheel: TimingWheel,
  idleNs: number,
  nowNs: number,
): void {
  clock[tableWords.NOW_NS] = nowNs;
  clock[tableWords.NEXT_TICK_NS] = (Math.floor(nowNs / TICK_NS) + 1) * TICK_NS;
  clock[tableWords.REBASE_BELOW_NS] = nowNs - idleNs;
  clock[tableWords.NEXT_LOOK_NS] = setClock(wheel, nowNs) ? -Infinity : clock[tableWords.NEXT_TICK_NS]!;
}
