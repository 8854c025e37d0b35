/**
 * What every origin of packets looks like to the metering process: capture files, standard input, and live rings.
 */
import type { FlowtapError } from '../base/errors.ts';
import type { PacketBatch } from '../records/packet-batch.ts';

/** An observation point's interface as the source knows it. */
export interface SourceInterface {
  /** `if_name` of pcapng, the device of a live capture, or `''` where a file does not say. */
  readonly name: string;
  /** LINKTYPE_ value (https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** Most octets of a frame that are stored; 0 for no limit. */
  readonly snapLength: number;
}

/** The part of a capture's octets that is in memory now. */
export interface ByteWindow {
  /** The memory now; replaced when the window moves. */
  view: DataView;
  /** Octets not yet consumed lie from `start` to `end` of the view. The parser moves `start`. */
  start: number;
  end: number;
  /** Place of the view's first octet in the (uncompressed) capture. */
  viewOffset: number;
  /** Octets of input taken so far: of the file itself, compressed if it is. */
  readonly octetsConsumed: number;
  /** Brings at least `need` unconsumed octets into the view without waiting; false where that is impossible. */
  ensureNow(need: number): boolean;
  /** The same, waiting; false if the input ends before. */
  ensure(need: number): Promise<boolean>;
  /** What ended the input early, if anything did. */
  readonly fault: Error | undefined;
  /** Resolves when nothing is being read into its memory any more, which the next window may share. */
  settled(): Promise<void>;
  /** Lets somebody have the file who waits for it; its octets stay. */
  look?(): void;
  /** Frees what it holds, and ends `ensure` of whoever waits for more; safe to call twice. Nothing is read any more. */
  close(): void;
}

/**
 * Frames that another thread still reads, where one takes batches over: their memory is not overwritten before it is done
 * with them. Batches are handed to it and done with in one order.
 */
export interface FramesInUse {
  /** Batches that have been handed over. */
  readonly handed: number;
  /** Whether the first so many of them are done with. */
  isDone(handed: number): boolean;
  /** Waits until they are, keeping the thread from everything else. */
  waitFor(handed: number): void;
}

/** The LINKTYPE_ values of a capture's interfaces. */
export interface FileLinkTypes {
  readonly file: string;
  readonly linkTypes: readonly number[];
}

/** Records that lie in the engine's memory one behind the other, in a form that it reads by itself. */
export interface TakenRecords {
  /** Where they lie; whoever takes some moves its `start`. */
  readonly window: Pick<ByteWindow, 'view' | 'start' | 'end'>;
  /** Octets that a frame has at most. */
  readonly capturedMax: number;
  readonly linkType: number;
  /** Nanoseconds of a record's fraction, or of a block's unit. */
  readonly unitNs: number;
  /** Index into `PacketSource.interfaces`. */
  readonly interfaceIndex: number;
  /** Set where they are blocks of pcapng rather than classic records. */
  readonly blocks?: DirectBlocks;
  /** Their order, as far as it is known; without it they are taken as they stand. */
  readonly order?: DirectOrder;
}

/** Enhanced Packet Blocks of one interface of a pcapng section, in the host's byte order. */
export interface DirectBlocks {
  /** Of the interface in its section. */
  readonly interfaceId: number;
  /** The time base in the interface's units, as value = high × 2^32 + low. */
  readonly baseHigh: number;
  readonly baseLow: number;
  /** Times from the first to below the second can be said, in nanoseconds from the time base. */
  readonly startNs: number;
  readonly endNs: number;
  /** When the last one was observed: whoever takes some sets it. */
  lastNs: number;
}

/** Those of a capture file. */
export interface DirectRecords extends TakenRecords {
  readonly window: ByteWindow;
}

/** Whoever takes direct records takes none that is out of order, and says so. */
export interface DirectOrder {
  /** No later ones may be taken yet. */
  untilNs: number;
  /** The latest time so far: whoever takes records moves it on. */
  latestNs: number;
  /** Set where a record was met that is earlier than one before it. Nothing has been taken then. */
  isLate: boolean;
}

/** Packets of capture files that are handed to nobody. */
export interface MissingPackets {
  /** A capture itself says that they were lost when it was made. */
  recordedDrops: number;
  /** Refused for a time before 1970 or after 2106, and their octets on the wire. */
  untimedPackets: number;
  untimedOctets: number;
}

export interface PacketSource {
  /** Interfaces seen so far; `PacketBatch.interfaceIndex` points here. It only grows. At most 65,535. */
  readonly interfaces: readonly SourceInterface[];
  /** Unix time in whole seconds that packet times are counted from; fixed when the first batch is read. */
  readonly timeBaseSeconds: number;
  /** Octets of input consumed so far, for progress; compressed octets where the input is compressed. */
  readonly octetsConsumed: number;
  /** Octets of input in all, or undefined where that is unknown (standard input). */
  readonly octetsTotal: number | undefined;
  /** Packets that are in no batch; missing where the source is no capture file. */
  readonly missing?: MissingPackets | undefined;
  /**
   * Fills `batch` with the frames that are at hand, in order, and returns how many. 0 means that none is at hand now:
   * `await more()` and try again.
   */
  readBatch(batch: PacketBatch): number;
  /** Whether packets come as they are observed, from a pipe for example: while none comes, time goes on all the same. */
  readonly isFollowed: boolean;
  /** What comes next, as long as it is of that kind: instead of reading a batch, it may be taken from there. */
  readonly directRecords?: DirectRecords | undefined;
  /** Records that stood behind a later one; of these, those that were too late to be put in order. */
  readonly recordsOutOfOrder?: number;
  readonly recordsTooLate?: number;
  /** Resolves to true when more can be read, to false at the end. Never rejects for what is wrong with the input. */
  more(): Promise<boolean>;
  /**
   * Faults of the input, in the order they were met. Every frame before the damage has been handed out, and a
   * damaged file does not keep the next one from being read.
   */
  readonly errors: readonly FlowtapError[];
  /** Input that turned out to be a capture, so far: the files' names, or `standard input`. */
  readonly filesRead: readonly string[];
  /** Of those that have been read to their end. */
  readonly linkTypesRead?: readonly FileLinkTypes[];
  /**
   * Lets somebody have a file who waits for it. To be called once a second where the thread's event loop has no turn, as
   * timers call it otherwise.
   */
  look?(): void;
  /** Frees what the source holds; safe to call twice. */
  close(): void;
}
