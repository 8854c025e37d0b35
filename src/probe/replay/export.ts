/**
 * The taker of a replay's flow records: a thread of its own with the exporting process and standard output
 * (probe/replay/export-worker.ts), or, where the caller brings a writer of its own, this thread.
 */

import { Worker } from 'node:worker_threads';
import { RelayedError } from '../../base/errors.ts';
import type { SourceInterface } from '../../capture/source.ts';
import { isEnriching } from '../../config/asked.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { HealthTotals } from '../../diagnose/health-totals.ts';
import type { CollectorStatistics } from '../../export/contract/record-sink.ts';
import type { ExportingProcess } from '../../export/exporting-process.ts';
import { isPlainProfile } from '../../ie/profiles.ts';
import type { RecordQueueMemory } from '../../metering/record-queue.ts';
import type { FlowWriter } from '../../output/flow-writer.ts';
import type { HealthSummary } from '../../output/health-section.ts';
import { startModule } from '../../package-files.ts';
import type { PathMeter } from '../../paths/path-meter.ts';
import { NO_SECTIONS, type RecordSections } from '../../records/record-sections.ts';
import type { Part } from '../part.ts';
import { startReplayPathMeter } from '../path-meter.ts';
import { sectionsNeeded } from '../record-sections.ts';
import { RecordTaker, startAnonymizing, startEnriching } from '../record-taker.ts';
import type {
  PrintedOutput,
  ReplayExportData,
  ReplayExportMessage,
  ReplayExportRequest,
} from './export-worker.ts';
import { announceInterfaces, replayInterfaces, startExporting, tellStatistics } from './records.ts';

/** Results, once the last record has been taken. */
export interface RecordsTaken {
  readonly output: PrintedOutput;
  /** Path health of the records, where they carried it. */
  readonly health: HealthSummary | undefined;
}

/** Takes the records of a replay; a part that is started before the meters are. Its statistics come with its end. */
export interface ReplayTaker extends Part<readonly CollectorStatistics[]> {
  /**
   * What records must carry. Rejects where something cannot be opened: with ConfigError for faults in the templates, with
   * ExportError for a collector.
   */
  needs(): Promise<RecordSections>;
  /**
   * Takes records from these queues until all of them are closed.
   * @param counters of the meters, for options data
   */
  take(queues: readonly RecordQueueMemory[], counters: readonly SharedArrayBuffer[]): void;
  setInterfaces(interfaces: readonly SourceInterface[]): void;
  /** Resolves when every record has been taken, sent and printed; rejects as `needs` does. */
  readonly ended: Promise<RecordsTaken>;
}

/** Whether no template can need an optional part: only then the answer is known before the templates are compiled. */
function isDirect({ template, exporters, replay, paths, enrichment }: FlowtapConfig): boolean {
  if (replay.paths || paths.length > 0 || replay.topBy !== 'flow' || isEnriching(enrichment)) return false;
  const own = exporters.flatMap(({ options }) => [options.templateIpv4 ?? [], options.templateIpv6 ?? []]);
  const all = [template.ipv4, template.ipv6, ...own.filter((names) => names.length > 0)];
  return all.every(isPlainProfile);
}

/** The optional sections that the table reads; nothing else does where no template can need any. */
function tableSections({ replay, applications }: FlowtapConfig): RecordSections {
  const isShown = replay.output === 'table' && applications.inspect !== 'off';
  return { ...NO_SECTIONS, applications: isShown };
}

/** A thread that exports and prints as the configuration says. */
export class ExportThread implements ReplayTaker {
  readonly #workerData: ReplayExportData;
  readonly #onClosed: () => void;
  readonly #ready = Promise.withResolvers<RecordSections>();
  readonly #ended = Promise.withResolvers<RecordsTaken>();
  #thread: Worker | undefined;
  #statistics: readonly CollectorStatistics[] = [];

  /**
   * @param workerData what the thread is given
   * @param onClosed called when nobody reads standard output any more
   */
  constructor(workerData: ReplayExportData, onClosed: () => void) {
    this.#workerData = workerData;
    this.#onClosed = onClosed;
    // Both tell of a failure; whichever nobody waits for must not end the program.
    this.#ready.promise.catch(() => {});
    this.#ended.promise.catch(() => {});
  }

