/**
 * The meter of a replay: batches of its captures ─▶ metering process ─▶ record queue, on whatever thread it is made. It
 * touches no socket, allocates nothing per packet, and waits when the exporting process is behind, so a replay loses
 * nothing.
 *
 * Several meters may share a replay: each reads all of the capture and meters the flows that are its own.
 */
import { setImmediate } from 'node:timers/promises';
import { CAPTURE_OCTETS, type CaptureOptions } from '../../capture/files/capture-source.ts';
import type { SourceInterface } from '../../capture/source.ts';
import type { DecodeOptions } from '../../decode/decoder.ts';
import { canDivide, createEngine, createEngineIn, divideMemory, type Engine } from '../../engine/engine.ts';
import { learnOthersUntil, queueOthers } from '../../metering/applications/others-names.ts';
import { RECORDS_PER_PACKET_MAX } from '../../metering/expiry.ts';
import { FRAGMENTS_HELD_MAX } from '../../metering/held-fragments.ts';
import { LiveFlows } from '../../metering/live-flows.ts';
import type { RecordQueueMemory } from '../../metering/record-queue.ts';
import type { ApplicationOptions } from '../../metering/table/application-table.ts';
import { healthEngineOctets, tableOctets } from '../../metering/table/flow-table.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { FlowQuery } from '../../records/flow-query.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import { FIRST_PACKET_NS, type RunCounters } from '../counters.ts';
import { type FlowMetering, Meter } from '../meter.ts';
import { TablePages } from '../table-pages.ts';
import { ApartInput } from './apart-input.ts';
import { batchRingOctets } from './batch-ring.ts';
import { FollowedClock } from './followed-clock.ts';
import { HereInput, type InputBatches, type InputRead, type ReplayInput } from './input.ts';
import { learnsFromOthers } from './others-dns.ts';

/** What a meter is to do; it can be posted to a thread. */
export interface ReplayMeterOptions {
  readonly files: readonly string[];
  readonly capture: CaptureOptions;
  readonly decode: DecodeOptions;
  readonly metering: FlowMetering;
  /** Which optional sections records carry. */
  readonly sections: RecordSections;
  /** How payload is looked into, where that is one of them. */
  readonly applications: ApplicationOptions;
  /** Which of how many meters this one is, from 0. */
  readonly worker: number;
  readonly workers: number;
  /** A thread of its own reads and decodes the capture for the meter. Not for packets that are followed or paced. */
  readonly isReadApart: boolean;
  /** Times faster than the capture's own pace; undefined: as fast as possible. */
  readonly speed: number | undefined;
  /** Where flow records go; undefined where nobody wants them. */
  readonly queue: RecordQueueMemory | undefined;
}

/** Packets between looks at the things that change slowly: progress, whether to stop, and what the thread waits for. */
const PACKETS_PER_LOOK = 16_384;
const BATCHES_PER_LOOK_MAX = 128;
/** Packets of a batch: so many that what is done once for each batch does not matter, and all stay in the L2 cache. */
const PACKETS_PER_BATCH = 1024;
/** With path health that is not measured in the engine: its tables are touched for a whole batch at once. */
const PACKETS_PER_HEALTH_BATCH = 128;
/** How long a paced replay sleeps at most before it looks at the clock again. */
const SLEEP_MAX_MS = 100;
/** A paced replay that is less than this ahead goes on: a timer is not more exact. */
const AHEAD_MS = 1;

/**
 * Flows looked at in one go when many end at a time: others get their turn in between, and the queue has room for them.
 */
const FLOWS_PER_TURN = 1024;
/** How long records wait at most for others to be handed over with them, and flows of a silent input for their end. */
const TURN_MS = 100;

type OnInterfaces = (interfaces: readonly SourceInterface[]) => void;

/** Packets of a batch. A paced replay waits between any two packets. */
function batchPackets({ speed, sections }: ReplayMeterOptions, healthOctets: number): number {
  if (speed !== undefined) return 1;
  return sections.health && healthOctets === 0 ? PACKETS_PER_HEALTH_BATCH : PACKETS_PER_BATCH;
}

