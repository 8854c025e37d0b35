/**
 * The meters of a replay: one on this thread, or several that each have a thread, with the queues of their records; which,
 * says probe/replay-threads.ts.
 * Metering itself is `ReplayMeter`'s (probe/replay/meter.ts).
 */

import { Worker } from 'node:worker_threads';
import type { SourceInterface } from '../../capture/source.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import { createRecordQueue, type RecordQueueMemory } from '../../metering/record-queue.ts';
import { applicationMemory } from '../../metering/table/application-memory.ts';
import { startModule } from '../../package-files.ts';
import { NO_SECTIONS, type RecordSections } from '../../records/record-sections.ts';
import { applicationOptions } from '../application-options.ts';
import { type RunCounters, runCounters, STOP_REQUESTED } from '../counters.ts';
import { applicationParts, networksOctets, networksPart } from '../memory-text.ts';
import type { Part } from '../part.ts';
import { sectionsOf } from '../record-sections.ts';
import { type ReplayThreads, replayThreads } from '../replay-threads.ts';
import type { ReplayTaker } from './export.ts';
import type { InputRead } from './input.ts';
import { ReplayMeter, type ReplayMeterOptions } from './meter.ts';
import type { ReplayWatcher } from './options.ts';
import type { ReplayWorkerData, ReplayWorkerMessage } from './worker.ts';

type OnInterfaces = (interfaces: readonly SourceInterface[]) => void;

/** A meter's input at its end. */
export interface MeterEnd extends Omit<InputRead, 'errors'> {
  /** Faults of the input. */
  readonly errors: readonly string[];
}

/** A meter at work, on this thread or on one of its own. */
interface RunningMeter {
  readonly counters: RunCounters;
  /** Resolves with what is known of the input; rejects when the thread died. */
  readonly ended: Promise<MeterEnd>;
  /** Makes a meter that waits for input stop; the counter STOP_REQUESTED stops one that reads. */
  stop(): void;
  /** Ends it at once. */
  terminate(): Promise<unknown>;
}

interface TextOfError {
  readonly message: string;
  readonly remedy: string | undefined;
}

function endOf(end: Omit<InputRead, 'errors'> & { errors: readonly TextOfError[] }): MeterEnd {
  const errors = end.errors.map(({ message, remedy }) => (remedy ? `${message}. ${remedy}` : message));
  return { files: end.files, linkTypes: end.linkTypes, errors };
}

function startHere(
  options: ReplayMeterOptions,
  onInterfaces: OnInterfaces,
  watcher: ReplayWatcher | undefined,
): RunningMeter {
  const counters = runCounters();
  const tellInterfaces = (interfaces: readonly SourceInterface[]) => {
    onInterfaces(interfaces);
    watcher?.onInterfaces(interfaces.map(({ name }) => name));
  };
  const meter = new ReplayMeter(options, counters, tellInterfaces, () => watcher?.onInputEnd());
  watcher?.onStart({ counters, findFlows: (query) => meter.findFlows(query) });
  return {
    counters,
    ended: meter.run().then(endOf),
    stop: () => meter.stop(),
    terminate: () => meter.abandon(),
  };
}

function startWorker(options: ReplayMeterOptions, onInterfaces: OnInterfaces): RunningMeter {
  const counters = runCounters();
  const workerData: ReplayWorkerData = { options, counters: counters.buffer };
  const thread = new Worker(startModule('probe/replay/worker'), { workerData });
  const ended = new Promise<MeterEnd>((resolve, reject) => {
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('a replay worker ended before its capture')));
    thread.on('message', (message: ReplayWorkerMessage) => {
      if (message.kind === 'interfaces') onInterfaces(message.interfaces);
      else resolve(endOf(message));
    });
  });
  return {
    counters,
    ended,
    stop: () => thread.postMessage('stop'),
    terminate: () => thread.terminate(),
  };
}

