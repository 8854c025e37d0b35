/**
 * Maps pieces of a file in place of memory of our own (mmap(2)), under a lease (fcntl(2), F_SETLEASE): the kernel has
 * whoever wants to truncate the file, or to open it for writing, wait for us, 45 s at most (/proc/sys/fs/lease-break-time).
 * Without the lease, a file that is truncated meanwhile would end the process by SIGBUS.
 */
import { readSync } from 'node:fs';
import { addressOf, optionalCalls } from './koffi.ts';
import * as linux from './linux-constants.ts';

interface Calls {
  readonly mmap: (
    at: bigint,
    octets: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => number | bigint;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
}

/** Offsets of mappings are multiples of a page; no system has larger ones. */
export const MAPPING_PAGE_OCTETS = 65_536;

let calls: Calls | undefined;

/** A file under a lease, and the memory that pieces of it are mapped in place of. */
export class FileMapping {
  readonly #calls: Calls;
  readonly #fd: number;
  readonly #memory: Uint8Array;
  readonly #address: bigint;
  /** Octets of the piece, and of all memory that a piece was mapped in place of. */
  #mapped = 0;
  #extent = 0;
  #position = 0;
  #isHeld = true;

  private constructor(held: Calls, fd: number, memory: Uint8Array, address: bigint) {
    this.#calls = held;
    this.#fd = fd;
    this.#memory = memory;
    this.#address = address;
  }

  /**
   * Takes a lease on a regular file that is open for reading.
   * @param memory that nobody uses; its first octet on a page of 64 KiB
   * @returns undefined where it cannot be had: the file is somebody else's, or open for writing, or its file system has no
   *   leases; or where there is no koffi for this platform
   */
  static take(fd: number, memory: Uint8Array): FileMapping | undefined {
    calls ??= optionalCalls(({ library }) => ({
      mmap: library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)'),
      fcntl: library.func('int fcntl(int, int, int)'),
    }));
    if (calls === undefined) return undefined;
    const address = addressOf(memory);
    if (address % BigInt(MAPPING_PAGE_OCTETS) !== 0n) return undefined;
    // What tells of a break is a signal: one that nobody hears, since it is asked for the lease instead.
    if (calls.fcntl(fd, linux.F_SETSIG, linux.SIGURG) !== 0) return undefined;
    if (calls.fcntl(fd, linux.F_SETLEASE, linux.F_RDLCK) !== 0) return undefined;
    return new FileMapping(calls, fd, memory, address);
  }

  /** Whether somebody waits for the lease: `keep` is to be called soon. */
  get isWanted(): boolean {
    return this.#isHeld && this.#calls.fcntl(this.#fd, linux.F_GETLEASE, 0) !== linux.F_RDLCK;
  }

  /**
   * Maps a piece of the file in place of the first octets of the memory, and of what was mapped before.
   * @param position on a page of 64 KiB; `octets`: no further than the file's end
   * @returns whether it could
   */
  map(position: number, octets: number): boolean {
    if (!this.#isHeld) return false;
    const flags = linux.MAP_PRIVATE | linux.MAP_FIXED | linux.MAP_POPULATE;
    if (!this.#place(octets, flags, this.#fd, position)) {
      this.release();
      return false;
    }
    this.#mapped = octets;
    if (octets > this.#extent) this.#extent = octets;
    this.#position = position;
    return true;
  }

  /** Makes the piece that is mapped memory of our own, with what is in it, and gives the lease back. */
  keep(): void {
    if (!this.#isHeld) return;
    const copy = new Uint8Array(this.#mapped);
    let octets = 0;
    while (octets < copy.length) {
      const read = readSync(this.#fd, copy, octets, copy.length - octets, this.#position + octets);
      if (read === 0) break;
      octets += read;
    }
    this.#giveBack();
    this.#memory.set(copy);
  }

  /** Forgets the piece that is mapped: the memory is our own again, and zero. Gives the lease back. */
  release(): void {
    if (this.#isHeld) this.#giveBack();
  }

  #giveBack(): void {
    const flags = linux.MAP_PRIVATE | linux.MAP_FIXED | linux.MAP_ANONYMOUS;
    const pages = Math.ceil(this.#extent / MAPPING_PAGE_OCTETS) * MAPPING_PAGE_OCTETS;
    if (pages > 0 && !this.#place(pages, flags, -1, 0)) throw new Error('mmap of memory failed');
    this.#isHeld = false;
    this.#calls.fcntl(this.#fd, linux.F_SETLEASE, linux.F_UNLCK);
  }

  #place(octets: number, flags: number, fd: number, position: number): boolean {
    // Pages of a file that could be written to would be copied at once.
    const protection = fd < 0 ? linux.PROT_READ | linux.PROT_WRITE : linux.PROT_READ;
    const address = this.#calls.mmap(this.#address, octets, protection, flags, fd, position);
    return BigInt.asIntN(64, BigInt(address)) === this.#address;
  }
}
