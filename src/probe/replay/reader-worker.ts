/** A thread that reads and decodes the capture of a replay for the meter on another one; `CaptureReader` does the work. */
import { enableCompileCache } from 'node:module';
import { type MessagePort, workerData } from 'node:worker_threads';
import { type PostedError, postedError } from '../../base/errors.ts';
import type { FileLinkTypes, SourceInterface } from '../../capture/source.ts';
import { runCounters } from '../counters.ts';
import { CaptureReader, type CaptureReaderOptions } from './capture-reader.ts';

/** What the meter gives the thread. */
export interface ReaderData {
  readonly options: CaptureReaderOptions;
  readonly counters: SharedArrayBuffer;
  /** Hears what the thread tells; any message from there makes it stop. */
  readonly port: MessagePort;
}

/** What it tells the meter, besides counters and batches. */
export type ReaderMessage =
  | { readonly kind: 'interfaces'; readonly interfaces: readonly SourceInterface[] }
  | { readonly kind: 'memory'; readonly memory: SharedArrayBuffer }
  | {
      readonly kind: 'end';
      readonly errors: readonly PostedError[];
      readonly files: readonly string[];
      readonly linkTypes: readonly FileLinkTypes[];
    };

enableCompileCache();
const { options, counters, port } = workerData as ReaderData;
const post = (message: ReaderMessage) => port.postMessage(message);
const reader = new CaptureReader(options, runCounters(counters), {
  onInterfaces: (interfaces) => post({ kind: 'interfaces', interfaces }),
  onMemory: (memory) => post({ kind: 'memory', memory }),
});
// Listening keeps the thread alive while it waits for what a pool's thread reads.
port.on('message', () => reader.stop());
await reader.run();
const { errors, filesRead: files, linkTypesRead: linkTypes = [] } = reader.source;
post({ kind: 'end', errors: errors.map(postedError), files, linkTypes });
port.close();
