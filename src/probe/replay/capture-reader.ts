/**
 * The first half of a replay on a thread of its own: reads a capture, decodes it and prepares its keys, and hands the
 * batches to the meter (batch-ring.ts). It is alone with its thread, so that it may sleep.
 */
import { setImmediate } from 'node:timers/promises';
import { type CaptureOptions, openCaptures } from '../../capture/files/capture-source.ts';
import type { PacketSource, SourceInterface } from '../../capture/source.ts';
import type { DecodeOptions } from '../../decode/decoder.ts';
import { allocateInPart, createEngineIn, type Engine, type EnginePart } from '../../engine/engine.ts';
import type { PreparedBatch } from '../../metering/key-preparer.ts';
import { type HashSeeds, KEY_EXTENSION_WORDS } from '../../metering/table/flow-key.ts';
import { copyRecord } from '../../records/decoded-batch.ts';
import { LAST_PACKET_NS, type RunCounters, STOP_REQUESTED } from '../counters.ts';
import { type BatchRingOptions, BatchRingWriter, RING_BATCHES } from './batch-ring.ts';
import { ReplayBatches } from './batches.ts';
import { publishInput } from './publish-input.ts';

/** What a reader is to do; it can be posted to a thread. */
export interface CaptureReaderOptions extends BatchRingOptions {
  readonly files: readonly string[];
  readonly capture: CaptureOptions;
  readonly decode: DecodeOptions;
  readonly seeds: HashSeeds;
  /** Parts of one memory: of the reader's engine, and of the ring. */
  readonly reader: EnginePart;
  readonly ring: EnginePart;
}

/** What the meter must hear of before the next batch. */
export interface ReaderListener {
  onInterfaces(interfaces: readonly SourceInterface[]): void;
  /** Frames lie in a memory of their own: that of a record which is longer than the window. */
  onMemory(memory: SharedArrayBuffer): void;
}

/** Batches between looks at the things that change slowly: progress, whether to stop, and what the thread waits for. */
const BATCHES_PER_LOOK = 16;

/** Copies what is in one batch to another. */
function copyBatch(from: PreparedBatch, to: PreparedBatch): void {
  for (let i = 0; i < from.count; i++) copyRecord(from, i, to, i);
  to.keyExtensions.set(
    from.keyExtensions.subarray(0, Math.min(from.keyExtensions.length, from.count * KEY_EXTENSION_WORDS)),
  );
  to.count = from.count;
}

export class CaptureReader {
  readonly source: PacketSource;
  readonly #counters: RunCounters;
  readonly #listener: ReaderListener;
  readonly #engine: Engine;
  readonly #ring: BatchRingWriter;
  readonly #batches: ReplayBatches;
  #isStopped = false;
  /** Messages to the meter so far, and memories among them. */
  #messages = 0;
  #memories = 0;
  #lastMemory: ArrayBufferLike | undefined;

  constructor(options: CaptureReaderOptions, counters: RunCounters, listener: ReaderListener) {
    this.#counters = counters;
    this.#listener = listener;
    this.#ring = new BatchRingWriter(
      allocateInPart(options.ring),
      options,
      () => this.#mustStop,
      () => this.source.look?.(),
    );
    this.#engine = createEngineIn(options.reader);
    this.source = openCaptures(options.files, options.capture, this.#engine, this.#ring);
    const onInterfaces = (interfaces: readonly SourceInterface[]) => {
      this.#messages++;
      listener.onInterfaces(interfaces);
    };
    const batchOptions = { ...options, worker: 0, workers: 1, batchesKept: RING_BATCHES };
    this.#batches = new ReplayBatches(
      this.source,
      this.#engine,
      batchOptions,
      counters,
      onInterfaces,
      this.#ring.next(),
    );
  }

  /** Reads no further. */
  stop(): void {
    this.#isStopped = true;
    this.source.close();
  }

  get #mustStop(): boolean {
    return this.#isStopped || this.#counters.capture[STOP_REQUESTED] !== 0;
  }

  /** Reads everything there is, or what there is until it is to stop; every batch that was counted is handed over. */
  async run(): Promise<void> {
    try {
      await this.#readInput();
      const overdue = this.#batches.takeOverdue(Number.POSITIVE_INFINITY);
      if (overdue !== undefined) {
        const last = this.#ring.next();
        copyBatch(overdue, last);
        this.#hand();
      }
    } finally {
      publishInput(this.source, this.#counters.capture, true);
      this.#ring.end();
      this.source.close();
    }
  }

  async #readInput(): Promise<void> {
    let looksIn = 0;
    for (;;) {
      if (looksIn-- === 0) {
        looksIn = BATCHES_PER_LOOK;
        publishInput(this.source, this.#counters.capture, true);
        if (this.#mustStop) return;
        // The event loop tells of octets that were read ahead.
        await setImmediate();
      }
      this.#batches.use(this.#ring.next());
      if (!this.#batches.read()) {
        this.#ring.flush();
        if (!(await this.source.more())) return;
        continue;
      }
      this.#batches.prepare();
      this.#hand();
    }
  }

  #hand(): void {
    this.#ring.hand({
      view: this.#viewOf(this.#batches.view),
      messages: this.#messages,
      latestNs: this.#counters.capture[LAST_PACKET_NS]!,
      timeBaseSeconds: this.source.timeBaseSeconds,
    });
  }

  /** How the meter finds the memory of the frames. */
  #viewOf({ buffer, byteOffset }: DataView): number {
    if (buffer === this.#engine.buffer) return byteOffset;
    if (buffer !== this.#lastMemory) {
      this.#lastMemory = buffer;
      this.#memories++;
      this.#messages++;
      this.#listener.onMemory(buffer as unknown as SharedArrayBuffer);
    }
    return -this.#memories;
  }
}
