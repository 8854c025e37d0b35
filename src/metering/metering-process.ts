/**
 * The second half of the metering process (RFC 7011 §2): prepared packets in, flow records out.
 *
 * A batch goes through the table in passes. Its price is cache misses, and misses of one pass are independent of each
 * other, so that the processor overlaps them (docs/decisions/0004):
 *
 *     (prepare) ─▶ touch index words ─▶ touch entries ─▶ find and update, in packet order
 */

import type { Engine } from '../engine/engine.ts';
import * as decoded from '../records/decoded-batch.ts';
import * as engineWords from '../records/engine-words.ts';
import * as layout from '../records/flow-layout.ts';
import * as tableWords from '../records/table-words.ts';
import { leaveTable } from './applications/continued.ts';
import { countDismissed, inspectListed } from './applications/inspect.ts';
import { countBatch } from './count-batch.ts';
import {
  evict,
  expireSlots,
  exportSlots,
  type FlowSink,
  mustSplit,
  reschedule,
  rescheduleFlows,
  SWEEP_PER_PACKET,
  sweep,
  type Timeouts,
} from './expiry.ts';
import { FRAGMENTS_HELD_MAX } from './held-fragments.ts';
import { hasKeyExtension, type PreparedBatch, recordAt } from './key-preparer.ts';
import { createTimeouts, type MeteringOptions, type TimeoutOptions } from './metering-options.ts';
import { movePacketClock } from './packet-clock.ts';
import { addHealth, beginHealth } from './path-health/path-health.ts';
import * as counting from './table/counters.ts';
import * as flowKey from './table/flow-key.ts';
import { FlowTable, findSlot, lineOf, tcpEndNs } from './table/flow-table.ts';
import { TablePasses } from './table-passes.ts';
import { createTimingWheel, type TimingWheel } from './timing-wheel.ts';
import { isSyn, writeEncapsulation, writeKeyExtension, writeLink } from './update.ts';

/** Bits of the state word that a flow keeps that is cut by the active timeout. */
const KEPT_BITS = layout.STATE_INITIATOR_IS_B | layout.STATE_LOOKS_MASK;

export class MeteringProcess {
  readonly table: FlowTable;
  readonly counters: Float64Array;
  readonly #wheel: TimingWheel;
  #timeouts: Timeouts;
  readonly #sink: FlowSink;
  /** In whose memory batches must lie. */
  readonly engine: Engine;
  readonly #passes: TablePasses;
  readonly #clock: Float64Array;
  /** Slots that `expireNext` has emptied so far. */
  #expired = 0;
  /** False lets ended flows wait in the table, while the exporting process is behind; what they hold stays the same. */
  mayExpire = true;

