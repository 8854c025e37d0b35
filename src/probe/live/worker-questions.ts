/** Questions of main to a worker, until they are answered or the worker has ended. */
import type { Worker } from 'node:worker_threads';
import { BusyError } from '../../base/errors.ts';
import type { LiveWorkerAnswer, LiveWorkerQuestion, LiveWorkerRequest } from './messages.ts';

/** Questions that may wait at a worker: each takes it a moment, and who asks more often gets no more of it. */
const WAITING_MAX = 8;

export class WorkerQuestions {
  readonly #waiting = new Map<number, (answer: LiveWorkerAnswer | undefined) => void>();
  #id = 0;

  /**
   * @returns undefined when the worker ends before it answers
   * @throws BusyError
   */
  async ask(thread: Worker, question: LiveWorkerQuestion): Promise<LiveWorkerAnswer | undefined> {
    if (this.#waiting.size >= WAITING_MAX)
      throw new BusyError('too many questions at a time; ask again in a second');
    const id = ++this.#id;
    const request: LiveWorkerRequest = { ...question, id };
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      thread.postMessage(request);
    });
  }

  /** The worker has answered. */
  answer(answer: LiveWorkerAnswer): void {
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  }

  /** Nobody will answer any more. */
  end(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
