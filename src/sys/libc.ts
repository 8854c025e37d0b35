/**
 * The C library calls that flowtap makes, behind a small door: the only place that knows koffi. Everything here is an
 * improvement that the program works without: where koffi does not load, `libc()` says undefined and callers fall back.
 *
 * koffi converts pointers to bigint.
 */
import { createRequire } from 'node:module';

const MADV_HUGEPAGE = 14;
/** A huge page on x86-64 and arm64 with 4 KiB pages. */
const HUGE_PAGE_OCTETS = 2 * 1024 * 1024;

export interface Libc {
  /**
   * Memory of zeroes that starts on a huge page boundary and is backed by huge pages where the kernel has them, so
   * that random access into it misses the TLB less often.
   */
  allocateHuge(octets: number): { buffer: ArrayBuffer; byteOffset: number };
  /** Octets from the start of `buffer` to its first huge page boundary. */
  boundaryIn(buffer: ArrayBuffer): number;
  /** Asks for huge pages; whether they are given changes nothing but the speed. */
  advise(buffer: ArrayBuffer, byteOffset: number, octets: number): void;
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
  const madvise = library.func('int madvise(uintptr_t, size_t, int)');
  // Returns its first argument: the way to learn where an ArrayBuffer lies.
  const memmove = library.func('uintptr_t memmove(void *, const void *, size_t)');

  const addressOf = (buffer: ArrayBuffer) => {
    const bytes = new Uint8Array(buffer);
    return BigInt(memmove(bytes, bytes, 0));
  };
  const boundaryIn = (buffer: ArrayBuffer) => Number(-addressOf(buffer) & BigInt(HUGE_PAGE_OCTETS - 1));
  const advise = (buffer: ArrayBuffer, byteOffset: number, octets: number) => {
    madvise(addressOf(buffer) + BigInt(byteOffset), octets, MADV_HUGEPAGE);
  };
  return {
    boundaryIn,
    advise,
    allocateHuge(octets) {
      const buffer = new ArrayBuffer(octets + HUGE_PAGE_OCTETS);
      const byteOffset = boundaryIn(buffer);
      advise(buffer, byteOffset, octets);
      return { buffer, byteOffset };
    },
  };
}