export interface ReplayMetersOptions {
  readonly files: readonly string[];
  readonly config: FlowtapConfig;
  /** Records are taken on this thread, which has no time to meter then. */
  readonly isThreadTaken: boolean;
  /** Who takes the records; undefined where nobody wants them. */
  readonly taker: ReplayTaker | undefined;
  readonly watcher?: ReplayWatcher | undefined;
}

export class ReplayMeters implements Part<readonly RunCounters[]> {
  readonly #options: ReplayMetersOptions;
  #meters: readonly RunningMeter[] = [];
  #memory: readonly string[] = [];
  #isInputEnded = false;

  constructor(options: ReplayMetersOptions) {
    this.#options = options;
  }

  /** Resolves when all of them read. @throws what the taker of records cannot begin with */
  async start(): Promise<void> {
    const { config, files, isThreadTaken, taker, watcher } = this.#options;
    const threads = replayThreads(config.replay, files);
    const { meters } = threads;
    const sections = sectionsOf(config, (await taker?.needs()) ?? NO_SECTIONS);
    this.#memory = await this.#memoryOf(meters, sections);
    const queues = taker && Array.from({ length: meters }, () => createRecordQueue(sections));
    const isHere = meters === 1 && !isThreadTaken;
    this.#meters = Array.from({ length: meters }, (_, worker) => {
      const options = this.#meterOptions(worker, threads, sections, queues?.[worker]);
      const onInterfaces = (interfaces: readonly SourceInterface[]) => {
        if (worker === 0) taker?.setInterfaces(interfaces);
      };
      return isHere ? startHere(options, onInterfaces, watcher) : startWorker(options, onInterfaces);
    });
    const counters = this.#meters.map((one) => one.counters.buffer);
    if (queues !== undefined) taker?.take(queues, counters);
    if (this.#isInputEnded) this.endInput();
  }

  /** Ends them at once; after their end there is nothing left to end. */
  async stop(): Promise<void> {
    await Promise.all(this.#meters.map((one) => one.terminate()));
  }

  /** What takes memory beside the flow tables, in words. */
  get memory(): readonly string[] {
    return this.#memory;
  }

  get statistics(): readonly RunCounters[] {
    return this.#meters.map((one) => one.counters);
  }

  /** Resolves when everything is metered and handed over; rejects when a thread died. To be read once they have started. */
  get ended(): Promise<readonly MeterEnd[]> {
    return Promise.all(this.#meters.map((one) => one.ended));
  }

  /** Reads no further: what is in the flow tables is handed over, and they end. */
  endInput(): void {
    this.#isInputEnded = true;
    for (const meter of this.#meters) {
      meter.counters.capture[STOP_REQUESTED] = 1;
      meter.stop();
    }
  }

  async #memoryOf(meters: number, sections: RecordSections): Promise<readonly string[]> {
    const { config, taker } = this.#options;
    const applications = sections.applications ? applicationOptions(config, true) : undefined;
    const parts = applicationParts(applicationMemory(config.metering.flowTableEntries, applications));
    return [
      ...parts.map((part) => (meters === 1 ? part : `${part} in each of ${meters} workers`)),
      ...(taker === undefined ? [] : networksPart(config, await networksOctets(config))),
    ];
  }

  #meterOptions(
    worker: number,
    { meters, isReadApart }: ReplayThreads,
    sections: RecordSections,
    queue: RecordQueueMemory | undefined,
  ): ReplayMeterOptions {
    const { files, config } = this.#options;
    const { speed, merge, reorderWindowMs } = config.replay;
    return {
      files,
      capture: {
        order: merge ? 'time' : 'given',
        reorderWindowMs,
        isDirectionApart: config.metering.flowKey.direction,
      },
      decode: { ...config.decode, flowKey: config.metering.flowKey },
      metering: config.metering,
      speed: speed === 'max' ? undefined : speed,
      sections,
      applications: applicationOptions(config, true),
      worker,
      workers: meters,
      isReadApart,
      queue,
    };
  }
}
