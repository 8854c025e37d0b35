/** What the standard streams are: terminals of so many columns, or something else; and the progress line on one. */
import { fstatSync } from 'node:fs';
import type { DescriptorOutput } from '../output/standard-output.ts';
import type { Arguments } from './command.ts';

/** False where the descriptor is closed, too. */
function isCharacterDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Columns of the terminal behind a standard stream, or undefined where it is something else. */
export async function terminalColumns(stream: 'stdout' | 'stderr'): Promise<number | undefined> {
  const descriptor = stream === 'stdout' ? 1 : 2;
  // A file or a pipe is told without loading node:tty, and node:net with it.
  if (!isCharacterDevice(descriptor)) return undefined;
  const { isatty } = await import('node:tty');
  return isatty(descriptor) ? process[stream].columns || undefined : undefined;
}

/** The progress line of a replay, or undefined where it is not wanted or standard error is no terminal. */
export async function createProgress(args: Arguments, errors: DescriptorOutput) {
  if (args.flags.has('quiet') || args.flags.has('no-progress')) return undefined;
  const columns = await terminalColumns('stderr');
  if (columns === undefined) return undefined;
  const { ProgressLine } = await import('../output/progress.ts');
  return new ProgressLine({ columns, write: (text) => void errors.write(Buffer.from(text)) });
}
