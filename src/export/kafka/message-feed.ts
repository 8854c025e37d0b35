/**
 * From the backlog of flow records to blocks of messages for the sender: takes batches as they come, encodes them when a
 * block is wanted, and confirms a batch when the block with its last message has arrived. A block waits a moment for more
 * records, unless there are many already.
 */
import { lackingSection } from '../../records/record-sections.ts';
import { createBlock, type MessageBlock } from '../flow-messages/message-block.ts';
import type { MessageEncoder } from '../flow-messages/message-encoder.ts';
import type { Backlog } from '../sessions/backlog.ts';

/** A block is worth sending at once when so many records wait. */
const RECORDS_AT_ONCE = 4096;

/** A block for the sender. */
export interface FeedBlock {
  readonly octets: Uint8Array;
  readonly messages: number;
  readonly block: MessageBlock;
  /** Batches whose last message is in it. */
  readonly batchesEnded: number;
}

export class MessageFeed {
  /** Records of an earlier run that lack what the template reads. */
  unreadable = 0;
  readonly #backlog: Backlog;
  readonly #encoder: MessageEncoder;
  readonly #lingerMs: number;
  readonly #free: MessageBlock[] = [];
  /** Set while a batch is partly encoded. */
  #isWithinBatch = false;
  #encoded = 0;
  #offered: number;
  #waitingSinceMs = 0;
  #isFlushing = false;

  constructor(backlog: Backlog, encoder: MessageEncoder, lingerMs: number) {
    this.#backlog = backlog;
    this.#encoder = encoder;
    this.#lingerMs = lingerMs;
    this.#offered = backlog.pendingRecords;
  }

  /** Something was added to the backlog. @returns milliseconds until a block can be had */
  offered(dataRecords: number): number {
    if (this.#offered === this.#encoded) this.#waitingSinceMs = performance.now();
    this.#offered += dataRecords;
    return this.#ripeInMs();
  }

  /** Milliseconds until what waits for more may be taken; Infinity where nothing waits. */
  get readyInMs(): number {
    return this.#isWithinBatch || this.#backlog.hasNext ? this.#ripeInMs() : Number.POSITIVE_INFINITY;
  }

  /** Somebody else took the batches out of the backlog: blocks that were taken before are nobody's any more. */
  reset(): void {
    this.#isWithinBatch = false;
    this.#offered = this.#backlog.pendingRecords;
    this.#encoded = 0;
  }

  /** From now on nothing waits for more. */
  flush(): void {
    this.#isFlushing = true;
  }

  /** The next block; undefined where there is nothing, or not enough yet. */
  take(): FeedBlock | undefined {
    if (!this.#isWithinBatch && this.#ripeInMs() > 0) return undefined;
    const block = this.#free.pop() ?? createBlock();
    let batchesEnded = 0;
    while (this.#isWithinBatch || this.#begin()) {
      if (!this.#encoder.encode(block)) break;
      this.#isWithinBatch = false;
      batchesEnded++;
    }
    if (block.messages === 0 && batchesEnded === 0) {
      this.#free.push(block);
      return undefined;
    }
    this.#encoded += block.messages;
    if (!this.#isWithinBatch) this.#waitingSinceMs = performance.now();
    return { octets: block.octets.subarray(0, block.used), messages: block.messages, block, batchesEnded };
  }

  /** The earliest block that was taken has arrived. */
  confirm({ block, batchesEnded }: FeedBlock): void {
    for (let i = 0; i < batchesEnded; i++) this.#backlog.confirm();
    block.used = 0;
    block.messages = 0;
    this.#free.push(block);
  }

  #ripeInMs(): number {
    const waiting = this.#offered - this.#encoded;
    if (this.#isFlushing || waiting >= RECORDS_AT_ONCE) return 0;
    return Math.max(0, this.#waitingSinceMs + this.#lingerMs - performance.now());
  }

  /** Begins with the next batch. @returns false where there is none */
  #begin(): boolean {
    const entry = this.#backlog.next();
    if (entry === undefined) return false;
    const { batch, dataRecords } = entry;
    if (lackingSection(batch, this.#encoder.needs) !== undefined) {
      // Out of the spool of a run with another template: an empty batch stands for it.
      this.unreadable += dataRecords;
      this.#encoded += dataRecords;
      this.#encoder.begin({ ...batch, count: 0 });
    } else {
      this.#encoder.begin(batch);
    }
    this.#isWithinBatch = true;
    return true;
  }
}
