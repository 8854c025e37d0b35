/** The package as `npm install` leaves it, in a folder of a test's own: the bundle, and the files that go with it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../..');
const BUILD_LIMIT_MS = 120_000;

/**
 * Builds the package, as `npm run build` does, and puts what is packed of it into `home`; what it depends on is not there
 * yet. The repository's own dist/ stays as it is.
 * @param home a folder named `flowtap` in one named `node_modules`, or it runs as a source tree does
 */
export function installPackage(home: string): void {
  const { files } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of ['package.json', ...files.filter((file) => file !== 'dist')]) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    cpSync(join(REPOSITORY, name), join(home, name), { recursive: true });
  }
  const rolldown = join(REPOSITORY, 'node_modules/rolldown/bin/cli.mjs');
  execFileSync(process.execPath, [rolldown, '-c', '--dir', join(home, 'dist')], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: BUILD_LIMIT_MS,
  });
}
