/**
 * The exporting process (RFC 7011 §2): hands every batch of flow records to every exporter, group by group, each with
 * its own protocol, templates, transport and sequence numbers. In a replay it waits for the slowest; in a live capture
 * each exporter has a queue of its own, and a slow or dead one delays nobody.
 */

import { ConfigError } from '../base/errors.ts';
import { formatCounted } from '../base/units.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { ALL_SECTIONS, joinSections, type RecordSections } from '../records/record-sections.ts';
import type { MeteringStatistics } from './contract/metering-statistics.ts';
import type { InterfaceDescription } from './contract/options-content.ts';
import type {
  CollectorStatistics,
  ExporterConfig,
  ExportingConfig,
  RecordSink,
  SinkContext,
} from './contract/record-sink.ts';
import {
  canCoexist,
  createSink,
  type ExportGroup,
  groupsOf,
  type Recipient,
  type RunningGroup,
  recipientsOf,
} from './export-groups.ts';
import { type Change, handOverAll, missingSection, openAll } from './exporter-changes.ts';
import { FaultReporter } from './faults.ts';
import { SinkQueue } from './sink-queue.ts';
import { makesBiflows } from './sink-registry.ts';

/** The event loop gets its turn after so many batches, however fast they come. */
const BATCHES_PER_TURN = 32;
/** Records wait this long at most for others to share their message with. */
const FLUSH_MS = 1000;
const QUEUE_RECORDS = 65_536;

export interface ExportingProcess {
  /** The optional sections of records that templates read: the metering process must fill them then. */
  readonly needs: RecordSections;
  /**
   * Exports a batch to all collectors.
   * @returns undefined when its memory may be reused at once, or a promise of that moment. Do not call again before it.
   */
  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined;
  /**
   * Announces names of interfaces with the next templates. Only the first 400 that have one are.
   * @param interfaces by index: number 0 is observation point 1, and its ifIndex too where none is given
   */
  setInterfaces(interfaces: readonly { readonly name: string; readonly ifIndex?: number }[]): void;
  /** Announces templates and options again now. @returns the URLs of the exporters that do: those over UDP */
  announce(): readonly string[];
  /** Tells where options data finds the counters of the stages before; it is read when options data is sent. */
  setMeteringStatistics(read: () => MeteringStatistics): void;
  /** Sends messages that are not full yet. It happens by itself every second. */
  flush(): void;
  /**
   * Goes over to other exporters, without a gap: those that stay as they are notice nothing, changed ones keep their
   * queue, removed ones send what they have.
   * @param keeps the optional parts that records carry; templates that need another are refused
   * @throws ConfigError or ExportError as `createExportingProcess` does; then everything stays as it was
   */
  reconfigure(
    config: ExportingConfig,
    exporters: readonly ExporterConfig[],
    kept?: RecordSections,
  ): Promise<void>;
  /** Sends the rest, waits until it is sent, and frees the sockets. @returns the final counters */
  close(): Promise<CollectorStatistics[]>;
  /** Counters of each collector so far. */
  statistics(): CollectorStatistics[];
}

class RunningExportingProcess implements ExportingProcess {
  readonly #context: SinkContext;
  readonly #faults: FaultReporter;
  readonly #timer: NodeJS.Timeout;
  #config: ExportingConfig;
  #groups: RunningGroup[] = [];
  #recipients: Recipient[] = [];
  #interfaces: readonly InterfaceDescription[] | undefined;
  #readMetering: (() => MeteringStatistics) | undefined;
  #batches = 0;
  #retiring: Promise<void>[] = [];

