/**
 * A small Linux system with systemd as its PID 1, in namespaces of its own on this machine's kernel (boot.sh), with
 * flowtap installed in it the way docs/running.md tells users to. The machine's own services, mounts, /etc and kernel
 * parameters are left alone; all of it is gone after `close()`, or with the process that made it.
 *
 * Knows nothing of what the tests try in it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeInLab, type Namespace } from '../lab/lab.ts';
import { installPackage } from '../support/installed-package.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const SYSTEMD = '/lib/systemd/systemd';
const CGROUPS = '/sys/fs/cgroup';
const PREFIX = 'flowtap-test-';
const BOOT_LIMIT_MS = 120_000;
const RUN_LIMIT_MS = 90_000;
/** The whole system, whatever a test does. */
const LIFE_LIMIT_MS = 900_000;

/** Hierarchies of cgroups that this machine has, as boot.sh wants them, and our own cgroup in each. */
interface Cgroups {
  readonly layout: string;
  readonly parents: readonly string[];
}

/** Where the tree of version 2 is the only one, or those of version 1 that systemd can use; undefined: neither. */
function findCgroups(): Cgroups | undefined {
  if (existsSync(join(CGROUPS, 'cgroup.procs'))) return { layout: 'unified', parents: [CGROUPS] };
  const own = new Map<string, string>();
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (names !== undefined) own.set(names === '' ? 'unified' : names.replace('name=', ''), path!);
  }
  // systemd makes no cgroups in the others, and an empty cpuset takes no process.
  const used = /^(systemd|unified|memory|pids|devices|blkio|cpu|cpuacct|cpu,cpuacct)$/;
  const hierarchies = [...own.keys()].filter(
    (name) => used.test(name) && existsSync(join(CGROUPS, name, 'cgroup.procs')),
  );
  if (!hierarchies.includes('systemd')) return undefined;
  const parents = hierarchies.map((name) => join(CGROUPS, name, own.get(name)!));
  return { layout: hierarchies.join(' '), parents };
}

/** Why there can be no such system here, or undefined. */
function obstacle(): string | undefined {
  if (!existsSync(SYSTEMD)) return SYSTEMD;
  return findCgroups() === undefined ? 'cgroups that systemd can use' : undefined;
}

/** `describe` for tests in such a system that need `tools` besides; skipped, loudly, where something is missing. */
export function describeInSystem(tools: readonly string[], title: string, body: () => void): void {
  const missing = process.platform === 'linux' ? obstacle() : 'Linux';
  describeInLab(['unshare', 'nsenter', ...tools, ...(missing === undefined ? [] : [missing])], title, body);
}

/** Removes a cgroup and those below it; false while a process is left in one. */
function removeCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeCgroup(join(path, entry.name))) return false;
    }
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Removes cgroups of systems whose maker is no more. */
function sweepCgroups(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX) || existsSync(`/proc/${name.slice(PREFIX.length)}`)) continue;
    removeCgroup(join(parent, name));
  }
}

/** Packages that flowtap needs at run time, as paths in the repository: what npm would install along with it. */
function runtimePackages(): string[] {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(REPOSITORY, path)));
}

/** What `npm install -g` of the package leaves in `prefix`, and Node. */
function install(prefix: string): void {
  const home = join(prefix, 'lib/node_modules/flowtap');
  mkdirSync(join(prefix, 'bin'), { recursive: true });
  installPackage(home);
  for (const name of runtimePackages()) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    cpSync(join(REPOSITORY, name), join(home, name), { recursive: true });
  }
  copyFileSync(process.execPath, join(prefix, 'bin/node'));
  symlinkSync('../lib/node_modules/flowtap/src/flowtap.mjs', join(prefix, 'bin/flowtap'));
  cpSync(join(REPOSITORY, 'config'), join(prefix, 'src/flowtap/config'), { recursive: true });
  cpSync(join(REPOSITORY, 'systemd'), join(prefix, 'src/flowtap/systemd'), { recursive: true });
}

/** The first child of a process. */
function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}

/** What a command inside left. */
export interface SystemResult {
  readonly code: number | null;
  readonly output: string;
  readonly tookMs: number;
}

/** One such system. */
export class BootedSystem {
  readonly #folder: string;
  readonly #cgroups: readonly string[];
  readonly #child: ChildProcess;
  #init = 0;
  #console = '';

