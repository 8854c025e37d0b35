/**
 * What main and a live worker (probe/live/worker.ts) tell each other: the data it starts with, and the messages of
 * either side.
 * Shapes only.
 */

import type { NameLogs } from '../../applications/name-log.ts';
import type { PostedError } from '../../base/errors.ts';
import type { LiveInterface } from '../../capture/live/live-capture.ts';
import type { LiveCaptureOptions, RingHandles, RingSize } from '../../capture/live-options.ts';
import type { DecodeOptions } from '../../decode/decoder.ts';
import type { RecordQueueMemory } from '../../metering/record-queue.ts';
import type { ApplicationOptions } from '../../metering/table/application-table.ts';
import type { FlowQuery } from '../../records/flow-query.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { MissingFeature } from '../../sys/kernel-features.ts';
import type { FlowMetering } from '../meter.ts';

/** What main gives a worker. */
export interface LiveWorkerData {
  readonly capture: LiveCaptureOptions;
  readonly decode: DecodeOptions;
  readonly metering: FlowMetering;
  /** Keep what was around the packets: some template or the flow key asks for it. */
  readonly encapsulation: boolean;
  /** Measure path health; `sampled` where packets are selected. */
  readonly health?: 'on' | 'sampled' | 'off';
  /** How payload is looked into; missing: not at all. */
  readonly applications?: ApplicationOptions;
  /** Names by DNS that workers tell each other; missing: it is the only one, or there are none. */
  readonly nameLogs?: NameLogs;
  /** Records have a place for names of networks. */
  readonly networks?: boolean;
  /** Multiply the counters of each flow record by the sampling interval; then 1 is to be announced. */
  readonly scale: boolean;
  readonly queue: RecordQueueMemory;
  readonly counters: SharedArrayBuffer;
}

/** The optional sections of a worker's records. */
export function workerSections({
  encapsulation,
  health = 'off',
  applications,
  networks = false,
}: Pick<LiveWorkerData, 'encapsulation' | 'health' | 'applications' | 'networks'>): RecordSections {
  return { encapsulation, health: health !== 'off', applications: applications !== undefined, networks };
}

/** Flows that are in a table, as records with flowEndReason 0. */
export interface FoundFlows {
  readonly count: number;
  readonly stride: number;
  readonly words: Int32Array<ArrayBuffer>;
  readonly timeBaseSeconds: number;
  readonly clockNs: number;
  /** Places of the table that were looked at, of so many; fewer where that would have taken too long. */
  readonly looked: number;
  readonly places: number;
}

/** What it tells main, besides counters and records. */
export type LiveWorkerMessage =
  /** After each opening, also when the interface came back under another number. */
  | {
      readonly kind: 'interfaces';
      /** The observation point, one. */
      readonly interfaces: readonly LiveInterface[];
      /** Names of the interfaces that it is captured from since now: itself, or members of the group. */
      readonly members: readonly string[];
    }
  /** The interface is not there; the worker waits for it. */
  | { readonly kind: 'awaited' }
  /** The capture runs. */
  | { readonly kind: 'opened'; readonly ring: RingSize; readonly handles: RingHandles | undefined }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Readonly<Record<string, string | number>>;
    }
  /** The kernel lacks something that the process does without, told for the first time. */
  | { readonly kind: 'missing feature'; readonly line: MissingFeature }
  /** Answers to the question `id`: flows that were found. */
  | ({ readonly kind: 'flows'; readonly id: number } & FoundFlows)
  /** So many flows have been exported, all that were in the table when it was asked. */
  | { readonly kind: 'exported'; readonly id: number; readonly flows: number }
  /** The last one: everything is in the queue, which is closed. Errors say why it ended without being told to. */
  | { readonly kind: 'end'; readonly errors: readonly PostedError[] };

/** What main asks a worker. */
export type LiveWorkerQuestion =
  /** Which flows are in the table now? */
  | { readonly kind: 'flows'; readonly query: FlowQuery }
  /** Export all flows that are in the table now. */
  | { readonly kind: 'exportAll' };

/** The answers of a worker. */
export type LiveWorkerAnswer = Extract<LiveWorkerMessage, { readonly id: number }>;

/** What main tells a worker. */
export type LiveWorkerRequest =
  /** Export everything, close the queue, end. `STOP_REQUESTED` in the counters says the same, and is seen sooner. */
  | { readonly kind: 'stop' }
  /** A question, which gets the answer of its number. */
  | (LiveWorkerQuestion & { readonly id: number })
  | NewTimeouts;

/** New timeouts, from now on and for every flow. */
export interface NewTimeouts {
  readonly kind: 'metering';
  readonly idleTimeoutMs: number;
  readonly activeTimeoutMs: number;
  readonly tcpEndDelayMs: number;
}
