/** A file that has a temporary name until it is complete. Devices and pipes are written to as they are. */
import { statSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

  /** Opens a file beside `name`, in folders that are made if need be. @throws the system's errors */
  static async open(name: string): Promise<TemporaryFile> {
    if (isDevice(name)) return new TemporaryFile(name, await open(name, 'a'), undefined);
    await mkdir(dirname(name), { recursive: true });
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
   * Gives the file its name.
   * @param isUnique never takes a name from another file: a number is added; otherwise takes it over
   * @throws the system's errors
   */
  async complete(isUnique: boolean): Promise<void> {
    await this.#handle.close();
    const temporary = this.#temporary;
    if (temporary === undefined) return;
    if (!isUnique) return rename(temporary, this.name);
    for (let number = 0; ; number++) {
      try {
        await link(temporary, numberedName(this.name, number));
        return await rm(temporary);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST') continue;
        // A file system without links.
        return rename(temporary, numberedName(this.name, number));
      }
    }
  }

  /** Removes the file. Never fails: what cannot be removed keeps its temporary name. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (this.#temporary !== undefined) await rm(this.#temporary, { force: true }).catch(() => undefined);
  }
}

/** Whether the name is taken by something that must not be renamed over: a device, a pipe, a folder. */
function isDevice(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFile() === false;
}
