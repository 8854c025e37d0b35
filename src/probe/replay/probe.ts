/**
 * The probe of captures: makes the parts of a replay, starts and stops them in one visible list.
 *
 *     (reader thread ─ batch ring ─▶) meter (this thread, or n workers) ─ record queue ─▶ export thread ─▶ collectors, standard output
 *            └── counters in shared memory ──▶ summary, progress
 *
 * One meter runs on this thread and begins to read while the export thread gets ready (docs/decisions/0011).
 */
import { isFollowedInput } from '../../capture/files/open-input.ts';
import { metersOf } from '../../config/asked.ts';
import type { ReplaySummary } from '../../output/summary.ts';
import { Parts } from '../part.ts';
import { ExportThread, HereTaker, type ReplayTaker } from './export.ts';
import { ReplayMeters } from './meters.ts';
import type { ReplayOptions } from './options.ts';
import { ProgressWatch } from './progress.ts';
import { summarize } from './summary.ts';

/** Whoever takes the records, or undefined where nobody wants them. */
function makeTaker(options: ReplayOptions, endInput: () => void): ReplayTaker | undefined {
  const { config, writer, columns, files } = options;
  const isFollowed = files.some(isFollowedInput);
  if (writer !== undefined) return new HereTaker(config, writer, isFollowed);
  const hasCollectors = config.exporters.length > 0;
  if (!hasCollectors && config.replay.output === 'none') return undefined;
  // Without a collector, a closed pipe leaves nothing to do.
  return new ExportThread({ config, columns, isFollowed }, () => hasCollectors || endInput());
}

/**
 * Replays captures: resolves when everything has been metered, exported and written.
 * @throws ConfigError for faults in templates, ExportError for a collector that cannot be opened; an error of ours if a
 *   thread dies. Faults of a capture are in the summary's `errors`.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplaySummary> {
  const startedAtMs = performance.now();
  const { config, signal } = options;
  const endInput = () => meters.endInput();
  const taker = makeTaker(options, endInput);
  const meters = new ReplayMeters({ ...options, isThreadTaken: options.writer !== undefined, taker });
  const progress = new ProgressWatch(() => meters.statistics, options.onProgress);
  // In order of start, stopped in reverse. None gets time to stop: at the end all is done, and after a fault given up.
  const parts = new Parts([
    ...(taker === undefined ? [] : [{ part: taker, stopByMs: 0 }]),
    { part: meters, stopByMs: 0 },
    { part: progress, stopByMs: 0 },
  ]);
  signal.addEventListener('abort', endInput);
  if (signal.aborted) endInput();
  try {
    await parts.start();
    // A meter that dies never closes its queue; the first rejection ends the waiting for both.
    const [ends, taken] = await Promise.all([meters.ended, taker?.ended]);
    return summarize({
      // Every meter reads every file, and meets the same faults.
      ...ends[0]!,
      counters: meters.statistics,
      capacity: config.metering.flowTableEntries * metersOf(config.replay),
      memory: meters.memory,
      statistics: taker?.statistics ?? [],
      health: taken?.health,
      output: taken?.output ?? { isClosed: false, error: undefined },
      elapsedMs: performance.now() - startedAtMs,
    });
  } finally {
    signal.removeEventListener('abort', endInput);
    await parts.stop();
  }
}
