/** Deletes the oldest files of a pattern, by choice. */
import { rm } from 'node:fs/promises';
import { filesNamedBy } from './file-name.ts';

export interface Retention {
  readonly pattern: string;
  /** Files and octets that stay; 0: all. */
  readonly keepFiles: number;
  readonly keepOctets: number;
}

/**
 * @param latest a file that stays in any case
 * @returns how many were deleted
 * @throws the system's errors
 */
export async function deleteOldFiles(retention: Retention, latest: string): Promise<number> {
  const { keepFiles, keepOctets, pattern } = retention;
  if (keepFiles === 0 && keepOctets === 0) return 0;
  const files = filesNamedBy(pattern);
  let count = files.length;
  let octets = files.reduce((sum, file) => sum + file.octets, 0);
  let deleted = 0;
  for (const file of files) {
    const isTooMuch = (keepFiles > 0 && count > keepFiles) || (keepOctets > 0 && octets > keepOctets);
    if (!isTooMuch || count === 1 || file.name === latest) break;
    await rm(file.name, { force: true });
    deleted++;
    count--;
    octets -= file.octets;
  }
  return deleted;
}
