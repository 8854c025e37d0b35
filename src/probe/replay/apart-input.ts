/**
 * Batches that another thread reads and prepares (capture-reader.ts): the meter takes them in their order, so that its flows
 * are those of one that reads by itself.
 */
import { setImmediate } from 'node:timers/promises';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { RelayedError } from '../../base/errors.ts';
import type { SourceInterface } from '../../capture/source.ts';
import { allocateInPart, type EnginePart } from '../../engine/engine.ts';
import type { PreparedBatch } from '../../metering/key-preparer.ts';
import type { HashSeeds } from '../../metering/table/flow-key.ts';
import { startModule } from '../../package-files.ts';
import type { RunCounters } from '../counters.ts';
import { BatchRingReader } from './batch-ring.ts';
import type { CaptureReaderOptions } from './capture-reader.ts';
import type { InputBatches, InputRead, ReplayInput } from './input.ts';
import type { ReaderData, ReaderMessage } from './reader-worker.ts';

/** Those of the ring. */
class HandedBatches implements InputBatches {
  readonly ring: BatchRingReader;
  readonly #memory: ArrayBuffer;
  readonly #hear: (messages: number) => readonly SharedArrayBuffer[];
  /** The batch that is being metered. */
  #taken: PreparedBatch | undefined;
  view: DataView;
  /** The reader gives batches of one packet to nobody. */
  readonly timeNs = Number.NaN;

  /** @param hear hears so many messages of the reader at least; returns the memories that came with them */
  constructor(
    ring: BatchRingReader,
    memory: ArrayBuffer,
    hear: (messages: number) => readonly SharedArrayBuffer[],
  ) {
    this.ring = ring;
    this.#memory = memory;
    this.#hear = hear;
    this.view = new DataView(memory);
  }

  read(): boolean {
    if (this.#taken !== undefined) this.ring.release();
    this.#taken = this.ring.take();
    return this.#taken !== undefined;
  }

  prepare(): PreparedBatch {
    const { view, messages } = this.ring.notes;
    const memories = this.#hear(messages);
    const buffer = view >= 0 ? this.#memory : (memories[-view - 1] as unknown as ArrayBuffer);
    const byteOffset = Math.max(view, 0);
    if (this.view.buffer !== buffer || this.view.byteOffset !== byteOffset)
      this.view = new DataView(buffer, byteOffset);
    return this.#taken!;
  }

  /** The reader hands them over by itself. */
  takeOverdue(): undefined {
    return undefined;
  }
}

export class ApartInput implements ReplayInput {
  readonly #options: Omit<CaptureReaderOptions, 'seeds'>;
  readonly #counters: RunCounters;
  readonly #onInterfaces: (interfaces: readonly SourceInterface[]) => void;
  readonly #ring: BatchRingReader;
  readonly #memory: ArrayBuffer;
  readonly #port: MessagePort;
  readonly #portOfThread: MessagePort;
  readonly #ended = Promise.withResolvers<InputRead>();
  readonly #memories: SharedArrayBuffer[] = [];
  #heard = 0;
  #thread: Worker | undefined;
  #fault: Error | undefined;
  /** The thread has handed everything over. */
  #hasSaidAll = false;
  /** Nobody waits for a pipe here. */
  readonly isFollowed = false;
  /** The reader stops, and what it has handed over by then is metered. */
  readonly isStopped = false;

  /** @param onInterfaces hears of the capture's interfaces before the first batch that names a new one */
  constructor(
    options: Omit<CaptureReaderOptions, 'seeds'>,
    counters: RunCounters,
    onInterfaces: (interfaces: readonly SourceInterface[]) => void,
  ) {
    this.#options = options;
    this.#counters = counters;
    this.#onInterfaces = onInterfaces;
    const { ring } = options;
    this.#ring = new BatchRingReader(allocateInPart(ring), options);
    this.#memory = memoryOf(ring);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#portOfThread = port2;
    // Whoever waits for more hears of a fault first.
    this.#ended.promise.catch(() => {});
  }

  createBatches(seeds: HashSeeds): InputBatches {
    const port = this.#portOfThread;
    const options = { ...this.#options, seeds };
    const workerData: ReaderData = { options, counters: this.#counters.buffer, port };
    const thread = new Worker(startModule('probe/replay/reader-worker'), {
      workerData,
      transferList: [port],
    });
    thread.on('error', (error) => this.#fail(error));
    // What it said at its end may lie there still, and batches of it in the ring.
    thread.on('exit', () => {
      this.#hear(Number.POSITIVE_INFINITY);
      if (!this.#hasSaidAll)
        this.#fail(new Error('the thread that reads the capture ended before the capture'));
    });
    this.#port.on('message', (message: ReaderMessage) => this.#take(message));
    this.#thread = thread;
    return new HandedBatches(this.#ring, this.#memory, (messages) => this.#hear(messages));
  }

  async more(): Promise<boolean> {
    for (let isFirst = true; ; isFirst = false) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#ring.isEnded) return false;
      if (this.#ring.take() !== undefined) return true;
      // Signals, and the end of the thread, are told by the event loop.
      if (!isFirst) await setImmediate();
      this.#ring.wait();
    }
  }

  get timeBaseSeconds(): number {
    return this.#ring.notes.timeBaseSeconds;
  }

  get latestNs(): number {
    return this.#ring.notes.latestNs;
  }

  /** The reader does. */
  publish(): void {}

  stop(): void {
    this.#port.postMessage('stop');
  }

  end(): Promise<InputRead> {
    return this.#ended.promise;
  }

  async abandon(): Promise<void> {
    await this.#thread?.terminate();
  }

  /** Hears messages until there have been so many, or there are no more. */
  #hear(messages: number): readonly SharedArrayBuffer[] {
    while (this.#heard < messages) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) break;
      this.#take(next.message as ReaderMessage);
    }
    return this.#memories;
  }

  #take(message: ReaderMessage): void {
    this.#heard++;
    if (message.kind === 'interfaces') this.#onInterfaces(message.interfaces);
    else if (message.kind === 'memory') this.#memories.push(message.memory);
    else {
      const { errors, files, linkTypes } = message;
      this.#hasSaidAll = true;
      this.#ended.resolve({ errors: errors.map((error) => new RelayedError(error)), files, linkTypes });
      this.#port.close();
    }
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#ended.reject(error);
  }
}

function memoryOf({ memory }: EnginePart): ArrayBuffer {
  return memory.buffer;
}
