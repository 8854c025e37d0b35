/** Where flows stand on the timing wheel (metering/timing-wheel.ts says how it is built), and when they end. */
import * as flow from '../../records/flow-words';
import * as table from '../../records/table-words';
import * as place from '../../records/engine-words';

export const ENTRY_OCTETS: usize = flow.ENTRY_WORDS * 4;
const BUCKET_MASK: i64 = table.WHEEL_BUCKETS - 1;
const NEXT: usize = table.SCHEDULE_NEXT * 4;
const PREVIOUS: usize = table.SCHEDULE_PREVIOUS * 4;
const TICK_NS: f64 = <f64>(1 << table.TICK_BITS);

export let idleNs: f64 = 0;
export let activeNs: f64 = 0;
export let tcpEndDelayNs: f64 = 0;
let entries: usize = 0;
let schedule: usize = 0;
let heads: usize = 0;
let occupied: usize = 0;
let ticks: usize = 0;

/** The wheel of the table. @param at as for `useTable` */
export function useWheel(at: usize): void {
  entries = load<u32>(at, place.TABLE_ENTRIES * 4);
  schedule = load<u32>(at, place.TABLE_SCHEDULE * 4);
  heads = load<u32>(at, place.TABLE_WHEEL_HEAD * 4);
  occupied = load<u32>(at, place.TABLE_WHEEL_OCCUPIED * 4);
  ticks = load<u32>(at, place.TABLE_WHEEL_TICKS * 4);
}

/** Where the schedule of the flow in `slot` lies: SCHEDULE_WORDS. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function scheduleOf(slot: u32): usize {
  return schedule + <usize>slot * (table.SCHEDULE_WORDS * 4);
}

/** Flows end by these timeouts from now on; who changes them schedules all flows anew. */
export function setTimeouts(idle: f64, active: f64, tcpEndDelay: f64): void {
  idleNs = idle;
  activeNs = active;
  tcpEndDelayNs = tcpEndDelay;
}

/** When the flow in `slot` ends if no packet comes any more. */
export function deadlineNs(slot: u32): f64 {
  const entry = entries + <usize>slot * ENTRY_OCTETS;
  const idle = load<f64>(entry, flow.FLOW_LAST_NS * 8) + idleNs;
  const active = load<f64>(entry, flow.FLOW_FIRST_NS * 8) + activeNs;
  const soonest = idle < active ? idle : active;
  if ((load<u32>(entry, flow.FLOW_STATE * 4) & flow.STATE_TCP_ENDED) === 0) return soonest;
  const end = load<f64>(scheduleOf(slot), table.TCP_END_NS * 8) + tcpEndDelayNs;
  return end < soonest ? end : soonest;
}

/**
 * Puts the flow in `slot`, which is in no bucket, where it is looked at no earlier than the tick that begins after its
 * deadline, or in the last bucket of the wheel's reach.
 */
export function scheduleFlow(slot: u32): void {
  const tick = ceil<f64>(deadlineNs(slot) / TICK_NS);
  const swept = load<f64>(ticks, table.SWEPT_TICK * 8);
  const soonest = swept + 1;
  const latest = swept + <f64>BUCKET_MASK;
  const chosen = tick < soonest ? soonest : tick > latest ? latest : tick;
  const bucket = <u32>(<i64>chosen & BUCKET_MASK);
  const head = heads + (<usize>bucket << 2);
  const next = load<i32>(head);
  const own = scheduleOf(slot);
  store<i32>(own, next, NEXT);
  // A list's first slot remembers its bucket, so that it can be taken out from there.
  store<i32>(own, -1 - <i32>bucket, PREVIOUS);
  if (next >= 0) store<i32>(scheduleOf(next), slot, PREVIOUS);
  store<i32>(head, slot);
  const word = occupied + (<usize>(bucket >>> 5) << 2);
  store<u32>(word, load<u32>(word) | (1 << (bucket & 31)));
}

/** Takes the flow in `slot` out of whichever bucket it is in. */
export function unschedule(slot: u32): void {
  const own = scheduleOf(slot);
  const next = load<i32>(own, NEXT);
  const previous = load<i32>(own, PREVIOUS);
  if (next >= 0) store<i32>(scheduleOf(next), previous, PREVIOUS);
  if (previous >= 0) {
    store<i32>(scheduleOf(previous), next, NEXT);
    return;
  }
  const bucket = <u32>(-1 - previous);
  store<i32>(heads + (<usize>bucket << 2), next);
  const word = occupied + (<usize>(bucket >>> 5) << 2);
  if (next < 0) store<u32>(word, load<u32>(word) & ~(1 << (bucket & 31)));
}
