/** Signals that stop a command: the first one asks it to end with what it has, the next one ends the process at once. */

/** What shells give to a process that a signal ended. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof SIGNAL_EXIT;
/** One key press arrives twice where a launcher passes it on to a process that the terminal has told already. */
const SAME_PRESS_MS = 200;

/** Aborts on the first signal and ends the process on the next one. */
export class StopSignals {
  readonly #signals: readonly StopSignal[];
  readonly controller = new AbortController();
  received: StopSignal | undefined;
  #receivedAtMs = 0;

  readonly #onSignal = (signal: StopSignal) => {
    if (this.received === undefined) {
      this.received = signal;
      this.#receivedAtMs = performance.now();
      this.controller.abort();
    } else if (performance.now() - this.#receivedAtMs > SAME_PRESS_MS) {
      process.exit(SIGNAL_EXIT[signal]);
    }
  };

  /** @param signals that are heard; a replay without a terminal goes on */
  constructor(signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']) {
    this.#signals = signals;
  }

  listen(): void {
    for (const signal of this.#signals) process.on(signal, this.#onSignal);
  }

  close(): void {
    for (const signal of this.#signals) process.off(signal, this.#onSignal);
  }
}