  constructor(options: MeteringOptions) {
    const keyExtension = hasKeyExtension(options.flowKey);
    this.counters = options.counters ?? new Float64Array(counting.METERING_COUNTERS);
    const { counters } = this;
    this.table = new FlowTable({ ...options, capacity: options.flowTableEntries, keyExtension, counters });
    this.#timeouts = createTimeouts(options);
    this.engine = options.engine;
    this.#wheel = createTimingWheel(this.engine.allocate);
    this.#passes = new TablePasses(
      this.engine,
      this.table,
      this.#wheel,
      options.batchCapacity + FRAGMENTS_HELD_MAX,
    );
    this.#passes.setTimeouts(this.#timeouts);
    this.#clock = this.#passes.clock;
    this.#sink = options.sink;
  }

  /**
   * Meters a batch that has been prepared.
   * @param view the memory that its frames lie in
   */
  meter(batch: PreparedBatch, view: DataView): void {
    if (batch.count === 0) return;
    this.#passes.touch(batch);
    this.#update(batch, view);
  }

  /**
   * Adds the packets to their flows, one after the other. The engine does that, and stops where something rarer is to be
   * done: that stands here.
   */
  #update(batch: PreparedBatch, view: DataView): void {
    const clock = this.#clock;
    const { found, sums, inspectionList } = this.#passes;
    const count = batch.count;
    let i = 0;
    let nextSlot: number = engineWords.SLOT_UNKNOWN;
    for (;;) {
      const stop = this.#passes.add(batch, i, nextSlot, view);
      const reason = stop & ((1 << engineWords.STOP_BITS) - 1);
      i = stop >>> engineWords.STOP_BITS;
      nextSlot = engineWords.SLOT_UNKNOWN;
      if (inspectionList !== undefined && inspectionList[0] !== 0)
        inspectListed(this.table, inspectionList, batch, view, this.counters);
      if (reason === engineWords.STOP_END) break;
      if (reason === engineWords.STOP_LOOK) {
        this.#advance(batch.timeNs[i]!, clock[tableWords.PREVIOUS_NS]!);
        nextSlot = engineWords.SLOT_CLOCK_SEEN;
      } else if (reason === engineWords.STOP_FIND) nextSlot = this.#findOrInsert(batch, i, view);
      else if (reason === engineWords.STOP_ENDED) {
        nextSlot = found[i]!;
        this.#splitIfEnded(nextSlot, batch, i, view);
      } else this.#afterAdding(found[i]!, batch, i++, view);
    }
    if (inspectionList !== undefined) countDismissed(this.table.applications!, inspectionList);
    countBatch(this.counters, count, sums, this.table, clock);
  }

  /** The slot that packet `i` goes to, of which the engine has found none. */
  #findOrInsert(batch: PreparedBatch, i: number, view: DataView): number {
    const { table } = this;
    // The engine has looked, but does not compare extensions.
    if (table.keyExtension === undefined) return this.#insert(batch, i, view);
    const { words, keyExtensions } = batch;
    const at = i * decoded.DECODED_WORDS;
    const slot = findSlot(
      table,
      words,
      at,
      words[at + decoded.HASH]!,
      keyExtensions,
      i * flowKey.KEY_EXTENSION_WORDS,
    );
    if (slot < 0) return this.#insert(batch, i, view);
    this.#splitIfEnded(slot, batch, i, view);
    return slot;
  }

  /** Path health of a packet that has been added, where the engine leaves it. */
  #afterAdding(slot: number, batch: PreparedBatch, i: number, view: DataView): void {
    const { table, counters } = this;
    const entryAt = slot * layout.ENTRY_WORDS;
    const detail = batch.words[i * decoded.DECODED_WORDS + decoded.DETAIL]!;
    addHealth(table, slot, lineOf(table.words, entryAt, detail) - entryAt, batch, i, view, counters);
  }

  /** Moves the clock (see expiry.ts) and looks at a few due entries. */
  #advance(timeNs: number, previousNs: number): void {
    const clock = this.#clock;
    const reachedNs = timeNs < previousNs ? timeNs : previousNs;
    if (reachedNs >= clock[tableWords.NEXT_TICK_NS]!)
      movePacketClock(clock, this.#wheel, this.#timeouts.idleNs, reachedNs);
    else if (timeNs < clock[tableWords.REBASE_BELOW_NS]! && previousNs < clock[tableWords.REBASE_BELOW_NS]!) {
      this.counters[counting.CLOCK_REBASES]!++;
      const laterNs = timeNs > previousNs ? timeNs : previousNs;
      movePacketClock(clock, this.#wheel, this.#timeouts.idleNs, laterNs);
    }
    if (clock[tableWords.NEXT_LOOK_NS] !== -Infinity || !this.mayExpire) return;
    if (
      !sweep(
        this.#wheel,
        this.table,
        this.#timeouts,
        clock[tableWords.NOW_NS]!,
        SWEEP_PER_PACKET,
        this.#counting,
      )
    )
      clock[tableWords.NEXT_LOOK_NS] = clock[tableWords.NEXT_TICK_NS]!;
  }

  /**
   * Moves the clock on without a packet, for a link that is quiet, and exports what has come to its end by then.
   * @param looks flows to look at, at most
   * @returns true if there is more to look at: call again
   */
  advanceTo(timeNs: number, looks: number = Number.POSITIVE_INFINITY): boolean {
    const clock = this.#clock;
    const { table, counters } = this;
    if (timeNs >= clock[tableWords.NEXT_TICK_NS]!) {
      movePacketClock(clock, this.#wheel, this.#timeouts.idleNs, timeNs);
      counters[counting.CLOCK_NS] = timeNs;
    }
    if (clock[tableWords.NEXT_LOOK_NS] !== -Infinity) return false;
    const isMore = sweep(
      this.#wheel,
      table,
      this.#timeouts,
      clock[tableWords.NOW_NS]!,
      looks,
      this.#counting,
    );
    if (!isMore) clock[tableWords.NEXT_LOOK_NS] = clock[tableWords.NEXT_TICK_NS]!;
    counters[counting.FLOWS_ACTIVE] = table.active;
    return isMore;
  }

  /** From now on flows end by these timeouts. */
  setTimeouts(options: TimeoutOptions): void {
    this.#timeouts = createTimeouts(options);
    this.#passes.setTimeouts(this.#timeouts);
    rescheduleFlows(this.table);
  }

  /** Counts what leaves the table, by reason, on its way to the sink. */
  readonly #counting: FlowSink = {
    emit: (table, slot, reason) => {
      this.#handOver(slot, reason);
      leaveTable(table, slot, reason, this.#timeouts.idleNs);
    },
  };

  #handOver(slot: number, reason: number): void {
    this.counters[counting.FLOWS_EXPIRED + reason]!++;
    this.#sink.emit(this.table, slot, reason);
  }

  #insert(batch: PreparedBatch, i: number, view: DataView): number {
    const { table, engine } = this;
    if (table.active === table.capacity) evict(this.#wheel, table, this.#counting);
    const slot = engine.insertFlow(recordAt(batch, i), batch.timeNs[i]!);
    writeKeyExtension(table, slot, batch.keyExtensions, i);
    this.#begin(slot, batch, i, view);
    return slot;
  }

  /**
   * Writes the details of packet `i`, the first of the flow in `slot`, that the engine does not write.
   * @param reason why the flow that was there before ended, if it had the same key
   */
  #begin(slot: number, batch: PreparedBatch, i: number, view: DataView, reason = 0): void {
    const { table } = this;
    writeLink(table, slot, batch.words, i * decoded.DECODED_WORDS, view);
    if (table.health !== undefined)
      beginHealth(table.health, slot, reason === layout.FLOW_END_REASON.activeTimeout, batch.timeNs, i);
    writeEncapsulation(table, slot, batch.encapsulation, i);
  }

  /** If the flow in `slot` has come to its end, exports it and goes on with a new one of the same key there. */
  #splitIfEnded(slot: number, batch: PreparedBatch, i: number, view: DataView): void {
    const { table } = this;
    const stateAt = slot * layout.ENTRY_WORDS + layout.FLOW_STATE;
    let reason = mustSplit(table, slot, batch.timeNs[i]!, this.#timeouts);
    if (reason === 0) {
      // A new connection on the ports of one that has ended does not wait for the delay.
      const isEnded = (table.words[stateAt]! & layout.STATE_TCP_ENDED) !== 0;
      if (!isEnded || !isSyn(batch.words[i * decoded.DECODED_WORDS + decoded.CONTROL_BITS]!)) return;
      // One that is older than the end belongs to the connection that ended.
      if (batch.timeNs[i]! < tcpEndNs(table, slot)) return;
      reason = layout.FLOW_END_REASON.endOfFlow;
    }
    const isContinued = reason === layout.FLOW_END_REASON.activeTimeout;
    if (isContinued) this.#handOver(slot, reason);
    else this.#counting.emit(table, slot, reason);
    const kept = table.words[stateAt]! & KEPT_BITS;
    this.engine.beginFlow(slot, recordAt(batch, i), batch.timeNs[i]!);
    this.#begin(slot, batch, i, view, reason);
    // A flow that is only cut by the active timeout goes on: its sides keep their parts, and what is known of it stays.
    const { words } = table;
    if (isContinued) words[stateAt] = (words[stateAt]! & ~KEPT_BITS) | kept;
    // It may be another one where it is no part of the key.
    else
      words[slot * layout.ENTRY_WORDS + layout.FLOW_OBSERVATION_POINT] =
        batch.words[i * decoded.DECODED_WORDS + decoded.KEY_OBSERVATION_POINT]!;
    reschedule(table, slot);
  }

  /** Exports the flows in the slots from `from` to `end`, as ended by force; metering goes on. @returns how many */
  expireSlots(from: number, end: number): number {
    const flows = expireSlots(this.table, from, end, layout.FLOW_END_REASON.forcedEnd, this.#counting);
    this.counters[counting.FLOWS_ACTIVE] = this.table.active;
    return flows;
  }

  /**
   * Exports the flows in the next slots, in their order, so that memory is read in one go. It is the end: the table
   * stays as it is, since clearing it takes as long as reading it, and nothing may be metered any more.
   * @param reason flowEndReason; at the end of a capture or on shutdown, forced end
   * @returns true while there are slots left
   */
  expireNext(slots: number, reason: number = layout.FLOW_END_REASON.forcedEnd): boolean {
    const { table } = this;
    const end = Math.min(this.#expired + slots, table.slotsTouched);
    exportSlots(table, this.#expired, end, reason, this.#counting);
    this.#expired = end;
    if (end < table.slotsTouched) return true;
    this.counters[counting.FLOWS_ACTIVE] = 0;
    return false;
  }

  /** Exports every flow, at the end. */
  expireAll(reason: number = layout.FLOW_END_REASON.forcedEnd): void {
    this.expireNext(this.table.capacity, reason);
  }
}
