/**
 * All meter workers of a live probe, each under its supervisor, and the sampling in the kernel that those of an interface
 * share: started together, watched, and stopped together.
 */
import { createNameLog } from '../../applications/name-log.ts';
import type { Log } from '../../base/log.ts';
import type { LiveInterface } from '../../capture/live/live-capture.ts';
import type { WorkerState } from '../../metrics/state.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { FlowQuery } from '../../records/flow-query.ts';
import type { RunCounters } from '../counters.ts';
import type { Part } from '../part.ts';
import type { FoundFlows, LiveWorkerAnswer, LiveWorkerQuestion, NewTimeouts } from './messages.ts';
import type { LivePlan, PlannedWorker } from './plan.ts';
import { LiveSelection } from './selection.ts';
import { WorkerSupervisor } from './supervisor.ts';

export interface LiveWorkersOptions {
  readonly plan: LivePlan;
  readonly log: Log;
  /** The worker's module. */
  readonly module: URL;
  /** Looks without a turn after which a worker counts as hung. */
  readonly looksMax: number;
  /** Aborted: give the start up. */
  readonly signal: AbortSignal;
  /** Takes a batch of flow records; its memory may be reused when the promise resolves. */
  readonly consume: (batch: FlowRecordBatch) => Promise<void>;
  /** Interfaces of the observation point `index` were opened: itself, or members of the group. */
  readonly onInterface: (index: number, one: LiveInterface, members: readonly string[]) => void;
  /** The observation point `index` is not there at the start; its workers wait for it. */
  readonly onAwaited: (index: number) => void;
  /** Every flow is about to come, within the limit. */
  readonly onStopping: (limitMs: number) => void;
}

/** Gives workers that learn names by DNS a log each, which all others read, those of other interfaces too. */
function withNameLogs(workers: readonly PlannedWorker[]): readonly PlannedWorker[] {
  if (workers.length < 2 || workers[0]!.data.applications?.dnsNames === undefined) return workers;
  const logs = workers.map(createNameLog);
  return workers.map((worker, own) => ({ ...worker, data: { ...worker.data, nameLogs: { logs, own } } }));
}

export class LiveWorkers implements Part<readonly WorkerState[]> {
  readonly #options: LiveWorkersOptions;
  readonly #selection: LiveSelection;
  readonly #workers: readonly WorkerSupervisor[];
  #isStarted = false;

  constructor(options: LiveWorkersOptions) {
    const { plan, log, module, looksMax, consume, onInterface, onAwaited } = options;
    this.#options = options;
    this.#selection = new LiveSelection(plan.workers);
    this.#workers = withNameLogs(this.#selection.workers).map((worker) => {
      const { interfaceIndex } = worker.data.capture;
      return new WorkerSupervisor({
        worker,
        module,
        tableOctets: plan.tableOctets,
        log,
        consume,
        onInterface: (one, members) => onInterface(interfaceIndex, one, members),
        onAwaited: () => onAwaited(interfaceIndex),
        looksMax,
      });
    });
  }

  /**
   * Resolves when every capture is open, or its interface awaited.
   * @throws RelayedError of the first worker that cannot open its capture, or the signal's reason
   */
  async start(): Promise<void> {
    const { signal } = this.#options;
    for (const worker of this.#workers) worker.start();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      await Promise.race([aborted, Promise.all(this.#workers.map((worker) => worker.opened))]);
      this.#isStarted = true;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Lets the workers export every flow; those that have not ended by the limit are ended, their flows counted as lost. */
  async stop(limitMs: number): Promise<void> {
    this.#options.onStopping(limitMs);
    await Promise.all(this.#workers.map((worker) => worker.stop(limitMs)));
    this.#selection.close();
  }

  get statistics(): readonly WorkerState[] {
    return this.#workers.map((worker) => worker.state());
  }

  /** What the workers of an observation point, or all, have counted in all of their lives. */
  totals(point?: string): RunCounters[] {
    const some = this.#workers.filter((worker) => point === undefined || worker.interface === point);
    return some.map((worker) => worker.totals());
  }

  /** Flows that are in the tables now, of each worker that runs. @throws BusyError */
  async findFlows(query: FlowQuery): Promise<FoundFlows[]> {
    const answers = await this.#ask({ kind: 'flows', query });
    return answers.filter((answer) => answer.kind === 'flows');
  }

  /** Exports all flows that are in the tables now. @returns how many. @throws BusyError */
  async exportAll(): Promise<number> {
    const answers = await this.#ask({ kind: 'exportAll' });
    return answers.reduce((sum, answer) => sum + (answer.kind === 'exported' ? answer.flows : 0), 0);
  }

  async #ask(question: LiveWorkerQuestion): Promise<LiveWorkerAnswer[]> {
    const answers = await Promise.all(this.#workers.map((worker) => worker.ask(question)));
    return answers.filter((answer) => answer !== undefined);
  }

  /** Timeouts of all of them, from now on. */
  setMetering(metering: NewTimeouts): void {
    for (const worker of this.#workers) worker.setMetering(metering);
  }

  /** Lets all of them leave packets out, or meter them again. */
  pause(isPaused: boolean): void {
    for (const worker of this.#workers) worker.pause(isPaused);
  }

  /** Call this every second: a worker that does not turn is ended, and started again. */
  check(): void {
    for (const worker of this.#workers) worker.check();
  }

  /** Why not every capture is open, one line each; none: all are. */
  unreadiness(): string[] {
    if (!this.#isStarted) return ['starting'];
    const silent = this.#workers.filter((worker) => !worker.isCapturing);
    return silent.map((worker) => worker.whySilent);
  }

  /** Why nothing at all is captured; none: something is. */
  unhealthiness(): string[] {
    const isDead = this.#isStarted && !this.#workers.some((worker) => worker.isRunning);
    return isDead ? ['no worker captures'] : [];
  }
}
