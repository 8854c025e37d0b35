/** Questions of main to a worker about the flows in its table, until they are answered or the worker has ended. */
import type { Worker } from 'node:worker_threads';
import type { FlowQuery } from '../../records/flow-query.ts';
import type { FoundFlows, LiveWorkerRequest } from './messages.ts';

/** Questions that may wait at a worker: each takes it a moment, and who asks more often gets no more of it. */
const WAITING_MAX = 8;

/** The worker has too many questions before it. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

export class FlowQuestions {
  readonly #waiting = new Map<number, (found: FoundFlows | undefined) => void>();
  #id = 0;

  /**
   * @returns undefined when the worker ends before it answers
   * @throws BusyError
   */
  async ask(thread: Worker, query: FlowQuery): Promise<FoundFlows | undefined> {
    if (this.#waiting.size >= WAITING_MAX)
      throw new BusyError('too many questions about flows at a time; ask again in a second');
    const id = ++this.#id;
    const request: LiveWorkerRequest = { kind: 'flows', id, query };
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      thread.postMessage(request);
    });
  }

  /** The worker has answered. */
  answer(id: number, found: FoundFlows): void {
    this.#waiting.get(id)?.(found);
    this.#waiting.delete(id);
  }

  /** Nobody will answer any more. */
  end(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
