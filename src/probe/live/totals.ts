/**
 * The counters of one meter worker over all of its lives: a worker that dies leaves its counts here and starts again
 * from 0, so that what others see only grows. Also makes the plain state that metrics, log and summary read.
 */

import { ACCEPTED } from '../../decode/reasons.ts';
import { BATCHES } from '../../metering/record-queue.ts';
import * as metering from '../../metering/table/counters.ts';
import type { MemberState, WorkerState } from '../../metrics/state.ts';
import * as layout from '../../records/flow-layout.ts';
import * as run from '../counters.ts';
import { type RunCounters, runCounters } from '../counters.ts';
import { meterState } from '../meter-state.ts';
import type { PlannedWorker } from './plan.ts';
import { ToldNumbers } from './told-numbers.ts';

/** @param end the index of the first gauge: of those, no sum makes sense */
function addTo(sums: Float64Array, counts: Float64Array, end = sums.length): void {
  for (let i = 0; i < end; i++) {
    const count = counts[i]!;
    if (!Number.isNaN(count)) sums[i] = sums[i]! + count;
  }
}

/** What main itself counts about a worker. */
export interface MainCounts {
  recordsTaken: number;
  packetsTaken: number;
  flowsLost: number;
  packetsLost: number;
  restarts: number;
}

/** Facts about a worker that do not change. */
export interface WorkerIdentity {
  readonly interface: string;
  readonly ring: number;
  /** Names of the interfaces of a group; none for a single interface. */
  readonly members: readonly string[];
  readonly capacity: number;
  readonly tableOctets: number;
  readonly queueCapacity: number;
}

export function identityOf({ ring, data }: PlannedWorker, tableOctets: number): WorkerIdentity {
  return {
    interface: data.capture.interface,
    ring,
    members: data.capture.members ?? [],
    capacity: data.metering.flowTableEntries,
    tableOctets,
    queueCapacity: BATCHES,
  };
}

/** What changes outside of the counters. */
export interface WorkerCondition {
  readonly isRunning: boolean;
  readonly ringOctets: number;
  readonly queueBatches: number;
}

/** Packets of all flow records of a batch, both directions. */
export function packetsIn(batch: layout.FlowRecordBatch): number {
  const { doubles, count } = batch;
  const stride = batch.stride / 2;
  let packets = 0;
  for (let at = 0; at < count * stride; at += stride) {
    packets +=
      doubles[at + layout.FORWARD_DOUBLE + layout.PACKETS]! +
      doubles[at + layout.REVERSE_DOUBLE + layout.PACKETS]!;
  }
  return packets;
}

/** What the counters of a capture hold of each interface of a group. */
export function membersOf(capture: Float64Array, names: readonly string[]): MemberState[] {
  return names.map((name, i) => {
    const at = run.MEMBERS + i * run.MEMBER_WORDS;
    const state = capture[run.MEMBER_STATES + i]!;
    return {
      interface: name,
      packets: capture[at + run.MEMBER_PACKETS]!,
      octets: capture[at + run.MEMBER_OCTETS]!,
      isThere: state !== run.MEMBER_GONE,
      isUp: state === run.MEMBER_UP ? 1 : 0,
      reopened: capture[at + run.MEMBER_REOPENED]!,
    };
  });
}

/** Interfaces of a group that are not there. */
export function missingOf(capture: Float64Array, names: readonly string[]): string[] {
  const missing = membersOf(capture, names).filter(({ isThere }) => !isThere);
  return missing.map(({ interface: name }) => name);
}

/** What a worker that is gone has no more of. */
const OF_FLOWS: ReadonlySet<number> = new Set([
  metering.FLOWS_ACTIVE,
  metering.HEALTH_OCTETS,
  metering.INSPECTIONS_ACTIVE,
]);

export class WorkerCounters {
  readonly main: MainCounts = {
    recordsTaken: 0,
    packetsTaken: 0,
    flowsLost: 0,
    packetsLost: 0,
    restarts: 0,
  };
  readonly #ended = runCounters();
  /** Of both, for whoever asks, a few times a second: in new memory its pages would cost more than the sums. */
  readonly #sums = runCounters();
  readonly #told = new ToldNumbers();
  #current: RunCounters = runCounters();

  constructor() {
    this.#ended.capture.fill(0);
  }

  /** Counters of the worker that runs now, or ran last. */
  get current(): RunCounters {
    return this.#current;
  }

