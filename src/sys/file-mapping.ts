/**
 * Maps pieces of a file in place of memory of our own (mmap(2)), under a lease (fcntl(2), F_SETLEASE): the kernel has
 * whoever wants to truncate the file, or to open it for writing, wait for us, 45 s at most (/proc/sys/fs/lease-break-time).
 * Without the lease, a file that is truncated meanwhile would end the process by SIGBUS.
 */
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
  readonly mremap: (from: bigint, octets: number, same: number, flags: number, to: bigint) => number | bigint;
  readonly pread: (fd: number, to: bigint, octets: number, position: number) => number;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
}

/** Offsets of mappings are multiples of a page; no system has larger ones. */
export const MAPPING_PAGE_OCTETS = 65_536;

/** Memory that a part of the file is mapped in place of. */
interface Piece {
  readonly address: bigint;
  /** Octets of the part, and of all memory that one was mapped in place of. */
  mapped: number;
  extent: number;
  position: number;
}

let calls: Calls | undefined;

/** Octets in whole pages. */
function wholePages(octets: number): number {
  return Math.ceil(octets / MAPPING_PAGE_OCTETS) * MAPPING_PAGE_OCTETS;
}

/** An address that a call returned. */
function address(returned: number | bigint): bigint {
  return BigInt.asIntN(64, BigInt(returned));
}

/** A file under a lease, and the memory that pieces of it are mapped in place of. */
export class FileMapping {
  /** Octets of a piece; the n-th lies n times as far from the beginning of the memory. */
  readonly pieceOctets: number;
  readonly #calls: Calls;
  readonly #fd: number;
  readonly #pieces: readonly Piece[];
  #isHeld = true;

  private constructor(held: Calls, fd: number, at: bigint, pieces: number, pieceOctets: number) {
    this.pieceOctets = pieceOctets;
    this.#calls = held;
    this.#fd = fd;
    this.#pieces = Array.from({ length: pieces }, (_, i) => ({
      address: at + BigInt(i * pieceOctets),
      mapped: 0,
      extent: 0,
      position: 0,
    }));
  }

  /**
   * Takes a lease on a regular file that is open for reading.
   * @param memory that nobody uses; its first octet on a page of 64 KiB
   * @param pieces parts of the file that are mapped at a time, in memory of one length each
   * @returns undefined where it cannot be had: the file is somebody else's, or open for writing, or its file system has no
   *   leases; where there is no koffi for this platform; or where the memory is less than a page for each piece
   */
  static take(fd: number, memory: Uint8Array, pieces: number): FileMapping | undefined {
    calls ??= optionalCalls(({ library }) => ({
      mmap: library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)'),
      mremap: library.func('uintptr_t mremap(uintptr_t, size_t, size_t, int, uintptr_t)'),
      pread: library.func('int64_t pread(int, uintptr_t, size_t, int64_t)'),
      fcntl: library.func('int fcntl(int, int, int)'),
    }));
    const pieceOctets = Math.floor(memory.length / pieces / MAPPING_PAGE_OCTETS) * MAPPING_PAGE_OCTETS;
    if (calls === undefined || pieceOctets === 0) return undefined;
    const at = addressOf(memory);
    if (at % BigInt(MAPPING_PAGE_OCTETS) !== 0n) return undefined;
    // What tells of a break is a signal: one that nobody hears, since it is asked for the lease instead.
    if (calls.fcntl(fd, linux.F_SETSIG, linux.SIGURG) !== 0) return undefined;
    if (calls.fcntl(fd, linux.F_SETLEASE, linux.F_RDLCK) !== 0) return undefined;
    return new FileMapping(calls, fd, at, pieces, pieceOctets);
  }

  /** Whether somebody waits for the lease: `keep` is to be called soon. */
  get isWanted(): boolean {
    return this.#isHeld && this.#calls.fcntl(this.#fd, linux.F_GETLEASE, 0) !== linux.F_RDLCK;
  }

  /**
   * Maps a part of the file in place of the first octets of a piece, and of what was mapped there before.
   * @param position on a page of 64 KiB; `octets`: no further than the file's end
   * @returns whether it could
   */
  map(index: number, position: number, octets: number): boolean {
    if (!this.#isHeld) return false;
    const piece = this.#pieces[index]!;
    const flags = linux.MAP_PRIVATE | linux.MAP_FIXED | linux.MAP_POPULATE;
    // Pages of a file that could be written to would be copied at once.
    const at = this.#calls.mmap(piece.address, octets, linux.PROT_READ, flags, this.#fd, position);
    if (address(at) !== piece.address) {
      this.keep();
      return false;
    }
    piece.mapped = octets;
    if (octets > piece.extent) piece.extent = octets;
    piece.position = position;
    return true;
  }

  /**
   * Makes what is mapped memory of our own, with what is in it, and gives the lease back. Another
   * thread that looks there meanwhile finds the same octets all the time.
   */
  keep(): void {
    if (!this.#isHeld) return;
    for (const piece of this.#pieces) if (piece.extent > 0) this.#replace(piece, piece.mapped);
    this.#giveBack();
  }

  /** Forgets what is mapped: the memory is our own again, and zero. Gives the lease back. */
  release(): void {
    if (!this.#isHeld) return;
    for (const piece of this.#pieces) if (piece.extent > 0) this.#replace(piece, 0);
    this.#giveBack();
  }

  #giveBack(): void {
    this.#isHeld = false;
    this.#calls.fcntl(this.#fd, linux.F_SETLEASE, linux.F_UNLCK);
  }

  /** Puts memory of our own in the place of a piece, with the first octets of what is mapped there. */
  #replace({ address: to, extent, position }: Piece, octets: number): void {
    const { mmap, mremap, pread } = this.#calls;
    const pages = wholePages(extent);
    const access = linux.PROT_READ | linux.PROT_WRITE;
    const from = address(mmap(0n, pages, access, linux.MAP_PRIVATE | linux.MAP_ANONYMOUS, -1, 0));
    if (from === -1n) throw new Error('mmap of memory failed');
    for (let at = 0; at < octets; ) {
      const read = pread(this.#fd, from + BigInt(at), octets - at, position + at);
      if (read <= 0) break;
      at += read;
    }
    // In one step: until then the file is there, and from then on its copy.
    const moved = mremap(from, pages, pages, linux.MREMAP_MAYMOVE | linux.MREMAP_FIXED, to);
    if (address(moved) !== to) throw new Error('mremap of memory failed');
  }
}
