/** A thread that meters a replay, or its share of one; `ReplayMeter` does the work. */
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { FileLinkTypes, SourceInterface } from '../../capture/source.ts';
import { runCounters } from '../counters.ts';
import { ReplayMeter, type ReplayMeterOptions } from './meter.ts';

/** What main gives a worker. */
export interface ReplayWorkerData {
  readonly options: ReplayMeterOptions;
  readonly counters: SharedArrayBuffer;
}

/** What it tells main, besides counters and records. */
export type ReplayWorkerMessage =
  | { readonly kind: 'interfaces'; readonly interfaces: readonly SourceInterface[] }
  | {
      readonly kind: 'end';
      readonly errors: readonly { message: string; remedy: string | undefined }[];
      readonly files: readonly string[];
      readonly linkTypes: readonly FileLinkTypes[];
    };

function post(message: ReplayWorkerMessage): void {
  parentPort?.postMessage(message);
}

enableCompileCache();
const { options, counters } = workerData as ReplayWorkerData;
const meter = new ReplayMeter(options, runCounters(counters), (interfaces) =>
  post({ kind: 'interfaces', interfaces }),
);
// Listening keeps the thread alive: waiting for room in the queue does not.
parentPort?.on('message', () => meter.stop());
try {
  const { errors, ...read } = await meter.run();
  post({ kind: 'end', errors: errors.map(({ message, remedy }) => ({ message, remedy })), ...read });
} finally {
  parentPort?.unref();
}
