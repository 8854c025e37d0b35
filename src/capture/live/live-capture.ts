/**
 * The shape of a live source: the ring, libpcap and cap each open one interface and hand out batches. live-source.ts opens
 * it again after it was lost, and waits for packets.
 */
import type { InterfaceState } from '../../sys/network-interface.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import type { RingHandles, RingSize, SamplingOptions } from '../live-options.ts';
import type { PacketTaker } from '../ring-block.ts';
import type { SourceInterface } from '../source.ts';
import type { GroupMembers, MemberNews } from './group-members.ts';

/** An interface as a live source opened it. */
export interface LiveInterface extends SourceInterface {
  /** Its number in this system; NaN where the source does not know. */
  readonly ifIndex: number;
}

/** What the kernel or a library counted since it was last asked; NaN for what a source cannot know. */
export interface KernelStatistics {
  drops: number;
  freezes: number;
  /** Packets that the kernel's systematic sampling left out; those that its random sampling does, nobody counts. */
  leftOut: number;
}

export interface LiveCapture {
  readonly interface: LiveInterface;
  readonly ring: RingSize;
  readonly handles: RingHandles | undefined;
  /** Sampling methods that have been applied when packets arrive here; by others the worker selects. */
  readonly samplesBy: readonly SamplingOptions['method'][];
  /** The interfaces of a group, where the capture is that of one. */
  readonly members?: GroupMembers | undefined;
  /** Why packets cannot be taken where they lie, where that was asked for, or undefined. */
  readonly placeFault?: string | undefined;
  /** Looks after them, and captures those that have come. @throws CaptureError */
  lookAtMembers?(): MemberNews[];
  /** Blocks that the kernel has filled and that have not been read; NaN where that is not known. */
  blocksUsed(): number;
  /**
   * Fills `batch` with packets that are at hand, and gives the memory of those before back.
   * @returns how many; 0 when there are none now
   */
  readBatch(batch: LivePacketBatch): number;
  /**
   * Has packets that are at hand taken where they lie, and gives the memory of those before back.
   * @returns how many; 0 when there are none now, or `readBatch` is to be asked for the next one
   */
  takeDirect?(taker: PacketTaker): number;
  /** Sleeps until packets are at hand or the time is over. @returns false when something is wrong: ask for `state` */
  wait(timeoutMs: number): boolean | Promise<boolean>;
  /** Whether the interface is up, down or gone. */
  state(): InterfaceState;
  /** Counts since the last call. Only one caller may ask: the kernel forgets them. */
  takeStatistics(): KernelStatistics;
  /** Packets lost on our side: what the kernel handed over made no sense, or there was no room for it. */
  readonly faults: number;
  /** Frees everything; packets handed out may not be touched any more. Safe to call twice. */
  close(): void;
}
