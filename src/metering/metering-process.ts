/**
 * The second half of the metering process (RFC 7011 §2): prepared packets in, flow records out.
 *
 * A batch goes through the table in passes. Its price is cache misses, and misses of one pass are independent of each
 * other, so that the processor overlaps them (design: §3 has the measurement):
 *
 *     (prepare) ─▶ touch index words ─▶ touch entries ─▶ find and update, in packet order
 */
import * as decoded from '../decode/decoded-batch.ts';
import { lineOf, slotIfSame, touchEntries, touchIndex } from './batch-passes.ts';
import * as counting from './counters.ts';
import {
  evict,
  exportSlots,
  type FlowSink,
  mustSplit,
  rescheduleFlows,
  SWEEP_PER_PACKET,
  scheduleFlow,
  sweep,
  type Timeouts,
} from './expiry.ts';
import * as flowKey from './flow-key.ts';
import * as layout from './flow-layout.ts';
import { clearTable, createFlowTable, type FlowTable, findSlot, insertSlot } from './flow-table.ts';
import { addHealth, beginHealth, touchHealth } from './health.ts';
import { hasKeyExtension, type PreparedBatch } from './key-preparer.ts';
import { createTimeouts, type MeteringOptions, type TimeoutOptions } from './metering-options.ts';
import * as packetClock from './packet-clock.ts';
import { createPacketClock, movePacketClock } from './packet-clock.ts';
import { addFurtherSegments } from './super-packets.ts';
import { clearWheel, createTimingWheel, type TimingWheel, unschedule } from './timing-wheel.ts';
import {
  addPacket,
  clearCounters,
  FIN_OR_RST,
  isSyn,
  isSynAck,
  noteTcpEnd,
  setFlowTimes,
  writeEncapsulation,
  writeKey,
  writeLink,
} from './update.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { CONTROL_BITS, DECODED_WORDS, DETAIL, DETAIL_SUPER_PACKET, FRAME_OCTETS } = decoded;
const { HASH, IP_OCTETS, KEY_PROTOCOL } = decoded;
const { DETAIL_FROM_B_SHIFT, KEY_EXTENSION_WORDS } = flowKey;
const { CLOCK_NS, CLOCK_REBASES, FLOWS_ACTIVE, FLOWS_CREATED, FLOWS_EXPIRED, FLOWS_PEAK } = counting;
const { METERED_FRAME_OCTETS, METERED_OCTETS, METERED_PACKETS, METERING_COUNTERS } = counting;
const { ENTRY_DOUBLES, ENTRY_WORDS, FLOW_END_REASON, FLOW_FIRST_NS, FLOW_LAST_NS, FLOW_STATE } = layout;
const { REVERSE_WORD, STATE_IN_USE, STATE_INITIATOR_IS_B, STATE_TCP_ENDED } = layout;
const { NEXT_LOOK_NS, NEXT_TICK_NS, NOW_NS, PREVIOUS_NS, REBASE_BELOW_NS } = packetClock;
const TCP = 6;

export class MeteringProcess {
  readonly table: FlowTable;
  readonly counters: Float64Array;
  readonly #wheel: TimingWheel = createTimingWheel();
  #timeouts: Timeouts;
  readonly #sink: FlowSink;
  /** Index word of each packet, as the touching pass found it. */
  readonly #found: Int32Array;
  readonly #clock = createPacketClock();
  /** Slots that `expireNext` has emptied so far. */
  #expired = 0;
  /** False lets ended flows wait in the table, while the exporting process is behind; what they hold stays the same. */
  mayExpire = true;
  /** Keeps the touched words alive in the eyes of the compiler. */
  touched = 0;

  constructor(options: MeteringOptions) {
    const keyExtension = hasKeyExtension(options.flowKey);
    this.table = createFlowTable({ ...options, capacity: options.flowTableEntries, keyExtension });
    this.#timeouts = createTimeouts(options);
    this.#found = new Int32Array(options.batchCapacity);
    this.#sink = options.sink;
    this.counters = options.counters ?? new Float64Array(METERING_COUNTERS);
  }

