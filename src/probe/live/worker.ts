/**
 * The worker thread of a live capture: source ─▶ decoder ─▶ metering process ─▶ record queue. It touches no socket but
 * its ring, allocates nothing per packet, and never waits for the exporting process: records that find no room are
 * dropped and counted.
 *
 * It sleeps in `poll` on its own thread, a tenth of a second at most. Main is heard between: a stop by the shared
 * counters, anything else by messages, for which the event loop gets a turn now and then.
 */
import { enableCompileCache } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { SharedNames } from '../../applications/name-log.ts';
import type { CaptureMemory } from '../../capture/live/capture-memory.ts';
import type { LiveCapture } from '../../capture/live/live-capture.ts';
import { LiveSource } from '../../capture/live/live-source.ts';
import { liveOpener } from '../../capture/live/open-live.ts';
import type { RecordQueueWriter } from '../../metering/record-queue-writer.ts';
import { CLOCK_NS } from '../../metering/table/counters.ts';
import { hearMissingFeatures } from '../../sys/kernel-features.ts';
import { adviseHuge } from '../../sys/libc.ts';
import { type RunCounters, runCounters, STOP_REQUESTED, TIME_BASE_SECONDS } from '../counters.ts';
import { Meter } from '../meter.ts';
import { TablePages } from '../table-pages.ts';
import { batchCapacity, LiveBatches } from './batches.ts';
import { publishLive, publishMembers, publishOpened } from './counters.ts';
import { createLiveMemory } from './memory.ts';
import type { LiveWorkerData, LiveWorkerMessage, LiveWorkerRequest } from './messages.ts';
import { shareNames } from './share-names.ts';
import { WorkerAnswers } from './worker-answers.ts';
import { postedFault } from './worker-life.ts';

/** Batches between looks at the clock, when there is always something to read. */
const BATCHES_PER_LOOK = 32;
/** How often the counters that cost a system call are read, records handed over, and messages heard. */
const TURN_MS = 250;
/** Flows that end at a time, before there is another look at the room for their records. */
const FLOWS_PER_LOOK = 512;
/**
 * Records that find room while flows that have ended wait in the table, since the exporting process is behind: those of
 * flows that must leave it all the same.
 */
const RECORDS_KEPT_FREE = 6144;
/** How long the exporting process may take for the flows that are left at the end. */
const EXPORT_ALL_MS = 4000;
/** Packets that have been on the wire longer than the block timeout and this are in the table. */
const LATE_MS = 5;

class LiveWorker {
  readonly #data: LiveWorkerData;
  readonly #counters: RunCounters;
  readonly #timeBaseSeconds = Math.floor(Date.now() / 1000);
  readonly #meter: Meter<LiveBatches>;
  readonly #batches: LiveBatches;
  readonly #pages: TablePages;
  /** Names of other workers; undefined: there are none. */
  readonly #sharedNames: SharedNames | undefined;
  readonly #queue: RecordQueueWriter;
  readonly #answers: WorkerAnswers;
  /** Where the ring is to lie, or what packets are copied to. */
  readonly #captureMemory: CaptureMemory;
  /** That the ring does not lie there has been said. */
  #isPlaceSaid = false;
  #isStopped = false;
  #turnAtMs = 0;

  constructor(data: LiveWorkerData) {
    this.#data = data;
    this.#counters = runCounters(data.counters);
    this.#counters.capture[TIME_BASE_SECONDS] = this.#timeBaseSeconds;
    const { sampling } = data.capture;
    const scale = data.scale && sampling !== undefined ? sampling.interval : 1;
    const memory = createLiveMemory(data);
    const { engine, allocateHealth } = memory;
    this.#captureMemory = memory.captureMemory;
    this.#meter = new Meter({
      ...data,
      engine,
      health: data.health ?? 'off',
      batchCapacity: batchCapacity(data, memory),
      createBatches: (seeds) => new LiveBatches(memory, data, seeds, this.#counters),
      counters: this.#counters,
      recordsPerStep: RECORDS_KEPT_FREE,
      timeBaseSeconds: () => this.#timeBaseSeconds,
      clockNs: () => this.#counters.metering[CLOCK_NS]!,
      scale,
      ...(allocateHealth === undefined ? {} : { allocateHealth }),
    });
    this.#batches = this.#meter.batches;
    this.#sharedNames = shareNames(data, this.#meter.metering.table, this.#timeBaseSeconds);
    this.#pages = new TablePages(this.#meter.metering.table);
    this.#queue = this.#meter.queue!;
    const about = { encapsulation: data.encapsulation, scale, timeBaseSeconds: this.#timeBaseSeconds, post };
    this.#answers = new WorkerAnswers(this.#meter.metering, this.#queue, about);
    adviseHuge(engine.buffer);
  }

