/** Programs that run as on a kernel which lacks something (old-kernel.c). */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { KernelFeatureName } from '../../src/sys/kernel-features.ts';

/**
 * Compiles the library that makes a kernel look older.
 * @param folder where it is to lie
 * @returns the environment of a program whose kernel lacks what is named
 */
export function createOldKernel(
  folder: string,
): (...without: readonly KernelFeatureName[]) => Readonly<Record<string, string>> {
  const library = join(folder, 'old-kernel.so');
  const source = join(import.meta.dirname, 'old-kernel.c');
  execFileSync('gcc', ['-O2', '-Wall', '-Werror', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  return (...without) => ({ LD_PRELOAD: library, KERNEL_WITHOUT: without.join(',') });
}
