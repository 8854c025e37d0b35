/**
 * A file with a database, read again when it has changed: what is wrong then is told and counted, and the former database
 * stays.
 */
import { stat } from 'node:fs/promises';
import type { NetworkDatabaseState } from '../records/network-state.ts';
import type { NetworkDatabase } from './network-database.ts';
import { readDatabase } from './open-networks.ts';

/** What tells one state of a file from another; '' where there is none. */
async function identityOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch {
    return '';
  }
}

/** What came of a look at a file. */
export type DatabaseLook =
  | { readonly kind: 'same' | 'changing' }
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly reason: string };

export class DatabaseFile {
  readonly file: string;
  #database: NetworkDatabase;
  /** Of the file that was read last, and as it was at the last look. */
  #read: string;
  #seen: string;
  #loadedAtMs = Date.now();
  #refused = 0;
  #faultsBefore = 0;

  private constructor(file: string, identity: string, database: NetworkDatabase) {
    this.file = file;
    this.#read = identity;
    this.#seen = identity;
    this.#database = database;
  }

  /** @throws Error whose message says what is wrong, without the file's name */
  static async open(file: string): Promise<DatabaseFile> {
    const identity = await identityOf(file);
    return new DatabaseFile(file, identity, await readDatabase(file));
  }

  get database(): NetworkDatabase {
    return this.#database;
  }

  get state(): NetworkDatabaseState {
    const { databaseType, buildEpoch, nodeCount } = this.#database.metadata;
    return {
      file: this.file,
      databaseType,
      buildEpoch,
      loadedAtMs: this.#loadedAtMs,
      octets: this.#database.octets,
      nodes: nodeCount,
      refused: this.#refused,
      faults: this.#faultsBefore + this.#database.faults,
    };
  }

  /**
   * Reads the file again if it is another one.
   * @param isSettled whether it is to be read even if it has changed since the last look: otherwise somebody may still be
   *   writing it, and the next look reads it
   */
  async look(isSettled: boolean): Promise<DatabaseLook> {
    const identity = await identityOf(this.file);
    if (identity === this.#read) return { kind: 'same' };
    const isChanging = identity !== this.#seen;
    this.#seen = identity;
    if (isChanging && !isSettled) return { kind: 'changing' };
    // A file that is refused is not read again before it changes again.
    this.#read = identity;
    try {
      const database = await readDatabase(this.file);
      this.#faultsBefore += this.#database.faults;
      this.#database = database;
      this.#loadedAtMs = Date.now();
      return { kind: 'taken' };
    } catch (error) {
      this.#refused++;
      return { kind: 'refused', reason: (error as Error).message };
    }
  }
}