  private constructor(namespace: Namespace) {
    const { layout, parents } = findCgroups()!;
    for (const parent of parents) sweepCgroups(parent);
    this.#folder = mkdtempSync(join(tmpdir(), 'flowtap-system-'));
    const [root, prefix] = [join(this.#folder, 'root'), join(this.#folder, 'local')];
    mkdirSync(root);
    install(prefix);
    this.#cgroups = parents.map((parent) => join(parent, `${PREFIX}${process.pid}`));
    for (const path of this.#cgroups) mkdirSync(path, { recursive: true });
    // It joins the cgroups before they become the roots that it sees, and keeps its process id up to unshare(1).
    const join_ = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"';
    const boot = ['bash', join(import.meta.dirname, 'boot.sh'), layout, root, prefix];
    const enter = [
      'nsenter',
      `--net=/run/netns/${namespace.name}`,
      'setpriv',
      '--pdeathsig',
      'KILL',
      ...boot,
    ];
    this.#child = spawn('sh', ['-c', join_, 'sh', ...this.#cgroups, '--', ...enter], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#console += text;
      });
    }
    setTimeout(() => this.#child.kill('SIGKILL'), LIFE_LIMIT_MS).unref();
  }

  /**
   * Boots it in a network namespace, up to multi-user.target.
   * @throws Error with its console when it does not come up
   */
  static async boot(namespace: Namespace): Promise<BootedSystem> {
    const system = new BootedSystem(namespace);
    try {
      await system.#waitUntilUp();
      return system;
    } catch (error) {
      await system.close();
      throw error;
    }
  }

  async #waitUntilUp(): Promise<void> {
    const deadline = performance.now() + BOOT_LIMIT_MS;
    for (let state = 'not started'; state !== 'running'; ) {
      if (performance.now() > deadline || this.#child.exitCode !== null) {
        throw new Error(`systemd is ${state} after ${BOOT_LIMIT_MS} ms, or has ended:\n${this.#console}`);
      }
      await delay(50);
      this.#init = childOf(this.#child.pid!) ?? 0;
      if (this.#init === 0 || !readFileSync(`/proc/${this.#init}/comm`, 'utf8').startsWith('systemd'))
        continue;
      state = this.run('systemctl', 'is-system-running').output.trim();
    }
  }

  /** Runs a command inside, as root, to its end. */
  run(...command: string[]): SystemResult {
    const began = performance.now();
    const environment = [
      'env',
      '-i',
      'PATH=/usr/local/bin:/usr/sbin:/usr/bin',
      'SYSTEMD_COLORS=0',
      'LANG=C.UTF-8',
    ];
    const args = ['-t', String(this.#init), '--all', '--wd', ...environment, ...command];
    const { status, stdout, stderr } = spawnSync('nsenter', args, {
      encoding: 'utf8',
      timeout: RUN_LIMIT_MS,
    });
    return { code: status, output: stdout + stderr, tookMs: performance.now() - began };
  }

  /** Runs a command that has to work. @throws Error with what it wrote otherwise @returns its output */
  must(...command: string[]): string {
    const { code, output } = this.run(...command);
    if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}\n${output}`);
    return output;
  }

  /** Runs a shell's text that has to work. */
  shell(text: string): string {
    return this.must('bash', '-euc', text);
  }

  /** Where a file of the system lies, seen from outside. */
  path(path: string): string {
    return join(`/proc/${this.#init}/root`, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** A property of a unit, as systemd has it. */
  show(unit: string, property: string): string {
    return this.must('systemctl', 'show', '--value', '-p', property, unit).trim();
  }

  /** What the kernel allows a unit of system.slice in memory, octets; undefined: no such control here. */
  memoryLimit(unit: string): string | undefined {
    for (const place of ['memory/system.slice', 'system.slice']) {
      for (const name of ['memory.limit_in_bytes', 'memory.max']) {
        const file = this.path(join(CGROUPS, place, unit, name));
        if (existsSync(file)) return readFileSync(file, 'utf8').trim();
      }
    }
    return undefined;
  }

  /** Lines of a unit in the journal, without time and name. */
  journal(unit: string, ...options: string[]): string {
    // Earlier lines are there then.
    this.must('journalctl', '--sync');
    return this.must('journalctl', '--no-pager', '-q', '-o', 'cat', '-u', unit, ...options);
  }

  /** Ends it and waits until nothing of it is left. */
  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    for (let tries = 0; tries < 200; tries++) {
      if (this.#cgroups.every(removeCgroup)) break;
      await delay(50);
    }
    // Empty, seen from here: what was mounted on it is gone.
    rmdirSync(join(this.#folder, 'root'));
    rmSync(this.#folder, { recursive: true });
    const left = this.#cgroups.filter((path) => existsSync(path));
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  }
}
