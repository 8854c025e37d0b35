/** `npm run release` in a clone of this repository that is thrown away. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithTools } from '../support/tools.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const LIMIT_MS = 600_000;

let clone: string;

function git(...args: string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
  return execFileSync('git', [...who, '-C', clone, ...args], { encoding: 'utf8' });
}

/** Runs it; its package step is replaced, since artefacts.tools.test.ts makes packages. */
function release(...args: string[]): { code: number | null; output: string; errors: string } {
  const script = join(clone, 'packaging/release.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      GIT_AUTHOR_NAME: 'test',
      GIT_AUTHOR_EMAIL: 'test@localhost',
      GIT_COMMITTER_NAME: 'test',
      GIT_COMMITTER_EMAIL: 'test@localhost',
    },
  });
  return { code: status, output: stdout, errors: stderr };
}

const read = (name: string) => readFileSync(join(clone, name), 'utf8');

function edit(name: string, change: (text: string) => string): void {
  writeFileSync(join(clone, name), change(read(name)));
}

describeWithTools(['git', 'npm'], 'npm run release', () => {
  beforeAll(() => {
    clone = mkdtempSync(join(tmpdir(), 'flowtap-release-'));
    execFileSync('git', ['clone', '--quiet', REPOSITORY, clone]);
    // What this tree has and its last commit not yet.
    for (const name of ['packaging/release.ts', 'packaging/release-notes.ts', 'package.json'])
      writeFileSync(join(clone, name), readFileSync(join(REPOSITORY, name)));
    symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
    writeFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
    edit('package.json', (text) =>
      text
        .replace('node packaging/package.ts', 'echo packed')
        // Checks of their own, which take minutes and are not what is tried here.
        .replace('"lint": "biome check --error-on-warnings ."', '"lint": "true"')
        .replace('"types": "tsc --noEmit"', '"types": "true"')
        .replace('"engine": "node src/engine/build.ts"', '"engine": "true"'),
    );
    git('checkout', '--quiet', '-B', 'main');
    git('add', 'packaging');
    git('commit', '--quiet', '--all', '--allow-empty', '--message', 'a release to try');
  }, LIMIT_MS);
  afterAll(() => rmSync(clone, { recursive: true, force: true }));

  it.each([
    ['1.2', "found version '1.2'; allowed: MAJOR.MINOR.PATCH"],
    ['v1.2.0', "found version 'v1.2.0'; allowed: MAJOR.MINOR.PATCH"],
    ['0.0.9', 'found version 0.0.9; allowed: '],
  ])('refuses %s as a version', (version, message) => {
    const { code, errors } = release(version);
    expect(errors).toContain(message);
    expect(code).toBe(2);
  });

  it('refuses a tree with changes, another branch, and a changelog with nothing new', () => {
    edit('README.md', (text) => `${text}\n`);
    expect(release('9.1.0')).toMatchObject({ code: 2, errors: expect.stringContaining('README.md') });
    git('checkout', '--quiet', 'README.md');
    git('checkout', '--quiet', '-b', 'other');
    expect(release('9.1.0').errors).toContain("found branch 'other'; allowed: main");
    git('checkout', '--quiet', 'main');
    edit('CHANGELOG.md', (text) => text.replace(/^- .*(\n {2}.*)*/gm, ''));
    expect(release('9.1.0').errors).toContain("CHANGELOG.md has no line below '## Unreleased'");
    git('checkout', '--quiet', 'CHANGELOG.md');
  });

  it(
    'refuses what is not green, and writes nothing in a dry run',
    () => {
      const head = git('rev-parse', 'HEAD');
      expect(release('9.1.0', '--dry-run', '--skip-tests')).toMatchObject({ code: 0, errors: '' });
      expect(git('status', '--porcelain')).toBe('');
      edit('package.json', (text) => text.replace('"lint": "true"', '"lint": "false"'));
      git('commit', '--quiet', '--all', '--message', 'a fault');
      expect(release('9.1.0', '--skip-tests')).toMatchObject({
        code: 2,
        errors: expect.stringContaining('npm run lint failed'),
      });
      git('reset', '--quiet', '--hard', head.trim());
    },
    LIMIT_MS,
  );

  it(
    'writes version and date, commits them, and makes the packages of that commit',
    () => {
      const { code, output, errors } = release('9.1.0', '--skip-tests');
      expect(code, errors).toBe(0);
      expect(output).toContain('packed');
      expect(git('status', '--porcelain')).toBe('');
      expect(git('log', '-1', '--format=%s')).toBe('release: 9.1.0\n');
      expect(git('tag').includes('9.1.0')).toBe(false);
      expect(JSON.parse(read('package.json')).version).toBe('9.1.0');
      const lock = JSON.parse(read('package-lock.json'));
      expect([lock.version, lock.packages[''].version]).toEqual(['9.1.0', '9.1.0']);
      expect(read('CHANGELOG.md')).toMatch(/^## Unreleased\n\n## 9\.1\.0 - \d{4}-\d\d-\d\d\n\n### /m);
      expect(read('packaging/share/man/man1/flowtap.1')).toContain('flowtap 9.1.0');
      // The same once more is no next version.
      expect(release('9.1.0').errors).toContain('allowed: above 9.1.0, which CHANGELOG.md has already');
    },
    LIMIT_MS,
  );
});
