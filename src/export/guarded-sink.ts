/**
 * Stands before a sink, so that a defect of one exporter ends neither the others nor the probe: what is thrown or
 * rejected is caught here and nowhere else, counted, told, and then it goes on with the next batch.
 */

import type { FlowRecordBatch } from '../records/flow-layout.ts';
import type { RecordSections } from '../records/record-sections.ts';
import { countDataRecords } from './contract/batch-buffer.ts';
import { addVolumes, type FlowVolume, LostFlows, NOTHING_LOST, volumeOf } from './contract/lost-flows.ts';
import type { InterfaceDescription } from './contract/options-content.ts';
import type { CollectorStatistics, RecordSink, SinkContext } from './contract/record-sink.ts';
import { addCounts } from './contract/statistics.ts';

export class GuardedSink implements RecordSink {
  readonly url: string;
  readonly #sink: RecordSink;
  readonly #isBiflow: boolean;
  readonly #log: SinkContext['log'];
  /** Batches and calls that ended in a fault, and data records that the sink had not counted before it. */
  #faults = 0;
  #failedRecords = 0;
  #lastMessage = '';
  readonly #lost = new LostFlows();

  /** @param isBiflow for counters: a flow record with both directions is one data record, or two */
  constructor(sink: RecordSink, isBiflow: boolean, log: SinkContext['log']) {
    this.url = sink.url;
    this.#sink = sink;
    this.#isBiflow = isBiflow;
    this.#log = log;
  }

  get needs(): RecordSections {
    return this.#sink.needs;
  }

  get isAway(): boolean {
    return this.#sink.isAway === true;
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    const { recordsOffered } = this.#sink.statistics();
    try {
      const pending = this.#sink.exportBatch(batch);
      return pending?.catch((error: unknown) => this.#batchFailed(error, batch, recordsOffered));
    } catch (error) {
      this.#batchFailed(error, batch, recordsOffered);
      return undefined;
    }
  }

  announce(): readonly string[] {
    let announced: readonly string[] = [];
    this.#try(() => {
      announced = this.#sink.announce?.() ?? [];
    });
    return announced;
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    this.#try(() => this.#sink.setInterfaces(interfaces));
  }

  setStatistics(...[metering, dropped]: Parameters<NonNullable<RecordSink['setStatistics']>>): void {
    const all = (): FlowVolume => addVolumes(dropped(), this.#lost.total);
    this.#try(() => this.#sink.setStatistics?.(metering, all));
  }

  flush(): void {
    this.#try(() => this.#sink.flush());
  }

  end(): Promise<void> {
    return this.#settle(() => this.#sink.end());
  }

  close(): Promise<void> {
    return this.#settle(() => this.#sink.close());
  }

  reclaim(take: (batch: FlowRecordBatch) => Promise<void> | undefined): Promise<void> {
    return this.#settle(async () => this.#sink.reclaim?.(take));
  }

  statistics(): CollectorStatistics {
    const own = this.#sink.statistics();
    if (this.#faults === 0) return own;
    return {
      ...own,
      recordsOffered: own.recordsOffered + this.#failedRecords,
      recordsDropped: { ...own.recordsDropped, failed: this.#failedRecords },
      errors: addCounts<keyof CollectorStatistics['errors']>(own.errors, { other: this.#faults }),
      lastError: { reason: 'other', message: this.#lastMessage },
    };
  }

  #try(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #settle(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param offered records that the sink had counted before the batch */
  #batchFailed(error: unknown, batch: FlowRecordBatch, offered: number): void {
    const dataRecords = countDataRecords(batch, this.#isBiflow, 0, batch.count);
    // What the sink has counted as offered is among its own: sent, failed or still waiting.
    const uncounted = Math.max(0, dataRecords - (this.#sink.statistics().recordsOffered - offered));
    this.#failedRecords += uncounted;
    if (uncounted > 0) {
      const volume = uncounted === dataRecords ? volumeOf(batch, 0, batch.count, dataRecords) : NOTHING_LOST;
      this.#lost.add({ ...volume, records: uncounted });
    }
    this.#failed(error);
  }

  #failed(error: unknown): void {
    this.#faults++;
    this.#lastMessage = error instanceof Error ? error.message : String(error);
    const where = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 2).join('').trim() : '';
    const message = `${this.url}: a fault of flowtap itself: ${this.#lastMessage} (${where}); the exporter goes on, please report it`;
    this.#log('error', `${this.url} fault`, message);
  }
}
