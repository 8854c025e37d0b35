/**
 * A worker's answers to questions of main: which flows are in its table, and that all of them are exported. One question
 * after the other, a little at each turn of the worker: finding flows takes less than a thousandth of its time, and
 * exporting them no more than the exporting process keeps up with.
 */
import { LiveFlows } from '../../metering/live-flows.ts';
import type { MeteringProcess } from '../../metering/metering-process.ts';
import { CLOCK_NS } from '../../metering/table/counters.ts';
import type { LiveWorkerMessage, LiveWorkerQuestion } from './messages.ts';

/** For finding flows, of a turn, of which there are four in a second. */
const FIND_MS = 0.2;
/** A table that is not through by then is answered for as far as it was looked at. */
const FIND_MS_MAX = 5000;
/** Places whose flows are exported before there is another look at the room for their records, and in a turn at most. */
const PLACES_PER_LOOK = 512;
const PLACES_PER_TURN = 8192;

type Question = LiveWorkerQuestion & { readonly id: number };

export interface WorkerAnswersOptions {
  readonly encapsulation: boolean;
  /** What counters of records are multiplied by. */
  readonly scale: number;
  readonly timeBaseSeconds: number;
  readonly post: (message: LiveWorkerMessage, memory?: readonly ArrayBuffer[]) => void;
}

/** The part of the record queue that is asked here. */
interface Queue {
  readonly hasRoom: boolean;
  flush(): void;
}

export class WorkerAnswers {
  readonly #metering: MeteringProcess;
  readonly #queue: Queue;
  readonly #options: WorkerAnswersOptions;
  readonly #found: LiveFlows;
  readonly #waiting: Question[] = [];
  #current: Question | undefined;
  #startedAtMs = 0;
  /** While flows are exported: the next place, how many places there were at the start, and flows so far. */
  #place = 0;
  #places = 0;
  #flows = 0;

  constructor(metering: MeteringProcess, queue: Queue, options: WorkerAnswersOptions) {
    this.#metering = metering;
    this.#queue = queue;
    this.#options = options;
    const { encapsulation, scale } = options;
    this.#found = new LiveFlows({ table: metering.table, encapsulation, scale });
  }

  /** A question that is answered some turns later. */
  ask(question: Question): void {
    this.#waiting.push(question);
  }

  /** Goes on with a question; does nothing where there is none. */
  turn(): void {
    if (this.#current === undefined) {
      this.#current = this.#waiting.shift();
      if (this.#current === undefined) return;
      this.#begin(this.#current);
    }
    const isDone =
      this.#current.kind === 'flows' ? this.#find(this.#current.id) : this.#export(this.#current.id);
    if (isDone) this.#current = undefined;
  }

  #begin(question: Question): void {
    this.#startedAtMs = performance.now();
    if (question.kind === 'flows') this.#found.begin(question.query);
    else {
      this.#place = 0;
      this.#places = this.#metering.table.slotsTouched;
      this.#flows = 0;
    }
  }

  /** @returns true when it has answered */
  #find(id: number): boolean {
    const nowMs = performance.now();
    if (!this.#found.look(nowMs + FIND_MS) && nowMs - this.#startedAtMs < FIND_MS_MAX) return false;
    const { table, counters } = this.#metering;
    const { looked } = this.#found;
    const { timeBaseSeconds } = this.#options;
    const { count, stride, words, clockNs } = this.#found.allocateCopy(timeBaseSeconds, counters[CLOCK_NS]!);
    const memory = words.buffer as ArrayBuffer;
    const about = { timeBaseSeconds, clockNs, looked, places: table.slotsTouched };
    this.#options.post({ kind: 'flows', id, count, stride, words: new Int32Array(memory), ...about }, [
      memory,
    ]);
    return true;
  }

  /** @returns true when it has answered */
  #export(id: number): boolean {
    const endOfTurn = Math.min(this.#places, this.#place + PLACES_PER_TURN);
    while (this.#place < endOfTurn && this.#queue.hasRoom) {
      const end = Math.min(endOfTurn, this.#place + PLACES_PER_LOOK);
      this.#flows += this.#metering.expireSlots(this.#place, end);
      this.#place = end;
    }
    this.#queue.flush();
    if (this.#place < this.#places) return false;
    this.#options.post({ kind: 'exported', id, flows: this.#flows });
    return true;
  }
}
