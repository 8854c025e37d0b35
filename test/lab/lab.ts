/**
 * The laboratory: network namespaces joined by veth pairs, and programs run inside them with a time limit. Everything a
 * lab makes is gone after `close()`, and when the process that made it ends in any way but SIGKILL; what a killed one
 * left behind is swept up by the next lab. No packet leaves the namespaces. Linux, as root.
 *
 * Names are `ftlab-PID-LAB-LABEL`, so that labs at the same time do not meet. Knows nothing of flowtap.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe } from 'vitest';
import { warnSkipped } from '../support/skipped.ts';
import { hasTool } from '../support/tools.ts';

const NAMESPACES_FOLDER = '/run/netns';
// For what hangs, not for what is slow.
const RUN_LIMIT_MS = 90_000;
const START_LIMIT_MS = 170_000;
const WAIT_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const OUTPUT_CHARACTERS_MAX = 16 << 20;
const TICKS_PER_SECOND = 100;
/** State of a socket in /proc/net/tcp. */
const TCP_LISTEN = '0A';

/** What a program left. */
export interface LabResult {
  /** null when a signal ended it, its time limit's for one. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LabRunOptions {
  /** Killed after this long: 90 s for `run`, nearly 3 minutes for `start`. */
  readonly limitMs?: number;
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Counters of one interface, since it was made. */
export interface InterfaceCounters {
  readonly rxPackets: number;
  readonly rxOctets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txPackets: number;
  readonly txOctets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

export interface LabLinkOptions {
  /** Names of the two ends; unique within their namespaces. */
  readonly names?: readonly [string, string];
  /** Addresses with prefix length of each end, IPv4 or IPv6; they can be used at once. */
  readonly addresses?: readonly [readonly string[], readonly string[]];
  readonly mtuOctets?: number;
  /** Carries nothing but what is sent on purpose: no IPv6, so no router solicitations. Default: without addresses. */
  readonly quiet?: boolean;
  /** GRO, TSO and the like switched off, so that frames are as they would be on a wire. Needs ethtool. */
  readonly withoutOffloads?: boolean;
}

/** Why there can be no lab here, or undefined. */
export function labObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'Linux';
  if (!hasTool('ip')) return 'ip';
  if (process.getuid?.() !== 0) return 'root';
  try {
    const name = `ftlab-${process.pid}-probe`;
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return undefined;
  } catch {
    return 'permission to make a network namespace';
  }
}

/** `describe` for tests in namespaces that need `tools` besides: skipped, loudly, where something is missing. */
export function describeInLab(tools: readonly string[], title: string, body: () => void): void {
  const obstacle = labObstacle();
  const missing = tools.filter((name) => !hasTool(name));
  if (obstacle !== undefined) missing.push(obstacle);
  if (missing.length > 0) warnSkipped(title, missing.join(', '));
  describe.skipIf(missing.length > 0)(title, body);
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const open = new Set<Lab>();
let isWatchingExit = false;

/** Removes namespaces of labs whose process is no more. */
function sweep(): void {
  if (!existsSync(NAMESPACES_FOLDER)) return;
  for (const name of readdirSync(NAMESPACES_FOLDER)) {
    const pid = /^ftlab-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      ip('netns', 'del', name);
    } catch {
      // Another process sweeps as well.
    }
  }
}

/** One laboratory. */
export class Lab {
  readonly #prefix: string;
  readonly #namespaces: Namespace[] = [];
  #links = 0;

  /** @param name of the test that makes it: letters, digits; part of the namespaces' names */
  constructor(name: string) {
    sweep();
    this.#prefix = `ftlab-${process.pid}-${name}`;
    open.add(this);
    if (!isWatchingExit) {
      isWatchingExit = true;
      process.on('exit', () => {
        for (const lab of open) lab.#removeAll();
      });
    }
  }

  /** Makes a namespace with its loopback up. @param label unique within the lab */
  namespace(label: string): Namespace {
    const namespace = new Namespace(`${this.#prefix}-${label}`);
    this.#namespaces.push(namespace);
    ip('-n', namespace.name, 'link', 'set', 'lo', 'up');
    return namespace;
  }

  /**
   * Joins two namespaces by a veth pair, both ends up.
   * @returns the names of the ends: `a`'s, `b`'s
   */
  connect(a: Namespace, b: Namespace, options: LabLinkOptions = {}): [string, string] {
    const number = this.#links++;
    const ends: [string, string] = options.names ? [...options.names] : [`veth${number}a`, `veth${number}b`];
    const mtu = options.mtuOctets === undefined ? [] : ['mtu', String(options.mtuOctets)];
    ip(
      '-n',
      a.name,
      'link',
      'add',
      ends[0],
      ...mtu,
      'type',
      'veth',
      'peer',
      'name',
      ends[1],
      ...mtu,
      'netns',
      b.name,
    );
    const isQuiet = options.quiet ?? options.addresses === undefined;
    [a, b].forEach((namespace, side) => {
      const end = ends[side]!;
      namespace.sysctl(`net.ipv6.conf.${end}.${isQuiet ? 'disable_ipv6' : 'accept_dad'}`, isQuiet ? 1 : 0);
      if (options.withoutOffloads === true) {
        const features = ['rx', 'tx', 'gro', 'gso', 'tso'].flatMap((feature) => [feature, 'off']);
        namespace.execute('ethtool', '-K', end, ...features);
      }
      for (const address of options.addresses?.[side] ?? []) {
        const nodad = address.includes(':') ? ['nodad'] : [];
        ip('-n', namespace.name, 'addr', 'add', address, 'dev', end, ...nodad);
      }
      ip('-n', namespace.name, 'link', 'set', end, 'up');
    });
    return ends;
  }

