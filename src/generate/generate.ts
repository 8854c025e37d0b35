/**
 * Moves frames from a recipe or a capture to an interface or a file at the pace that was asked for, until a number, a
 * time, the end of the capture or a signal stops it. Says what was sent. Parses no options; see `cli/generate.ts`.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { FlowtapError } from '../base/errors.ts';
import { createPacketBatch, type PacketBatch } from '../records/packet-batch.ts';
import type { FrameSink, FrameSource } from './frame-sink.ts';
import { Pacer } from './pacer.ts';
import type { Pace, Rate } from './recipe.ts';

export interface GenerateOptions {
  readonly source: FrameSource;
  readonly sink: FrameSink;
  readonly pace: Pace;
  /** Of a frame, for the pace in bits until some frames have been sent. */
  readonly meanOctets: number;
  /** Infinity for no limit. */
  readonly packetsMax: number;
  readonly durationMs: number;
  /** Nothing waits for the clock: the pace makes the times that are written. */
  readonly toFile: boolean;
  readonly signal: AbortSignal;
  /** Called now and then while frames are sent. */
  readonly onProgress?: (report: GenerateReport) => void;
  readonly progressMs?: number;
}

/** Frames that have been sent. */
export interface GenerateReport {
  readonly packets: number;
  /** Of frames, without their check sequence. */
  readonly octets: number;
  /** Frames that the system refused, by the errno's name. */
  readonly errors: Readonly<Record<string, number>>;
  /** Into a file: the time that the packets take by its times. */
  readonly elapsedSeconds: number;
  readonly packetsPerSecond: number;
  readonly bitsPerSecond: number;
  /** What ended it early, or was wrong with a capture. */
  readonly faults: readonly FlowtapError[];
}

/** Frames of one call. A larger number made no difference in speed. */
export const BATCH_FRAMES = 64;
/** Signals are looked for this often. */
const TURN_MS = 20;
/** Longer waits leave the processor to others in whole turns of the event loop. */
const LONG_WAIT_MS = 5;

/** Runs to the end. */
export async function generate(options: GenerateOptions): Promise<GenerateReport> {
  const run = options.toFile ? new FileRun(options) : new LinkRun(options);
  try {
    await run.toEnd();
  } catch (error) {
    if (!(error instanceof FlowtapError)) throw error;
    run.faults.push(error);
  } finally {
    options.source.close();
  }
  try {
    options.sink.close();
  } catch (error) {
    if (!(error instanceof FlowtapError)) throw error;
    run.faults.push(error);
  }
  return run.report();
}

/** What both kinds share: batches, limits, the report. */
abstract class Run {
  readonly faults: FlowtapError[] = [];
  protected readonly options: GenerateOptions;
  protected readonly batch: PacketBatch = createPacketBatch(BATCH_FRAMES);
  /** Next frame of the batch. */
  protected next = 0;
  /** Frames sent or refused. */
  protected taken = 0;

  constructor(options: GenerateOptions) {
    this.options = options;
  }

  abstract toEnd(): Promise<void>;
  abstract elapsedSeconds(): number;

  report(): GenerateReport {
    const { sink, source } = this.options;
    const elapsedSeconds = this.elapsedSeconds();
    const perSecond = (value: number) => (elapsedSeconds > 0 ? value / elapsedSeconds : 0);
    return {
      packets: sink.packets,
      octets: sink.octets,
      errors: Object.fromEntries(sink.errors),
      elapsedSeconds,
      packetsPerSecond: perSecond(sink.packets),
      bitsPerSecond: perSecond(sink.octets * 8),
      faults: [...source.errors, ...this.faults],
    };
  }

  /** Makes sure that there is a frame; false at the end of all. */
  protected async refill(): Promise<boolean> {
    if (this.next < this.batch.count) return true;
    this.next = 0;
    while (this.options.source.readBatch(this.batch) === 0) {
      this.batch.count = 0;
      if (this.options.signal.aborted || !(await this.options.source.more())) return false;
    }
    return true;
  }

  /** Frames that are at hand and within the number asked for. */
  protected atHand(): number {
    return Math.min(this.batch.count - this.next, this.options.packetsMax - this.taken);
  }

  protected send(count: number): void {
    const { sink } = this.options;
    const from = this.next;
    this.next += count;
    this.taken += count;
    sink.send(this.batch, from, count);
  }
}

/** Octets of frames `from` … `from + count − 1` on the wire. */
function octetsOf(batch: PacketBatch, from: number, count: number): number {
  let octets = 0;
  for (let i = from; i < from + count; i++)
    octets += Math.max(batch.wireLength[i]!, batch.capturedLength[i]!);
  return octets;
}

/** Sends on an interface, in real time. */
class LinkRun extends Run {
  readonly #startMs = performance.now();
  readonly #pacer: Pacer | undefined;
  readonly #speed: number | undefined;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #endMs = Number.NaN;

