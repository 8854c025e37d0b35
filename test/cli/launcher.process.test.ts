/** The launcher under a Node that is too old to run the program: the pinned one takes over. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAUNCHER, runFlowtap } from './flowtap.ts';

/** A directory with nothing but the launcher, in src. */
function copyLauncher(): string {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-launcher-'));
  mkdirSync(join(directory, 'src'));
  cpSync(LAUNCHER, join(directory, 'src', 'flowtap.mjs'));
  return directory;
}

/** A Node below 24 in the path, past the pinned one that npm puts first. */
function findOldNode(): string | undefined {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(directory, 'node');
    if (!existsSync(node)) continue;
    const version = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout;
    if (Number.parseInt(version, 10) < 24) return node;
  }
  return undefined;
}

const oldNode = findOldNode();
if (oldNode === undefined) console.warn('SKIPPED: launcher tests, which want a Node below 24 in the path');

describe('the launcher', () => {
  it('runs as a command of its own, as npm installs it', () => {
    const result = spawnSync(LAUNCHER, ['--version'], { encoding: 'utf8', timeout: 60_000 });
    expect([result.status, result.stdout]).toEqual([0, expect.stringMatching(/^flowtap /)]);
  });
});

describe.skipIf(oldNode === undefined)('under an old Node', () => {
  it('passes arguments, output and exit codes through', () => {
    expect(runFlowtap(['--version'], oldNode)).toEqual(runFlowtap(['--version']));
    expect(runFlowtap(['replay', 'x', '--top', 'x y'], oldNode)).toEqual(
      runFlowtap(['replay', 'x', '--top', 'x y']),
    );
  });

  it('passes signals on, and the exit code back', async () => {
    const directory = copyLauncher();
    try {
      // Stands for the program: tells when it is up, and exits with a code of its own on a signal.
      const program = `process.on('SIGINT', () => process.exit(77)); setTimeout(() => {}, 20_000); console.log('up');`;
      writeFileSync(join(directory, 'src', 'main.js'), program);
      symlinkSync(join(LAUNCHER, '..', '..', 'node_modules'), join(directory, 'node_modules'));
      const child = spawn(oldNode!, [join(directory, 'src', 'flowtap.mjs')]);
      const exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill('SIGINT');
      expect(await exited).toBe(77);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('says what to do where there is no other Node', () => {
    const directory = copyLauncher();
    try {
      const launcher = join(directory, 'src', 'flowtap.mjs');
      const result = spawnSync(oldNode!, [launcher, '--help'], { encoding: 'utf8' });
      expect([result.status, result.stdout]).toEqual([1, '']);
      expect(result.stderr).toMatch(/this is Node \d+.+; allowed: Node 24 or newer\n.*npm ci/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
