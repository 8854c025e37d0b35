/** Archives whose octets depend on nothing but their files: names in order, one time, root as the owner. */
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, lutimesSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Gives all files of a folder one time, and modes that depend on no umask. */
export function settle(root: string, epochSeconds: number): void {
  for (const name of ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })]) {
    const path = join(root, name);
    const stat = lstatSync(path);
    if (!stat.isSymbolicLink())
      chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
    lutimesSync(path, epochSeconds, epochSeconds);
  }
}

/**
 * Packs a folder, which must have been settled.
 * @param names what of `folder` goes in; all of it by default
 */
export function makeTar(
  folder: string,
  file: string,
  epochSeconds: number,
  names: readonly string[] = ['.'],
): void {
  const fixed = ['--sort=name', `--mtime=@${epochSeconds}`, '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [
    '--create',
    `--file=${file}`,
    '--format=gnu',
    ...fixed,
    `--directory=${folder}`,
    ...names,
  ]);
}

/** Compresses a file into `FILE.gz` without a name or a time, and removes it. Returns the new name. */
export function gzipFile(file: string, level: number): string {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level }));
  rmSync(file);
  return `${file}.gz`;
}
