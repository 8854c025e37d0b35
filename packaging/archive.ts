/** Archives whose octets depend on nothing but their files: names in order, one time, root as the owner. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  lutimesSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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
    // Ends with two blocks of zeroes, and no more.
    '--blocking-factor=1',
    ...fixed,
    `--directory=${folder}`,
    ...names,
  ]);
}

const BLOCK_OCTETS = 512;

/** An entry of an archive that tar(1) cannot be asked for. */
export interface ArchiveEntry {
  /** At most 100 octets; that of a folder ends with a slash. */
  readonly name: string;
  readonly mode: number;
  /** Of the user and of the group. */
  readonly id: number;
  /** Empty for a folder. */
  readonly octets: Uint8Array;
  readonly attributes?: Readonly<Record<string, Uint8Array>>;
}

/** A header (ustar of POSIX.1) and what follows it, to the end of a block. */
function entryBlocks(entry: ArchiveEntry, type: string, epochSeconds: number): Buffer {
  const { name, mode, id, octets } = entry;
  const header = Buffer.alloc(BLOCK_OCTETS);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0);
  header.write(octal(mode, 7) + octal(id, 7) + octal(id, 7), 100);
  header.write(octal(octets.length, 11) + octal(epochSeconds, 11), 124);
  header.write(`        ${type}`, 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_OCTETS - (octets.length % BLOCK_OCTETS)) % BLOCK_OCTETS);
  return Buffer.concat([header, octets, padding]);
}

/** A record of an extended header (pax of POSIX.1): its length with the digits of the length, and the attribute. */
function attributeRecord(name: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` SCHILY.xattr.${name}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** Adds entries to an archive of `makeTar`. */
export function appendEntries(file: string, entries: readonly ArchiveEntry[], epochSeconds: number): void {
  truncateSync(file, statSync(file).size - 2 * BLOCK_OCTETS);
  for (const entry of entries) {
    const records = Object.entries(entry.attributes ?? {}).map(([name, value]) =>
      attributeRecord(name, value),
    );
    if (records.length > 0) {
      const extended = { name: 'PaxHeaders/0', mode: 0o644, id: 0, octets: Buffer.concat(records) };
      appendFileSync(file, entryBlocks(extended, 'x', epochSeconds));
    }
    appendFileSync(file, entryBlocks(entry, entry.name.endsWith('/') ? '5' : '0', epochSeconds));
  }
  appendFileSync(file, Buffer.alloc(2 * BLOCK_OCTETS));
}

/** Compresses a file into `FILE.gz` without a name or a time, and removes it. Returns the new name. */
export function gzipFile(file: string, level: number): string {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level }));
  rmSync(file);
  return `${file}.gz`;
}
