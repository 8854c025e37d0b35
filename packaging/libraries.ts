/** The libraries that the runtime is linked with, from Debian's packages for an architecture, by apt and dpkg-deb. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from './architectures.ts';

const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6'];

/** A package of Debian that was unpacked. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /** Of the package's file, hexadecimal. */
  readonly sha256: string;
}

function field(file: string, name: string): string {
  return execFileSync('dpkg-deb', ['--field', file, name], { encoding: 'utf8' }).trim();
}

/** Paths of the packages in a folder. */
function packagesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  return names.sort().map((name) => join(folder, name));
}

/**
 * Unpacks them below `root`, with the texts of their licences. apt checks their digests; the machine's own packages and
 * lists stay as they are.
 * @param work a folder of nobody else's
 */
export function addLibraries(root: string, { debian }: Architecture, work: string): Library[] {
  const state = join(work, `apt-${debian}`);
  for (const folder of ['lists/partial', 'archives/partial', 'etc'])
    mkdirSync(join(state, folder), { recursive: true });
  writeFileSync(join(state, 'status'), '');
  const options = [
    ...['-o', `APT::Architecture=${debian}`, '-o', `APT::Architectures=${debian}`],
    ...['-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::State::status=${state}/status`],
    ...['-o', `Dir::Cache=${state}`, '-o', 'APT::Sandbox::User=root', '-qq'],
  ];
  const apt = (...args: string[]) =>
    execFileSync('apt-get', [...options, ...args], { cwd: state, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update');
  apt('download', ...LIBRARIES);
  // GCC's libraries have their licence in a package of their own.
  const depends = packagesIn(state).map((file) => field(file, 'Depends'));
  apt('download', ...new Set(depends.join().match(/\bgcc-\d+-base\b/g)));

  const unpacked = join(work, `libraries-${debian}`);
  const libraries = packagesIn(state).map((file) => {
    execFileSync('dpkg-deb', ['--extract', file, unpacked]);
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    return { name: field(file, 'Package'), version: field(file, 'Version'), sha256 };
  });
  const documents = join(unpacked, 'usr/share/doc');
  const licences = readdirSync(documents).filter((name) => existsSync(join(documents, name, 'copyright')));
  for (const name of licences) {
    cpSync(join(documents, name, 'copyright'), join(root, 'usr/share/doc', name, 'copyright'), {
      dereference: true,
    });
  }
  for (const unused of ['usr/share', 'etc']) rmSync(join(unpacked, unused), { recursive: true, force: true });
  cpSync(unpacked, root, { recursive: true, verbatimSymlinks: true });
  rmSync(unpacked, { recursive: true });
  return libraries;
}
