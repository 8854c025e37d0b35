/**
 * The probe: makes the components of a replay, starts them, moves flow records from the metering to the exporting
 * process, and stops them, in one visible list.
 *
 *     replay worker (1 … n) ─ record queue ─▶ consume ─▶ exporting process ─▶ collectors
 *            └── counters in shared memory ──┐       └─▶ flow writer ─▶ standard output
 *                                            └─▶ summary, progress
 */
import { Worker } from 'node:worker_threads';
import type { SourceInterface } from './capture/source.ts';
import type { ReplayOptions } from './config/replay-options.ts';
import type { ExportingProcess } from './export/exporting-process.ts';
import type { FlowRecordBatch } from './metering/flow-layout.ts';
import { createRecordQueue, type RecordQueueMemory, RecordQueueReader } from './metering/record-queue.ts';
import type { ReplaySummary } from './output/summary.ts';
import { summarize } from './replay-summary.ts';
import type { ReplayWorkerData, ReplayWorkerMessage } from './replay-worker.ts';
import {
  INPUT_CONSUMED,
  INPUT_TOTAL,
  PACKETS_READ,
  type RunCounters,
  runCounters,
  STOP_REQUESTED,
} from './run-counters.ts';

const PROGRESS_MS = 100;

interface RunningWorker {
  readonly queue: RecordQueueMemory;
  readonly counters: RunCounters;
  readonly thread: Worker;
  /** Resolves with what was wrong with the input; rejects when the thread died. */
  readonly ended: Promise<readonly string[]>;
}

/** Whether records must carry what was around the packets. */
function needsEncapsulation(
  { config, writer }: ReplayOptions,
  exporting: ExportingProcess | undefined,
): boolean {
  const { mpls, tunnel } = config.metering.flowKey;
  if (writer?.needsEncapsulation === true) return true;
  return mpls || tunnel || config.decode.decapsulate.length > 0 || exporting?.needsEncapsulation === true;
}

function startWorker(
  options: ReplayOptions,
  encapsulation: boolean,
  place: { worker: number; workers: number },
  onInterfaces: (interfaces: readonly SourceInterface[]) => void,
): RunningWorker {
  const { config, files } = options;
  const { speed } = config.replay;
  const queue = createRecordQueue(encapsulation);
  const counters = runCounters();
  const workerData: ReplayWorkerData = {
    files,
    capture: { order: config.replay.merge ? 'time' : 'given' },
    decode: { ...config.decode, flowKey: config.metering.flowKey },
    metering: config.metering,
    speed: speed === 'max' ? undefined : speed,
    encapsulation,
    ...place,
    queue,
    counters: counters.buffer,
  };
  // Sources run as they are; what `npm run build` makes of them is called .js.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Worker(new URL(`./replay-worker.${extension}`, import.meta.url), { workerData });
  const ended = new Promise<readonly string[]>((resolve, reject) => {
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('a replay worker ended before its capture')));
    thread.on('message', (message: ReplayWorkerMessage) => {
      if (message.kind === 'interfaces') onInterfaces(message.interfaces);
      else resolve(message.errors.map(({ message: text, remedy }) => (remedy ? `${text}. ${remedy}` : text)));
    });
  });
  return { queue, counters, thread, ended };
}

/** Takes records from every worker, one batch at a time, to whoever wants them. */
class RecordConsumer {
  readonly #exporting: ExportingProcess | undefined;
  readonly #writer: ReplayOptions['writer'];
  #busy: Promise<void> = Promise.resolve();

  constructor(exporting: ExportingProcess | undefined, writer: ReplayOptions['writer']) {
    this.#exporting = exporting;
    this.#writer = writer;
  }

  async consumeAll(queue: RecordQueueMemory): Promise<void> {
    const reader = new RecordQueueReader(queue);
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      const current = batch;
      this.#busy = this.#busy.then(() => this.#consume(current));
      await this.#busy;
      reader.release();
    }
  }

  async #consume(batch: FlowRecordBatch): Promise<void> {
    const exported = this.#exporting?.exportBatch(batch);
    const written = this.#writer?.write(batch);
    if (exported !== undefined) await exported;
    if (written !== undefined) await written;
  }
}

/** The ifIndex and name of each interface of the capture, as collectors will see them. */
function announce(exporting: ExportingProcess | undefined, { config }: ReplayOptions) {
  return (interfaces: readonly SourceInterface[]) => {
    const { ingressInterface } = config.observation;
    exporting?.setInterfaces(
      interfaces.map(({ name }, i) => ({
        ifIndex: ingressInterface === 'auto' ? i + 1 : ingressInterface,
        name,
        description: '',
      })),
    );
  };
}

function watchProgress(
  options: ReplayOptions,
  workers: readonly RunningWorker[],
): NodeJS.Timeout | undefined {
  const { onProgress } = options;
  if (onProgress === undefined) return undefined;
  const first = workers[0]!.counters.capture;
  return setInterval(() => {
    const total = first[INPUT_TOTAL]!;
    onProgress({
      octets: first[INPUT_CONSUMED]!,
      octetsTotal: Number.isNaN(total) ? undefined : total,
      packets: workers.reduce((sum, { counters }) => sum + counters.capture[PACKETS_READ]!, 0),
    });
  }, PROGRESS_MS);
}

/**
 * Replays captures: resolves when everything has been metered, exported and written.
 * @throws ConfigError for faults in templates, ExportError for a collector that cannot be opened; an error of ours if a
 *   worker dies. What is wrong with a capture is in the summary's `errors`.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplaySummary> {
  const startedAtMs = performance.now();
  const { config, writer, signal } = options;
  const exporting = config.exporters.length === 0 ? undefined : await startExporting(options);
  const { workers } = config.replay;
  const encapsulation = needsEncapsulation(options, exporting);
  const onInterfaces = announce(exporting, options);
  const running = Array.from({ length: workers }, (_, worker) =>
    startWorker(options, encapsulation, { worker, workers }, worker === 0 ? onInterfaces : () => {}),
  );
  const stop = () => {
    for (const { counters, thread } of running) {
      counters.capture[STOP_REQUESTED] = 1;
      // The counter stops a worker that reads, the message one that waits for input.
      thread.postMessage('stop');
    }
  };
  signal.addEventListener('abort', stop);
  const progress = watchProgress(options, running);
  const consumer = new RecordConsumer(exporting, writer);
  try {
    const ended = Promise.all(running.map((one) => one.ended));
    const consumed = Promise.all(running.map((one) => consumer.consumeAll(one.queue)));
    // A worker that dies never closes its queue; the first rejection ends the waiting for both.
    const [errors] = await Promise.all([ended, consumed]);
    const statistics = (await exporting?.close()) ?? [];
    return summarize({
      files: options.files,
      counters: running.map((one) => one.counters),
      capacity: config.metering.flowTableEntries * workers,
      statistics,
      // Every worker reads every file, and meets the same faults.
      errors: errors[0]!,
      elapsedMs: performance.now() - startedAtMs,
    });
  } finally {
    clearInterval(progress);
    signal.removeEventListener('abort', stop);
    await Promise.all(running.map((one) => one.thread.terminate()));
  }
}

async function startExporting({ config }: ReplayOptions): Promise<ExportingProcess> {
  const { createExportingProcess } = await import('./export/exporting-process.ts');
  return createExportingProcess(config, config.exporters);
}
