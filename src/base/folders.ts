/**
 * Makes folders with those above them. Node's own recursive mkdir never ends where the system refuses a folder with
 * ENOENT although the one above is there, as /proc does.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/**
 * Makes a folder and those above it that are missing; one that is there stays.
 * @throws the system's errors; EEXIST where something else has the name
 */
export async function makeFolders(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
    });
  try {
    await make();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await make();
  }
}

/** As makeFolders, at once. @param mode of the folders that are made */
export function makeFoldersSync(path: string, mode = 0o777): void {
  const make = () => {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
    }
  };
  try {
    make();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeFoldersSync(dirname(path), mode);
    make();
  }
}
