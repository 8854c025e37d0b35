/** The package of npm, installed into an empty folder as its users do: `npx flowtap` there meters as this source tree does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageVersion } from '../../src/package-files.ts';
import { capturesIn, PCAPS_FOLDER } from '../support/captures.ts';
import { describeWithTools } from '../support/tools.ts';
import { makePackages } from './support.ts';

const LIMIT_MS = 600_000;
const OUTPUT_OCTETS_MAX = 64 << 20;
const LAUNCHER = join(import.meta.dirname, '../../src/flowtap.mjs');

let folder: string;
let empty: string;

/** Runs a program in the empty folder, with the Node that this one is, and no module of this tree. */
function run(command: string, ...args: string[]): { code: number | null; output: string; errors: string } {
  const { NODE_PATH: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: empty,
    encoding: 'utf8',
    maxBuffer: OUTPUT_OCTETS_MAX,
    timeout: LIMIT_MS,
    env: { ...env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  });
  return { code: status, output: stdout, errors: stderr };
}

describeWithTools(['npm', 'npx', 'git'], 'the npm package', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-npm-'));
    const packages = join(folder, 'packages');
    makePackages(packages, ['--only', 'npm']);
    empty = join(folder, 'empty');
    mkdirSync(empty);
    const file = join(packages, `flowtap-${packageVersion()}.tgz`);
    // No scripts: koffi comes compiled, and compiling the optional package cap is not what is tried here.
    const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { code, errors } = run('npm', 'install', ...options, file);
    expect(code, errors).toBe(0);
  }, LIMIT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('brings no development dependency', () => {
    const installed = (name: string) => existsSync(join(empty, 'node_modules', name));
    expect(['flowtap', 'koffi', 'yaml'].map(installed)).toEqual([true, true, true]);
    expect(['vitest', 'typescript', 'rolldown', 'node'].map(installed)).toEqual([false, false, false, false]);
  });

  it('gives the same flows as the source tree, of every capture here', () => {
    const installed = (...args: string[]) => run('npx', '--no-install', 'flowtap', ...args);
    expect(installed('--version').output).toContain(packageVersion());
    // One of the captures is truncated: the code says so.
    const replay = ['replay', ...capturesIn(PCAPS_FOLDER), '-q', '-o', 'json'];
    const { code, output, errors } = installed(...replay);
    expect(output.split('\n').length, errors).toBeGreaterThan(100);
    const here = run(process.execPath, LAUNCHER, ...replay);
    expect(output).toBe(here.output);
    expect([code, here.code], errors).toEqual([1, 1]);
  });
});