  /** Ends what still runs and removes the namespaces; safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.#namespaces.map((namespace) => namespace.stopAll()));
    this.#removeAll();
    open.delete(this);
  }

  #removeAll(): void {
    for (const namespace of this.#namespaces.splice(0)) namespace.remove();
  }
}

/** A network namespace of a lab. */
export class Namespace {
  readonly name: string;
  readonly #running = new Set<LabProcess>();

  constructor(name: string) {
    this.name = name;
    ip('netns', 'add', name);
  }

  /** The words in front of a command that run it here; the process keeps its id, and dies with its parent. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name, 'setpriv', '--pdeathsig', 'KILL'];
  }

  /** Runs a command that is over at once. @throws Error with what it wrote when it fails @returns its output */
  execute(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_LIMIT_MS,
    });
  }

  /** Sets a network parameter of the namespace: `net.ipv4.ip_forward`. */
  sysctl(name: string, value: number): void {
    this.execute('sh', '-c', 'echo "$1" > "/proc/sys/$0"', name.replaceAll('.', '/'), String(value));
  }

  /** Starts a program. */
  start(command: readonly string[], options: LabRunOptions = {}): LabProcess {
    const words = [...this.prefix, ...command];
    const child = spawn(words[0]!, words.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      // A process group of its own, so that what a shell started ends with it.
      detached: true,
    });
    const running = new LabProcess(command.join(' '), child, options.limitMs ?? START_LIMIT_MS);
    this.#running.add(running);
    running.ended.finally(() => this.#running.delete(running));
    return running;
  }

  /** Runs a program to its end. */
  run(command: readonly string[], options: LabRunOptions = {}): Promise<LabResult> {
    return this.start(command, { limitMs: RUN_LIMIT_MS, ...options }).ended;
  }

  /** What the kernel has counted at an interface. @throws Error when there is none of this name */
  counters(name: string): InterfaceCounters {
    const [link] = JSON.parse(ip('-n', this.name, '-j', '-s', 'link', 'show', 'dev', name)) as {
      stats64: Record<'rx' | 'tx', { packets: number; bytes: number; errors: number; dropped: number }>;
    }[];
    const { rx, tx } = link!.stats64;
    return {
      rxPackets: rx.packets,
      rxOctets: rx.bytes,
      rxErrors: rx.errors,
      rxDropped: rx.dropped,
      txPackets: tx.packets,
      txOctets: tx.bytes,
      txErrors: tx.errors,
      txDropped: tx.dropped,
    };
  }

  /** Ends every program that runs here: politely, then not. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.stop()));
  }

  /** Kills what runs here and removes the namespace. */
  remove(): void {
    for (const running of this.#running) running.kill();
    try {
      ip('netns', 'del', this.name);
    } catch {
      // It is gone already.
    }
  }
}

/** A program that runs in a namespace. */
export class LabProcess {
  readonly pid: number;
  /** Resolves when it has ended and all it wrote has been read; rejects when it could not be started. */
  readonly ended: Promise<LabResult>;
  stdout = '';
  stderr = '';
  readonly #title: string;
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor(title: string, child: ChildProcess, limitMs: number) {
    this.#title = title;
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      if (this.stdout.length < OUTPUT_CHARACTERS_MAX) this.stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (this.stderr.length < OUTPUT_CHARACTERS_MAX) this.stderr += text;
    });
    const limit = setTimeout(() => this.kill(), limitMs);
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => {
        clearTimeout(limit);
        this.kill();
      });
      child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    // Whoever waits for it hears of it; nobody has to.
    this.ended.catch(() => {});
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Both streams, for patterns and messages. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Processor seconds that it has used so far, all threads, user and system (to 10 ms). */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident memory now. */
  residentOctets(): number {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1'));
    return Number(found?.[1] ?? 0) * 1024;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it has written something. @throws Error with what it wrote instead, at its end or the time limit */
  async waitForOutput(pattern: RegExp, limitMs = WAIT_LIMIT_MS): Promise<RegExpExecArray> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.#hasEnded || performance.now() > deadline) {
        const how = this.#hasEnded ? 'ended' : `waited ${limitMs} ms`;
        throw new Error(`${this.#title}: ${how} without ${pattern}:\n${this.output.slice(-4000)}`);
      }
      await delay(20);
    }
  }

  /** Asks it to end, and kills it when it does not within `limitMs`. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', limitMs = STOP_LIMIT_MS): Promise<LabResult> {
    if (!this.#hasEnded) this.#child.kill(signal);
    const limit = setTimeout(() => this.kill(), limitMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(limit);
    }
  }

  /** Ends it and all that it started. */
  kill(): void {
    if (this.#hasEnded || this.pid === 0) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  }
}

/**
 * Waits until a UDP or TCP port is bound in the namespace that `process` runs in.
 * @throws Error when it is not within `limitMs`
 */
export async function waitForPort(
  process: LabProcess,
  protocol: 'udp' | 'tcp',
  port: number,
  limitMs = WAIT_LIMIT_MS,
): Promise<void> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const deadline = performance.now() + limitMs;
  while (!isBound(process.pid, protocol, local)) {
    if (process.hasEnded) throw new Error(`ended before port ${port} was bound:\n${process.output}`);
    if (performance.now() > deadline) throw new Error(`port ${port}: not bound within ${limitMs} ms`);
    await delay(20);
  }
}

function isBound(pid: number, protocol: 'udp' | 'tcp', suffix: string): boolean {
  try {
    return [protocol, `${protocol}6`]
      .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .some((fields) => fields[1]?.endsWith(suffix) && (protocol === 'udp' || fields[3] === TCP_LISTEN));
  } catch {
    // It has ended, and this is about to be noticed.
    return false;
  }
}
