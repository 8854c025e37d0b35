/**
 * When the thread that takes the records of a replay starts. Where the meter is done soon, at once, since both then
 * start side by side. Beside a large capture it has time: a replay's first tenth of a second keeps two processors busy
 * with reading ahead and with V8's compilers, and flows end later (docs/decisions/0011 has the measurement).
 */
import { statSync } from 'node:fs';
import { type RecordQueueMemory, RecordQueueReader } from '../../metering/record-queue.ts';
import { PACKETS_READ, type RunCounters } from '../counters.ts';
import type { ReplayOptions } from './options.ts';

/** Octets of captures that take longer to meter than the thread takes to start. */
export const LARGE_OCTETS = 64 * 2 ** 20;
/** By then V8 has compiled what the meter does for each packet. */
export const PACKETS_BEFORE = 2 ** 19;
const LOOK_MS = 10;

function octetsOf(file: string): number {
  // Standard input, which may be slow, has no name.
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : 0;
}

/** Whether a replay has so much to read, as fast as it can, that the thread may start later. */
export function mayStartLater({ files, config }: Pick<ReplayOptions, 'files' | 'config'>): boolean {
  const { speed, workers } = config.replay;
  if (speed !== 'max' || workers > 1) return false;
  return files.reduce((sum, file) => sum + octetsOf(file), 0) >= LARGE_OCTETS;
}

/**
 * Calls `start` once: when enough packets have been read, when records fill half of their queue, or when there are no
 * more to come.
 * @param ended  resolves, or rejects, when the meter has ended
 * @returns stops looking, for a replay that ends before
 */
export function startLater(
  start: () => void,
  { capture }: RunCounters,
  queue: RecordQueueMemory,
  ended: Promise<unknown>,
): () => void {
  // Sees what waits; takes none of it.
  const reader = new RecordQueueReader(queue);
  let isOver = false;
  const stop = () => {
    isOver = true;
    clearInterval(timer);
  };
  const startNow = () => {
    if (isOver) return;
    stop();
    start();
  };
  const timer = setInterval(() => {
    if (capture[PACKETS_READ]! >= PACKETS_BEFORE || reader.pending >= queue.batches / 2) startNow();
  }, LOOK_MS);
  ended.then(startNow, startNow);
  return stop;
}