/** The meter's engine, and what it reads, on this thread or on one of its own. */
function openInput(
  options: ReplayMeterOptions,
  capacity: number,
  meterOctets: number,
  counters: RunCounters,
  onInterfaces: OnInterfaces,
): { engine: Engine; input: ReplayInput } {
  const { isReadApart, metering } = options;
  const flowKey = metering.flowKey;
  const inputOptions = { ...options, capacity, flowKey, learnsFromOthers: learnsFromOthers(options) };
  const octets = [meterOctets, CAPTURE_OCTETS, batchRingOctets(inputOptions)] as const;
  // The largest flow tables leave no room for what two engines need.
  if (isReadApart && canDivide(octets)) {
    const { files, capture, decode, sections } = options;
    const [meter, reader, ring] = divideMemory(octets);
    const readerOptions = {
      files,
      capture,
      decode,
      sections,
      capacity,
      flowKey,
      reader,
      ring,
    };
    return { engine: createEngineIn(meter), input: new ApartInput(readerOptions, counters, onInterfaces) };
  }
  const engine = createEngine(meterOctets + CAPTURE_OCTETS);
  return { engine, input: new HereInput(inputOptions, engine, counters, onInterfaces) };
}

export class ReplayMeter {
  readonly #options: ReplayMeterOptions;
  readonly #counters: RunCounters;
  readonly #onInputEnd: (() => void) | undefined;
  readonly #input: ReplayInput;
  readonly #meter: Meter<InputBatches>;
  readonly #pages: TablePages;
  /** Packets of a batch. */
  readonly #capacity: number;
  readonly #clock = new FollowedClock();
  #startedAtMs = Number.NaN;
  #isAbandoned = false;

