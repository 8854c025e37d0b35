/**
 * When a flow ends: the idle and active timeouts, TCP's end, and eviction from a full table.
 *
 * A flow's content depends on packet times alone: `mustSplit` is asked before each packet is added, so a flow never
 * overshoots its timeout. The wheel only decides how soon an ended flow is *noticed*, a few entries a packet, so that
 * expiry makes no bursts and batch sizes change nothing.
 *
 * The clock is packet time, and moves to a time only when two packets in a row have reached it: one damaged timestamp
 * far ahead does not expire the world. Two packets in a row that lie further back than the idle timeout (files in the
 * wrong order) take the clock back with them.
 */
import * as layout from '../records/flow-layout.ts';
import * as tableWords from '../records/table-words.ts';
import { type FlowTable, removeSlot, tcpEndNs } from './table/flow-table.ts';
import { firstDue, firstScheduled, TICK_NS, type TimingWheel } from './timing-wheel.ts';

/** Due entries looked at for each packet. Each packet makes at most one, so the sweep always gains on the traffic. */
export const SWEEP_PER_PACKET = 4;
/** Records that one packet makes at most: of those entries, of a flow that it evicts, and of one that it splits. */
export const RECORDS_PER_PACKET_MAX = SWEEP_PER_PACKET + 2;
/** Entries looked at to find the one nearest to its deadline, before the last of them is taken. */
const EVICTION_LOOKS = 32;

export interface Timeouts {
  readonly idleNs: number;
  readonly activeNs: number;
  /** How long after TCP's end a flow stays, so that the last ACKs are in it. */
  readonly tcpEndDelayNs: number;
}

/** Takes the flow in `slot` to the exporting process; the slot is reused as soon as this returns. */
export interface FlowSink {
  emit(table: FlowTable, slot: number, endReason: number): void;
}

/**
 * Whether a packet at `timeNs` belongs to a new flow rather than to the one in `slot`.
 * @returns 0, or the flowEndReason with which the old one ends
 */
export function mustSplit(table: FlowTable, slot: number, timeNs: number, timeouts: Timeouts): number {
  const { words, doubles } = table;
  const at = slot * layout.ENTRY_DOUBLES;
  const gap = timeNs - doubles[at + layout.FLOW_LAST_NS]!;
  if ((words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE]! & layout.STATE_TCP_ENDED) !== 0) {
    if (timeNs - tcpEndNs(table, slot) >= timeouts.tcpEndDelayNs) return layout.FLOW_END_REASON.endOfFlow;
  }
  // Packets come a little out of order; one from long before the flow is another flow.
  if (gap >= timeouts.idleNs || gap <= -timeouts.idleNs) return layout.FLOW_END_REASON.idleTimeout;
  if (timeNs - doubles[at + layout.FLOW_FIRST_NS]! >= timeouts.activeNs)
    return layout.FLOW_END_REASON.activeTimeout;
  return 0;
}

/** The flowEndReason of a flow that is past its deadline at `clockNs`. */
function endReason(table: FlowTable, slot: number, timeouts: Timeouts): number {
  const { words, doubles } = table;
  const at = slot * layout.ENTRY_DOUBLES;
  if ((words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE]! & layout.STATE_TCP_ENDED) !== 0)
    return layout.FLOW_END_REASON.endOfFlow;
  const idle = doubles[at + layout.FLOW_LAST_NS]! + timeouts.idleNs;
  const active = doubles[at + layout.FLOW_FIRST_NS]! + timeouts.activeNs;
  return active < idle ? layout.FLOW_END_REASON.activeTimeout : layout.FLOW_END_REASON.idleTimeout;
}

/** Puts every flow where it belongs by the timeouts that the engine has been told. */
export function rescheduleFlows(table: FlowTable): void {
  for (let slot = 0; slot < table.slotsTouched; slot++) {
    if ((table.words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE]! & layout.STATE_IN_USE) !== 0)
      reschedule(table, slot);
  }
}

/** Puts the flow in `slot`, whose deadline has moved, where it belongs on the wheel. */
export function reschedule({ engine }: FlowTable, slot: number): void {
  engine.unschedule(slot);
  engine.scheduleFlow(slot);
}

/** Exports the flow in `slot` and frees it. */
function expireFlow(table: FlowTable, slot: number, reason: number, sink: FlowSink): void {
  table.engine.unschedule(slot);
  sink.emit(table, slot, reason);
  removeSlot(table, slot);
}

/**
 * Looks at up to `limit` entries that are due at `clockNs`: exports those past their deadline, moves on the others.
 * @returns false when nothing is due any more
 */
export function sweep(
  wheel: TimingWheel,
  table: FlowTable,
  timeouts: Timeouts,
  clockNs: number,
  limit: number,
  sink: FlowSink,
): boolean {
  for (let looks = 0; looks < limit; looks++) {
    const slot = firstDue(wheel);
    if (slot < 0) return false;
    const lead = table.doubles[slot * layout.ENTRY_DOUBLES + layout.FLOW_LAST_NS]! - clockNs;
    // A flow from far ahead was left behind when the clock went back: it will see no packet soon.
    if (table.engine.deadlineNs(slot) <= clockNs || lead >= timeouts.idleNs) {
      expireFlow(table, slot, endReason(table, slot, timeouts), sink);
    } else reschedule(table, slot);
  }
  return true;
}

/** Tells the wheel what time it is. Returns true if buckets have become due. */
export function setClock({ ticks }: TimingWheel, clockNs: number): boolean {
  const tick = Math.floor(clockNs / TICK_NS);
  if (tick < ticks[tableWords.SWEPT_TICK]!) ticks[tableWords.SWEPT_TICK] = tick;
  ticks[tableWords.DUE_TICK] = tick;
  return ticks[tableWords.SWEPT_TICK]! < tick;
}

/** Makes room in a full table: exports the flow nearest to its deadline, as ended for lack of resources. */
export function evict(wheel: TimingWheel, table: FlowTable, sink: FlowSink): void {
  let slot = firstScheduled(wheel);
  for (let looks = 1; looks < EVICTION_LOOKS; looks++) {
    reschedule(table, slot);
    // Still the first after being put where it belongs: nothing else has an earlier deadline.
    const first = firstScheduled(wheel);
    if (first === slot) break;
    slot = first;
  }
  expireFlow(table, slot, layout.FLOW_END_REASON.lackOfResources, sink);
}

/** Exports the flows in the slots from `from` to `end` and frees these, while others go on. @returns how many */
export function expireSlots(
  table: FlowTable,
  from: number,
  end: number,
  reason: number,
  sink: FlowSink,
): number {
  let flows = 0;
  for (let slot = from; slot < end; slot++) {
    const state = table.words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE]!;
    if ((state & layout.STATE_IN_USE) === 0) continue;
    expireFlow(
      table,
      slot,
      (state & layout.STATE_TCP_ENDED) !== 0 ? layout.FLOW_END_REASON.endOfFlow : reason,
      sink,
    );
    flows++;
  }
  return flows;
}

/** Exports the flows in the slots from `from` to `end`, whatever their timeouts say; those whose TCP has ended say so. */
export function exportSlots(
  table: FlowTable,
  from: number,
  end: number,
  reason: number,
  sink: FlowSink,
): void {
  for (let slot = from; slot < end; slot++) {
    const state = table.words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE]!;
    if ((state & layout.STATE_IN_USE) === 0) continue;
    sink.emit(
      table,
      slot,
      (state & layout.STATE_TCP_ENDED) !== 0 ? layout.FLOW_END_REASON.endOfFlow : reason,
    );
  }
}
