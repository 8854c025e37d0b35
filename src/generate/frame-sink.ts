/** Where frames go: an interface or a file; and what became of them. No behaviour. */

import type { PacketSource } from '../capture/source.ts';
import type { PacketBatch } from '../records/packet-batch.ts';

/** Where frames come from: a recipe, or a capture. */
export type FrameSource = Pick<PacketSource, 'readBatch' | 'more' | 'errors' | 'close'>;

/** What a sink did with the frames of one call. */
export interface FrameSink {
  /** Frames that were handed to the interface, or written; and their octets, without frame check sequence. */
  readonly packets: number;
  readonly octets: number;
  /** Frames that were refused, by the errno's name. */
  readonly errors: ReadonlyMap<string, number>;
  /**
   * Takes `count` frames of `batch` from `from` on; shorter ones than they were on the wire are filled up with zeroes.
   * @throws SystemCallError when no more can be taken: the interface is down or gone, the disk is full
   */
  send(batch: PacketBatch, from: number, count: number): void;
  /** Writes out what is kept back, and frees what the sink holds; safe to call twice. */
  close(): void;
}
