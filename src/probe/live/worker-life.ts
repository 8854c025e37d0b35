/** What the supervisor keeps of one life of a worker's thread, from its start to its end. */
import type { Worker } from 'node:worker_threads';
import type { PostedError } from '../../base/errors.ts';
import type { RingHandles } from '../../capture/live-options.ts';
import type { RecordQueueReader } from '../../metering/record-queue.ts';

/** One life of the worker. */
export interface Life {
  readonly thread: Worker;
  readonly reader: RecordQueueReader;
  readonly startedAtMs: number;
  packetsTaken: number;
  handles: RingHandles | undefined;
  ringOctets: number;
  isOpen: boolean;
  turns: number;
  looks: number;
}

/** A life that begins now. */
export function beginLife(thread: Worker, reader: RecordQueueReader): Life {
  return {
    thread,
    reader,
    startedAtMs: performance.now(),
    packetsTaken: 0,
    handles: undefined,
    ringOctets: 0,
    isOpen: false,
    turns: Number.NaN,
    looks: 0,
  };
}

/** What a worker can no longer say itself. */
export function diedOf(message: string): PostedError {
  return { code: 'WORKER', message, remedy: undefined, exitCode: 1 };
}
