/**
 * Sends blocks of messages in order, each until the brokers have all of it: at least once, and once as long as the
 * broker remembers the producer. One request at a time to each leader keeps the order that sequence numbers need; the
 * next block is partitioned and compressed meanwhile. A block that was not acknowledged is sent again as it was, with the
 * same numbers; only what a broker will never take is given up, and counted by reason.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaCluster } from './kafka-cluster.ts';
import { faultOf, type KafkaFault } from './kafka-fault.ts';
import type { FeedBlock, MessageFeed } from './message-feed.ts';
import {
  buildRecordBatch,
  type Compression,
  halves,
  type PartitionRows,
  partitionBlock,
  type RecordBatch,
  setProducer,
} from './record-batch.ts';
import { createSenderStatistics, type SenderStatistics } from './sender-statistics.ts';

const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 1000;
/** Sequence numbers are 31 bits and begin again at 0. */
const SEQUENCE_MASK = 0x7fffffff;

/** A block on its way: its batches by partition; the first of each partition is the one that is sent. */
interface Delivery {
  readonly block: FeedBlock;
  readonly partitions: number;
  pending: RecordBatch[];
}

export class KafkaSender {
  readonly statistics: SenderStatistics;
  readonly #cluster: KafkaCluster;
  readonly #feed: MessageFeed;
  readonly #compression: Compression;
  /** Next sequence number of each partition, and those that batches on their way have. */
  readonly #sequences = new Map<number, number>();
  readonly #assigned = new Map<RecordBatch, number>();
  readonly #stopping = new AbortController();
  #producerId: bigint | undefined;
  #isAway: boolean;
  /** How often the brokers were asked whether they are back, since something was delivered. */
  #asked: number;
  #lastDeliveryMs = performance.now();
  #wake: (() => void) | undefined;
  #done: Promise<void>;

  /** @param before the sender whose records were taken away: this one counts on, and asks for the brokers by itself */
  constructor(cluster: KafkaCluster, feed: MessageFeed, compression: Compression, before?: KafkaSender) {
    this.statistics = before?.statistics ?? createSenderStatistics();
    this.#isAway = before !== undefined;
    this.#asked = before === undefined ? 0 : before.#asked;
    this.#cluster = cluster;
    this.#feed = feed;
    this.#compression = compression;
    this.#done = this.#run();
  }

  /** Whether the last thing that happened was a fault. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Milliseconds since something was delivered, or since there was nothing to deliver. */
  get stalledMs(): number {
    return performance.now() - this.#lastDeliveryMs;
  }

