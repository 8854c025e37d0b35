/**
 * Standard output for large amounts of text: written straight to the descriptor in large pieces, with back pressure, and
 * quiet about a reader that went away. An output that cannot be written for another reason counts as closed too, and
 * `error` tells the reason.
 */
import { writeSync } from 'node:fs';

/** Pause before the next try when a non-blocking pipe is full. */
const RETRY_MS = 2;

export interface OutputStream {
  /** True once the reader is gone or writing failed. */
  readonly isClosed: boolean;
  /** Why writing failed, where that was not the reader going away: a full disk, for example. */
  readonly error: Error | undefined;
  /** Writes all octets. Returns a promise only when the reader is slow. */
  write(octets: Uint8Array): Promise<void> | void;
}

/** Writes to a descriptor of the system; 1 is standard output. */
export class DescriptorOutput implements OutputStream {
  readonly #descriptor: number;
  #isClosed = false;
  #error: Error | undefined;

  constructor(descriptor = 1) {
    this.#descriptor = descriptor;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  write(octets: Uint8Array): Promise<void> | void {
    const written = this.#tryWrite(octets);
    if (written < octets.length) return this.#writeSlowly(octets.subarray(written));
  }

  /** Octets written before the pipe was full; all of them, for the caller's purposes, when nobody reads any more. */
  #tryWrite(octets: Uint8Array): number {
    let written = 0;
    while (written < octets.length && !this.#isClosed) {
      try {
        written += writeSync(this.#descriptor, octets, written);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') return written;
        this.#isClosed = true;
        // A socket, which may stand for a pipe, is reset when its reader leaves something unread.
        if (code !== 'EPIPE' && code !== 'ECONNRESET') this.#error = error as Error;
      }
    }
    return octets.length;
  }

  async #writeSlowly(octets: Uint8Array): Promise<void> {
    let written = 0;
    while (written < octets.length) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      written += this.#tryWrite(octets.subarray(written));
    }
  }
}
