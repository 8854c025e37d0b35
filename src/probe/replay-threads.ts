/** Which threads a replay meters with: `replay.workers`, or what the captures and this host's cores suggest. */
import { fstatSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isFollowedInput, STANDARD_INPUT } from '../capture/files/open-input.ts';
import { metersOf } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';

/**
 * Octets of captures from which on a thread that reads them is worth its start, some 50 ms: the packets of so many take as
 * long to read and decode as that, and as long again.
 */
export const APART_OCTETS_MIN = 256 * 1024 * 1024;

export interface ReplayThreads {
  /** Meters, each with a flow table; where there are several, each reads all of the captures. */
  readonly meters: number;
  /** The one meter has the captures read and decoded by a thread of its own. */
  readonly isReadApart: boolean;
}

/** Octets of a regular file; 0 for anything else, or where there is none. */
function octetsOf(file: string): number {
  if (file === STANDARD_INPUT) return fstatSync(0).size;
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * @param cores that this process may use
 * @returns what is asked for, as far as the input allows it: packets that are paced or come as they are observed leave
 *   nothing to share, and those of merged captures are put together in one place
 */
export function replayThreads(
  replay: FlowtapConfig['replay'],
  files: readonly string[],
  cores = availableParallelism(),
): ReplayThreads {
  const { workers, speed, merge } = replay;
  const meters = metersOf(replay);
  const isOne = speed !== 'max' || (merge && files.length > 1) || files.some(isFollowedInput);
  if (meters > 1 || workers === 1 || isOne) return { meters, isReadApart: false };
  if (workers === 2) return { meters, isReadApart: true };
  const octets = files.reduce((sum, file) => sum + octetsOf(file), 0);
  return { meters, isReadApart: cores > 1 && octets >= APART_OCTETS_MIN };
}
