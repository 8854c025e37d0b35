/** A file that has a temporary name until it is complete. Devices and pipes are written to as they are. */
import { statSync } from 'node:fs';
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../../base/folders.ts';
import { numberedName } from './file-name.ts';

export class TemporaryFile {
  readonly name: string;
  /** Octets that were written whole. */
  octets = 0;
  readonly #handle: FileHandle;
  readonly #temporary: string | undefined;

  private constructor(name: string, handle: FileHandle, temporary: string | undefined) {
    this.name = name;
    this.#handle = handle;
    this.#temporary = temporary;
  }

  /**
   * Opens a file beside `name`, in folders that are made if need be.
   * @param base the folder that must be there: none is made in its place
   * @throws the system's errors
   */
  static async open(name: string, base: string): Promise<TemporaryFile> {
    if (isDevice(name)) return new TemporaryFile(name, await open(name, 'a'), undefined);
    await stat(base === '' ? '.' : base);
    await makeFolders(dirname(name));
    for (let number = 0; ; number++) {
      const temporary = join(dirname(name), `.${numberedName(basename(name), number)}.part`);
      try {
        return new TemporaryFile(name, await open(temporary, 'wx'), temporary);
      } catch (error) {
        // Another process's, or one that an earlier run left when it was killed.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  /** Writes all octets behind those that are there. @throws the system's errors; `cut` removes what was half written */
  async write(octets: Uint8Array): Promise<void> {
    for (let done = 0; done < octets.length; ) {
      const at = this.#temporary === undefined ? null : this.octets + done;
      const { bytesWritten } = await this.#handle.write(octets, done, octets.length - done, at);
      done += bytesWritten;
    }
    this.octets += octets.length;
  }

  /** Cuts off what a failed write left. */
  async cut(): Promise<void> {
    if (this.#temporary !== undefined) await this.#handle.truncate(this.octets);
  }

  /**
   * Gives the file its name, or that with a number where another file has it: what was there stays.
   * @returns the name that it has
   * @throws the system's errors
   */
  async complete(): Promise<string> {
    await this.#handle.close();
    const temporary = this.#temporary;
    if (temporary === undefined) return this.name;
    for (let number = 0; ; number++) {
      const name = numberedName(this.name, number);
      try {
        await giveName(temporary, name);
        return name;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  /** Removes the file. Never fails: what cannot be removed keeps its temporary name. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (this.#temporary !== undefined) await rm(this.#temporary, { force: true }).catch(() => undefined);
  }
}

/** @throws the system's errors: EEXIST where there is a file of that name, which stays as it is */
async function giveName(temporary: string, name: string): Promise<void> {
  try {
    await link(temporary, name);
    await rm(temporary);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // A file system without links: an empty file holds the name until this one takes its place.
    const reserved = await open(name, 'wx');
    await reserved.close();
    await rename(temporary, name);
  }
}

/** Whether the name is taken by something that must not be renamed over: a device, a pipe, a folder. */
function isDevice(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFile() === false;
}
