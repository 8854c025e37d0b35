/**
 * The exporting process's idea of now, and of when the system started, in one time scale with the records.
 *
 * A replay exports the capture's own times: "now" is the metering process's clock. With timestamps `now` everything is
 * shifted by whole seconds, so that the first record's time base becomes the present. The system start, from which
 * NetFlow's 32-bit up times count, is fixed at a minute before the first exported flow, and moved only when a time
 * would not fit: a flow that began earlier, or an up time that comes near 2^32 ms (49.7 days). A flow that is further
 * apart goes into messages of its own (messages/message-spans.ts).
 */
import { NS_PER_MS } from '../../base/clock.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';

const UINT32_MAX = 4294967295;
/** How long before the earliest flow the system is said to have started. */
const START_BEFORE_MS = 60_000;
/** Up times stay this far below their limit: header times are rounded up. */
const UP_TIME_RESERVE_MS = 60_000;

/** Most milliseconds from the earliest packet of a message to its export that always fit. */
export const UP_TIME_SPAN_MAX_MS = UINT32_MAX - UP_TIME_RESERVE_MS - START_BEFORE_MS;

/** Milliseconds from `systemInitMs` to `timeMs`, within 32 bits. */
export function systemUpTimeMs(timeMs: number, systemInitMs: number): number {
  return Math.min(Math.max(timeMs - systemInitMs, 0), UINT32_MAX);
}

export class ExportClock {
  readonly #timestamps: 'capture' | 'now';
  #shiftSeconds = Number.NaN;
  #systemInitMs = Number.NaN;
  #epochSeconds = 0;
  #nowMs = 0;

  /** @param timestamps see above */
  constructor(timestamps: 'capture' | 'now') {
    this.#timestamps = timestamps;
  }

  /** Unix time in ms that system up times count from. */
  get systemInitMs(): number {
    return this.#systemInitMs;
  }

  /** Unix time in whole seconds that the batch's times are exported relative to. */
  get epochSeconds(): number {
    return this.#epochSeconds;
  }

  /** Export time of what is sent now, in whole ms, not before the last packet of the batch. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Takes over the times of a batch.
   * @param firstNs the earliest packet in it, since its time base
   * @param lastNs the latest
   * @returns whether the system start has to move: close the message that is being built, then call `moveStart`
   */
  update(batch: FlowRecordBatch, firstNs: number, lastNs: number): boolean {
    if (Number.isNaN(this.#shiftSeconds)) {
      this.#shiftSeconds =
        this.#timestamps === 'now' ? Math.floor(Date.now() / 1000) - batch.timeBaseSeconds : 0;
    }
    this.#epochSeconds = batch.timeBaseSeconds + this.#shiftSeconds;
    const clockNs = Math.max(Number.isFinite(batch.clockNs) ? batch.clockNs : lastNs, lastNs);
    this.#nowMs = this.#epochSeconds * 1000 + Math.ceil(clockNs / NS_PER_MS);
    const firstMs = this.#firstMs(firstNs);
    if (Number.isNaN(this.#systemInitMs)) {
      this.moveStart(firstNs);
      return false;
    }
    return firstMs < this.#systemInitMs || this.#nowMs - this.#systemInitMs > UINT32_MAX - UP_TIME_RESERVE_MS;
  }

  /** Milliseconds from a packet to now. @param firstNs since the time base of the batch */
  spanMs(firstNs: number): number {
    return this.#nowMs - this.#firstMs(firstNs);
  }

  /** Fixes the system start anew, so that times from `firstNs` to now fit wherever 32 bits allow it. */
  moveStart(firstNs: number): void {
    const earliest = this.#nowMs - UINT32_MAX + UP_TIME_RESERVE_MS;
    this.#systemInitMs = Math.max(this.#firstMs(firstNs) - START_BEFORE_MS, earliest, 0);
  }

  #firstMs(firstNs: number): number {
    return this.#epochSeconds * 1000 + Math.floor(firstNs / NS_PER_MS);
  }
}
