/**
 * One meter, on the thread that it is made on: batches of a capture ─▶ metering process ─▶ record queue. It holds what a
 * replay and a live capture have alike; when to read, to wait and to end flows is theirs (probe/replay/meter.ts,
 * probe/live/worker.ts).
 */
import type { Engine } from '../engine/engine.ts';
import type { FlowSink } from '../metering/expiry.ts';
import type { PreparedBatch } from '../metering/key-preparer.ts';
import { MeteringProcess } from '../metering/metering-process.ts';
import type { RecordQueueMemory } from '../metering/record-queue.ts';
import { RecordQueueWriter } from '../metering/record-queue-writer.ts';
import { createScalingSink } from '../metering/scaling.ts';
import type { ApplicationOptions } from '../metering/table/application-table.ts';
import { createHashSeeds, type FlowKeyExtension, type HashSeeds } from '../metering/table/flow-key.ts';
import type { AllocateMemory } from '../records/memory.ts';
import { allocateHuge } from '../sys/libc.ts';
import type { RunCounters } from './counters.ts';

/** Options of metering: timeouts, table and flow key; they can be posted to a thread. */
export interface FlowMetering {
  readonly idleTimeoutMs: number;
  readonly activeTimeoutMs: number;
  readonly tcpEndDelayMs: number;
  /** Flows at a time. */
  readonly flowTableEntries: number;
  readonly pathHealthIntervalMs?: number;
  readonly flowKey: FlowKeyExtension;
}

/** Batches of a capture, in the engine's memory. */
export interface MeterBatches {
  /** The memory that the frames of the last batch lie in. */
  readonly view: DataView;
  /** Counts what was read last, decodes it, and prepares its keys. */
  prepare(): PreparedBatch;
  /** Fragments that wait no longer at `timeNs`, to be metered at once. */
  takeOverdue(timeNs: number): PreparedBatch | undefined;
}

export interface MeterOptions<Batches> {
  /** In whose memory the flow table and the batches lie. */
  readonly engine: Engine;
  readonly metering: FlowMetering;
  /** Keep what was around the packets. */
  readonly encapsulation: boolean;
  /** Measure path health; `sampled` where packets are selected. */
  readonly health: 'on' | 'sampled' | 'off';
  /** How payload is looked into; undefined: not at all. */
  readonly applications?: ApplicationOptions | undefined;
  /** Most packets in a batch. */
  readonly batchCapacity: number;
  readonly createBatches: (seeds: HashSeeds) => Batches;
  readonly counters: RunCounters;
  /** Where flow records go; undefined where nobody wants them. */
  readonly queue: RecordQueueMemory | undefined;
  /** Records that a step between two looks at `hasRoom` makes at most. */
  readonly recordsPerStep: number;
  readonly timeBaseSeconds: () => number;
  /** What time it is to the meter, in nanoseconds since the time base. */
  readonly clockNs: () => number;
  /** Memory for path health: the engine's, to have it measured there. Default: huge pages of its own. */
  readonly allocateHealth?: AllocateMemory;
  /** What the counters of each record are multiplied by; default: 1. */
  readonly scale?: number;
}

/** Takes flows that nobody wants. */
const NOWHERE: FlowSink = { emit: () => {} };

export class Meter<Batches extends MeterBatches> {
  readonly batches: Batches;
  /** Undefined where nobody wants the records. */
  readonly queue: RecordQueueWriter | undefined;
  readonly metering: MeteringProcess;

  constructor(options: MeterOptions<Batches>) {
    const { engine, metering, encapsulation, health, batchCapacity, counters, queue, scale = 1 } = options;
    const { recordsPerStep, timeBaseSeconds, clockNs, applications, allocateHealth = allocateHuge } = options;
    const seeds = createHashSeeds(metering.flowKey);
    this.batches = options.createBatches(seeds);
    if (queue !== undefined)
      this.queue = new RecordQueueWriter(queue, {
        recordsPerStep,
        counters: counters.metering,
        timeBaseSeconds,
        clockNs,
      });
    const sink = this.queue ?? NOWHERE;
    this.metering = new MeteringProcess({
      ...metering,
      engine,
      seeds,
      encapsulation,
      health,
      applications,
      batchCapacity,
      sink: scale === 1 ? sink : createScalingSink(sink, scale),
      counters: counters.metering,
      allocate: allocateHealth,
    });
  }

  /** False while the exporting process is behind. */
  get hasRoom(): boolean {
    return this.queue?.hasRoom !== false;
  }

  /** Meters the batch that was read last. @returns it */
  meterBatch(): PreparedBatch {
    const prepared = this.batches.prepare();
    this.metering.meter(prepared, this.batches.view);
    return prepared;
  }

  /**
   * Moves the clock: fragments stop waiting, and flows end, `flowsMax` at a time. There must be room.
   * @returns true if there is more to end
   */
  advanceTo(timeNs: number, flowsMax: number): boolean {
    this.#meterOverdue(timeNs);
    return this.metering.advanceTo(timeNs, flowsMax);
  }

  /** At the end of the input: empties the table, `flowsMax` flows at a time. @returns true if there are more */
  expireNext(flowsMax: number): boolean {
    this.#meterOverdue(Number.POSITIVE_INFINITY);
    return this.metering.expireNext(flowsMax);
  }

  /** Meters the fragments that wait no longer for their first one. */
  #meterOverdue(timeNs: number): void {
    const overdue = this.batches.takeOverdue(timeNs);
    if (overdue !== undefined) this.metering.meter(overdue, this.batches.view);
  }
}
