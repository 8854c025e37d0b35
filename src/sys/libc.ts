/**
 * The C library calls that flowtap makes, behind a small door: the only place that knows koffi. Everything here is an
 * improvement that the program works without: where koffi does not load, `libc()` says undefined and callers fall back.
 *
 * koffi converts pointers to bigint. errno is read only after a call has said that it failed.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { SystemCallError } from '../errors.ts';

const PROT_READ = 1;
const MAP_PRIVATE = 2;
const MADV_SEQUENTIAL = 2;
const MADV_HUGEPAGE = 14;
const MADV_POPULATE_READ = 22;
const MAP_FAILED = 0xffffffffffffffffn;
/** A huge page on x86-64 and arm64 with 4 KiB pages. */
const HUGE_PAGE_OCTETS = 2 * 1024 * 1024;

/** A read-only window of a file, mapped. `view` must not be used after `unmap`. */
export interface FileMapping {
  readonly buffer: ArrayBuffer;
  unmap(): void;
}

export interface Libc {
  /**
   * Maps `length` octets of an open file from `offset`, a multiple of 4,096. If another process truncates the file
   * while it is mapped, reading past its new end kills the process (SIGBUS), as in every program that maps captures.
   * @throws SystemCallError
   */
  mapFile(fd: number, offset: number, length: number): FileMapping;
  /** Asks the kernel to read the window in now, in one go rather than a page fault at a time. Failure is harmless. */
  populate(mapping: FileMapping): void;
  /**
   * Memory of zeroes that starts on a huge page boundary and is backed by huge pages where the kernel has them, so
   * that random access into it misses the TLB less often.
   */
  allocateHuge(octets: number): { buffer: ArrayBuffer; byteOffset: number };
}

let loaded: Libc | undefined;
let hasTried = false;

/** The library, loaded on first use; undefined where there is no koffi for this platform or it is not Linux. */
export function libc(): Libc | undefined {
  if (!hasTried) {
    hasTried = true;
    if (process.platform === 'linux') {
      try {
        loaded = load();
      } catch {
        // An optional improvement: the callers' slower way is as correct.
        loaded = undefined;
      }
    }
  }
  return loaded;
}

function load(): Libc {
  // Synchronous and lazy, so that a program which never asks never pays for it.
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load('libc.so.6');
  const mmap = library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)');
  const munmap = library.func('int munmap(uintptr_t, size_t)');
  const madvise = library.func('int madvise(uintptr_t, size_t, int)');
  // Returns its first argument: the way to learn where an ArrayBuffer lies.
  const memmove = library.func('uintptr_t memmove(void *, const void *, size_t)');
  const addresses = new WeakMap<FileMapping, { address: bigint; length: number }>();

  return {
    mapFile(fd, offset, length) {
      const address = BigInt(mmap(0, length, PROT_READ, MAP_PRIVATE, fd, offset));
      if (address === MAP_FAILED) {
        throw new SystemCallError(
          `map ${length} octets of a capture file`,
          getSystemErrorName(-koffi.errno()),
        );
      }
      madvise(address, length, MADV_SEQUENTIAL);
      const mapping: FileMapping = {
        buffer: koffi.view(address, length),
        unmap() {
          munmap(address, length);
        },
      };
      addresses.set(mapping, { address, length });
      return mapping;
    },
    populate(mapping) {
      const place = addresses.get(mapping)!;
      madvise(place.address, place.length, MADV_POPULATE_READ);
    },
    allocateHuge(octets) {
      const buffer = new ArrayBuffer(octets + HUGE_PAGE_OCTETS);
      const bytes = new Uint8Array(buffer);
      const address = BigInt(memmove(bytes, bytes, 0));
      const byteOffset = Number(-address & BigInt(HUGE_PAGE_OCTETS - 1));
      madvise(address + BigInt(byteOffset), octets, MADV_HUGEPAGE);
      return { buffer, byteOffset };
    },
  };
}
