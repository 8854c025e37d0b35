/**
 * The program's folder, which every package holds: the bundle, what it depends on, the runtime of one architecture, and
 * the script that starts them. All of it comes from this repository and from what the two lock files name, whose digests
 * npm checks as it unpacks.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Architecture, GLIBC_MIN } from './architectures.ts';

export const REPOSITORY = join(import.meta.dirname, '..');

/**
 * What a running program reads none of in the packages of npm: files whose names begin with a dot, and types, sources and
 * pages by their endings.
 */
const UNUSED_FILE = /^\.|\.(d\.[cm]?ts|ts|map|md|markdown|flow|h|hpp|cc|cpp|c|gyp|yml)$/;
const UNUSED_FOLDER = new Set(['test', 'tests', '.github', 'benchmark']);
/** Sources of koffi, beside the binary that it comes with, and commands and scripts of other packages. */
const UNUSED_PATHS = [
  'koffi/vendor',
  'koffi/src/koffi/src/trampolines.cjs',
  'koffi/cnoke.cjs',
  'yaml/bin.mjs',
  'fastify/integration',
  'pino/bin.js',
  'pino/inc-version.sh',
  'safe-regex2/bin',
  'semver/bin',
  // The page takes the smallest of its builds.
  'uplot/dist/uPlot.cjs.js',
  'uplot/dist/uPlot.esm.js',
  'uplot/dist/uPlot.iife.js',
];

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** Installs what a lock file names for one architecture, and runs none of it. */
function installLocked(folder: string, { npm: cpu }: Architecture): void {
  npm(['ci', '--omit=dev', '--ignore-scripts', '--os=linux', `--cpu=${cpu}`, '--libc=glibc'], folder);
}

function removeUnused(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (UNUSED_FOLDER.has(entry.name)) rmSync(path, { recursive: true });
      else removeUnused(path);
    } else if (UNUSED_FILE.test(entry.name) && !/^(LICEN[CS]E|COPYING|NOTICE)/i.test(entry.name))
      rmSync(path);
    else if (entry.name.endsWith('.node')) chmodSync(path, 0o644);
  }
}

/** @throws Error for a file that is no ELF binary of this architecture */
function checkMachine(file: string, { elfMachine, debian }: Architecture): void {
  const head = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  const machine = head.readUInt16LE(18);
  if (head.toString('latin1', 1, 4) !== 'ELF' || machine !== elfMachine) {
    throw new Error(`${file}: found a binary of machine ${machine}; ${debian} needs ${elfMachine}`);
  }
}

function binariesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.node'))
    .map((name) => join(folder, name));
}

/** What `package.json` of a package says. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly description?: string;
  readonly author?: string | { readonly name?: string };
  readonly homepage?: string;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Folders of the packages of npm in the node_modules of `folder`, and in those of the packages themselves. */
export function packagesIn(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name],
    )
    .sort()
    .map((name) => join(modules, name))
    .filter((path) => existsSync(join(path, 'package.json')))
    .flatMap((path) => [path, ...packagesIn(path)]);
}

/** The text of a package's licence, or undefined where it has no file of it. */
export function licenceTextOf(folder: string): string | undefined {
  const file = readdirSync(folder).find((name) => /^(LICEN[CS]E|COPYING)(\.|$)/i.test(name));
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8');
}

/** Installs what flowtap depends on, and leaves of it what runs on this architecture. */
function addDependencies(home: string, architecture: Architecture): void {
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(join(REPOSITORY, name), join(home, name));
  installLocked(home, architecture);
  rmSync(join(home, 'package-lock.json'));
  const modules = join(home, 'node_modules');
  // An optional dependency that is compiled where it is installed.
  const unused = ['cap', 'nan', '.package-lock.json', '.bin', ...UNUSED_PATHS];
  for (const path of unused) rmSync(join(modules, path), { recursive: true, force: true });
  // Of koffi's binaries, the one for glibc.
  const binaries = join(modules, '@koromix', `koffi-linux-${architecture.npm}`);
  for (const name of readdirSync(binaries).filter((one) => one.startsWith('musl'))) {
    rmSync(join(binaries, name), { recursive: true });
  }
  removeUnused(modules);
}

/** Of package.json, what is of use where flowtap is installed. */
function writeManifest(home: string, version: string): void {
  const file = join(home, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  for (const field of ['scripts', 'devDependencies', 'allowScripts']) delete manifest[field];
  writeFileSync(file, `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`);
}

function addBundle(home: string): void {
  const rolldown = join(REPOSITORY, 'node_modules/rolldown/bin/cli.mjs');
  execFileSync(process.execPath, [rolldown, '-c', '--dir', join(home, 'dist')], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  mkdirSync(join(home, 'src/engine'), { recursive: true });
  copyFileSync(join(REPOSITORY, 'src/engine/engine.wasm'), join(home, 'src/engine/engine.wasm'));
  cpSync(join(REPOSITORY, 'config'), join(home, 'config'), { recursive: true });
}

function addRuntime(home: string, architecture: Architecture): void {
  const unpacked = join(home, 'runtime-package');
  mkdirSync(unpacked);
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(import.meta.dirname, 'runtime', name), join(unpacked, name));
  }
  installLocked(unpacked, architecture);
  const runtime = join(unpacked, 'node_modules', architecture.runtime);
  mkdirSync(join(home, 'runtime'));
  renameSync(join(runtime, 'bin/node'), join(home, 'runtime/node'));
  renameSync(join(runtime, 'LICENSE'), join(home, 'runtime/LICENSE'));
  writeFileSync(join(home, 'runtime/version'), `${manifestOf(runtime).version}\n`);
  rmSync(unpacked, { recursive: true });
  chmodSync(join(home, 'runtime/node'), 0o755);
}

/**
 * Makes the folder.
 * @param home what to make; must not exist
 * @param version of flowtap, which package.json in it says
 * @throws Error for a binary that is not of this architecture
 */
export function makeProgramFolder(home: string, architecture: Architecture, version: string): void {
  mkdirSync(home, { recursive: true });
  addDependencies(home, architecture);
  writeManifest(home, version);
  addBundle(home);
  addRuntime(home, architecture);
  const launcher = readFileSync(join(import.meta.dirname, 'launcher.sh'), 'utf8');
  writeFileSync(join(home, 'flowtap'), launcher.replace('@GLIBC_MIN@', GLIBC_MIN), { mode: 0o755 });
  for (const file of [join(home, 'runtime/node'), ...binariesIn(home)]) checkMachine(file, architecture);
}

/** Octets of all files below `folder`. */
export function octetsOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}
