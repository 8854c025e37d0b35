/**
 * Outside tools that tests lean on (tshark, nfdump, softflowd …) and captures that lie beside the repository: tests
 * that need one run where it is, and elsewhere skip with a warning that names what is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');

/** Our own captures. */
export const PCAPS_FOLDER = join(REPOSITORY, 'pcaps');
/** Captures of other projects, beside the repository; absent in a plain clone. */
export const SHARED_PCAPS_FOLDER = join(REPOSITORY, '../shared/pcaps');

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

/** Says on the console that `what` is skipped, and why. */
export function warnSkipped(what: string, missing: string): void {
  console.warn(`SKIPPED ${what}: ${missing} not found`);
}

/** `describe` for tests that need all of `tools`; without one of them they are skipped, loudly. */
export function describeWithTools(tools: readonly string[], title: string, body: () => void): void {
  const missing = tools.filter((name) => !hasTool(name));
  if (missing.length > 0) warnSkipped(title, missing.join(', '));
  describe.skipIf(missing.length > 0)(title, body);
}

/** Whether all of `tools` are here; warns that `what` is skipped where one is not. For `it.skipIf`. */
export function requireTools(what: string, ...tools: string[]): boolean {
  const missing = tools.filter((name) => !hasTool(name));
  if (missing.length > 0) warnSkipped(what, missing.join(', '));
  return missing.length === 0;
}

/** Full paths of the captures in `folder`, sorted; none, with a warning, where the folder is absent. */
export function capturesIn(folder: string): string[] {
  if (!existsSync(folder)) {
    warnSkipped('captures', folder.slice(REPOSITORY.length + 1));
    return [];
  }
  const names = readdirSync(folder).filter((name) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name));
  return names.sort().map((name) => join(folder, name));
}
