/**
 * What every origin of packets looks like to the metering process: capture files, standard input, and live rings.
 */
import type { FlowtapError } from '../base/errors.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import type { ByteWindow } from './files/byte-window.ts';

/** An observation point's interface as the source knows it. */
export interface SourceInterface {
  /** `if_name` of pcapng, the device of a live capture, or `''` where a file does not say. */
  readonly name: string;
  /** LINKTYPE_ value (https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number;
  /** Most octets of a frame that are stored; 0 for no limit. */
  readonly snapLength: number;
}

/** Records that lie in the engine's memory one behind the other, in a form that it reads by itself. */
export interface PlainRecords {
  /** Where they lie; whoever takes some moves its `start`. */
  readonly window: ByteWindow;
  /** Octets that a frame has at most. */
  readonly capturedMax: number;
  readonly linkType: number;
  /** Nanoseconds of a record's fraction. */
  readonly unitNs: number;
  /** Index into `PacketSource.interfaces`. */
  readonly interfaceIndex: number;
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
  /** Packets that a capture itself says were lost when it was made; missing where the source is none. */
  readonly recordedDrops?: number;
  /**
   * Fills `batch` with the frames that are at hand, in order, and returns how many. 0 means that none is at hand now:
   * `await more()` and try again.
   */
  readBatch(batch: PacketBatch): number;
  /** Whether packets come as they are observed, from a pipe for example: while none comes, time goes on all the same. */
  readonly isFollowed: boolean;
  /** What comes next, as long as it is of that kind: instead of reading a batch, it may be taken from there. */
  readonly plainRecords?: PlainRecords | undefined;
  /** Resolves to true when more can be read, to false at the end. Never rejects for what is wrong with the input. */
  more(): Promise<boolean>;
  /**
   * What was wrong with the input, in the order it was met. Every frame before the damage has been handed out, and a
   * damaged file does not keep the next one from being read.
   */
  readonly errors: readonly FlowtapError[];
  /** Input that turned out to be a capture, so far: the files' names, or `standard input`. */
  readonly filesRead: readonly string[];
  /** Frees what the source holds; safe to call twice. */
  close(): void;
}