  /**
   * Meters a batch that has been prepared.
   * @param view the memory that its frames lie in
   */
  meter(batch: PreparedBatch, view: DataView): void {
    if (batch.count === 0) return;
    touchIndex(this.table, batch.words, batch.count, this.#found);
    this.touched = touchEntries(this.table, batch.count, this.#found);
    this.touched ^= touchHealth(this.table.health, batch.count, this.#found);
    this.#update(batch, view);
  }

  /**
   * Adds the packets to their flows, one after the other. Long for its loop to stay in one piece: what happens to
   * nearly every packet stands here without a call but `addPacket`, and everything rarer behind a test.
   */
  #update(batch: PreparedBatch, view: DataView): void {
    const { table, counters } = this;
    const { words, doubles } = table;
    const { idleNs, activeNs } = this.#timeouts;
    const packets = batch.words;
    const times = batch.timeNs;
    const found = this.#found;
    const clock = this.#clock;
    const hasExtension = table.keyExtension !== undefined;
    const hasHealth = table.health !== undefined;
    let previousNs = clock[PREVIOUS_NS]!;
    let octets = 0;
    let frameOctets = 0;
    for (let i = 0; i < batch.count; i++) {
      const at = i * DECODED_WORDS;
      const timeNs = times[i]!;
      const reachedNs = timeNs < previousNs ? timeNs : previousNs;
      if (reachedNs >= clock[NEXT_LOOK_NS]! || timeNs < clock[REBASE_BELOW_NS]!)
        this.#advance(timeNs, previousNs);
      previousNs = timeNs;
      let slot = hasExtension ? -1 : slotIfSame(words, found[i]!, packets, at);
      if (slot < 0) {
        slot = findSlot(
          table,
          packets,
          at,
          packets[at + HASH]!,
          batch.keyExtensions,
          i * KEY_EXTENSION_WORDS,
        );
      }
      if (slot < 0) slot = this.#insert(batch, i, view);
      else {
        const entry = slot * ENTRY_DOUBLES;
        const gapNs = timeNs - doubles[entry + FLOW_LAST_NS]!;
        const isEnded = (words[slot * ENTRY_WORDS + FLOW_STATE]! & STATE_TCP_ENDED) !== 0;
        const isPast =
          gapNs >= idleNs || gapNs <= -idleNs || timeNs - doubles[entry + FLOW_FIRST_NS]! >= activeNs;
        if (isEnded || isPast) this.#splitIfEnded(slot, batch, i, view);
      }
      const entryAt = slot * ENTRY_WORDS;
      const lineAt = lineOf(words, entryAt, packets[at + DETAIL]!);
      addPacket(words, doubles, entryAt, lineAt, packets, at, times, i);
      if (hasHealth) addHealth(table, slot, lineAt - entryAt, batch, i, view, counters);
      octets += packets[at + IP_OCTETS]! >>> 0;
      frameOctets += packets[at + FRAME_OCTETS]! >>> 0;
      if ((packets[at + CONTROL_BITS]! & FIN_OR_RST) !== 0)
        this.#noteTcpEnd(slot, packets, at, lineAt, timeNs);
      if ((packets[at + DETAIL]! & DETAIL_SUPER_PACKET) !== 0)
        addFurtherSegments(words, doubles, lineAt, packets, at, counters);
    }
    clock[PREVIOUS_NS] = previousNs;
    counters[METERED_PACKETS] = counters[METERED_PACKETS]! + batch.count;
    counters[METERED_OCTETS] = counters[METERED_OCTETS]! + octets;
    counters[METERED_FRAME_OCTETS] = counters[METERED_FRAME_OCTETS]! + frameOctets;
    counters[FLOWS_ACTIVE] = table.active;
    counters[CLOCK_NS] = clock[NOW_NS]!;
  }

  /** Moves the clock (see expiry.ts) and looks at a few due entries. */
  #advance(timeNs: number, previousNs: number): void {
    const clock = this.#clock;
    const reachedNs = timeNs < previousNs ? timeNs : previousNs;
    if (reachedNs >= clock[NEXT_TICK_NS]!)
      movePacketClock(clock, this.#wheel, this.#timeouts.idleNs, reachedNs);
    else if (timeNs < clock[REBASE_BELOW_NS]! && previousNs < clock[REBASE_BELOW_NS]!) {
      this.counters[CLOCK_REBASES]!++;
      const laterNs = timeNs > previousNs ? timeNs : previousNs;
      movePacketClock(clock, this.#wheel, this.#timeouts.idleNs, laterNs);
    }
    if (clock[NEXT_LOOK_NS] !== -Infinity || !this.mayExpire) return;
    if (!sweep(this.#wheel, this.table, this.#timeouts, clock[NOW_NS]!, SWEEP_PER_PACKET, this.#counting))
      clock[NEXT_LOOK_NS] = clock[NEXT_TICK_NS]!;
  }

  /**
   * Moves the clock on without a packet, for a link that is quiet, and exports what has come to its end by then.
   * @param looks flows to look at, at most
   * @returns true if there is more to look at: call again
   */
  advanceTo(timeNs: number, looks: number = Number.POSITIVE_INFINITY): boolean {
    const clock = this.#clock;
    const { table, counters } = this;
    if (timeNs >= clock[NEXT_TICK_NS]!) {
      movePacketClock(clock, this.#wheel, this.#timeouts.idleNs, timeNs);
      counters[CLOCK_NS] = timeNs;
    }
    if (clock[NEXT_LOOK_NS] !== -Infinity) return false;
    const isMore = sweep(this.#wheel, table, this.#timeouts, clock[NOW_NS]!, looks, this.#counting);
    if (!isMore) clock[NEXT_LOOK_NS] = clock[NEXT_TICK_NS]!;
    counters[FLOWS_ACTIVE] = table.active;
    return isMore;
  }

  /** From now on flows end by these timeouts. */
  setTimeouts(options: TimeoutOptions): void {
    this.#timeouts = createTimeouts(options);
    rescheduleFlows(this.#wheel, this.table, this.#timeouts);
  }

  /** Counts what leaves the table, by reason, on its way to the sink. */
  readonly #counting: FlowSink = {
    emit: (table, slot, reason) => {
      this.counters[FLOWS_EXPIRED + reason]!++;
      this.#sink.emit(table, slot, reason);
    },
  };

  #insert(batch: PreparedBatch, i: number, view: DataView): number {
    const { table, counters } = this;
    const packets = batch.words;
    const at = i * DECODED_WORDS;
    if (table.active === table.capacity) evict(this.#wheel, table, this.#timeouts, this.#counting);
    const slot = insertSlot(table, packets[at + HASH]!);
    writeKey(table, slot, packets, at, batch.keyExtensions, i);
    this.#begin(slot, batch, i, view);
    scheduleFlow(this.#wheel, table, slot, this.#timeouts);
    if (table.active > counters[FLOWS_PEAK]!) counters[FLOWS_PEAK] = table.active;
    return slot;
  }

  /**
   * Starts a flow in `slot`, whose key is set, with packet `i` as its first.
   * @param reason why the flow that was there before ended, if it had the same key
   */
  #begin(slot: number, batch: PreparedBatch, i: number, view: DataView, reason = 0): void {
    const { table } = this;
    const packets = batch.words;
    const at = i * DECODED_WORDS;
    const entryAt = slot * ENTRY_WORDS;
    let fromB = packets[at + DETAIL]! >>> DETAIL_FROM_B_SHIFT;
    // Whoever answers a SYN did not open the connection, even if the SYN itself was not seen.
    if ((packets[at + KEY_PROTOCOL]! & 0xff) === TCP && isSynAck(packets[at + CONTROL_BITS]!)) fromB ^= 1;
    table.words[entryAt + FLOW_STATE] = STATE_IN_USE | (fromB === 1 ? STATE_INITIATOR_IS_B : 0);
    // A line that has never been used is zero already, and is better left alone: it is not in the cache.
    if (slot < table.slotsZero) clearCounters(table.words, entryAt);
    else table.slotsZero = slot + 1;
    setFlowTimes(table.doubles, entryAt, batch.timeNs, i);
    writeLink(table, slot, packets, at, view);
    if (table.health !== undefined)
      beginHealth(table.health, slot, reason === FLOW_END_REASON.activeTimeout, batch.timeNs, i);
    writeEncapsulation(table, slot, batch.encapsulation, i);
    this.counters[FLOWS_CREATED]!++;
  }

  /** If the flow in `slot` has come to its end, exports it and goes on with a new one of the same key there. */
  #splitIfEnded(slot: number, batch: PreparedBatch, i: number, view: DataView): void {
    const { table } = this;
    const stateAt = slot * ENTRY_WORDS + FLOW_STATE;
    let reason = mustSplit(table, slot, batch.timeNs[i]!, this.#timeouts);
    if (reason === 0) {
      // A new connection on the ports of one that has ended does not wait for the delay.
      const isEnded = (table.words[stateAt]! & STATE_TCP_ENDED) !== 0;
      if (!isEnded || !isSyn(batch.words[i * DECODED_WORDS + CONTROL_BITS]!)) return;
      reason = FLOW_END_REASON.endOfFlow;
    }
    this.#counting.emit(table, slot, reason);
    const initiator = table.words[stateAt]! & STATE_INITIATOR_IS_B;
    this.#begin(slot, batch, i, view, reason);
    // A flow that is only cut by the active timeout goes on: its sides keep their parts.
    if (reason === FLOW_END_REASON.activeTimeout) table.words[stateAt] = STATE_IN_USE | initiator;
    unschedule(this.#wheel, table, slot);
    scheduleFlow(this.#wheel, table, slot, this.#timeouts);
  }

  #noteTcpEnd(slot: number, packets: Int32Array, at: number, lineAt: number, timeNs: number): void {
    if ((packets[at + KEY_PROTOCOL]! & 0xff) !== TCP) return;
    const isReverse = lineAt - slot * ENTRY_WORDS === REVERSE_WORD;
    if (!noteTcpEnd(this.table, slot, isReverse, packets[at + CONTROL_BITS]!, timeNs)) return;
    unschedule(this.#wheel, this.table, slot);
    scheduleFlow(this.#wheel, this.table, slot, this.#timeouts);
  }

  /**
   * Exports the flows in the next slots, in their order, so that memory is read in one go. Nothing may be metered
   * between the first call and the one that returns false.
   * @param reason flowEndReason; at the end of a capture or on shutdown, forced end
   * @returns true while there are slots left; after that, the table is empty
   */
  expireNext(slots: number, reason: number = FLOW_END_REASON.forcedEnd): boolean {
    const { table } = this;
    const end = Math.min(this.#expired + slots, table.slotsTouched);
    exportSlots(table, this.#expired, end, reason, this.#counting);
    this.#expired = end;
    if (end < table.slotsTouched) return true;
    this.#expired = 0;
    clearTable(table);
    clearWheel(this.#wheel);
    this.counters[FLOWS_ACTIVE] = 0;
    return false;
  }

  /** Exports every flow and leaves the table empty. */
  expireAll(reason: number = FLOW_END_REASON.forcedEnd): void {
    this.expireNext(this.table.capacity, reason);
  }
}
