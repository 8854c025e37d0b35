/**
 * Segments that were damaged, for people to look at once all that can be read of them has arrived: `NUMBER.damaged`. They
 * are a few at most, they count as octets of the spool, and they go first when it needs the room.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

const FILES_MAX = 4;
const ENDING = '.damaged';

export class DamagedFiles {
  readonly #directory: string;
  /** The oldest first. */
  readonly #files: { readonly path: string; readonly octets: number }[];

  /** @throws the system's error where the directory cannot be read */
  constructor(directory: string) {
    this.#directory = directory;
    const found = readdirSync(directory)
      .filter((name) => name.endsWith(ENDING))
      .map((name) => ({ path: join(directory, name), ...statSync(join(directory, name)) }));
    this.#files = found
      .sort((a, b) => a.mtimeMs - b.mtimeMs)
      .map(({ path, size }) => ({ path, octets: size }));
  }

  get octets(): number {
    return this.#files.reduce((sum, { octets }) => sum + octets, 0);
  }

  /**
   * Takes a segment's file out of the spool.
   * @param isDamaged it is kept under another name
   */
  remove(name: string, isDamaged: boolean): void {
    const path = join(this.#directory, name);
    if (!isDamaged || !existsSync(path)) {
      rmSync(path, { force: true });
      return;
    }
    const stem = join(this.#directory, basename(name, '.spool'));
    let to = `${stem}${ENDING}`;
    for (let number = 1; existsSync(to); number++) to = `${stem}-${number}${ENDING}`;
    renameSync(path, to);
    this.#files.push({ path: to, octets: statSync(to).size });
    while (this.#files.length > FILES_MAX) this.deleteOldest();
  }

  /** @returns whether there was one */
  deleteOldest(): boolean {
    const file = this.#files.shift();
    if (file !== undefined) rmSync(file.path, { force: true });
    return file !== undefined;
  }
}