  /**
   * Makes the meter; `run` begins.
   * @param onInterfaces hears of the capture's interfaces before the first record that names a new one
   * @param onInputEnd called when all is read, before the flows in the table end
   */
  constructor(
    options: ReplayMeterOptions,
    counters: RunCounters,
    onInterfaces: (interfaces: readonly SourceInterface[]) => void,
    onInputEnd?: () => void,
  ) {
    const { queue, metering, sections } = options;
    const { encapsulation, health } = sections;
    this.#options = options;
    this.#counters = counters;
    this.#onInputEnd = onInputEnd;
    const entries = metering.flowTableEntries;
    const healthOctets = health ? healthEngineOctets(entries) : 0;
    const capacity = batchPackets(options, healthOctets);
    const meterOctets = tableOctets(entries) + healthOctets;
    const { engine, input } = openInput(options, capacity, meterOctets, counters, onInterfaces);
    this.#input = input;
    this.#capacity = capacity;
    this.#meter = new Meter({
      engine,
      metering,
      encapsulation,
      health: health ? 'on' : 'off',
      applications: sections.applications ? options.applications : undefined,
      batchCapacity: capacity,
      createBatches: (seeds) => input.createBatches(seeds),
      counters,
      queue,
      // Fragments that were held come with the packets of a batch.
      recordsPerStep: (capacity + FRAGMENTS_HELD_MAX) * RECORDS_PER_PACKET_MAX,
      timeBaseSeconds: () => input.timeBaseSeconds,
      clockNs: () => this.#timeNs,
      ...(healthOctets > 0 ? { allocateHealth: engine.allocate } : {}),
    });
    const { applications } = this.#meter.metering.table;
    if (applications !== undefined)
      this.#meter.batches.learnFromOthers?.((batch, view) => queueOthers(applications, batch, view));
    this.#pages = new TablePages(this.#meter.metering.table);
  }

  /** Copies the greatest flows that are in the table now: one look at all of it, on the meter's own thread. */
  findFlows(query: FlowQuery): FlowRecordBatch {
    const { encapsulation } = this.#options.sections;
    const found = new LiveFlows({ table: this.#meter.metering.table, encapsulation, scale: 1 });
    found.begin(query);
    found.look(Number.POSITIVE_INFINITY);
    return found.allocateCopy(this.#input.timeBaseSeconds, this.#timeNs);
  }

  /** Meters everything there is, or what there is until `stop`, and hands every flow over. */
  async run(): Promise<InputRead> {
    const timer = setInterval(() => this.#turn(), TURN_MS);
    try {
      await this.#meterInput();
    } finally {
      clearInterval(timer);
    }
    this.#look();
    this.#onInputEnd?.();
    await this.#expireAll();
    this.#meter.queue?.close();
    return this.#input.end();
  }

  async #meterInput(): Promise<void> {
    const { speed } = this.#options;
    const input = this.#input;
    const { batches } = this.#meter;
    const batchesPerLook = Math.min(BATCHES_PER_LOOK_MAX, PACKETS_PER_LOOK / this.#capacity);
    let looksIn = 0;
    for (;;) {
      if (looksIn-- === 0) {
        looksIn = batchesPerLook;
        if (this.#look()) return;
        // Signals, timers and messages of the thread get their turn.
        await setImmediate();
      }
      if (!batches.read()) {
        if (!(await input.more())) return;
        continue;
      }
      if (speed !== undefined && (await this.#wait(batches.timeNs, speed))) return;
      if (!this.#meter.hasRoom && !(await this.#room())) return;
      const prepared = this.#meter.meterBatch();
      learnOthersUntil(this.#meter.metering.table.applications, Number.POSITIVE_INFINITY);
      if (this.#isFollowed) this.#clock.heard(prepared, performance.now());
    }
  }

  /** Whether flows end by the system's clock as well: not at a pace of its own, which has a clock already. */
  get #isFollowed(): boolean {
    return this.#input.isFollowed && this.#options.speed === undefined;
  }

  /** Nanoseconds since the time base: that of the latest packet, or what time it is by now. */
  get #timeNs(): number {
    const { latestNs } = this.#input;
    return this.#isFollowed ? Math.max(latestNs, this.#clock.timeNs(performance.now())) : latestNs;
  }

  /** Duties of a few times a second, whatever the input does. */
  #turn(): void {
    if (this.#isFollowed && this.#meter.hasRoom) {
      const timeNs = this.#clock.timeNs(performance.now());
      if (!Number.isNaN(timeNs)) this.#meter.advanceTo(timeNs, FLOWS_PER_TURN);
    }
    this.#meter.queue?.flush();
  }

  /** Reads no further: ends a wait for input that may never come, as from an idle pipe. */
  stop(): void {
    this.#input.stop();
  }

  /** Ends without handing over what is in the table: nobody takes records any more. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    await this.#input.abandon();
  }

  /** Waits until there is room for records; false when nobody will ever make any. */
  async #room(): Promise<boolean> {
    while (!this.#meter.hasRoom && !this.#isAbandoned) await this.#meter.queue!.room();
    return !this.#isAbandoned;
  }

  async #expireAll(): Promise<void> {
    do {
      if (!(await this.#room())) return;
    } while (this.#meter.expireNext(FLOWS_PER_TURN));
  }

  /** Publishes progress; true when the meter is to stop. */
  #look(): boolean {
    this.#input.publish();
    this.#pages.look();
    return this.#isAbandoned || this.#input.isStopped;
  }

  /**
   * Waits until a packet of this time is due, and moves the metering process's clock meanwhile, so that flows end on a
   * quiet link too. True when asked to stop.
   */
  async #wait(timeNs: number, speed: number): Promise<boolean> {
    const first = this.#counters.capture[FIRST_PACKET_NS]!;
    if (Number.isNaN(first)) {
      this.#startedAtMs = performance.now();
      return false;
    }
    for (;;) {
      const elapsedNs = (performance.now() - this.#startedAtMs) * 1e6 * speed;
      const aheadMs = (timeNs - first - elapsedNs) / 1e6 / speed;
      if (aheadMs < AHEAD_MS) return false;
      if (await this.#advance(first + elapsedNs)) return true;
      await new Promise((resolve) => setTimeout(resolve, Math.min(aheadMs, SLEEP_MAX_MS)));
    }
  }

  /** Ends the flows that have come to their end by this time, a few in each turn. True when asked to stop. */
  async #advance(timeNs: number): Promise<boolean> {
    for (;;) {
      if (!this.#meter.hasRoom && !(await this.#room())) return true;
      const isMore = this.#meter.advanceTo(timeNs, FLOWS_PER_TURN);
      if (this.#look()) return true;
      if (!isMore) break;
      await setImmediate();
    }
    this.#meter.queue?.flush();
    return false;
  }
}
