/**
 * Who takes the flow records of a replay: a thread of its own with the exporting process and standard output
 * (probe/replay/export-worker.ts), or, where the caller brings a writer of its own, this thread.
 */
import { Worker } from 'node:worker_threads';
import { RelayedError } from '../../base/errors.ts';
import type { SourceInterface } from '../../capture/source.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { CollectorStatistics } from '../../export/contract/record-sink.ts';
import { isPlainProfile } from '../../ie/profiles.ts';
import type { RecordQueueMemory } from '../../metering/record-queue.ts';
import type { FlowWriter } from '../../output/flow-writer.ts';
import { startModule } from '../../package-files.ts';
import type { RecordSections } from '../../records/flow-layout.ts';
import type {
  PrintedOutput,
  ReplayExportData,
  ReplayExportMessage,
  ReplayExportRequest,
} from './export-worker.ts';
import {
  announceInterfaces,
  NO_SECTIONS,
  RecordConsumer,
  replayInterfaces,
  sectionsNeeded,
  startAnonymizing,
  startExporting,
  tellStatistics,
} from './records.ts';

/** Results, once the last record has been taken. */
export interface RecordsTaken {
  readonly statistics: readonly CollectorStatistics[];
  readonly output: PrintedOutput;
}

export interface RecordTaker {
  /**
   * What records must carry. Rejects where something cannot be opened: with ConfigError for faults in the templates, with
   * ExportError for a collector.
   */
  needs(): Promise<RecordSections>;
  /**
   * Takes records from these queues until all of them are closed.
   * @param counters of the meters, for options data
   */
  start(queues: readonly RecordQueueMemory[], counters: readonly SharedArrayBuffer[]): void;
  setInterfaces(interfaces: readonly SourceInterface[]): void;
  /** Resolves when every record has been taken, sent and printed; rejects as `needs` does. */
  readonly ended: Promise<RecordsTaken>;
  terminate(): Promise<unknown>;
}

/** Whether no template can need an optional part: only then the answer is known before the templates are compiled. */
function isDirect({ template, exporters }: FlowtapConfig): boolean {
  const own = exporters.flatMap(({ options }) => [options.templateIpv4 ?? [], options.templateIpv6 ?? []]);
  const all = [template.ipv4, template.ipv6, ...own.filter((names) => names.length > 0)];
  return all.every(isPlainProfile);
}

/**
 * Starts a thread that exports and prints as the configuration says.
 * @param workerData what the thread is given
 * @param onClosed called when nobody reads standard output any more
 */
export function startExportThread(workerData: ReplayExportData, onClosed: () => void): RecordTaker {
  const ready = Promise.withResolvers<RecordSections>();
  const ended = Promise.withResolvers<RecordsTaken>();
  const thread = new Worker(startModule('probe/replay/export-worker'), { workerData });
  const fail = (error: unknown) => {
    ready.reject(error);
    ended.reject(error);
  };
  // Both tell of a failure; whichever nobody waits for must not end the program.
  ready.promise.catch(() => {});
  ended.promise.catch(() => {});
  thread.on('error', fail);
  thread.on('exit', () => fail(new Error('the export thread ended before its time')));
  thread.on('message', (message: ReplayExportMessage) => {
    if (message.kind === 'ready') ready.resolve(message.needs);
    else if (message.kind === 'closed') onClosed();
    else if (message.kind === 'end') ended.resolve(message);
    else fail(new RelayedError(message.error));
  });
  const post = (request: ReplayExportRequest) => thread.postMessage(request);
  return {
    needs: async () => (isDirect(workerData.config) ? NO_SECTIONS : await ready.promise),
    start: (queues, counters) => post({ kind: 'start', queues, counters }),
    setInterfaces: (interfaces) => post({ kind: 'interfaces', interfaces }),
    ended: ended.promise,
    terminate: () => thread.terminate(),
  };
}

/**
 * Takes records on this thread, to the collectors and to a writer of the caller's.
 * @param isFollowed packets come as they are observed
 */
export function takeHere(config: FlowtapConfig, writer: FlowWriter, isFollowed: boolean): RecordTaker {
  const hasExporters = config.exporters.length > 0;
  const exporting = hasExporters ? startExporting(config, isFollowed) : Promise.resolve(undefined);
  const queues = Promise.withResolvers<readonly RecordQueueMemory[]>();
  const take = async (): Promise<RecordsTaken> => {
    const anonymizer = await startAnonymizing(config);
    const process = await exporting;
    const consumer = new RecordConsumer(process, writer, { numbers: replayInterfaces(config), anonymizer });
    await Promise.all((await queues.promise).map((queue) => consumer.consumeAll(queue)));
    const statistics = (await process?.close()) ?? [];
    return { statistics, output: { isClosed: writer.isClosed, error: undefined } };
  };
  const ended = take();
  ended.catch(() => {});
  return {
    needs: async () => sectionsNeeded(await exporting, writer),
    start: (started, counters) => {
      exporting.then((process) => tellStatistics(process, counters)).catch(() => {});
      queues.resolve(started);
    },
    setInterfaces: (interfaces) =>
      void exporting.then((process) => announceInterfaces(process, config, interfaces)),
    ended,
    terminate: async () => {},
  };
}
