/** One process at a time in a directory. A lock that a killed process left behind is recognized and taken over. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/**
 * Takes the lock of a directory.
 * @returns undefined when it is taken, or the number of the process that has it
 * @throws the system's error where nothing can be written
 */
export function takeLock(directory: string): number | undefined {
  const file = join(directory, 'lock');
  let holder = '';
  try {
    holder = readFileSync(file, 'latin1').trim();
  } catch {
    // Nobody has it.
  }
  const pid = Number.parseInt(holder, 10);
  if (pid > 0 && pid !== process.pid && processIdentity(pid) === holder) return pid;
  try {
    writeFileSync(file, `${processIdentity(process.pid) ?? process.pid}\n`);
  } catch (error) {
    // What waits on a full disk has to go out, so that there is room again.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return undefined;
}

/** Gives it back. */
export function releaseLock(directory: string): void {
  rmSync(join(directory, 'lock'), { force: true });
}
