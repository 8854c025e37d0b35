/**
 * Memory of the C library: huge pages, and pages that are made ahead. Everything here is an
 * improvement that the program works without: where koffi does not load, memory is on pages of the usual size.
 *
 * koffi converts pointers to bigint.
 */
import { doWithout } from './kernel-features.ts';
import { addressOf, loadLibc } from './koffi.ts';
import { MADV_HUGEPAGE, MADV_POPULATE_WRITE } from './linux-constants.ts';

/** The most that any of our platforms has. */
const PAGE_OCTETS = 65_536;
/** A huge page on x86-64 and arm64 with 4 KiB pages. */
const HUGE_PAGE_OCTETS = 2 * 1024 * 1024;

export interface Libc {
  /**
   * Memory of zeroes that starts on a huge page boundary and is backed by huge pages where the kernel has them, so
   * that random access into it misses the TLB less often.
   */
  allocateHuge(octets: number): { buffer: ArrayBuffer; byteOffset: number };
  /**
   * Asks for huge pages for what has not been touched yet; whether they are given changes nothing but the speed.
   */
  adviseHuge(buffer: ArrayBuffer): void;
  /** Has the pages made that hold these octets, on another thread. @returns whether they have been */
  populate(buffer: ArrayBuffer, from: number, octets: number): Promise<boolean>;
}

let loaded: Libc | undefined;
let hasTried = false;

/** The library, loaded on first use; undefined where there is no koffi for this platform or it is not Linux. */
function libc(): Libc | undefined {
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

/** Memory of zeroes, on huge pages where they can be had. */
export function allocateHuge(octets: number): { buffer: ArrayBuffer; byteOffset: number } {
  return libc()?.allocateHuge(octets) ?? { buffer: new ArrayBuffer(octets), byteOffset: 0 };
}

/** Asks for huge pages for what of `buffer` has not been touched yet, where they can be had. */
export function adviseHuge(buffer: ArrayBuffer): void {
  libc()?.adviseHuge(buffer);
}

/**
 * Has the kernel make the pages that hold these octets, which takes a thread of Node's pool instead of whoever touches
 * them first. What they hold does not change. Nothing depends on it but the speed.
 * @returns whether it did; where it did not, it never will
 */
export async function populatePages(buffer: ArrayBuffer, from: number, octets: number): Promise<boolean> {
  return (await libc()?.populate(buffer, from, octets)) ?? false;
}

function load(): Libc {
  const { koffi, library } = loadLibc();
  const madvise = library.func('int madvise(uintptr_t, size_t, int)');
  const adviseHuge = (buffer: ArrayBuffer) => {
    // The address must begin on a page; memory before the first huge page stays as it is anyway.
    const address = addressOf(new Uint8Array(buffer));
    const first = -address & BigInt(PAGE_OCTETS - 1);
    const refused = madvise(address + first, buffer.byteLength - Number(first), MADV_HUGEPAGE) !== 0;
    if (refused) doWithout('MADV_HUGEPAGE', koffi.errno());
  };
  return {
    adviseHuge,
    populate(buffer, from, octets) {
      const address = addressOf(new Uint8Array(buffer)) + BigInt(from);
      const before = address & BigInt(PAGE_OCTETS - 1);
      return new Promise((resolve) => {
        madvise.async(
          address - before,
          octets + Number(before),
          MADV_POPULATE_WRITE,
          // The memory stays while this waits for it.
          (error: Error | null, result: number) => {
            if (error === null && result !== 0) doWithout('MADV_POPULATE_WRITE', koffi.errno());
            resolve(error === null && result === 0 && buffer.byteLength > 0);
          },
        );
      });
    },
    allocateHuge(octets) {
      const buffer = new ArrayBuffer(octets + HUGE_PAGE_OCTETS);
      adviseHuge(buffer);
      return {
        buffer,
        byteOffset: Number(-addressOf(new Uint8Array(buffer)) & BigInt(HUGE_PAGE_OCTETS - 1)),
      };
    },
  };
}
