/**
 * The worker thread of a live capture: source ─▶ decoder ─▶ metering process ─▶ record queue. It touches no socket but
 * its ring, allocates nothing per packet, and never waits for the exporting process: records that find no room are
 * dropped and counted.
 *
 * It sleeps in `poll` on its own thread, a tenth of a second at most. Main is heard between: a stop by the shared
 * counters, anything else by messages, for which the event loop gets a turn now and then.
 */
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { LiveCapture } from '../../capture/live/live-capture.ts';
import { LiveSource } from '../../capture/live/live-source.ts';
import { liveOpener } from '../../capture/live/open-live.ts';
import {
  numberSuperPackets,
  SUPER_PACKET_INDEX,
  splitSuperPackets,
} from '../../capture/live/super-packets.ts';
import { createLiveBatch, type LivePacketBatch } from '../../capture/live-batch.ts';
import {
  createHashSelector,
  type HashSelector,
  selectDecoded,
} from '../../capture/selection/hash-selection.ts';
import { samplesItself } from '../../capture/selection/kernel-selection.ts';
import { createSelector, type Selector, selectFrames } from '../../capture/selection/selection.ts';
import { countAccepted, createDecoder, type Decoder, decodeFrames } from '../../decode/decoder.ts';
import { createEngine } from '../../engine/engine.ts';
import type { FlowSink } from '../../metering/expiry.ts';
import { createPreparedBatch, KeyPreparer, type PreparedBatch } from '../../metering/key-preparer.ts';
import { MeteringProcess } from '../../metering/metering-process.ts';
import { RecordQueueWriter } from '../../metering/record-queue.ts';
import { createScalingSink } from '../../metering/scaling.ts';
import { CLOCK_NS } from '../../metering/table/counters.ts';
import { createHashSeeds } from '../../metering/table/flow-key.ts';
import { tableOctets } from '../../metering/table/flow-table.ts';
import { adviseHuge, allocateHuge } from '../../sys/libc.ts';
import {
  PACKETS_UNSELECTED,
  type RunCounters,
  runCounters,
  STOP_REQUESTED,
  SUPER_PACKET_SEGMENTS,
  SUPER_PACKETS,
  TIME_BASE_SECONDS,
} from '../counters.ts';
import { countLivePackets, publishLive, publishMembers, publishOpened } from './counters.ts';
import type { LiveWorkerData, LiveWorkerMessage, LiveWorkerRequest } from './messages.ts';
import { WorkerAnswers } from './worker-answers.ts';
import { postedFault } from './worker-life.ts';

