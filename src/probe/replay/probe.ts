/**
 * The probe: makes the components of a replay, starts them, and stops them, in one visible list.
 *
 *     meter (this thread, or 1 … n workers) ─ record queue ─▶ export thread ─▶ collectors, standard output
 *            └── counters in shared memory ──▶ summary, progress
 *
 * One meter runs on this thread and begins to read while the export thread gets ready (docs/decisions/0011).
 */
import { Worker } from 'node:worker_threads';
import { isFollowedInput } from '../../capture/files/open-input.ts';
import type { SourceInterface } from '../../capture/source.ts';
import { createRecordQueue, type RecordQueueMemory } from '../../metering/record-queue.ts';
import type { ReplaySummary } from '../../output/summary.ts';
import { startModule } from '../../package-files.ts';
import type { RecordSections } from '../../records/flow-layout.ts';
import {
  INPUT_CONSUMED,
  INPUT_TOTAL,
  PACKETS_READ,
  type RunCounters,
  runCounters,
  STOP_REQUESTED,
} from '../counters.ts';
import { measuresHealth } from '../record-sections.ts';
import { type RecordTaker, startExportThread, takeHere } from './export.ts';
import { type InputRead, ReplayMeter, type ReplayMeterOptions } from './meter.ts';
import type { ReplayOptions } from './options.ts';
import { NO_SECTIONS } from './records.ts';
import { summarize } from './summary.ts';
import type { ReplayWorkerData, ReplayWorkerMessage } from './worker.ts';

const PROGRESS_MS = 100;

type OnInterfaces = (interfaces: readonly SourceInterface[]) => void;

interface MeterEnd extends Omit<InputRead, 'errors'> {
  /** Faults of the input. */
  readonly errors: readonly string[];
}

/** A meter at work, on this thread or on one of its own. */
interface RunningMeter {
  readonly counters: RunCounters;
  /** Where its records go; undefined where nobody wants them. */
  readonly queue: RecordQueueMemory | undefined;
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

function startHere(options: ReplayMeterOptions, onInterfaces: OnInterfaces): RunningMeter {
  const counters = runCounters();
  const meter = new ReplayMeter(options, counters, onInterfaces);
  return {
    counters,
    queue: options.queue,
    ended: meter.run().then(endOf),
    stop: () => meter.stop(),
    terminate: async () => meter.abandon(),
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
    queue: options.queue,
    ended,
    stop: () => thread.postMessage('stop'),
    terminate: () => thread.terminate(),
  };
}

function watchProgress(
  { onProgress }: ReplayOptions,
  meters: readonly RunningMeter[],
): NodeJS.Timeout | undefined {
  if (onProgress === undefined) return undefined;
  const first = meters[0]!.counters.capture;
  return setInterval(() => {
    const total = first[INPUT_TOTAL]!;
    onProgress({
      octets: first[INPUT_CONSUMED]!,
      octetsTotal: Number.isNaN(total) ? undefined : total,
      packets: meters.reduce((sum, { counters }) => sum + counters.capture[PACKETS_READ]!, 0),
    });
  }, PROGRESS_MS);
}

/** Whoever takes the records, or undefined where nobody wants them. */
function startTaker(options: ReplayOptions, stop: () => void): RecordTaker | undefined {
  const { config, writer, columns, files } = options;
  const isFollowed = files.some(isFollowedInput);
  if (writer !== undefined) return takeHere(config, writer, isFollowed);
  const hasCollectors = config.exporters.length > 0;
  if (!hasCollectors && config.replay.output === 'none') return undefined;
  // Without a collector, a closed pipe leaves nothing to do.
  return startExportThread({ config, columns, isFollowed }, () => hasCollectors || stop());
}

/** What records must carry: what somebody reads, and what the flow key or the configuration asks for. */
async function partsOf({ config }: ReplayOptions, taker: RecordTaker | undefined): Promise<RecordSections> {
  const { flowKey } = config.metering;
  const needed = (await taker?.needs()) ?? NO_SECTIONS;
  const isKept = flowKey.mpls || flowKey.tunnel || config.decode.decapsulate.length > 0;
  return {
    encapsulation: needed.encapsulation || isKept,
    health: measuresHealth(config, needed),
  };
}

function startMeters(
  { config, files, writer }: ReplayOptions,
  taker: RecordTaker | undefined,
  { encapsulation, health }: RecordSections,
): RunningMeter[] {
  const { speed, workers, merge, reorderWindowMs } = config.replay;
  const queues = taker && Array.from({ length: workers }, () => createRecordQueue(encapsulation, { health }));
  // Where the records are taken on this thread, it has no time to meter.
  const start = workers === 1 && writer === undefined ? startHere : startWorker;
  const meters = Array.from({ length: workers }, (_, worker) =>
    start(
      {
        files,
        capture: {
          order: merge ? 'time' : 'given',
          reorderWindowMs,
          isDirectionApart: config.metering.flowKey.direction,
        },
        decode: { ...config.decode, flowKey: config.metering.flowKey },
        metering: config.metering,
        speed: speed === 'max' ? undefined : speed,
        encapsulation,
        health,
        worker,
        workers,
        queue: queues?.[worker],
      },
      (interfaces) => worker === 0 && taker?.setInterfaces(interfaces),
    ),
  );
  if (queues !== undefined)
    taker?.start(
      queues,
      meters.map((one) => one.counters.buffer),
    );
  return meters;
}

/**
 * Replays captures: resolves when everything has been metered, exported and written.
 * @throws ConfigError for faults in templates, ExportError for a collector that cannot be opened; an error of ours if a
 *   thread dies. Faults of a capture are in the summary's `errors`.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplaySummary> {
  const startedAtMs = performance.now();
  const { config, signal } = options;
  let meters: readonly RunningMeter[] = [];
  const stop = () => {
    for (const meter of meters) {
      meter.counters.capture[STOP_REQUESTED] = 1;
      meter.stop();
    }
  };
  signal.addEventListener('abort', stop);
  const taker = startTaker(options, stop);
  let progress: NodeJS.Timeout | undefined;
  try {
    meters = startMeters(options, taker, await partsOf(options, taker));
    if (signal.aborted) stop();
    progress = watchProgress(options, meters);
    const ended = Promise.all(meters.map((one) => one.ended));
    // A meter that dies never closes its queue; the first rejection ends the waiting for both.
    const [ends, taken] = await Promise.all([ended, taker?.ended]);
    return summarize({
      // Every meter reads every file, and meets the same faults.
      ...ends[0]!,
      counters: meters.map((one) => one.counters),
      capacity: config.metering.flowTableEntries * config.replay.workers,
      statistics: taken?.statistics ?? [],
      output: taken?.output ?? { isClosed: false, error: undefined },
      elapsedMs: performance.now() - startedAtMs,
    });
  } finally {
    clearInterval(progress);
    signal.removeEventListener('abort', stop);
    await Promise.all([...meters.map((one) => one.terminate()), taker?.terminate()]);
  }
}
