/** Runs the command line as a user would, in a process of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ENTRY = join(import.meta.dirname, '../../src/flowtap.mjs');

export interface FlowtapRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `flowtap ARGUMENTS…` to its end; killed after `limitMs`, which leaves `exitCode` null.
 * @param env added to the environment
 */
export function runFlowtap(
  args: readonly string[],
  limitMs = 120_000,
  env: Readonly<Record<string, string>> = {},
): Promise<FlowtapRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => stdout.push(part));
    child.stderr.on('data', (part: Buffer) => stderr.push(part));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(limit);
      resolve({
        exitCode,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}