  /** Meters until it is told to stop. @throws CaptureError if the capture cannot be opened */
  async run(): Promise<void> {
    let source: LiveSource | undefined;
    try {
      source = await this.#open();
      await this.#meterInput(source);
    } finally {
      source?.close();
      if (source !== undefined) publishLive(source, this.#counters.capture);
      await this.#expireAll();
      this.#queue.close();
    }
  }

  async #open(): Promise<LiveSource> {
    const { capture } = this.#data;
    const open = await liveOpener(capture, this.#timeBaseSeconds, this.#captureMemory);
    return new LiveSource(capture, open, {
      onOpened: (opened) => this.#learn(opened),
      onMembers: (opened, members) => {
        publishMembers(opened, this.#counters.capture);
        post({ kind: 'interfaces', interfaces: [opened.interface], members });
      },
      onAwaited: () => post({ kind: 'awaited' }),
      onLog: (level, message, fields) =>
        post({ kind: 'log', level, message, fields: { interface: capture.interface, ...fields } }),
    });
  }

  /** Hears main. */
  hear(request: LiveWorkerRequest): void {
    if (request.kind === 'stop') this.#isStopped = true;
    else if (request.kind === 'metering') this.#meter.metering.setTimeouts(request);
    else this.#answers.ask(request);
  }

  async #meterInput(source: LiveSource): Promise<void> {
    let looksIn = 0;
    for (;;) {
      const isBusy = this.#batches.read(source);
      if (isBusy) this.#meterBatch();
      if (isBusy && --looksIn > 0) continue;
      looksIn = BATCHES_PER_LOOK;
      this.#pages.look();
      // Its steps begin in turns of the event loop, which has few as long as packets come.
      if (this.#pages.isBusy) await setImmediate();
      if (this.#isStopped || this.#counters.capture[STOP_REQUESTED] !== 0) break;
      let nowMs = 0;
      if (!isBusy) {
        const waited = source.wait();
        if (waited !== undefined) await waited;
        nowMs = source.wokenAtMs;
      } else nowMs = performance.now();
      if (nowMs >= this.#turnAtMs) await this.#turn(source, !isBusy);
    }
    // What came before the stop is metered, but not what a busy link goes on to send.
    const endMs = performance.now() + this.#data.capture.blockTimeoutMs;
    while (this.#batches.read(source) && performance.now() < endMs) this.#meterBatch();
  }

  #meterBatch(): void {
    // While the exporting process is behind, flows that have ended are better off in the table.
    this.#meter.metering.mayExpire = this.#queue.hasRoom;
    this.#sharedNames?.take();
    this.#meter.meterBatch();
  }

  /** Duties of a few times a second, however busy or quiet the link is. */
  async #turn(source: LiveSource, isQuiet: boolean): Promise<void> {
    this.#turnAtMs = performance.now() + TURN_MS;
    this.#sharedNames?.take();
    // Packets that are left out move no clock.
    if (isQuiet || this.#batches.isPaused) this.#expireQuiet();
    this.#queue.flush();
    publishLive(source, this.#counters.capture);
    this.#answers.turn();
    // Messages come with the event loop.
    await setImmediate();
  }

  /** Ends the flows of a quiet link too, as many at a time as the exporting process keeps up with. */
  #expireQuiet(): void {
    // Packets that are still in a block of the kernel's are not older than this.
    const sinceBaseMs = Date.now() - this.#timeBaseSeconds * 1000;
    const nowNs = (sinceBaseMs - this.#data.capture.blockTimeoutMs - LATE_MS) * 1e6;
    while (this.#queue.hasRoom && this.#meter.advanceTo(nowNs, FLOWS_PER_LOOK)) {
      // Until nothing is due, or there is no room.
    }
  }

  /** Exports every flow; what the exporting process does not take in time is dropped and counted. */
  async #expireAll(): Promise<void> {
    const endMs = performance.now() + EXPORT_ALL_MS;
    this.#sharedNames?.take();
    do {
      while (!this.#queue.hasRoom && performance.now() < endMs) await this.#queue.room();
    } while (this.#meter.expireNext(FLOWS_PER_LOOK));
  }

  #say(level: 'info' | 'warn', message: string): void {
    post({ kind: 'log', level, message, fields: { interface: this.#data.capture.interface } });
  }

  /** Says once why the ring does not lie in the engine's memory, where it does not. */
  #sayPlace(opened: LiveCapture): void {
    const { placeFault } = opened;
    if (this.#isPlaceSaid || placeFault === undefined) return;
    this.#isPlaceSaid = true;
    this.#say('info', `packets are copied out of the ring, which takes more processor time: ${placeFault}`);
  }

  #learn(opened: LiveCapture): void {
    this.#batches.learn(opened);
    this.#sayPlace(opened);
    publishOpened(opened, this.#counters.capture);
    const { interface: one, members } = opened;
    const there = members?.names.filter((_, i) => members.states[i] !== 'gone') ?? [one.name];
    post({ kind: 'interfaces', interfaces: [one], members: there });
    post({ kind: 'opened', ring: opened.ring, handles: opened.handles });
  }
}

function post(message: LiveWorkerMessage, memory: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, memory);
}

enableCompileCache();
hearMissingFeatures((line) => post({ kind: 'missing feature', line }));
const worker = new LiveWorker(workerData as LiveWorkerData);
// Listening keeps the thread alive: waiting for room in the queue does not.
parentPort?.on('message', (request: LiveWorkerRequest) => worker.hear(request));
try {
  await worker.run();
  post({ kind: 'end', errors: [] });
} catch (error) {
  post({ kind: 'end', errors: [postedFault(error)] });
} finally {
  parentPort?.unref();
}
