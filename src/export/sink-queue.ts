/**
 * Between the exporting process and one sink. In a replay batches go straight through, and the replay waits for the
 * sink. In a live capture they are copied into a bounded queue of the sink's own, so that it delays nobody else; what
 * does not fit is dropped and counted. The sink can be replaced while records wait.
 */
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { BatchBuffer, countDataRecords } from './contract/batch-buffer.ts';
import { LostFlows, volumeOf } from './contract/lost-flows.ts';
import type { MeteringStatistics } from './contract/metering-statistics.ts';
import type { InterfaceDescription } from './contract/options-content.ts';
import type { CollectorStatistics, RecordSink } from './contract/record-sink.ts';
import { PastCounters } from './past-counters.ts';

/** Records of a copy; small batches share one. */
const COPY_RECORDS = 512;
/** Between attempts to make a former sink again. */
const RESTORE_MS = 1000;
/** At the end of a live capture: how long records in the queue may still take. */
const END_MS = 1500;

export interface SinkQueueOptions {
  readonly whenFull: 'wait' | 'drop';
  /** Flow records, as the metering process counts them, that wait at most. */
  readonly recordsMax: number;
  /** For counters: a flow record with both directions is one data record, or two. */
  readonly isBiflow: boolean;
}

export class SinkQueue {
  readonly #options: SinkQueueOptions;
  #sink: RecordSink;
  #waiting: BatchBuffer[] = [];
  readonly #free: BatchBuffer[] = [];
  #waitingRecords = 0;
  #readMetering: (() => MeteringStatistics) | undefined;
  /** Data records, for the counters. */
  #dropped = { queueFull: 0, stopped: 0 };
  readonly #lost = new LostFlows();
  /** Set while the sink has a batch, and while it is being replaced. */
  #busy: Promise<void> | undefined;
  #replacing: Promise<void> | undefined;
  /** False between two sinks, where the former one has ended and there is no other yet. */
  #isOpen = true;
  #isEnding = false;
  readonly #past = new PastCounters();

  constructor(sink: RecordSink, options: SinkQueueOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#setStatistics();
  }

  get sink(): RecordSink {
    return this.#sink;
  }

  /** @returns undefined when the batch's memory may be reused at once, or a promise of that moment */
  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    if (this.#options.whenFull === 'wait') {
      if (this.#replacing !== undefined) return this.#replacing.then(() => this.exportBatch(batch));
      if (this.#isOpen) return this.#exportDirectly(batch);
      this.#drop('stopped', batch, 0);
      return undefined;
    }
    this.#keep(batch);
    this.#pump();
    return undefined;
  }

  #exportDirectly(batch: FlowRecordBatch): Promise<void> | undefined {
    const pending = this.#sink.exportBatch(batch);
    this.#busy = pending?.then(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  flush(): void {
    if (this.#replacing === undefined) this.#sink.flush();
  }

  /** Announces templates again. @returns the URLs of exporters that have some to announce */
  announce(): readonly string[] {
    return this.#sink.announce?.() ?? [];
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#sink.setInterfaces(interfaces);
  }

  /** Where statistics of the stages before come from; what the queue dropped is added to them. */
  setMeteringStatistics(read: () => MeteringStatistics): void {
    this.#readMetering = read;
    this.#setStatistics();
  }

  #setStatistics(): void {
    this.#sink.setStatistics?.(this.#readMetering, () => this.#lost.total);
  }

