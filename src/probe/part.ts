/**
 * The shape of the long-lived parts of a probe, and the list of them: started in order, stopped in reverse. Knows nothing of
 * what the parts do.
 */

/** A part of a probe that lives from its start to its stop. */
export interface Part<Statistics = unknown> {
  /** Resolves when it is at work. @throws what keeps it from that, as its class says */
  start(): Promise<void> | void;
  /**
   * Finishes what it has begun and frees what it holds. Safe on a part that was not started, or whose start failed.
   * @param limitMs after which the rest is given up and counted
   */
  stop(limitMs: number): Promise<void> | void;
  /** What it counts, as of now. */
  readonly statistics: Statistics;
}

/** A line of the list: a part, and by when it has stopped, in milliseconds after the stop began. */
export interface PartRow {
  readonly part: Part;
  readonly stopByMs: number;
}

/** All parts of a probe. */
export class Parts {
  readonly #rows: readonly PartRow[];

  /** @param rows in order of start */
  constructor(rows: readonly PartRow[]) {
    this.#rows = rows;
  }

  /** Starts one after the other. @throws the fault of the first that does not start; then those after it do not start either */
  async start(): Promise<void> {
    for (const { part } of this.#rows) await part.start();
  }

  /** Stops all in reverse order, each as soon as those after it have stopped. */
  async stop(): Promise<void> {
    const beganAtMs = performance.now();
    for (const { part, stopByMs } of this.#rows.toReversed()) {
      await part.stop(Math.max(0, beganAtMs + stopByMs - performance.now()));
    }
  }
}