  start(): void {
    const thread = new Worker(startModule('probe/replay/export-worker'), { workerData: this.#workerData });
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error('the export thread ended before its time')));
    thread.on('message', (message: ReplayExportMessage) => this.#hear(message));
    this.#thread = thread;
  }

  async stop(): Promise<void> {
    await this.#thread?.terminate();
  }

  get statistics(): readonly CollectorStatistics[] {
    return this.#statistics;
  }

  async needs(): Promise<RecordSections> {
    const { config } = this.#workerData;
    return isDirect(config) ? tableSections(config) : await this.#ready.promise;
  }

  take(queues: readonly RecordQueueMemory[], counters: readonly SharedArrayBuffer[]): void {
    this.#post({ kind: 'start', queues, counters });
  }

  setInterfaces(interfaces: readonly SourceInterface[]): void {
    this.#post({ kind: 'interfaces', interfaces });
  }

  get ended(): Promise<RecordsTaken> {
    return this.#ended.promise;
  }

  #post(request: ReplayExportRequest): void {
    this.#thread?.postMessage(request);
  }

  #hear(message: ReplayExportMessage): void {
    if (message.kind === 'ready') this.#ready.resolve(message.needs);
    else if (message.kind === 'closed') this.#onClosed();
    else if (message.kind === 'end') {
      this.#statistics = message.statistics;
      this.#ended.resolve({ output: message.output, health: message.health });
    } else this.#fail(new RelayedError(message.error));
  }

  #fail(error: unknown): void {
    this.#ready.reject(error);
    this.#ended.reject(error);
  }
}

/** Takes records on this thread, to the collectors and to a writer of the caller's. */
export class HereTaker implements ReplayTaker {
  readonly #config: FlowtapConfig;
  readonly #writer: FlowWriter;
  readonly #isFollowed: boolean;
  readonly #exporting = Promise.withResolvers<ExportingProcess | undefined>();
  readonly #paths: Promise<PathMeter | undefined>;
  readonly #queues = Promise.withResolvers<readonly RecordQueueMemory[]>();
  readonly #ended = Promise.withResolvers<RecordsTaken>();
  #statistics: readonly CollectorStatistics[] = [];

  /** @param isFollowed packets come as they are observed */
  constructor(config: FlowtapConfig, writer: FlowWriter, isFollowed: boolean) {
    this.#config = config;
    this.#writer = writer;
    this.#isFollowed = isFollowed;
    this.#paths = startReplayPathMeter(config);
    this.#paths.catch(() => {});
    // All tell of a failure; whichever nobody waits for must not end the program.
    this.#exporting.promise.catch(() => {});
    this.#ended.promise.catch(() => {});
  }

  start(): void {
    this.#exporting.resolve(this.#startExporting());
    this.#ended.resolve(this.#takeAll());
  }

  async #startExporting(): Promise<ExportingProcess | undefined> {
    if (this.#config.exporters.length === 0) return undefined;
    return startExporting(this.#config, this.#isFollowed, await this.#paths);
  }

  stop(): void {}

  get statistics(): readonly CollectorStatistics[] {
    return this.#statistics;
  }

  async needs(): Promise<RecordSections> {
    return sectionsNeeded(await this.#exporting.promise, this.#writer);
  }

  take(queues: readonly RecordQueueMemory[], counters: readonly SharedArrayBuffer[]): void {
    this.#exporting.promise.then((process) => tellStatistics(process, counters)).catch(() => {});
    this.#queues.resolve(queues);
  }

  setInterfaces(interfaces: readonly SourceInterface[]): void {
    void this.#exporting.promise.then((process) => announceInterfaces(process, this.#config, interfaces));
  }

  get ended(): Promise<RecordsTaken> {
    return this.#ended.promise;
  }

  async #takeAll(): Promise<RecordsTaken> {
    const numbers = replayInterfaces(this.#config);
    const anonymizer = await startAnonymizing(this.#config);
    const enrichment = await startEnriching(this.#config);
    const exporting = await this.#exporting.promise;
    const paths = await this.#paths;
    const health = new HealthTotals();
    const taker = new RecordTaker({
      exporting,
      writer: this.#writer,
      numbers: () => numbers,
      enrichment: () => enrichment,
      anonymizer,
      beforeBatch: (batch) => paths?.add(batch),
      onRecords: (batch) => health.add(batch),
    });
    await Promise.all((await this.#queues.promise).map((queue) => taker.takeAll(queue)));
    paths?.end();
    this.#statistics = (await exporting?.close()) ?? [];
    return { output: { isClosed: this.#writer.isClosed, error: undefined }, health: health.summary };
  }
}
