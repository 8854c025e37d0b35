/**
 * The thread of a replay that takes flow records: it holds the exporting process, and prints flows where that is asked
 * for. Apart from the thread that meters, so that neither waits for the other, and started before it, so that it is
 * ready when the first records come.
 */

import { enableCompileCache } from 'node:module';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { FlowtapError, type PostedError, postedError } from '../../base/errors.ts';
import type { SourceInterface } from '../../capture/source.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { HealthTotals } from '../../diagnose/health-totals.ts';
import type { CollectorStatistics } from '../../export/contract/record-sink.ts';
import type { RecordQueueMemory } from '../../metering/record-queue.ts';
import { createWriter } from '../../output/create-writer.ts';
import type { FlowWriter } from '../../output/flow-writer.ts';
import type { HealthSummary } from '../../output/health-section.ts';
import { DescriptorOutput } from '../../output/standard-output.ts';
import type { PathMeter } from '../../paths/path-meter.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import { startReplayPathMeter } from '../path-meter.ts';
import { sectionsNeeded } from '../record-sections.ts';
import { RecordTaker, startAnonymizing, startEnriching } from '../record-taker.ts';
import { announceInterfaces, replayInterfaces, startExporting, tellStatistics } from './records.ts';

/** What main gives the thread. */
export interface ReplayExportData {
  readonly config: FlowtapConfig;
  /** Columns of the terminal that standard output is; undefined where it is none. */
  readonly columns: number | undefined;
  /** Packets come as they are observed. */
  readonly isFollowed: boolean;
}

/** What main tells it. */
export type ReplayExportRequest =
  | {
      readonly kind: 'start';
      readonly queues: readonly RecordQueueMemory[];
      /** The counters of the meters. */
      readonly counters: readonly SharedArrayBuffer[];
    }
  | { readonly kind: 'interfaces'; readonly interfaces: readonly SourceInterface[] };

/** How standard output fared. */
export interface PrintedOutput {
  /** Its reader went away. */
  readonly isClosed: boolean;
  /** Why it could not be written, where that was not the reader going away. */
  readonly error: string | undefined;
}

/** What the thread tells main. */
export type ReplayExportMessage =
  /** Everything is open; what records must carry. */
  | { readonly kind: 'ready'; readonly needs: RecordSections }
  /** Nobody reads standard output any more. */
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'end';
      readonly statistics: readonly CollectorStatistics[];
      readonly output: PrintedOutput;
      readonly health: HealthSummary | undefined;
    }
  | { readonly kind: 'failed'; readonly error: PostedError };

const port = parentPort!;

function post(message: ReplayExportMessage): void {
  port.postMessage(message);
}

/** A writer that says so once nobody reads it any more. */
function watchClosing(writer: FlowWriter): FlowWriter {
  let isTold = false;
  return {
    get isClosed() {
      return writer.isClosed;
    },
    write(batch) {
      if (!writer.isClosed) return writer.write(batch);
      if (!isTold) post({ kind: 'closed' });
      isTold = true;
    },
    end: () => writer.end(),
  };
}

/** What prints flows, or named paths. */
async function makeWriter(
  config: FlowtapConfig,
  output: DescriptorOutput,
  columns: number | undefined,
  paths: PathMeter | undefined,
): Promise<FlowWriter | undefined> {
  const { output: form, top } = config.replay;
  if (paths === undefined || !config.replay.paths || form === 'none')
    return createWriter(config, output, columns);
  const { PathWriter } = await import('../../paths/path-writer.ts');
  return new PathWriter(output, paths, { form, top });
}

async function run({ config, columns, isFollowed }: ReplayExportData): Promise<void> {
  const output = new DescriptorOutput(1);
  const anonymizer = await startAnonymizing(config);
  const enrichment = await startEnriching(config);
  const paths = await startReplayPathMeter(config);
  const writer = await makeWriter(config, output, columns, paths);
  const hasExporters = config.exporters.length > 0;
  const exporting = hasExporters ? await startExporting(config, isFollowed, paths) : undefined;
  const started = Promise.withResolvers<readonly RecordQueueMemory[]>();
  const hear = (request: ReplayExportRequest) => {
    if (request.kind === 'start') {
      tellStatistics(exporting, request.counters);
      started.resolve(request.queues);
    } else announceInterfaces(exporting, config, request.interfaces);
  };
  // A message that was posted before a record must be heard before it, whatever the event loop would take first.
  const hearAll = () => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      hear(next.message as ReplayExportRequest);
  };
  port.on('message', hear);
  post({ kind: 'ready', needs: sectionsNeeded(exporting, writer) });
  const numbers = replayInterfaces(config);
  const health = new HealthTotals();
  const taker = new RecordTaker({
    exporting,
    writer: writer && watchClosing(writer),
    numbers: () => numbers,
    enrichment: () => enrichment,
    anonymizer,
    beforeBatch: (batch) => {
      hearAll();
      paths?.add(batch);
    },
    onRecords: (batch) => health.add(batch),
  });
  const queues = await started.promise;
  await Promise.all(queues.map((queue) => taker.takeAll(queue)));
  paths?.end();
  const statistics = (await exporting?.close()) ?? [];
  await writer?.end();
  const printed = { isClosed: output.isClosed, error: output.error?.message };
  post({ kind: 'end', statistics, output: printed, health: health.summary });
  port.close();
}

enableCompileCache();
try {
  await run(workerData as ReplayExportData);
} catch (error) {
  if (!(error instanceof FlowtapError)) throw error;
  post({ kind: 'failed', error: postedError(error) });
  port.close();
}