  constructor(config: ExportingConfig, context: SinkContext) {
    this.#config = config;
    this.#context = context;
    this.#faults = new FaultReporter(context.log);
    this.#timer = setInterval(() => {
      this.flush();
      this.#tellFaults();
    }, FLUSH_MS);
    this.#timer.unref();
  }

  get needs(): RecordSections {
    return joinSections(this.#groups.map(({ queue }) => queue.sink.needs));
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    let waiting: Promise<void>[] | undefined;
    for (const { queues, share } of this.#recipients) {
      const parts = share?.split(batch);
      for (let i = 0; i < queues.length; i++) {
        const part = parts === undefined ? batch : parts[i]!;
        const pending = part.count === 0 ? undefined : queues[i]!.exportBatch(part);
        if (pending !== undefined) (waiting ??= []).push(pending);
      }
    }
    if (waiting !== undefined) return Promise.all(waiting).then(() => undefined);
    if (++this.#batches % BATCHES_PER_TURN !== 0) return undefined;
    return new Promise((resolve) => setImmediate(resolve));
  }

  setInterfaces(interfaces: readonly { readonly name: string; readonly ifIndex?: number }[]): void {
    // With a configured ingressInterface, no flow has the numbers that these names belong to.
    if (this.#config.observation.ingressInterface !== 'auto') return;
    this.#interfaces = interfaces
      .map(({ name, ifIndex = Number.NaN }, i): InterfaceDescription => {
        return { ifIndex: ifIndex > 0 ? ifIndex : i + 1, name, description: name };
      })
      .filter(({ name }) => name !== '');
    for (const { queue } of this.#groups) queue.setInterfaces(this.#interfaces);
  }

  announce(): readonly string[] {
    return this.#groups.flatMap(({ queue }) => queue.announce());
  }

  setMeteringStatistics(read: () => MeteringStatistics): void {
    this.#readMetering = read;
    for (const { queue } of this.#groups) queue.setMeteringStatistics(read);
  }

  flush(): void {
    for (const { queue } of this.#groups) queue.flush();
  }

  async reconfigure(
    config: ExportingConfig,
    exporters: readonly ExporterConfig[],
    kept: RecordSections = ALL_SECTIONS,
  ): Promise<void> {
    const wanted = groupsOf(config, exporters);
    const present = new Map(this.#groups.map((group) => [group.key, group]));
    const changed = wanted.flatMap((group): Change[] => {
      const old = present.get(group.key);
      return old !== undefined && old.identity !== group.identity ? [{ group, old }] : [];
    });
    const added = wanted.filter((group) => !present.has(group.key));
    const beside = changed.filter(({ group, old }) => canCoexist(group, old));
    const inTurn = changed.filter((change) => !beside.includes(change));
    const create = (group: ExportGroup) => this.#create(config, group, kept);
    // All that can be opened beside the former sinks comes first: where one fails, nothing has happened yet.
    const opened = await openAll([...added, ...beside.map(({ group }) => group)], create);
    try {
      await handOverAll(inTurn, create, (old) => this.#create(this.#config, old));
    } catch (error) {
      await Promise.all([...opened.values()].map((sink) => sink.close()));
      throw error;
    }
    await Promise.all(beside.map(({ group, old }) => old.queue.replaceBy(opened.get(group)!)));
    this.#config = config;
    this.#groups = wanted.map((group) => {
      return {
        ...group,
        queue: present.get(group.key)?.queue ?? this.#start(config, group, opened.get(group)!),
      };
    });
    this.#recipients = recipientsOf(this.#groups);
    for (const [key, group] of present) {
      if (!wanted.some((one) => one.key === key)) this.#retire(group);
    }
  }

  async close(): Promise<CollectorStatistics[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#groups.map(({ queue }) => queue.end()));
    this.#tellFaults();
    const statistics = this.statistics();
    await Promise.all([...this.#retiring, ...this.#groups.map(({ queue }) => queue.close())]);
    return statistics;
  }

  statistics(): CollectorStatistics[] {
    return this.#groups.flatMap(({ queue }) => queue.statistics());
  }

  async #create(
    config: ExportingConfig,
    group: ExportGroup,
    kept: RecordSections = ALL_SECTIONS,
  ): Promise<RecordSink> {
    const sink = await createSink(config, group, this.#context);
    const fault = missingSection(sink, kept);
    if (fault !== undefined) {
      await sink.close();
      throw new ConfigError(config.origin ?? 'configuration', [{ path: group.key, ...fault }]);
    }
    if (this.#interfaces !== undefined) sink.setInterfaces(this.#interfaces);
    return sink;
  }

  #start(config: ExportingConfig, group: ExportGroup, sink: RecordSink): SinkQueue {
    const [first] = group.exporters;
    const recordsMax = first!.options.queueRecords ?? QUEUE_RECORDS;
    const isBiflow = makesBiflows(config, first!);
    const queue = new SinkQueue(sink, { whenFull: this.#context.whenFull, recordsMax, isBiflow });
    if (this.#readMetering !== undefined) queue.setMeteringStatistics(this.#readMetering);
    return queue;
  }

  /** A live capture has a watcher of all its losses, these among them. */
  #tellFaults(): void {
    if (this.#context.whenFull === 'wait') this.#faults.look(this.statistics(), performance.now());
  }

  /** Lets an exporter that is no longer wanted send what it has. */
  #retire({ queue, key }: RunningGroup): void {
    const retiring = queue.end().then(() => {
      const dataRecords = queue.statistics().reduce((sum, one) => sum + one.dataRecords, 0);
      this.#context.log(
        'info',
        `${key} retired`,
        `${key}: no longer in use; it got ${formatCounted(dataRecords, 'flow records')}`,
      );
      return queue.close();
    });
    this.#retiring.push(retiring);
    void retiring.then(() => {
      this.#retiring = this.#retiring.filter((one) => one !== retiring);
    });
  }
}

/**
 * Opens all exporters.
 * @param context a replay that prints nothing, unless it says otherwise
 * @throws ConfigError for faults in the templates, ExportError for an exporter that cannot be opened
 */
export async function createExportingProcess(
  config: ExportingConfig,
  exporters: readonly ExporterConfig[],
  context: Partial<SinkContext> = {},
): Promise<ExportingProcess> {
  const exporting = new RunningExportingProcess(config, {
    whenFull: context.whenFull ?? 'wait',
    isFollowed: context.isFollowed ?? false,
    ...(context.pathRecords === undefined ? {} : { pathRecords: context.pathRecords }),
    log: context.log ?? (() => {}),
  });
  try {
    await exporting.reconfigure(config, exporters);
  } catch (error) {
    await exporting.close();
    throw error;
  }
  return exporting;
}
