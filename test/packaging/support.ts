/** Packages made for tests, as `npm run package` makes them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageVersion } from '../../src/package-files.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const LIMIT_MS = 600_000;

/** A version, and one that dpkg takes for a newer one. */
export const VERSIONS = [packageVersion(), `${packageVersion()}+next`] as const;

/** Runs `npm run package`. @returns what it printed */
export function makePackages(out: string, args: readonly string[], version: string = VERSIONS[0]): string {
  const script = join(REPOSITORY, 'packaging/package.ts');
  const options = ['--version', version, '--out', out, '--compression', '0'];
  return execFileSync(process.execPath, [script, ...args, ...options], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
}