  /** Keeps the counts of the worker that ended, and makes new counters for the next one, which is paused as it was. */
  renew(): RunCounters {
    const { capture, metering: meteringCounts, decode } = this.#current;
    addTo(this.#ended.capture, capture, run.FIRST_CAPTURE_GAUGE);
    const peak = Math.max(this.#ended.metering[metering.FLOWS_PEAK]!, meteringCounts[metering.FLOWS_PEAK]!);
    addTo(this.#ended.metering, meteringCounts, metering.FIRST_METERING_GAUGE);
    this.#ended.metering[metering.FLOWS_PEAK] = peak;
    addTo(this.#ended.decode.packetsByReason, decode.packetsByReason);
    addTo(this.#ended.decode.octetsByReason, decode.octetsByReason);
    addTo(this.#ended.decode.packetsByNotice, decode.packetsByNotice);
    addTo(this.#ended.decode.packetsByEtherType, decode.packetsByEtherType);
    addTo(this.#ended.decode.packetsByLinkType, decode.packetsByLinkType);
    this.#current = runCounters();
    this.#current.capture[run.PAUSE_REQUESTED] = capture[run.PAUSE_REQUESTED]!;
    return this.#current;
  }

  #capture(index: number): number {
    const now = this.#current.capture[index]!;
    return index >= run.FIRST_CAPTURE_GAUGE ? now : now + this.#ended.capture[index]!;
  }

  #metering(index: number): number {
    const now = this.#current.metering[index]!;
    if (index >= metering.FIRST_METERING_GAUGE) return now;
    const before = this.#ended.metering[index]!;
    return index === metering.FLOWS_PEAK ? Math.max(now, before) : now + before;
  }

  /**
   * All counts, those of former lives included, until the next call. What died with a worker stands with the records
   * dropped; gauges are those of now. Peaks add up, and EtherTypes and link types are left out, as nobody reads them here.
   */
  totals(): RunCounters {
    const sums = this.#sums;
    const { packetsByReason, octetsByReason, packetsByNotice } = sums.decode;
    for (const counts of [sums.capture, sums.metering, packetsByReason, octetsByReason, packetsByNotice])
      counts.fill(0);
    for (const { capture, metering: counts, decode } of [this.#ended, this.#current]) {
      for (let i = 0; i < capture.length; i++) sums.capture[i] = (sums.capture[i] || 0) + capture[i]!;
      for (let i = 0; i < counts.length; i++) sums.metering[i] = sums.metering[i]! + counts[i]!;
      addTo(sums.decode.packetsByReason, decode.packetsByReason);
      addTo(sums.decode.octetsByReason, decode.octetsByReason);
      addTo(sums.decode.packetsByNotice, decode.packetsByNotice);
    }
    sums.metering[metering.RECORDS_DROPPED_PACKETS] =
      sums.metering[metering.RECORDS_DROPPED_PACKETS]! + this.main.packetsLost;
    return sums;
  }

  /** The worker as it is now. */
  state(identity: WorkerIdentity, condition: WorkerCondition): WorkerState {
    const { main } = this;
    const decoders = [this.#ended.decode, this.#current.decode];
    const state = meterState({
      decoders,
      metering: (index) => {
        const isGone = OF_FLOWS.has(index) && !condition.isRunning;
        return isGone ? 0 : this.#metering(index);
      },
      numbersOf: (reason) => this.#told.of(reason, decoders),
      capacity: identity.capacity,
    });
    return {
      interface: identity.interface,
      ring: identity.ring,
      isRunning: condition.isRunning,
      restarts: main.restarts,
      capture: this.#captureState(condition),
      members: membersOf(
        Float64Array.from(this.#current.capture, (_, index) => this.#capture(index)),
        identity.members,
      ),
      ...state,
      flows: { ...state.flows, tableOctets: identity.tableOctets },
      queue: {
        batches: condition.queueBatches,
        capacity: identity.queueCapacity,
        recordsTaken: main.recordsTaken,
        packetsTaken: main.packetsTaken,
        recordsDropped: this.#metering(metering.RECORDS_DROPPED),
        packetsDropped: this.#metering(metering.RECORDS_DROPPED_PACKETS),
      },
      lost: { flows: main.flowsLost, packets: main.packetsLost },
    };
  }

  #captureState({ ringOctets }: WorkerCondition): WorkerState['capture'] {
    const lastPacketNs = this.#capture(run.LAST_PACKET_NS);
    return {
      packets: this.#capture(run.PACKETS_READ),
      octets: this.#capture(run.OCTETS_READ),
      truncated: this.#capture(run.PACKETS_SNAPPED),
      unselected: this.#capture(run.PACKETS_UNSELECTED),
      leftOut: this.#capture(run.PACKETS_LEFT_OUT),
      paused: this.#capture(run.PACKETS_PAUSED),
      ringDrops: this.#capture(run.RING_DROPS),
      faults: this.#capture(run.RING_FAULTS),
      ringFreezes: this.#capture(run.RING_FREEZES),
      ringBlocks: this.#capture(run.RING_BLOCKS),
      ringBlocksUsed: this.#capture(run.RING_BLOCKS_USED),
      ringOctets,
      pollWakeups: this.#capture(run.POLL_WAKEUPS),
      superPackets: this.#capture(run.SUPER_PACKETS),
      superPacketSegments: this.#capture(run.SUPER_PACKET_SEGMENTS),
      isUp: this.#capture(run.INTERFACE_UP),
      reopened: this.#capture(run.CAPTURE_REOPENED),
      lastPacketSeconds: this.#capture(run.TIME_BASE_SECONDS) + lastPacketNs / 1e9,
    };
  }

  /**
   * Counts what died with the worker: the flows in its table, the packets in them, those in records that it had not
   * handed over, and frames that it had read but not decided on.
   * @param packetsTaken packets in the records that main got of this life of the worker
   */
  countLost(packetsTaken: number): void {
    const { capture, metering: counts, decode } = this.#current;
    let decided = capture[run.PACKETS_UNSELECTED]! + capture[run.PACKETS_PAUSED]!;
    for (const packets of decode.packetsByReason) decided += packets;
    const undecided = Math.max(0, capture[run.PACKETS_READ]! - decided);
    const segments = capture[run.SUPER_PACKET_SEGMENTS]! - capture[run.SUPER_PACKETS]!;
    const accepted = decode.packetsByReason[ACCEPTED]! + segments;
    const inRecords = packetsTaken + counts[metering.RECORDS_DROPPED_PACKETS]!;
    this.main.flowsLost += counts[metering.FLOWS_ACTIVE]!;
    this.main.packetsLost += Math.max(0, accepted - inRecords) + undecided;
    counts[metering.FLOWS_ACTIVE] = 0;
  }
}
