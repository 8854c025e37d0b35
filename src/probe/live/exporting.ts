/**
 * The exporting process of a live probe: records of all workers, one batch after the other, get the numbers of their
 * interfaces and go to every exporter. Each of those has a queue of its own, so a slow one delays nobody; only at the
 * end, when every flow comes at once, the workers wait for room in them.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import { formatCounted } from '../../base/units.ts';
import type { LiveInterface } from '../../capture/live/live-capture.ts';
import { isEnriching } from '../../config/asked.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { Anonymizer } from '../../export/anonymization/anonymizer.ts';
import type { MeteringStatistics } from '../../export/contract/metering-statistics.ts';
import type { CollectorStatistics, ExportingConfig } from '../../export/contract/record-sink.ts';
import type { ExportingProcess } from '../../export/exporting-process.ts';
import { InterfaceNumbers } from '../../export/interface-numbers.ts';
import type { Enrichment } from '../../networks/enrichment.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { PathRecordSource } from '../../records/path-record.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { Part } from '../part.ts';
import { RecordTaker } from '../record-taker.ts';

/** While everything is being exported: records that wait for one exporter before the next batch is taken. */
const QUEUED_MAX = 16_384;
const ROOM_LOOK_MS = 5;

/** Stands for an interface that has not come: without a name, nothing is told of it. */
const AWAITED_INTERFACE: LiveInterface = { name: '', linkType: 0, snapLength: 0, ifIndex: Number.NaN };

/** Records that neither have been sent nor lie in a spool for the next run. */
export function unsentRecords({
  recordsPending,
  recordsSpooled,
  recordsDropped,
}: CollectorStatistics): number {
  return recordsPending - (recordsSpooled ?? 0) + (recordsDropped?.stopped ?? 0);
}

/**
 * What exporters read of a configuration, with the sampling that collectors have to know of.
 * @param hasNetworks as of the start, as records keep what they had a place for then
 */
function exportingConfig(config: FlowtapConfig, hasNetworks: boolean): ExportingConfig {
  const { method, interval, scale } = config.live.sampling;
  // Counters that are scaled already are announced as those of every packet.
  const isTold = interval !== 1 && !scale;
  return { ...config, hasNetworks, ...(isTold ? { sampling: { method, interval } } : {}) };
}

/**
 * Opens the exporters of a configuration.
 * @param paths gives the records of named paths
 * @throws ConfigError for faults in templates, ExportError for an exporter that cannot be opened
 */
export async function openCollectors(
  config: FlowtapConfig,
  log: Log,
  paths?: PathRecordSource,
): Promise<ExportingProcess> {
  const { createExportingProcess } = await import('../../export/exporting-process.ts');
  return createExportingProcess(exportingConfig(config, isEnriching(config.enrichment)), config.exporters, {
    whenFull: 'drop',
    ...(paths === undefined ? {} : { pathRecords: paths }),
    log: (level, kind, message) => log.write(level, kind, message),
  });
}

export interface LiveExportingOptions {
  readonly config: FlowtapConfig;
  readonly log: Log;
  /** Writes whose addresses they are. */
  readonly enrichment: () => Enrichment | undefined;
  /** Replaces addresses, before anybody sees them. */
  readonly anonymizer: Anonymizer | undefined;
  /** Where options data finds what the workers count. */
  readonly meteringStatistics: () => MeteringStatistics;
  /** Sees every batch as it was metered, with the true addresses. */
  readonly beforeBatch: (batch: FlowRecordBatch) => void;
  /** Sees every batch before it is exported. */
  readonly onRecords: ((batch: FlowRecordBatch) => void) | undefined;
}

export class LiveExporting implements Part<readonly CollectorStatistics[]> {
  readonly #log: Log;
  readonly #meteringStatistics: () => MeteringStatistics;
  readonly #taker: RecordTaker;
  readonly #exporting: ExportingProcess;
  readonly #interfaces: LiveInterface[] = [];
  readonly #hasNetworks: boolean;
  #numbers: InterfaceNumbers;
  /** On the monotonic clock, once everything is being exported: until then batches wait for room. */
  #waitsUntilMs: number | undefined;

