/**
 * Named paths of a live probe: a meter that takes every flow record, and the minutes of the last day in memory. Minutes
 * end by the system's clock, whether flows come or not.
 */
import type { FlowtapConfig } from '../../config/config.ts';
import type { PathHistory } from '../../paths/path-history.ts';
import type { PathMeter } from '../../paths/path-meter.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { PathState } from '../../records/path-record.ts';
import type { Part } from '../part.ts';
import { lateMsOf, startPathMeter } from '../path-meter.ts';

const ADVANCE_MS = 1000;

export class LivePaths implements Part<readonly PathState[]> {
  readonly meter: PathMeter;
  readonly history: PathHistory;
  #timer: NodeJS.Timeout | undefined;

  constructor(meter: PathMeter, history: PathHistory) {
    this.meter = meter;
    this.history = history;
  }

  start(): void {
    this.#timer = setInterval(() => this.meter.advance(Date.now()), ADVANCE_MS);
    this.#timer.unref();
  }

  /** No more records will come: every minute is over. */
  stop(): void {
    clearInterval(this.#timer);
    this.meter.end();
  }

  get statistics(): readonly PathState[] {
    return this.meter.states();
  }

  /** Takes over the timeouts of a new configuration. */
  reconfigure(config: FlowtapConfig): void {
    this.meter.lateMs = lateMsOf(config);
  }

  /** Adds the records of a batch, whose addresses must be the true ones. */
  add(batch: FlowRecordBatch): void {
    this.meter.add(batch);
  }
}

/** @returns undefined where no path is configured */
export async function startLivePaths(config: FlowtapConfig): Promise<LivePaths | undefined> {
  const meter = await startPathMeter(config, lateMsOf(config));
  if (meter === undefined) return undefined;
  const { PathHistory } = await import('../../paths/path-history.ts');
  return new LivePaths(meter, new PathHistory(meter));
}
