/** The meter of named paths of a run, where the configuration has some. */

import { metersOf } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { PathMeter } from '../paths/path-meter.ts';

/** What a batch waits in queues, and a table's clock is behind, at most. */
const SLACK_MS = 5000;
/** A minute waits no longer for its flows, whatever the idle timeout. */
const LATE_MS_MAX = 10 * 60e3;

/** How long after its last packet a flow's record may come. */
export function lateMsOf({ metering: { idleTimeoutMs, tcpEndDelayMs } }: FlowtapConfig): number {
  return Math.min(LATE_MS_MAX, Math.max(idleTimeoutMs, tcpEndDelayMs) + SLACK_MS);
}

/** Loaded only on demand: it judges every flow. @param lateMs as in PathMeterOptions */
export async function startPathMeter(
  { paths }: FlowtapConfig,
  lateMs: number,
): Promise<PathMeter | undefined> {
  if (paths.length === 0) return undefined;
  const { PathMeter } = await import('../paths/path-meter.ts');
  return new PathMeter({ paths, lateMs });
}

/**
 * That of a replay, where something reads it: the printed output, or files. Meters that share a capture are not at the
 * same time, so minutes are over at the end.
 */
export function startReplayPathMeter(config: FlowtapConfig): Promise<PathMeter | undefined> {
  const { exporters, replay } = config;
  const isRead = replay.paths || exporters.some(({ options }) => options.records === 'paths');
  const lateMs = metersOf(replay) > 1 ? Number.POSITIVE_INFINITY : lateMsOf(config);
  return isRead ? startPathMeter(config, lateMs) : Promise.resolve(undefined);
}
