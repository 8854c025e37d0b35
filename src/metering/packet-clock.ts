/**
 * Packet time as far as it is trusted (expiry.ts says when it moves), and from when on there is something to look at.
 * Its times stand in one array, as numbers: as fields they would be boxed anew with every packet.
 */
import { type AllocateMemory, float64Array } from '../engine/memory.ts';
import { setClock } from './expiry.ts';
import { TICK_NS, type TimingWheel } from './timing-wheel.ts';

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

/** Where the engine looks at it: PREVIOUS_NS, NEXT_LOOK_NS and REBASE_BELOW_NS are known to assembly/meter.ts too. */
export function createPacketClock(allocate: AllocateMemory): Float64Array {
  const start = [-Infinity, Number.NaN, -Infinity, -Infinity, -Infinity];
  const clock = float64Array(allocate, start.length);
  clock.set(start);
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
