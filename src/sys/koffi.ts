/**
 * How the files of this folder reach the C library: through koffi, loaded when the first of them asks, so that a program
 * which never asks never pays for it (docs/decisions/0003).
 */
import { createRequire } from 'node:module';
import { endianness } from 'node:os';

type Koffi = typeof import('koffi');

/**
 * The C library that Node itself runs on, whichever that is (glibc, musl).
 * @returns `library` to take functions of, and koffi itself
 * @throws Error where there is no koffi for this platform, and on all but Linux: callers pass Linux' own constants
 */
export function loadLibc(): { readonly koffi: Koffi; readonly library: ReturnType<Koffi['load']> } {
  if (process.platform !== 'linux')
    throw new Error(`these system calls are Linux', not of ${process.platform}`);
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  return { koffi, library: koffi.load(null) };
}

/** Whether structures are laid out here as the files of this folder write them: Linux on x86-64 or arm64. */
export function hasKnownLayouts(): boolean {
  const isKnown = process.arch === 'x64' || process.arch === 'arm64';
  return process.platform === 'linux' && isKnown && endianness() === 'LE';
}

/**
 * Calls that a program is better with and works without.
 * @param bind takes them of the library
 * @returns undefined where there is no koffi for this platform, or structures are laid out otherwise
 */
export function optionalCalls<T>(bind: (libc: ReturnType<typeof loadLibc>) => T): T | undefined {
  if (!hasKnownLayouts()) return undefined;
  try {
    return bind(loadLibc());
  } catch {
    return undefined;
  }
}

let move: ((to: Uint8Array, from: Uint8Array, octets: number) => number | bigint) | undefined;

/**
 * Where memory lies. Arrays of 256 octets and more lie outside the garbage collector's reach and do not move.
 * @throws Error where there is no koffi for this platform
 */
export function addressOf(memory: Uint8Array): bigint {
  // Returns its first argument.
  move ??= loadLibc().library.func('uintptr_t memmove(void *, const void *, size_t)') as NonNullable<
    typeof move
  >;
  return BigInt(move(memory, memory, 0));
}
