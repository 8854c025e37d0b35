/** Where flows stand on the timing wheel (metering/timing-wheel.ts says how it is built), and when they end. */
import * as flow from '../../records/flow-words';
import * as table from '../../records/table-words';
import * as place from '../../records/engine-words';

export const ENTRY_OCTETS: usize = flow.ENTRY_WORDS * 4;
const BUCKET_MASK: i64 = table.WHEEL_BUCKETS - 1;
const TICK_NS: f64 = <f64>(1 << table.TICK_BITS);

export let tcpEnds: usize = 0;
export let idleNs: f64 = 0;
export let activeNs: f64 = 0;
export let tcpEndDelayNs: f64 = 0;
let entries: usize = 0;
let nextOf: usize = 0;
let previousOf: usize = 0;
let heads: usize = 0;
let occupied: usize = 0;
let ticks: usize = 0;

/** The wheel of the table. @param at as for `useTable` */
export function useWheel(at: usize): void {
  entries = load<u32>(at, place.TABLE_ENTRIES * 4);
  tcpEnds = load<u32>(at, place.TABLE_TCP_ENDS * 4);
  nextOf = load<u32>(at, place.TABLE_WHEEL_NEXT * 4);
  previousOf = load<u32>(at, place.TABLE_WHEEL_PREVIOUS * 4);
  heads = load<u32>(at, place.TABLE_WHEEL_HEAD * 4);
  occupied = load<u32>(at, place.TABLE_WHEEL_OCCUPIED * 4);
  ticks = load<u32>(at, place.TABLE_WHEEL_TICKS * 4);
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
  const end = load<f64>(tcpEnds + (<usize>slot << 3)) + tcpEndDelayNs;
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
  store<i32>(nextOf + (<usize>slot << 2), next);
  // A list's first slot remembers its bucket, so that it can be taken out from there.
  store<i32>(previousOf + (<usize>slot << 2), -1 - <i32>bucket);
  if (next >= 0) store<i32>(previousOf + (<usize>next << 2), slot);
  store<i32>(head, slot);
  const word = occupied + (<usize>(bucket >>> 5) << 2);
  store<u32>(word, load<u32>(word) | (1 << (bucket & 31)));
}

/** Takes the flow in `slot` out of whichever bucket it is in. */
export function unschedule(slot: u32): void {
  const next = load<i32>(nextOf + (<usize>slot << 2));
  const previous = load<i32>(previousOf + (<usize>slot << 2));
  if (next >= 0) store<i32>(previousOf + (<usize>next << 2), previous);
  if (previous >= 0) {
    store<i32>(nextOf + (<usize>previous << 2), next);
    return;
  }
  const bucket = <u32>(-1 - previous);
  store<i32>(heads + (<usize>bucket << 2), next);
  const word = occupied + (<usize>(bucket >>> 5) << 2);
  if (next < 0) store<u32>(word, load<u32>(word) & ~(1 << (bucket & 31)));
}
