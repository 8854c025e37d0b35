/**
 * The exporting process of a live probe: records of all workers, one batch after the other, go to whichever collectors
 * are in use. Without any, records are taken and let go.
 */
import type { LiveInterface } from './capture/live-capture.ts';
import type { FlowtapConfig } from './config/config.ts';
import type { ExportingProcess } from './export/exporting-process.ts';
import type { CollectorStatistics } from './export/record-sink.ts';
import type { Log } from './log.ts';
import type { FlowRecordBatch, RecordParts } from './metering/flow-layout.ts';

/**
 * Opens the collectors of a configuration, each with a queue of its own: none delays another, or the capture.
 * @throws ConfigError for faults in templates, ExportError for a collector that can never be opened
 */
export async function openCollectors(config: FlowtapConfig, log: Log): Promise<ExportingProcess> {
  const { createExportingProcess } = await import('./export/exporting-process.ts');
  return createExportingProcess(config, config.exporters, {
    whenFull: 'drop',
    log: (level, kind, message) => log.write(level, kind, message),
  });
}

export class LiveExporting {
  readonly #log: Log;
  readonly #onRecords: ((batch: FlowRecordBatch) => void) | undefined;
  readonly #interfaces: LiveInterface[] = [];
  readonly #current: ExportingProcess;
  #busy: Promise<void> = Promise.resolve();

  /** @param onRecords sees each batch before it is exported */
  constructor(current: ExportingProcess, log: Log, onRecords?: (batch: FlowRecordBatch) => void) {
    this.#current = current;
    this.#log = log;
    this.#onRecords = onRecords;
  }

  get needsEncapsulation(): boolean {
    return this.#current.needsEncapsulation;
  }

  get needsHealth(): boolean {
    return this.#current.needsHealth;
  }

  /** Resolves when the batch's memory may be reused. */
  consume(batch: FlowRecordBatch): Promise<void> {
    this.#busy = this.#busy.then(() => {
      this.#onRecords?.(batch);
      return this.#current.exportBatch(batch);
    });
    return this.#busy;
  }

  /** One of the run's interfaces was opened, or opened again under another number. */
  setInterface(index: number, one: LiveInterface, count: number): void {
    this.#interfaces[index] = one;
    // Until all are known, numbers could not be told from names that are still to come.
    for (let i = 0; i < count; i++) if (this.#interfaces[i] === undefined) return;
    this.#current.setInterfaces(this.#interfaces);
  }

  statistics(): readonly CollectorStatistics[] {
    return this.#current.statistics();
  }

  /**
   * Goes over to the collectors of another configuration, without a gap.
   * @param keeps the optional parts of records that the workers keep
   * @throws ConfigError, ExportError; then nothing has changed
   */
  reconfigure(config: FlowtapConfig, keeps: RecordParts): Promise<void> {
    return this.#current.reconfigure(config, config.exporters, keeps);
  }

  /**
   * Sends what there is and frees the sockets.
   * @param limitMs after which the rest is given up, and said to be
   */
  async end(limitMs: number): Promise<void> {
    await this.#busy;
    const closing = this.#current.close();
    closing.catch(() => {});
    const { promise: limit, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, limitMs));
    await Promise.race([closing, limit]);
    clearTimeout(timer);
    for (const { url, recordsPending, recordsSpooled = 0 } of this.statistics()) {
      const lost = recordsPending - recordsSpooled;
      if (lost === 0) continue;
      const message = `${url}: ${lost} flow records could not be sent before the end`;
      this.#log.write('error', undefined, message, { collector: url, recordsPending });
    }
  }
}
