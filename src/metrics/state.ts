/**
 * The state of a running probe at one moment, as numbers with names: metrics, log and summary all read this and nothing
 * else. probe/live/totals.ts takes it from the counters in shared memory. NaN: the source cannot know. Shapes only.
 */

import type { CollectorStatistics } from '../export/contract/record-sink.ts';
import type { CountsByEndReason } from '../ie/end-reasons.ts';
import type { NetworksState } from '../records/network-state.ts';
import type { PathState } from '../records/path-record.ts';

/** Frames under one outcome of decoding (decode/reasons.ts), summed up over restarts. */
export interface OutcomeState {
  readonly name: string;
  readonly kind: string;
  readonly packets: number;
  readonly octets: number;
  /**
   * What it stands for where it stands for many: EtherTypes, link types (probe/live/told-numbers.ts); the most frequent
   * ones first.
   */
  readonly numbers: readonly { readonly number: number; readonly name: string; readonly packets: number }[];
}

/** What a worker's ring has got of one interface of a group. */
export interface MemberState {
  readonly interface: string;
  /** Frames read, and their octets on the wire. */
  readonly packets: number;
  readonly octets: number;
  readonly isThere: boolean;
  /** 1 or 0. */
  readonly isUp: number;
  /** Times that it was captured again after it had gone. */
  readonly reopened: number;
}

/** What payload inspection did and could not do; all 0 where nothing is inspected. */
export interface InspectionState {
  /** Packets whose payload was looked into. */
  readonly packets: number;
  /** Flows that are looked into now. */
  readonly active: number;
  /** Flows not looked into as all inspections were at work, and flows with findings that no room was left for. */
  readonly refused: { readonly no_inspection: number; readonly no_room: number };
  /** Payload that was not read to its end, by the names of applications/inspection-context.ts. */
  readonly incomplete: Readonly<Record<string, number>>;
}

/** What meters have decided and metered (probe/meter-state.ts). */
export interface MeterState {
  /** Every outcome, accepted first. */
  readonly outcomes: readonly OutcomeState[];
  readonly notices: readonly { readonly name: string; readonly packets: number }[];
  readonly metered: { readonly packets: number; readonly octets: number };
  readonly flows: {
    readonly created: number;
    readonly active: number;
    readonly peak: number;
    readonly capacity: number;
    /** Memory that path health has taken for them. */
    readonly healthOctets: number;
    /** Records by flowEndReason. */
    readonly expired: CountsByEndReason;
  };
  readonly inspection: InspectionState;
  readonly fragments: { readonly matched: number; readonly unmatched: number; readonly forgotten: number };
  /** Names by DNS: addresses that are remembered now, and counts by the names of applications/dns-name-counts.ts. */
  readonly dnsNames: { readonly size: number; readonly counts: Readonly<Record<string, number>> };
}

/** A meter worker: one ring, one flow table. Counts go on over its restarts. */
export interface WorkerState extends MeterState {
  /** The observation point: an interface, or a group of them. */
  readonly interface: string;
  /** Number of the worker within its interface, from 0. */
  readonly ring: number;
  /** Between an opening of the capture and the end of the thread. */
  readonly isRunning: boolean;
  readonly restarts: number;
  readonly capture: {
    /** Frames read, and their octets on the wire; those cut by the snap length. */
    readonly packets: number;
    readonly octets: number;
    readonly truncated: number;
    /** Left out by sampling: of the frames read, and by the kernel before. */
    readonly unselected: number;
    readonly leftOut: number;
    /** Left out while the probe was paused. */
    readonly paused: number;
    /** Dropped because the ring was full; times that it was frozen for that. */
    readonly ringDrops: number;
    readonly ringFreezes: number;
    /** Lost between ring and decoder, in blocks that made no sense. */
    readonly faults: number;
    readonly ringBlocks: number;
    readonly ringBlocksUsed: number;
    readonly ringOctets: number;
    readonly pollWakeups: number;
    readonly superPackets: number;
    readonly superPacketSegments: number;
    /** 1 or 0. */
    readonly isUp: number;
    readonly reopened: number;
    /** Unix time in seconds. */
    readonly lastPacketSeconds: number;
  };
  /** The interfaces of a group; none where the ring is that of a single interface. */
  readonly members: readonly MemberState[];
  readonly flows: MeterState['flows'] & { readonly tableOctets: number };
  /** The record queue between worker and main; drops are those of a full one. */
  readonly queue: {
    readonly batches: number;
    readonly capacity: number;
    readonly recordsTaken: number;
    readonly packetsTaken: number;
    readonly recordsDropped: number;
    readonly packetsDropped: number;
  };
  /** Flows that were in the table of a worker when it died, and all packets that it had metered or read in vain. */
  readonly lost: { readonly flows: number; readonly packets: number };
}

export interface InterfaceState {
  readonly name: string;
  /** One packet in so many is metered. */
  readonly samplingInterval: number;
  /** The interface's own counts of packets lost on the way to the kernel since the probe started; NaN: not known. */
  readonly nic: Readonly<Record<string, number>>;
  /**
   * How many packets of rx_dropped no ring can have seen: the rest is what the kernel had no use for. NaN: not known,
   * as the kernel filters or samples.
   */
  readonly droppedUnseen: number;
}

export interface LiveState {
  readonly version: string;
  /** Unix times in ms. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly isReady: boolean;
  readonly isStopping: boolean;
  /** Packets are left out, as somebody said (flowtap ctl pause). */
  readonly isPaused: boolean;
  readonly interfaces: readonly InterfaceState[];
  readonly workers: readonly WorkerState[];
  readonly collectors: readonly CollectorStatistics[];
  readonly networks: NetworksState;
  /** Each direction of each named path. */
  readonly paths: readonly PathState[];
  /** The last reading of the configuration, the first one included. */
  readonly reload: { readonly isSuccessful: boolean; readonly succeededAtMs: number };
}