  /** To be called when the feed has something new. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends; what was not delivered stays where it came from. Resolves when nothing is on its way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    let current = await this.#next();
    while (current !== undefined) {
      const ahead = this.#prepareAhead();
      if (!(await this.#deliver(current))) return;
      this.#feed.confirm(current.block);
      current = (await ahead) ?? (await this.#next());
    }
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Waits for a block; undefined when it is time to stop. */
  async #next(): Promise<Delivery | undefined> {
    while (!this.#isStopping) {
      const block = this.#feed.take();
      if (block !== undefined) return this.#spread(block, await this.#partitions());
      this.#lastDeliveryMs = performance.now();
      // Nothing of ours would tell that the brokers are back.
      if (this.#isAway) {
        await this.#askForBrokers();
        continue;
      }
      await this.#untilReady();
      this.#lastDeliveryMs = performance.now();
    }
    return undefined;
  }

  /**
   * Waits for something new, or for what may not be taken yet: whoever wakes us may do so while a block is on its way.
   */
  async #untilReady(): Promise<void> {
    const { readyInMs } = this.#feed;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (readyInMs < Number.POSITIVE_INFINITY) timer = setTimeout(resolve, Math.ceil(readyInMs));
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  /** Waits until the cluster answers. Brokers that answer but take nothing are asked less and less often. */
  async #askForBrokers(): Promise<void> {
    await this.#backOff(this.#asked++);
    if (!this.#isStopping && (await this.#partitions()) > 0) this.#isAway = false;
  }

  #prepareAhead(): Promise<Delivery> | undefined {
    const { partitions } = this.#cluster;
    const block = partitions > 0 && !this.#isStopping ? this.#feed.take() : undefined;
    return block && this.#spread(block, partitions);
  }

  async #spread(block: FeedBlock, partitions: number): Promise<Delivery> {
    const rows = partitions === 0 ? [] : partitionBlock(block.octets, partitions);
    return { block, partitions, pending: await this.#build(rows) };
  }

  #build(rows: readonly PartitionRows[]): Promise<RecordBatch[]> {
    return Promise.all(rows.map((one) => buildRecordBatch(one, this.#compression)));
  }

  /** Waits until the cluster can be sent to. @returns its partitions; 0 when it is time to stop */
  async #partitions(): Promise<number> {
    for (let attempt = 0; !this.#isStopping; attempt++) {
      try {
        const partitions = await this.#cluster.prepare();
        const { producer } = this.#cluster;
        if (producer !== undefined && producer.id !== this.#producerId) {
          this.#producerId = producer.id;
          this.#sequences.clear();
          this.#assigned.clear();
          this.statistics.sessions++;
        }
        if (partitions > 0) return partitions;
      } catch (error) {
        this.#fault(faultOf(error));
      }
      await this.#backOff(attempt);
    }
    return 0;
  }

  /** Sends until nothing is pending. @returns false when it was time to stop before that */
  async #deliver(delivery: Delivery): Promise<boolean> {
    let { pending, partitions } = delivery;
    for (let attempt = 0; ; attempt++) {
      const known = await this.#partitions();
      if (known === 0) return false;
      const isGone = pending.some(({ rows }) => rows.partition >= known);
      // Nothing was known when it was spread, or the topic was made anew with fewer partitions.
      if (isGone || partitions === 0)
        pending = await this.#build(partitionBlock(delivery.block.octets, known));
      partitions = known;
      const { delivered, failed } = this.statistics;
      const batches = pending.length;
      pending = await this.#send(pending);
      if (pending.length === 0) return true;
      // Something was taken, given up or halved: no reason to wait.
      const goesOn = this.statistics.delivered > delivered || this.statistics.failed > failed;
      if (goesOn || pending.length > batches) attempt = -1;
      else await this.#backOff(attempt);
      if (this.#isStopping) return false;
    }
  }

  /** Sends the first batch of each partition. @returns what is still to be sent */
  async #send(pending: readonly RecordBatch[]): Promise<RecordBatch[]> {
    const taken = new Set<number>();
    const now = pending.filter(({ rows }) => !taken.has(rows.partition) && taken.add(rows.partition));
    for (const batch of now) this.#assign(batch);
    const outcomes = await this.#cluster.produce(now);
    const left: RecordBatch[] = [];
    let isLost = false;
    for (const batch of pending) {
      const fault = outcomes.get(batch);
      if (!outcomes.has(batch)) left.push(batch);
      else if (fault === undefined) this.#delivered(batch);
      else {
        this.#fault(fault);
        isLost ||= fault.reason === 'producerLost';
        left.push(...(await this.#afterFault(batch, fault)));
      }
    }
    if (isLost) {
      this.statistics.perhapsTwice += left.reduce((sum, { rows }) => sum + rows.entries.length, 0);
      this.#cluster.forgetProducer();
    }
    return left;
  }

  #assign(batch: RecordBatch): void {
    const { producer } = this.#cluster;
    if (producer === undefined) throw new Error('batches are sent only after the cluster was prepared');
    const { partition, entries } = batch.rows;
    if (this.#assigned.has(batch)) {
      this.statistics.repeated += entries.length;
      return;
    }
    const sequence = this.#sequences.get(partition) ?? 0;
    this.#sequences.set(partition, (sequence + entries.length) & SEQUENCE_MASK);
    this.#assigned.set(batch, sequence);
    setProducer(batch, producer, sequence, Date.now());
  }

  /** Takes the numbers of a batch back that the broker refused as a whole. */
  #unassign(batch: RecordBatch): void {
    const sequence = this.#assigned.get(batch);
    this.#assigned.delete(batch);
    if (sequence !== undefined) this.#sequences.set(batch.rows.partition, sequence);
  }

  #delivered(batch: RecordBatch): void {
    this.#assigned.delete(batch);
    const { statistics } = this;
    statistics.batches++;
    statistics.octets += batch.octets.length;
    statistics.delivered += batch.rows.entries.length;
    this.#lastDeliveryMs = performance.now();
    this.#isAway = false;
    this.#asked = 0;
  }

  /** @returns what is to be sent instead of a batch that was not taken */
  async #afterFault(batch: RecordBatch, { reason }: KafkaFault): Promise<RecordBatch[]> {
    const count = batch.rows.entries.length;
    if (reason === 'tooLarge' && count > 1) {
      this.#unassign(batch);
      return this.#build(halves(batch.rows));
    }
    if (reason === 'tooLarge' || reason === 'rejected') {
      this.#unassign(batch);
      this.statistics.failed += count;
      this.#lastDeliveryMs = performance.now();
      return [];
    }
    this.#cluster.forgetMetadata();
    return [batch];
  }

  #fault(fault: KafkaFault): void {
    const { faults, lastFault } = this.statistics;
    // What our own closing of the connections breaks would hide what was the matter before.
    if (this.#isStopping && lastFault !== undefined) return;
    faults[fault.reason] = (faults[fault.reason] ?? 0) + 1;
    this.statistics.lastFault = fault;
    this.#isAway = true;
  }

  /** Waits a little longer each time, and not at all once it is time to stop. */
  async #backOff(attempt: number): Promise<void> {
    const ms =
      Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(attempt, 10)) * (0.8 + Math.random() * 0.4);
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
