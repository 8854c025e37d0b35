/** What the supervisor keeps of one life of a worker's thread, from its start to its end. */
import type { Worker } from 'node:worker_threads';
import { FlowtapError, type PostedError, postedError } from '../../base/errors.ts';
import type { LogLevel } from '../../base/log.ts';
import type { RingHandles } from '../../capture/live-options.ts';
import type { RecordQueueReader } from '../../metering/record-queue.ts';
import { WorkerQuestions } from './worker-questions.ts';

/** What a life ended with; no errors: as it was told. */
export type End = readonly PostedError[];

/** The levels that a worker's messages have, as the log calls them. */
export const LEVELS: Readonly<Record<string, LogLevel>> = { info: 'info', warn: 'warning', error: 'error' };

/** One life of the worker. */
export interface Life {
  readonly thread: Worker;
  readonly reader: RecordQueueReader;
  readonly startedAtMs: number;
  readonly questions: WorkerQuestions;
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
    questions: new WorkerQuestions(),
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

/** Why a worker does not capture, for people. @param missing interfaces of its group that are not there */
export function silenceOf(
  name: string,
  missing: readonly string[],
  isRunning: boolean,
  isAwaiting: boolean,
): string {
  if (isRunning && missing.length > 0)
    return `of ${name}, ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} not there; waiting for it`;
  if (isAwaiting) return `the interface ${name} is not there; waiting for it`;
  return `a worker of ${name} does not capture`;
}

/** What ended a worker, as it is posted to main. */
export function postedFault(error: unknown): PostedError {
  if (error instanceof FlowtapError) return postedError(error);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message, remedy: undefined, exitCode: 1 };
}