/** Packets read at a time. */
const PACKETS_PER_BATCH = 128;
/** Batches between looks at the clock, when there is always something to read. */
const BATCHES_PER_LOOK = 64;
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
  readonly #linkTypes = new Int32Array(65_536);
  readonly #superCounts: Float64Array;
  readonly #queue: RecordQueueWriter;
  readonly #preparer: KeyPreparer;
  readonly #metering: MeteringProcess;
  readonly #answers: WorkerAnswers;
  readonly #decoder: Decoder;
  readonly #batch: LivePacketBatch = createLiveBatch(PACKETS_PER_BATCH);
  readonly #prepared: PreparedBatch;
  /** Where headers stand: for path health and selection by hash always, else for batches with super-packets. */
  readonly #offsets: Int32Array;
  readonly #needsOffsets: boolean;
  readonly #hashSelector: HashSelector | undefined;
  #selector: Selector | undefined;
  /** The capture, where it is that of a group of interfaces. */
  #group: LiveCapture | undefined;
  #isStopped = false;
  #isPaused = false;
  #turnAtMs = 0;

  constructor(data: LiveWorkerData) {
    this.#data = data;
    this.#counters = runCounters(data.counters);
    this.#counters.capture[TIME_BASE_SECONDS] = this.#timeBaseSeconds;
    const place = this.#counters.capture.byteOffset + SUPER_PACKETS * 8;
    this.#superCounts = new Float64Array(data.counters, place, SUPER_PACKET_SEGMENTS - SUPER_PACKETS + 1);
    this.#queue = new RecordQueueWriter(data.queue, {
      recordsPerStep: RECORDS_KEPT_FREE,
      counters: this.#counters.metering,
      timeBaseSeconds: () => this.#timeBaseSeconds,
      clockNs: () => this.#counters.metering[CLOCK_NS]!,
    });
    const { sampling } = data.capture;
    const scale = data.scale && sampling !== undefined ? sampling.interval : 1;
    const sink: FlowSink = scale === 1 ? this.#queue : createScalingSink(this.#queue, scale);
    const seeds = createHashSeeds(data.metering.flowKey);
    const engine = createEngine(tableOctets(data.metering.flowTableEntries));
    this.#preparer = new KeyPreparer(engine, seeds, data.metering.flowKey, this.#counters.metering);
    this.#metering = new MeteringProcess({
      ...data.metering,
      engine,
      seeds,
      encapsulation: data.encapsulation,
      ...(data.health === undefined ? {} : { health: data.health }),
      batchCapacity: PACKETS_PER_BATCH,
      sink,
      counters: this.#counters.metering,
      allocate: allocateHuge,
    });
    const { encapsulation, metering } = data;
    const about = { encapsulation, scale, timeBaseSeconds: this.#timeBaseSeconds, post };
    this.#answers = new WorkerAnswers(this.#metering, this.#queue, about);
    adviseHuge(engine.buffer);
    this.#decoder = createDecoder(data.decode, this.#counters.decode);
    this.#hashSelector = createHashSelector(sampling);
    this.#needsOffsets = (data.health ?? 'off') !== 'off' || this.#hashSelector !== undefined;
    this.#prepared = createPreparedBatch(PACKETS_PER_BATCH, metering.flowKey, engine, {
      encapsulation,
      offsets: true,
    });
    this.#offsets = this.#prepared.offsets!;
  }

  /** Meters until it is told to stop. @throws CaptureError if the capture cannot be opened */
  async run(): Promise<void> {
    let source: LiveSource | undefined;
    try {
      source = await this.#open();
      await this.#meter(source);
    } finally {
      source?.close();
      if (source !== undefined) publishLive(source, this.#counters.capture);
      await this.#expireAll();
      this.#queue.close();
    }
  }

  async #open(): Promise<LiveSource> {
    const { capture } = this.#data;
    const open = await liveOpener(capture, this.#timeBaseSeconds);
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
    else if (request.kind === 'metering') this.#metering.setTimeouts(request);
    else if (request.kind === 'pause') this.#isPaused = request.isPaused;
    else this.#answers.ask(request);
  }

  async #meter(source: LiveSource): Promise<void> {
    const batch = this.#batch;
    let looksIn = 0;
    for (;;) {
      const count = source.readBatch(batch);
      if (count > 0) this.#meterBatch(batch);
      if (count > 0 && --looksIn > 0) continue;
      looksIn = BATCHES_PER_LOOK;
      if (this.#isStopped || this.#counters.capture[STOP_REQUESTED] !== 0) break;
      let nowMs = 0;
      if (count === 0) {
        const waited = source.wait();
        if (waited !== undefined) await waited;
        nowMs = source.wokenAtMs;
      } else nowMs = performance.now();
      if (nowMs >= this.#turnAtMs) await this.#turn(source, count === 0);
    }
    // What came before the stop is metered, but not what a busy link goes on to send.
    const endMs = performance.now() + this.#data.capture.blockTimeoutMs;
    while (source.readBatch(batch) > 0 && performance.now() < endMs) this.#meterBatch(batch);
  }

  #meterBatch(batch: LivePacketBatch): void {
    const prepared = this.#prepared;
    const { capture } = this.#counters;
    // While the exporting process is behind, flows that have ended are better off in the table.
    this.#metering.mayExpire = this.#queue.hasRoom;
    countLivePackets(batch, capture);
    if (this.#isPaused) {
      capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + batch.count;
      return;
    }
    if (this.#group !== undefined) publishMembers(this.#group, capture);
    if (this.#selector !== undefined) {
      capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + selectFrames(this.#selector, batch);
    }
    if (batch.superPackets > 0) numberSuperPackets(batch);
    prepared.offsets = this.#needsOffsets || batch.superPackets > 0 ? this.#offsets : undefined;
    let octets = decodeFrames(this.#decoder, batch, this.#linkTypes, prepared);
    const hash = this.#hashSelector;
    if (hash !== undefined) {
      selectDecoded(hash, prepared, batch.view);
      capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + hash.packetsDropped;
      octets -= hash.octetsDropped;
    }
    countAccepted(this.#counters.decode, prepared.count, octets);
    if (batch.superPackets > 0) {
      splitSuperPackets(batch, prepared, this.#data.capture.interfaceIndex, this.#superCounts);
    }
    this.#preparer.prepare(prepared, batch.view);
    this.#metering.meter(prepared, batch.view);
  }

  /** Duties of a few times a second, however busy or quiet the link is. */
  async #turn(source: LiveSource, isQuiet: boolean): Promise<void> {
    this.#turnAtMs = performance.now() + TURN_MS;
    // Packets that are left out move no clock.
    if (isQuiet || this.#isPaused) this.#expireQuiet();
    this.#queue.flush();
    publishLive(source, this.#counters.capture);
    this.#answers.turn();
    // Messages come with the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the flows of a quiet link too, as many at a time as the exporting process keeps up with. */
  #expireQuiet(): void {
    // Packets that are still in a block of the kernel's are not older than this.
    const sinceBaseMs = Date.now() - this.#timeBaseSeconds * 1000;
    const nowNs = (sinceBaseMs - this.#data.capture.blockTimeoutMs - LATE_MS) * 1e6;
    if (this.#queue.hasRoom) this.#meterOverdue(nowNs);
    while (this.#queue.hasRoom && this.#metering.advanceTo(nowNs, FLOWS_PER_LOOK)) {
      // Until nothing is due, or there is no room.
    }
  }

  /** Meters the fragments that wait no longer for their first one. */
  #meterOverdue(timeNs: number): void {
    const overdue = this.#preparer.takeOverdue(timeNs);
    if (overdue !== undefined) this.#metering.meter(overdue, this.#batch.view);
  }

  /** Exports every flow; what the exporting process does not take in time is dropped and counted. */
  async #expireAll(): Promise<void> {
    const endMs = performance.now() + EXPORT_ALL_MS;
    do {
      while (!this.#queue.hasRoom && performance.now() < endMs) await this.#queue.room();
      this.#meterOverdue(Number.POSITIVE_INFINITY);
    } while (this.#metering.expireNext(FLOWS_PER_LOOK));
  }

  #learn(opened: LiveCapture): void {
    const { linkType } = opened.interface;
    const { interfaceIndex, sampling } = this.#data.capture;
    this.#linkTypes[interfaceIndex] = linkType;
    this.#linkTypes.fill(linkType, SUPER_PACKET_INDEX, SUPER_PACKET_INDEX + PACKETS_PER_BATCH);
    this.#selector = createSelector(sampling, opened.samplesBy);
    if (opened.samplingFault !== undefined) {
      const fields = { interface: this.#data.capture.interface };
      post({ kind: 'log', level: 'warn', message: samplesItself(opened.samplingFault), fields });
    }
    publishOpened(opened, this.#counters.capture);
    const { interface: one, members } = opened;
    this.#group = members === undefined ? undefined : opened;
    const there = members?.names.filter((_, i) => members.states[i] !== 'gone') ?? [one.name];
    post({ kind: 'interfaces', interfaces: [one], members: there });
    post({ kind: 'opened', ring: opened.ring, handles: opened.handles });
  }
}

function post(message: LiveWorkerMessage, memory: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, memory);
}

enableCompileCache();
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