  /** @param exporting is open, so that what records must carry is known */
  constructor(exporting: ExportingProcess, options: LiveExportingOptions) {
    const { config, log, enrichment, anonymizer, meteringStatistics, beforeBatch, onRecords } = options;
    this.#exporting = exporting;
    this.#hasNetworks = isEnriching(config.enrichment);
    this.#meteringStatistics = meteringStatistics;
    this.#numbers = new InterfaceNumbers(config.observation, true);
    this.#taker = new RecordTaker({
      exporting,
      numbers: () => this.#numbers,
      enrichment,
      anonymizer,
      beforeBatch,
      onRecords,
      room: () => (this.#waitsUntilMs === undefined ? undefined : this.#room(this.#waitsUntilMs)),
    });
    this.#log = log;
  }

  /** Resolves when the batch's memory may be reused. */
  consume(batch: FlowRecordBatch): Promise<void> {
    return this.#taker.take(batch);
  }

  /** One of the run's interfaces was opened, or opened again under another number. */
  setInterface(index: number, one: LiveInterface, count: number): void {
    this.#numbers.setInterface(index, one.ifIndex);
    this.#setInterface(index, one, count);
  }

  /** One of the run's interfaces is not there yet: the others are told of without it. */
  awaitInterface(index: number, count: number): void {
    if (this.#interfaces[index] === undefined) this.#setInterface(index, AWAITED_INTERFACE, count);
  }

  #setInterface(index: number, one: LiveInterface, count: number): void {
    this.#interfaces[index] = one;
    // Until all are known, numbers could not be told from names that are still to come.
    for (let i = 0; i < count; i++) if (this.#interfaces[i] === undefined) return;
    this.#exporting.setInterfaces(this.#interfaces);
  }

  /** From now on options data tells what the workers count. */
  start(): void {
    this.#exporting.setMeteringStatistics(this.#meteringStatistics);
  }

  get statistics(): readonly CollectorStatistics[] {
    return this.#exporting.statistics();
  }

  /**
   * Goes over to other exporters without a gap.
   * @param keeps the optional parts of records that the workers keep
   * @throws ConfigError, ExportError: then nothing has changed
   */
  async reconfigure(config: FlowtapConfig, kept: RecordSections): Promise<void> {
    await this.#exporting.reconfigure(exportingConfig(config, this.#hasNetworks), config.exporters, kept);
    const numbers = new InterfaceNumbers(config.observation, true);
    this.#interfaces.forEach(({ ifIndex }, index) => {
      numbers.setInterface(index, ifIndex);
    });
    this.#numbers = numbers;
  }

  /** From now on batches wait for room in the exporters' queues: every flow is on its way. */
  startEnding(limitMs: number): void {
    this.#waitsUntilMs = performance.now() + limitMs;
  }

  /**
   * Sends what there is and frees the sockets.
   * @param limitMs after which the rest is given up, and said to be
   */
  async stop(limitMs: number): Promise<void> {
    await this.#taker.idle;
    const closing = this.#exporting.close();
    closing.catch(() => {});
    const { promise: limit, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, limitMs));
    await Promise.race([closing, limit]);
    clearTimeout(timer);
    for (const one of this.statistics) {
      const records = unsentRecords(one);
      if (records === 0) continue;
      const message = `${one.url}: ${formatCounted(records, 'flow records')} could not be sent before the end`;
      this.#log.write('error', undefined, message, { collector: one.url, records });
    }
  }

  /** Announces templates again now. @returns the URLs of the exporters that do */
  announce(): readonly string[] {
    return this.#exporting.announce();
  }

  /** Makes records as everybody sees them: with the numbers of interfaces and with networks, and anonymized. */
  prepare(batch: FlowRecordBatch): void {
    this.#taker.prepare(batch);
  }

  async #room(untilMs: number): Promise<void> {
    const isFull = () => this.statistics.some(({ recordsQueued }) => (recordsQueued ?? 0) > QUEUED_MAX);
    while (isFull() && performance.now() < untilMs) await delay(ROOM_LOOK_MS);
  }
}