  constructor(options: GenerateOptions) {
    super(options);
    const { pace, meanOctets } = options;
    this.#pacer = pace.kind === 'rate' ? new Pacer(pace.rate, meanOctets, this.#startMs) : undefined;
    this.#speed = pace.kind === 'recorded' ? pace.speed : undefined;
  }

  elapsedSeconds(): number {
    const endMs = Number.isNaN(this.#endMs) ? performance.now() : this.#endMs;
    return (endMs - this.#startMs) / 1000;
  }

  async toEnd(): Promise<void> {
    try {
      await this.#sendAll();
    } finally {
      this.#endMs = performance.now();
    }
  }

  async #sendAll(): Promise<void> {
    const { packetsMax, durationMs, signal, onProgress, progressMs = 1000 } = this.options;
    const deadlineMs = this.#startMs + durationMs;
    let turnMs = this.#startMs;
    let progressAtMs = this.#startMs + progressMs;
    while (this.taken < packetsMax && !signal.aborted) {
      const nowMs = performance.now();
      if (nowMs >= deadlineMs) return;
      if (nowMs - turnMs >= TURN_MS) {
        turnMs = nowMs;
        await nextTurn();
        if (nowMs >= progressAtMs) {
          progressAtMs += progressMs;
          onProgress?.(this.report());
        }
        continue;
      }
      if (!(await this.refill())) return;
      const count = Math.min(this.#allowance(nowMs), this.atHand());
      if (count > 0) this.#sendPaced(count);
      else await this.#wait(Math.min(this.#waitMs(nowMs), deadlineMs - nowMs));
    }
  }

  #sendPaced(count: number): void {
    if (this.#pacer !== undefined) this.#pacer.spend(count, octetsOf(this.batch, this.next, count));
    this.send(count);
  }

  #allowance(nowMs: number): number {
    if (this.#pacer !== undefined) return this.#pacer.allowance(nowMs);
    if (this.#speed === undefined) return BATCH_FRAMES;
    const dueNs = (nowMs - this.#startMs) * 1e6 * this.#speed;
    let end = this.next;
    while (end < this.batch.count && this.batch.timeNs[end]! <= dueNs) end++;
    return end - this.next;
  }

  #waitMs(nowMs: number): number {
    if (this.#pacer !== undefined) return this.#pacer.waitMs(nowMs);
    const dueMs = this.#startMs + this.batch.timeNs[this.next]! / 1e6 / this.#speed!;
    return Math.max(0, dueMs - nowMs);
  }

  /** Timers of the event loop wait a whole millisecond; shorter waits block, and are not noticed. */
  async #wait(waitMs: number): Promise<void> {
    if (waitMs < LONG_WAIT_MS) {
      Atomics.wait(this.#sleeper, 0, 0, waitMs);
      return;
    }
    const { signal } = this.options;
    await delay(Math.min(waitMs - 1, 1000), undefined, { signal }).catch(() => {});
  }
}

/** Writes a file: the pace makes the packets' times. */
class FileRun extends Run {
  readonly #speed: number | undefined;
  readonly #rate: Rate | undefined;
  #units = 0;
  #endNs = 0;

  constructor(options: GenerateOptions) {
    super(options);
    const { pace } = options;
    this.#speed = pace.kind === 'recorded' ? pace.speed : undefined;
    this.#rate = pace.kind === 'rate' ? pace.rate : undefined;
  }

  elapsedSeconds(): number {
    return this.#endNs / 1e9;
  }

  async toEnd(): Promise<void> {
    const { packetsMax, durationMs, signal } = this.options;
    let turnMs = performance.now();
    while (this.taken < packetsMax && !signal.aborted) {
      if (!(await this.refill())) return;
      const count = this.#stamp(this.atHand(), durationMs * 1e6);
      if (count === 0) return;
      this.send(count);
      if (performance.now() - turnMs < TURN_MS) continue;
      await nextTurn();
      turnMs = performance.now();
    }
  }

  /** Gives `count` frames their times. @returns how many of them are before `limitNs` */
  #stamp(count: number, limitNs: number): number {
    const { batch, next } = this;
    for (let i = next; i < next + count; i++) {
      const timeNs = this.#rate === undefined ? batch.timeNs[i]! / this.#speed! : this.#dueNs(this.#rate);
      if (timeNs >= limitNs) return i - next;
      batch.timeNs[i] = timeNs;
      this.#endNs = timeNs;
      if (this.#rate === undefined) continue;
      // By a rate the file ends when the next frame would go.
      this.#units += this.#rate.unit === 'packets' ? 1 : octetsOf(batch, i, 1) * 8;
      this.#endNs = this.#dueNs(this.#rate);
    }
    return count;
  }

  #dueNs(rate: Rate): number {
    return Math.floor((this.#units * 1e9) / rate.perSecond);
  }
}
