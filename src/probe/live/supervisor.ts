/**
 * Keeps one meter worker alive: starts its thread, takes its flow records, watches that it turns, and starts it again
 * with growing pauses when it dies or hangs, with what was lost counted. It captures nothing itself.
 *
 *     start ─▶ opened ─▶ (messages, records) ─▶ end ─┬─ told to stop: done
 *                                                     └─ died, hung or gave up: count, free its ring, pause, start again
 */
import { Worker } from 'node:worker_threads';
import { RelayedError } from '../../base/errors.ts';
import type { Log, LogFields, LogLevel } from '../../base/log.ts';
import type { LiveInterface } from '../../capture/live/live-capture.ts';
import { createRecordQueue, RecordQueueReader } from '../../metering/record-queue.ts';
import type { WorkerState } from '../../metrics/state.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { logMissingFeature } from '../../sys/kernel-features.ts';
import { releaseRing } from '../../sys/packet-socket.ts';
import { PAUSE_REQUESTED, RING_BLOCKS, type RunCounters, STOP_REQUESTED, WORKER_TURNS } from '../counters.ts';
import type { LiveWorkerAnswer, LiveWorkerData, LiveWorkerMessage } from './messages.ts';
import {
  type LiveWorkerQuestion,
  type LiveWorkerRequest,
  type NewTimeouts,
  workerSections,
} from './messages.ts';
import type { PlannedWorker } from './plan.ts';
import { identityOf, missingOf, packetsIn, WorkerCounters, type WorkerIdentity } from './totals.ts';
import { beginLife, diedOf, type End, LEVELS, type Life, silenceOf } from './worker-life.ts';

/** Pauses before a worker is started again; a life longer than the longest begins anew with the shortest. */
const RESTART_MS_MIN = 500;
const RESTART_MS_MAX = 60_000;
/** An opening may take so many times as long as a turn: a large ring is memory that the kernel has to find. */
const OPENING_LOOKS = 6;

export interface SupervisorOptions {
  readonly worker: PlannedWorker;
  /** The worker's module. */
  readonly module: URL;
  readonly tableOctets: number;
  readonly log: Log;
  /** Takes a batch of flow records; its memory may be reused when the promise resolves. */
  readonly consume: (batch: FlowRecordBatch) => Promise<void>;
  /** Interfaces were opened, perhaps under another number than before: itself, or members of the group. */
  readonly onInterface: (one: LiveInterface, members: readonly string[]) => void;
  /** The interface is not there at the start of a life; the worker waits for it. */
  readonly onAwaited: () => void;
  /** Looks (`check`) without a turn of the worker after which it counts as hung. */
  readonly looksMax: number;
}

export class WorkerSupervisor {
  readonly interface: string;
  readonly #options: SupervisorOptions;
  readonly #identity: WorkerIdentity;
  readonly #counters = new WorkerCounters();
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #metering: NewTimeouts | undefined;
  #life: Life | undefined;
  #isStarted = false;
  #isStopping = false;
  #hasOpened = false;
  #isAwaiting = false;
  #pause: { timer: NodeJS.Timeout; resolve: () => void } | undefined;
  #restartMs = RESTART_MS_MIN;

  constructor(options: SupervisorOptions) {
    const { worker, tableOctets } = options;
    this.#options = options;
    this.interface = worker.data.capture.interface;
    this.#identity = identityOf(worker, tableOctets);
    // Whoever awaits it hears of the failure; until then it is not an unhandled one.
    this.#opened.promise.catch(() => {});
  }

  /**
   * Resolves when the capture has been opened for the first time, or its interface is awaited; rejects with RelayedError
   * when it cannot be.
   */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get isRunning(): boolean {
    return this.#life?.isOpen === true;
  }