  /** Goes over to a sink that is open, once the present one has ended; records wait in the meantime. */
  replaceBy(next: RecordSink): Promise<void> {
    return this.#pause(async () => {
      await this.#retireSink();
      this.#take(next);
    });
  }

  /**
   * Goes over to a sink that cannot be opened before the present one has ended; records wait in the meantime.
   * @param restore makes the present one again where the new one cannot be made; it is tried until it works
   * @throws what `create` does
   */
  async handOver(create: () => Promise<RecordSink>, restore: () => Promise<RecordSink>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    void this.#pause(async () => {
      await this.#retireSink();
      try {
        this.#take(await create());
        resolve();
      } catch (error) {
        await this.#restore(restore, () => reject(error));
      }
    });
    return promise;
  }

  /** @param onTried called after the first attempt: nobody waits for more */
  async #restore(restore: () => Promise<RecordSink>, onTried: () => void): Promise<void> {
    while (!this.#isEnding) {
      try {
        this.#take(await restore());
        break;
      } catch {
        onTried();
        await new Promise((resolve) => setTimeout(resolve, RESTORE_MS));
      }
    }
    onTried();
  }

  /** Keeps records from the sink while something is done about it. */
  async #pause(work: () => Promise<void>): Promise<void> {
    // Where a former sink is still being made again, that comes first.
    while (this.#replacing !== undefined) await this.#replacing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#replacing = promise;
    try {
      await work();
    } finally {
      this.#replacing = undefined;
      resolve();
      this.#pump();
    }
  }

  /** Ends the sink and keeps its counters. */
  async #retireSink(): Promise<void> {
    if (!this.#isOpen) return;
    // The end also lets a batch go that the sink has no room for.
    await this.#sink.end();
    await this.#busy;
    await this.#sink.close();
    this.#past.keep(this.#sink);
    this.#isOpen = false;
  }

  #take(next: RecordSink): void {
    this.#sink = next;
    this.#isOpen = true;
    this.#setStatistics();
    this.#past.inherit(next);
  }

  /** Sends what waits, within a limit, then ends the sink. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#replacing;
    const deadlineMs = performance.now() + END_MS;
    // Nothing is to be hoped for from a sink that is away, except from its spool, which never has to wait.
    while (this.#busy !== undefined && this.#sink.isAway !== true && performance.now() < deadlineMs) {
      await Promise.race([this.#busy, new Promise((resolve) => setTimeout(resolve, 100).unref())]);
    }
    for (const buffer of this.#waiting) this.#drop('stopped', buffer, 0);
    this.#waiting = [];
    this.#waitingRecords = 0;
    if (!this.#isOpen) return;
    await this.#sink.end();
    await this.#busy;
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#sink.close();
  }

  /**
   * The counters of the sink, or of each member of a group, and with the one in use what waits or was dropped before it.
   */
  statistics(): CollectorStatistics[] {
    const shown = this.#sink.statistics().url;
    return this.#past
      .with(this.#sink, this.#isOpen)
      .map(({ url, statistics }) => (url === shown ? this.#withQueued(statistics) : statistics));
  }

  #withQueued(own: CollectorStatistics): CollectorStatistics {
    const { queueFull, stopped } = this.#dropped;
    if (this.#options.whenFull === 'wait' && stopped === 0) return own;
    let queued = 0;
    for (const buffer of this.#waiting) queued += this.#dataRecords(buffer, 0, buffer.count);
    return {
      ...own,
      recordsOffered: own.recordsOffered + queued + queueFull + stopped,
      recordsPending: own.recordsPending + queued,
      recordsQueued: (own.recordsQueued ?? 0) + queued,
      recordsDropped: {
        ...own.recordsDropped,
        queueFull,
        stopped: (own.recordsDropped?.stopped ?? 0) + stopped,
      },
    };
  }

  #dataRecords(batch: FlowRecordBatch, from: number, to: number): number {
    return countDataRecords(batch, this.#options.isBiflow, from, to);
  }

  /** Copies what there is room for, and counts the rest as dropped. */
  #keep(batch: FlowRecordBatch): void {
    const kept = Math.min(batch.count, Math.max(0, this.#options.recordsMax - this.#waitingRecords));
    for (let from = 0; from < kept; ) {
      let buffer = this.#waiting.at(-1);
      if (buffer === undefined || buffer.roomFor(batch) === 0) {
        buffer = this.#takeFree(batch.stride);
        this.#waiting.push(buffer);
      }
      const to = Math.min(kept, from + buffer.roomFor(batch));
      buffer.append(batch, from, to);
      from = to;
    }
    this.#waitingRecords += kept;
    if (kept < batch.count) this.#drop('queueFull', batch, kept);
  }

  /** Counts what is given up of a batch: everything from record `from` on. */
  #drop(reason: 'queueFull' | 'stopped', batch: FlowRecordBatch, from: number): void {
    const dataRecords = this.#dataRecords(batch, from, batch.count);
    this.#dropped[reason] += dataRecords;
    this.#lost.add(volumeOf(batch, from, batch.count, dataRecords));
  }

  #takeFree(stride: number): BatchBuffer {
    const free = this.#free.pop();
    return free?.stride === stride ? free : new BatchBuffer(stride, COPY_RECORDS);
  }

  /** Hands batches to the sink until it has to wait. */
  #pump(): void {
    while (this.#busy === undefined && this.#replacing === undefined && this.#isOpen) {
      const buffer = this.#waiting.shift();
      if (buffer === undefined) return;
      this.#waitingRecords -= buffer.count;
      const pending = this.#sink.exportBatch(buffer);
      if (pending !== undefined) {
        this.#busy = pending.then(() => this.#release(buffer)).then(() => this.#resume());
        return;
      }
      this.#release(buffer);
    }
  }

  #release(buffer: BatchBuffer): void {
    buffer.clear();
    this.#free.push(buffer);
  }

  #resume(): void {
    this.#busy = undefined;
    this.#pump();
  }
}
