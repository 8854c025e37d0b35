/** Looks at a live probe every second: whether its workers turn, and whether something is lost that the log must tell. */
import type { Log } from '../../base/log.ts';
import type { Part } from '../part.ts';
import { type Loss, LossWatcher } from './losses.ts';

const LOOK_MS = 1000;

export interface LiveWatchOptions {
  readonly log: Log;
  /** Looks at the workers. */
  readonly check: () => void;
  /** Every count of a loss, as of now. */
  readonly losses: () => readonly Loss[];
  /** Between two looks; default 1000. */
  readonly lookMs?: number | undefined;
}

export class LiveWatch implements Part<readonly Loss[]> {
  readonly #options: LiveWatchOptions;
  readonly #watcher: LossWatcher;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveWatchOptions) {
    this.#options = options;
    this.#watcher = new LossWatcher(options.log);
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.lookMs ?? LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get statistics(): readonly Loss[] {
    return this.#options.losses();
  }

  #look(): void {
    this.#options.check();
    this.#watcher.look(this.statistics, performance.now());
  }
}
