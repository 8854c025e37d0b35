/**
 * `npm run release`: makes a release, and publishes nothing. Checks that the tree is main's, clean and green, writes the
 * version and the changelog's date, commits them, and makes all packages with SHA256SUMS of that commit.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkNextVersion, datedChangelog, ReleaseError } from './release-notes.ts';
import { runScript } from './script.ts';

const REPOSITORY = join(import.meta.dirname, '..');
const CHANGELOG = join(REPOSITORY, 'CHANGELOG.md');
const MANIFEST = join(REPOSITORY, 'package.json');

const USAGE = `npm run release -- VERSION [OPTION…]

  --dry-run       checks, and writes nothing
  --skip-tests    for where continuous integration has run them
  --out DIR       packages/ where it is missing`;

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
}

/** Runs a script of package.json. @throws ReleaseError where it fails */
function npmRun(script: string, ...args: string[]): void {
  console.log(`release: npm run ${[script, ...args].join(' ')}`);
  try {
    execFileSync('npm', ['run', '--silent', script, ...(args.length > 0 ? ['--', ...args] : [])], {
      cwd: REPOSITORY,
      stdio: 'inherit',
    });
  } catch {
    throw new ReleaseError(`npm run ${script} failed: mend what it says above, commit, and start again`);
  }
}

/** @throws ReleaseError where something is not committed */
function checkClean(remedy: string): void {
  const changed = git('status', '--porcelain');
  if (changed !== '') throw new ReleaseError(`the tree has changes: ${remedy}\n${changed}`);
}

function checkTree(): void {
  const branch = git('branch', '--show-current');
  if (branch !== 'main') {
    throw new ReleaseError(
      `found branch '${branch}'; allowed: main. Releases are made of what has landed there`,
    );
  }
  checkClean('commit them or take them back first');
}

function checkGreen(skipTests: boolean): void {
  npmRun('lint');
  npmRun('types');
  npmRun('engine', '--check');
  npmRun('docs');
  checkClean('generated documents were out of date; commit them');
  if (!skipTests) npmRun('test:all');
}

function writeVersion(version: string, changelog: string): void {
  execFileSync('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(CHANGELOG, changelog);
  // Manual pages name the version.
  npmRun('docs');
  git('commit', '--quiet', '--all', '--message', `release: ${version}`);
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(REPOSITORY, 'packages') },
      'dry-run': { type: 'boolean', default: false },
      'skip-tests': { type: 'boolean', default: false },
    },
  });
  const [version] = positionals;
  if (version === undefined || positionals.length > 1) {
    throw new ReleaseError(
      `found ${positionals.length} versions; allowed: one, as in npm run release -- 1.2.0`,
    );
  }
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
  const changelog = readFileSync(CHANGELOG, 'utf8');
  checkNextVersion(version, changelog, manifest.version);
  const dated = datedChangelog(changelog, version, new Date().toISOString().slice(0, 10));
  checkTree();
  checkGreen(values['skip-tests']);
  if (values['dry-run']) {
    console.log(`release: ${version} can be made; nothing was written`);
    return;
  }
  writeVersion(version, dated);
  npmRun('package', '--out', resolve(values.out));
  console.log(
    `release: ${version} is committed and its packages are in ${values.out}. Nothing is published; next:`,
  );
  console.log(`    git tag v${version} && git push origin main v${version}`);
}

runScript('release', USAGE, main);
