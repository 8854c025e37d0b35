/**
 * The clock of an input that is followed, as a pipe from tcpdump is: the time of its packets; while none comes, it goes on
 * with the system's clock.
 *
 * As for the metering process's own clock (metering/expiry.ts), a time counts only when two packets in a row have reached
 * it, so that one damaged time stamp far ahead does not end all flows.
 */
import { NS_PER_MS } from '../../base/clock.ts';
import type { PreparedBatch } from '../../metering/key-preparer.ts';

export class FollowedClock {
  /** The packet before the next one, and when it came. */
  #lastNs = Number.NaN;
  #lastMs = Number.NaN;
  /** A time that two packets have reached, and when the earlier of them came. */
  #reachedNs = Number.NaN;
  #reachedMs = Number.NaN;

  /**
   * Packets have come.
   * @param nowMs of a clock that only goes forward
   */
  heard({ count, timeNs }: Pick<PreparedBatch, 'count' | 'timeNs'>, nowMs: number): void {
    if (count === 0) return;
    const lastNs = timeNs[count - 1]!;
    const [beforeNs, beforeMs] = count > 1 ? [timeNs[count - 2]!, nowMs] : [this.#lastNs, this.#lastMs];
    // Nothing tells whether the first packet of all is right.
    const isLater = Number.isNaN(beforeNs) || lastNs < beforeNs;
    this.#reachedNs = isLater ? lastNs : beforeNs;
    this.#reachedMs = isLater ? nowMs : beforeMs;
    this.#lastNs = lastNs;
    this.#lastMs = nowMs;
  }

  /** Nanoseconds since the time base; not a number before the first packet. */
  timeNs(nowMs: number): number {
    return this.#reachedNs + (nowMs - this.#reachedMs) * NS_PER_MS;
  }
}
