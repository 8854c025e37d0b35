/**
 * Podman with a storage of its own, which is gone when it is closed; containers have no network but their loopback.
 * runc runs them, on cgroups of either version and of both at once; crun knows no such mixture.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_MS = 120_000;
/** Podman asks for more than a root without CAP_SYS_RESOURCE may have. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

export const PODMAN_TOOLS = ['podman', 'runc'];

export interface PodmanResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export class Podman {
  readonly #folder: string;
  readonly #containers: string[] = [];

  /** @param folder to be made, for the storage */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder);
  }

  call(...args: readonly string[]): PodmanResult {
    const at = (name: string) => join(this.#folder, name);
    const storage = ['--root', at('root'), '--runroot', at('run'), '--tmpdir', at('tmp')];
    const { status, stdout, stderr } = spawnSync('podman', [...storage, '--runtime', 'runc', ...args], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      // No timers of systemd look at the health: the test does.
      env: { ...process.env, DISABLE_HC_SYSTEMD: 'true' },
    });
    return { code: status, output: stdout, errors: stderr };
  }

  /** @throws Error with what podman said when it fails @returns its output */
  must(...args: readonly string[]): string {
    const { code, output, errors } = this.call(...args);
    if (code !== 0) throw new Error(`podman ${args.join(' ')}: exit code ${code}\n${output}${errors}`);
    return output.trim();
  }

  /** Runs a container to its end. @param args options, image, command */
  run(...args: readonly string[]): PodmanResult {
    return this.call('run', '--rm', '--network', 'none', ...LIMITS, ...args);
  }

  /** Starts a container. @param args options, image, command */
  start(name: string, ...args: readonly string[]): void {
    this.#containers.push(name);
    this.must('run', '--detach', '--name', name, '--network', 'none', ...LIMITS, ...args);
  }

  close(): void {
    for (const name of this.#containers) this.call('rm', '--force', name);
    this.call('rmi', '--all', '--force');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
