/**
 * The time that files are rotated by. In a replay it is the time of the flows; while a replayed pipe is silent, it goes on
 * with the system's clock. Where flows are live it is the system's clock.
 */
import { FLOW_LAST_NS, type FlowRecordBatch } from '../../records/flow-layout.ts';
import { ExportClock } from '../contract/export-clock.ts';
import type { SinkContext } from '../contract/record-sink.ts';

export class FileClock {
  readonly #clock: ExportClock;
  readonly #isLive: boolean;
  readonly #isFollowed: boolean;
  /** The time of the flows that came last, and when they came. */
  #flowsMs = Number.NaN;
  #cameMs = 0;

  constructor(timestamps: 'capture' | 'now', context: SinkContext) {
    this.#clock = new ExportClock(timestamps);
    this.#isLive = context.whenFull === 'drop';
    this.#isFollowed = context.isFollowed === true;
  }

  /** Unix time in ms; before any flow of a replay, the system's. */
  get nowMs(): number {
    if (this.#isLive || Number.isNaN(this.#flowsMs)) return Date.now();
    return this.#isFollowed ? this.#flowsMs + performance.now() - this.#cameMs : this.#flowsMs;
  }

  /** Whether time goes on without flows. */
  get goesOn(): boolean {
    return this.#isLive || (this.#isFollowed && !Number.isNaN(this.#flowsMs));
  }

  /**
   * Takes over the times of a batch.
   * @returns the batch with the time base that its times are to be written with
   */
  update(batch: FlowRecordBatch): FlowRecordBatch {
    const { doubles, stride, count } = batch;
    let lastNs = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      lastNs = Math.max(lastNs, doubles[(i * stride) / 2 + FLOW_LAST_NS]!);
    }
    if (count > 0) {
      this.#clock.update(batch, lastNs, lastNs);
      this.#flowsMs = this.#clock.nowMs;
      this.#cameMs = performance.now();
    }
    if (this.#clock.epochSeconds === batch.timeBaseSeconds || count === 0) return batch;
    return { ...batch, timeBaseSeconds: this.#clock.epochSeconds };
  }
}