  /** Why it does not capture, for people. */
  get whySilent(): string {
    return silenceOf(this.interface, this.#missingMembers(), this.isRunning, this.#isAwaiting);
  }

  /** It runs, and its interface is not lost: blocks are 0 while there is no ring, NaN where a source knows none. */
  get isCapturing(): boolean {
    const { capture } = this.#counters.current;
    return this.isRunning && capture[RING_BLOCKS] !== 0 && this.#missingMembers().length === 0;
  }

  #missingMembers(): string[] {
    return missingOf(this.#counters.current.capture, this.#identity.members);
  }

  start(): void {
    this.#isStarted = true;
    void this.#run().then(this.#ended.resolve, this.#ended.reject);
  }

  state(): WorkerState {
    return this.#counters.state(this.#identity, {
      isRunning: this.isRunning,
      ringOctets: this.#life?.ringOctets ?? 0,
      queueBatches: this.#life?.reader.pending ?? 0,
    });
  }

  /** All that it has counted, in all of its lives. */
  totals(): RunCounters {
    return this.#counters.totals();
  }

  /** Timeouts of this life and those to come. */
  setMetering(metering: NewTimeouts): void {
    this.#metering = metering;
    this.#life?.thread.postMessage(metering);
  }

  /** Lets this life and those to come leave packets out from the next batch on, or meter them again. */
  pause(isPaused: boolean): void {
    this.#counters.current.capture[PAUSE_REQUESTED] = Number(isPaused);
  }

  /** Asks it; undefined where there is no worker to answer. @throws BusyError */
  async ask(question: LiveWorkerQuestion): Promise<LiveWorkerAnswer | undefined> {
    const life = this.#life;
    return life?.isOpen === true ? life.questions.ask(life.thread, question) : undefined;
  }

  /** Call this every second: a worker that does not turn is ended, and started again. */
  check(): void {
    const life = this.#life;
    if (life === undefined || this.#isStopping) return;
    const turns = this.#counters.current.capture[WORKER_TURNS]!;
    life.looks = turns === life.turns ? life.looks + 1 : 0;
    life.turns = turns;
    const { looksMax } = this.#options;
    if (life.looks !== (life.isOpen ? looksMax : looksMax * OPENING_LOOKS)) return;
    this.#write('error', 'worker hung', 'the worker does not turn any more: it is ended and started again');
    void life.thread.terminate();
  }

  /**
   * Lets the worker export every flow and end.
   * @param limitMs after which it is ended by force, its flows counted as lost
   */
  async stop(limitMs: number): Promise<void> {
    this.#isStopping = true;
    if (!this.#isStarted) return;
    clearTimeout(this.#pause?.timer);
    this.#pause?.resolve();
    const life = this.#life;
    if (life !== undefined) {
      // A worker that reads sees the counter, one that waits gets the message.
      this.#counters.current.capture[STOP_REQUESTED] = 1;
      life.thread.postMessage({ kind: 'stop' } satisfies LiveWorkerRequest);
    }
    const limit = setTimeout(() => {
      this.#write('error', 'worker stop', 'the worker did not end in time: its flows are lost');
      void life?.thread.terminate();
    }, limitMs);
    try {
      await this.#ended.promise;
    } finally {
      clearTimeout(limit);
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const errors = await this.#live();
      if (this.#isStopping) break;
      const [first] = errors;
      const error = new RelayedError(first ?? diedOf('the worker ended unasked'));
      if (!this.#hasOpened) {
        this.#opened.reject(error);
        return;
      }
      const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
      const seconds = this.#restartMs / 1000;
      this.#write('error', 'worker ended', `${error.message}${remedy}; it starts again in ${seconds} s`);
      await this.#pauseBeforeRestart();
    }
    this.#opened.reject(new RelayedError(diedOf('stopped before the capture was open')));
  }

  #pauseBeforeRestart(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#restartMs);
    this.#pause = { timer, resolve };
    this.#restartMs = Math.min(2 * this.#restartMs, RESTART_MS_MAX);
    return promise;
  }

  /** One life of the worker, from its start until everything that it left has been taken and counted. */
  async #live(): Promise<End> {
    const counters = this.#life === undefined ? this.#counters.current : this.#counters.renew();
    if (this.#life !== undefined) this.#counters.main.restarts++;
    const { data } = this.#options.worker;
    const queue = createRecordQueue(workerSections(data));
    // An interface that has gone is waited for: a worker that dies meanwhile goes on with what there is.
    const capture = this.#hasOpened ? { ...data.capture, waitForInterface: true } : data.capture;
    const workerData: LiveWorkerData = { ...data, capture, queue, counters: counters.buffer };
    const thread = new Worker(this.#options.module, { workerData });
    const reader = new RecordQueueReader(queue);
    const life = beginLife(thread, reader);
    this.#life = life;
    const consumed = this.#consumeAll(life);
    const ended = this.#listen(life);
    if (this.#metering !== undefined) thread.postMessage(this.#metering);
    let errors: End;
    try {
      errors = await ended;
    } catch (error) {
      // It died without its own clean-up: no `end`, the queue open, the ring perhaps too.
      errors = [diedOf(`the worker died: ${error instanceof Error ? error.message : String(error)}`)];
      await thread.terminate();
      reader.abandon();
      // Its socket would go on taking its share of the interface's packets.
      if (life.handles !== undefined) releaseRing(life.handles);
    }
    await consumed;
    life.isOpen = false;
    life.questions.end();
    life.ringOctets = 0;
    this.#counters.countLost(life.packetsTaken);
    await thread.terminate();
    if (performance.now() - life.startedAtMs > RESTART_MS_MAX) this.#restartMs = RESTART_MS_MIN;
    return errors;
  }

  async #consumeAll(life: Life): Promise<void> {
    const { main } = this.#counters;
    const { scale: isScaled, capture } = this.#options.worker.data;
    const scale = isScaled ? (capture.sampling?.interval ?? 1) : 1;
    for (;;) {
      const batch = await life.reader.next();
      if (batch === undefined) return;
      const packets = packetsIn(batch) / scale;
      life.packetsTaken += packets;
      main.packetsTaken += packets;
      main.recordsTaken += batch.count;
      await this.#options.consume(batch);
      life.reader.release();
    }
  }

  /** Resolves with the worker's own word that it ended; rejects when the thread died without it. */
  #listen(life: Life): Promise<End> {
    const { thread } = life;
    return new Promise((resolve, reject) => {
      thread.on('error', reject);
      thread.on('exit', (code) => reject(new Error(`the worker ended with exit code ${code}`)));
      thread.on('message', (message: LiveWorkerMessage) => {
        if (message.kind === 'end') resolve(message.errors);
        else this.#hear(life, message);
      });
    });
  }

  #hear(life: Life, message: Exclude<LiveWorkerMessage, { kind: 'end' }>): void {
    if (message.kind === 'interfaces') {
      const [one] = message.interfaces;
      if (one !== undefined) this.#options.onInterface(one, message.members);
    } else if (message.kind === 'awaited') {
      life.isOpen = true;
      this.#isAwaiting = true;
      this.#options.onAwaited();
      this.#hasOpened = true;
      this.#opened.resolve();
    } else if (message.kind === 'flows' || message.kind === 'exported') life.questions.answer(message);
    else if (message.kind === 'log') {
      this.#write(LEVELS[message.level] ?? 'info', message.message, message.message, message.fields);
    } else if (message.kind === 'missing feature') logMissingFeature(this.#options.log, message.line);
    else {
      life.isOpen = true;
      this.#isAwaiting = false;
      life.handles = message.handles;
      life.ringOctets = message.ring.octets;
      if (this.#hasOpened) this.#write('info', 'worker opened', 'the capture is open again');
      this.#hasOpened = true;
      this.#opened.resolve();
    }
  }

  #write(level: LogLevel, kind: string, message: string, fields: LogFields = {}): void {
    const { interface: name } = this;
    const about = { interface: name, ring: this.#identity.ring, ...fields };
    this.#options.log.write(level, `${kind} on ${name}`, `${name}: ${message}`, about);
  }
}
