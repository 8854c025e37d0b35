/**
 * One process at a time in a directory. The system's lock of the file `lock` decides, so it is never two that find the
 * directory free, and a process that was killed has it no more. The file stays when the lock is given back: a process
 * that had opened it before would lock a file that is no longer there. The file names the process that has it, for people.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { lockFile } from '../../sys/file-lock.ts';

/** Locks of this process, which may open a spool again before it has closed it. */
const held = new Map<string, { readonly file: number; users: number }>();

/** When a process started, in a form that no other process of any boot has; undefined where there is none. */
function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 22, counted behind the name, which may hold anything.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${pid} ${started} ${boot}`;
  } catch {
    return undefined;
  }
}

/** The process that a lock file names, if it lives and is another. */
function livingHolder(path: string): number | undefined {
  const holder = readFileSync(path, 'latin1').trim();
  const pid = Number.parseInt(holder, 10);
  return pid > 0 && pid !== process.pid && processIdentity(pid) === holder ? pid : undefined;
}

/**
 * Takes the lock of a directory.
 * @returns undefined when it is taken, or who has it, for people
 * @throws the system's error where the file cannot be made
 */
export function takeLock(directory: string): string | undefined {
  const path = resolve(directory, 'lock');
  const own = held.get(path);
  if (own !== undefined) {
    own.users++;
    return undefined;
  }
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o640);
  const state = lockFile(file);
  // Where the system has no locks, or for a version that did not use them, the name alone counts.
  const pid = livingHolder(path);
  if (state === 'busy' || pid !== undefined) {
    closeSync(file);
    return pid === undefined ? 'another process' : `process ${pid}`;
  }
  held.set(path, { file, users: 1 });
  try {
    ftruncateSync(file);
    writeSync(file, `${processIdentity(process.pid) ?? process.pid}\n`, 0);
  } catch {
    // What waits on a full disk has to go out, so that there is room again.
  }
  return undefined;
}

/** Gives it back. */
export function releaseLock(directory: string): void {
  const path = resolve(directory, 'lock');
  const own = held.get(path);
  if (own === undefined || --own.users > 0) return;
  held.delete(path);
  ftruncateSync(own.file);
  closeSync(own.file);
}
