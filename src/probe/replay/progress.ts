/** Tells the caller of a replay ten times a second how far its meters have come. */
import type { ReplayProgress } from '../../output/progress.ts';
import { INPUT_CONSUMED, INPUT_TOTAL, PACKETS_READ, type RunCounters } from '../counters.ts';
import type { Part } from '../part.ts';

const PROGRESS_MS = 100;

export class ProgressWatch implements Part<ReplayProgress> {
  readonly #counters: () => readonly RunCounters[];
  readonly #onProgress: ((progress: ReplayProgress) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param counters of the meters, at least one once it is started
   * @param onProgress undefined where nobody wants to know
   */
  constructor(
    counters: () => readonly RunCounters[],
    onProgress: ((progress: ReplayProgress) => void) | undefined,
  ) {
    this.#counters = counters;
    this.#onProgress = onProgress;
  }

  start(): void {
    const tell = this.#onProgress;
    if (tell !== undefined) this.#timer = setInterval(() => tell(this.statistics), PROGRESS_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get statistics(): ReplayProgress {
    const all = this.#counters();
    const { capture } = all[0]!;
    const total = capture[INPUT_TOTAL]!;
    return {
      octets: capture[INPUT_CONSUMED]!,
      octetsTotal: Number.isNaN(total) ? undefined : total,
      packets: all.reduce((sum, one) => sum + one.capture[PACKETS_READ]!, 0),
    };
  }
}
