/**
 * The lock of a whole file that the system gives to one process and takes back when that process ends, however it ends:
 * flock(2).
 */
import { loadLibc } from './koffi.ts';
import { EAGAIN, LOCK_EX, LOCK_NB } from './linux-constants.ts';

let flock: ((file: number, operation: number) => number) | undefined;

/**
 * Locks an open file; closing it gives the lock back.
 * @returns `unknown`: there is no koffi for this platform, or the file system has no locks
 */
export function lockFile(file: number): 'locked' | 'busy' | 'unknown' {
  if (process.platform !== 'linux') return 'unknown';
  try {
    const { koffi, library } = loadLibc();
    flock ??= library.func('int flock(int, int)') as NonNullable<typeof flock>;
    if (flock(file, LOCK_EX | LOCK_NB) === 0) return 'locked';
    return koffi.errno() === EAGAIN ? 'busy' : 'unknown';
  } catch {
    return 'unknown';
  }
}
