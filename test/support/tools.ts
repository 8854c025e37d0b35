/**
 * Outside tools that tests lean on (tshark, nfdump, softflowd …): tests that need one run where it is, and elsewhere skip
 * with a warning that names what is missing. A test that imports this belongs to the project `tools`.
 */
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import { warnSkipped } from './skipped.ts';

const known = new Map<string, boolean>();

/** Whether `name` can be started here. */
export function hasTool(name: string): boolean {
  let has = known.get(name);
  if (has === undefined) {
    has = spawnSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' }).status === 0;
    known.set(name, has);
  }
  return has;
}

/** `describe` for tests that need all of `tools`; without one of them they are skipped, loudly. */
export function describeWithTools(tools: readonly string[], title: string, body: () => void): void {
  describe.skipIf(!requireTools(title, ...tools))(title, body);
}

/** Whether all of `tools` are here; warns that `what` is skipped where one is not. For `it.skipIf`. */
export function requireTools(what: string, ...tools: string[]): boolean {
  const missing = tools.filter((name) => !hasTool(name));
  if (missing.length > 0) warnSkipped(what, missing.join(', '));
  return missing.length === 0;
}
