/** What a replay's meter reads: a capture on the meter's own thread, or batches that another thread has prepared. */

import type { FlowtapError } from '../../base/errors.ts';
import { type CaptureOptions, openCaptures } from '../../capture/files/capture-source.ts';
import type { FileLinkTypes, PacketSource, SourceInterface } from '../../capture/source.ts';
import type { DecodeOptions } from '../../decode/decoder.ts';
import type { Engine } from '../../engine/engine.ts';
import type { HashSeeds } from '../../metering/table/flow-key.ts';
import { LAST_PACKET_NS, type RunCounters, STOP_REQUESTED } from '../counters.ts';
import type { MeterBatches } from '../meter.ts';
import { ReplayBatches, type ReplayBatchesOptions } from './batches.ts';
import type { LearnOthers } from './others-dns.ts';
import { publishInput } from './publish-input.ts';

/** A meter's input at its end. */
export interface InputRead {
  /** Its faults. */
  readonly errors: readonly FlowtapError[];
  /** Names of the captures in it. */
  readonly files: readonly string[];
  /** Link types of those that were read to their end. */
  readonly linkTypes: readonly FileLinkTypes[];
}

/** Batches that come one after the other. */
export interface InputBatches extends MeterBatches {
  /** When the first packet was observed that was read last; known only where batches are of one packet. */
  readonly timeNs: number;
  /** Takes what is at hand, up to a batch; false if nothing is. `prepare` does the rest. */
  read(): boolean;
  /** Where packets are shared among meters: see ReplayBatches. */
  learnFromOthers?(learn: LearnOthers): void;
}

export interface ReplayInput {
  /** Made once the hash's seeds are known. */
  createBatches(seeds: HashSeeds): InputBatches;
  /** Resolves to true when more can be read, to false at the end. Rejects where the thread that reads has died. */
  more(): Promise<boolean>;
  /** Whether packets come as they are observed. */
  readonly isFollowed: boolean;
  readonly timeBaseSeconds: number;
  /** When the latest packet was observed of those that have come to the meter, in nanoseconds since the time base. */
  readonly latestNs: number;
  /** Whether the meter is to take nothing more. Packets that have been counted as read are metered all the same. */
  readonly isStopped: boolean;
  /** Publishes how far it has come. */
  publish(): void;
  /** Reads no further; ends a wait for more. */
  stop(): void;
  /** Frees what it holds, at its end. */
  end(): Promise<InputRead>;
  /** Ends at once, whatever is under way. */
  abandon(): Promise<unknown>;
}

export interface HereInputOptions extends Omit<ReplayBatchesOptions, 'seeds'> {
  readonly files: readonly string[];
  readonly capture: CaptureOptions;
  readonly decode: DecodeOptions;
}

/** A capture that the meter reads itself. */
export class HereInput implements ReplayInput {
  readonly #options: HereInputOptions;
  readonly #engine: Engine;
  readonly #counters: RunCounters;
  readonly #onInterfaces: (interfaces: readonly SourceInterface[]) => void;
  readonly #source: PacketSource;
  #isStopped = false;

  /** @param onInterfaces hears of the capture's interfaces before the first batch that names a new one */
  constructor(
    options: HereInputOptions,
    engine: Engine,
    counters: RunCounters,
    onInterfaces: (interfaces: readonly SourceInterface[]) => void,
  ) {
    this.#options = options;
    this.#engine = engine;
    this.#counters = counters;
    this.#onInterfaces = onInterfaces;
    this.#source = openCaptures(options.files, options.capture, engine);
  }

  createBatches(seeds: HashSeeds): ReplayBatches {
    const options = { ...this.#options, seeds };
    return new ReplayBatches(this.#source, this.#engine, options, this.#counters, this.#onInterfaces);
  }

  more(): Promise<boolean> {
    return this.#source.more();
  }

  get isFollowed(): boolean {
    return this.#source.isFollowed;
  }

  get timeBaseSeconds(): number {
    return this.#source.timeBaseSeconds;
  }

  get latestNs(): number {
    return this.#counters.capture[LAST_PACKET_NS]!;
  }

  get isStopped(): boolean {
    return this.#isStopped || this.#counters.capture[STOP_REQUESTED] !== 0;
  }

  publish(): void {
    publishInput(this.#source, this.#counters.capture, this.#options.worker === 0);
  }

  stop(): void {
    this.#isStopped = true;
    this.#source.close();
  }

  async end(): Promise<InputRead> {
    this.#source.close();
    const { errors, filesRead: files, linkTypesRead: linkTypes = [] } = this.#source;
    return { errors, files, linkTypes };
  }

  async abandon(): Promise<void> {
    this.stop();
  }
}
