/**
 * A worker's answers to questions about the flows in its table: one question after the other, a little at each turn of the
 * worker, so that questions take less than a thousandth of its time.
 */
import { LiveFlows } from '../../metering/live-flows.ts';
import type { MeteringProcess } from '../../metering/metering-process.ts';
import { CLOCK_NS } from '../../metering/table/counters.ts';
import type { FlowQuery } from '../../records/flow-query.ts';
import type { LiveWorkerMessage } from './messages.ts';

/** Of a turn, of which there are four in a second. */
const TURN_MS = 0.2;
/** A table that is not through by then is answered for as far as it was looked at. */
const QUESTION_MS = 5000;

interface Question {
  readonly id: number;
  readonly query: FlowQuery;
}

export class FlowAnswers {
  readonly #metering: MeteringProcess;
  readonly #flows: LiveFlows;
  readonly #timeBaseSeconds: number;
  readonly #post: (message: LiveWorkerMessage, memory: ArrayBuffer[]) => void;
  readonly #waiting: Question[] = [];
  #current: Question | undefined;
  #startedAtMs = 0;

  /** @param scale what counters of records are multiplied by */
  constructor(
    metering: MeteringProcess,
    encapsulation: boolean,
    scale: number,
    timeBaseSeconds: number,
    post: (message: LiveWorkerMessage, memory: ArrayBuffer[]) => void,
  ) {
    this.#metering = metering;
    this.#flows = new LiveFlows({ table: metering.table, encapsulation, scale });
    this.#timeBaseSeconds = timeBaseSeconds;
    this.#post = post;
  }

  /** A question that is answered some turns later. */
  ask(id: number, query: FlowQuery): void {
    this.#waiting.push({ id, query });
  }

  /** Goes on with a question; does nothing where there is none. */
  turn(): void {
    const nowMs = performance.now();
    if (this.#current === undefined) {
      this.#current = this.#waiting.shift();
      if (this.#current === undefined) return;
      this.#startedAtMs = nowMs;
      this.#flows.begin(this.#current.query);
    }
    const isDone = this.#flows.look(nowMs + TURN_MS);
    if (isDone || nowMs - this.#startedAtMs > QUESTION_MS) this.#answer(this.#current);
  }

  #answer({ id }: Question): void {
    this.#current = undefined;
    const { table, counters } = this.#metering;
    const { looked } = this.#flows;
    const { count, stride, words, timeBaseSeconds, clockNs } = this.#flows.allocateCopy(
      this.#timeBaseSeconds,
      counters[CLOCK_NS]!,
    );
    const memory = words.buffer as ArrayBuffer;
    const copied = new Int32Array(memory);
    const about = { timeBaseSeconds, clockNs, looked, places: table.slotsTouched };
    this.#post({ kind: 'flows', id, count, stride, words: copied, ...about }, [memory]);
  }
}
