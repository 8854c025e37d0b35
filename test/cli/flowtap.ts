/** Runs the real program as a child process. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const LAUNCHER = fileURLToPath(new URL('../../src/flowtap.mjs', import.meta.url));

export interface RunResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param node the runtime; the one of the tests unless given */
export function runFlowtap(args: readonly string[], node: string = process.execPath): RunResult {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const result = spawnSync(node, [LAUNCHER, ...args], { encoding: 'utf8', timeout: 120_000, env });
  return { code: result.status, out: result.stdout, err: result.stderr };
}
