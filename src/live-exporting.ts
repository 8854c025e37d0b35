/**
 * The exporting process of a live probe as one thing that stays while collectors are exchanged: records of all workers,
 * one batch after the other, go to whichever collectors are in use. Without any, records are taken and let go.
 */
import type { LiveInterface } from './capture/live-capture.ts';
import type { FlowtapConfig } from './config/config.ts';
import type { ExportingProcess } from './export/exporting-process.ts';
import { InterfaceNumbers } from './export/interface-numbers.ts';
import type { CollectorStatistics } from './export/record-sink.ts';
import type { Log } from './log.ts';
import type { FlowRecordBatch } from './metering/flow-layout.ts';

/**
 * Opens the collectors of a configuration; undefined where it has none.
 * @throws ConfigError for faults in templates, ExportError for a collector that cannot be opened
 */
export async function openCollectors(config: FlowtapConfig): Promise<ExportingProcess | undefined> {
  if (config.exporters.length === 0) return undefined;
  const { createExportingProcess } = await import('./export/exporting-process.ts');
  return createExportingProcess(config, config.exporters);
}

export class LiveExporting {
  readonly #log: Log;
  readonly #interfaces: LiveInterface[] = [];
  #current: ExportingProcess | undefined;
  #numbers: InterfaceNumbers;
  #busy: Promise<void> = Promise.resolve();

  constructor(current: ExportingProcess | undefined, config: FlowtapConfig, log: Log) {
    this.#current = current;
    this.#numbers = new InterfaceNumbers(config.observation, true);
    this.#log = log;
  }

  get needsEncapsulation(): boolean {
    return this.#current?.needsEncapsulation === true;
  }

  /** Resolves when the batch's memory may be reused. */
  consume(batch: FlowRecordBatch): Promise<void> {
    this.#busy = this.#busy.then(() => {
      this.#numbers.apply(batch);
      return this.#current?.exportBatch(batch);
    });
    return this.#busy;
  }

  /** One of the run's interfaces was opened, or opened again under another number. */
  setInterface(index: number, one: LiveInterface, count: number): void {
    this.#interfaces[index] = one;
    this.#numbers.setInterface(index, one.ifIndex);
    // Until all are known, numbers could not be told from names that are still to come.
    for (let i = 0; i < count; i++) if (this.#interfaces[i] === undefined) return;
    this.#current?.setInterfaces(this.#interfaces);
  }

  statistics(): readonly CollectorStatistics[] {
    return this.#current?.statistics() ?? [];
  }

  /** Between two batches, so that every record goes to the former collectors or to the new ones. */
  async exchange(next: ExportingProcess | undefined, config: FlowtapConfig): Promise<void> {
    let former: ExportingProcess | undefined;
    const numbers = new InterfaceNumbers(config.observation, true);
    this.#interfaces.forEach(({ ifIndex }, index) => {
      numbers.setInterface(index, ifIndex);
    });
    next?.setInterfaces(this.#interfaces);
    this.#busy = this.#busy.then(() => {
      former = this.#current;
      this.#current = next;
      this.#numbers = numbers;
    });
    await this.#busy;
    const statistics = (await former?.close()) ?? [];
    for (const { url, dataRecords, recordsFailed } of statistics) {
      const message = `${url}: no longer in use as it was; it got ${dataRecords} flow records`;
      this.#log.write('info', undefined, message, { collector: url, dataRecords, recordsFailed });
    }
  }

  /**
   * Sends what there is and frees the sockets.
   * @param limitMs after which the rest is given up, and said to be
   */
  async end(limitMs: number): Promise<void> {
    await this.#busy;
    const closing = this.#current?.close();
    if (closing === undefined) return;
    closing.catch(() => {});
    const { promise: limit, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, limitMs));
    await Promise.race([closing, limit]);
    clearTimeout(timer);
    for (const { url, recordsPending } of this.statistics()) {
      if (recordsPending === 0) continue;
      const message = `${url}: ${recordsPending} flow records could not be sent before the end`;
      this.#log.write('error', undefined, message, { collector: url, recordsPending });
    }
  }
}
