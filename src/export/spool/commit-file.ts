/** The position up to which the batches of a spool have arrived, on disk: a double and its CRC, overwritten in place. */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const OCTETS = 12;

export class CommitFile {
  readonly #file: number;
  /** What the last run wrote; 0 where nobody knows. */
  readonly found: number;
  #saved = Number.NaN;

  /** @throws the system's error where it cannot be opened */
  constructor(directory: string) {
    const path = join(directory, 'committed');
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o640);
    const bytes = readFileSync(path);
    const isSound = bytes.length === OCTETS && crc32(bytes.subarray(0, 8)) === bytes.readUInt32LE(8);
    this.found = isSound ? bytes.readDoubleLE(0) : 0;
  }

  save(position: number): void {
    if (this.#saved === position) return;
    const bytes = Buffer.alloc(OCTETS);
    bytes.writeDoubleLE(position, 0);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 8)), 8);
    try {
      writeSync(this.#file, bytes, 0, OCTETS, 0);
      this.#saved = position;
    } catch {
      // A full disk: after a crash, some batches would be sent twice.
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
