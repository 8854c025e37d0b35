/** flowtap as npm installs it, from the bundle: it does what the sources do, and starts with few files. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as PageRoutes from '../../src/web/page-routes.ts';
import { pageRoutes as fromSources } from '../../src/web/page-routes.ts';
import { installPackage } from '../support/installed-package.ts';
import { collectDatagrams } from '../support/network.ts';
import { type RunResult, runFlowtap } from './flowtap.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const DEMO = join(REPOSITORY, 'pcaps/demo.pcapng');
const LIMIT_MS = 120_000;
/** Files of its own that a thread of a replay may start with; there are 9 and 8. A file costs about 0.4 ms. */
const FILES_MAX = 14;

/** Writes down every file of the package that is loaded, and whether by the main thread. */
const WITNESS = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';
registerHooks({
  load(url, context, next) {
    const name = url.split('/node_modules/flowtap/')[1];
    if (name !== undefined && !name.startsWith('node_modules/')) {
      appendFileSync(process.env.LOADED_FILES, (isMainThread ? 'main ' : 'thread ') + name + '\\n');
    }
    return next(url, context);
  },
});
`;

let folder: string;
let home: string;
/** The messages that a replay of the demo exports, and what the program said. */
let exported: { messages: Buffer[]; run: RunResult };
let loaded: string[];

function runInstalled(args: readonly string[]): RunResult {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const launcher = join(home, 'src/flowtap.mjs');
  const result = spawnSync(process.execPath, [launcher, ...args], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

/** Files of the bundle that one of them is loaded with, itself among them. */
function loadedWith(file: string): string[] {
  const found = new Set([file]);
  for (const name of found) {
    const text = readFileSync(join(home, 'dist', name), 'utf8');
    for (const [, next] of text.matchAll(/^import (?:[^'"]* from )?"(\.[^"]+)";$/gm))
      found.add(join(dirname(name), next!));
  }
  return [...found].sort();
}

/** A replay of the demo to a collector, watched by WITNESS. */
async function replayToCollector(): Promise<void> {
  const [witness, list] = [join(folder, 'witness.mjs'), join(folder, 'loaded')];
  writeFileSync(witness, WITNESS);
  const collector = await collectDatagrams();
  try {
    const to = `ipfix://127.0.0.1:${collector.port}`;
    const args = ['--import', witness, join(home, 'src/flowtap.mjs'), 'replay', DEMO, '-o', 'none', '-e', to];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      env: { ...process.env, LOADED_FILES: list },
    });
    const run = { code: null as number | null, out: '', err: '' };
    child.stdout.on('data', (text) => {
      run.out += text;
    });
    child.stderr.on('data', (text) => {
      run.err += text;
    });
    run.code = await new Promise((resolve) => child.once('close', resolve));
    const [, count] = /records? in ([\d,]+) messages?/.exec(run.err) ?? [];
    const announced = Number(count?.replaceAll(',', ''));
    const deadline = performance.now() + LIMIT_MS;
    while (collector.datagrams.length < announced && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(collector.datagrams.length, run.err).toBe(announced);
    exported = { messages: collector.datagrams, run };
  } finally {
    await collector.close();
  }
  loaded = readFileSync(list, 'utf8').trimEnd().split('\n');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-installed-'));
  home = join(folder, 'node_modules/flowtap');
  mkdirSync(home, { recursive: true });
  installPackage(home);
  symlinkSync(join(REPOSITORY, 'node_modules'), join(home, 'node_modules'));
  await replayToCollector();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the installed package', () => {
  it('has the page of a daemon, which no replay loads', async () => {
    // The chunk with what a daemon serves; its modules look for the page's files beside themselves.
    const { pageRoutes } = (await import(join(home, 'dist/page-routes.js'))) as typeof PageRoutes;
    const routes = pageRoutes();
    expect(routes.map(({ path }) => path)).toEqual(fromSources().map(({ path }) => path));
    for (const [i, { path, answer }] of routes.entries())
      expect([path, answer({}, path)]).toEqual([path, fromSources()[i]!.answer({}, path)]);
    expect(loaded.filter((line) => line.includes('page'))).toEqual([]);
  });

  it.each([
    ['its version', ['--version']],
    ['its help', ['--help']],
    ['a command’s help', ['help', 'replay']],
    ['the elements', ['elements']],
    ['a configuration', ['check-config', join(REPOSITORY, 'config/flowtap.yaml')]],
    ['flows as JSON', ['replay', DEMO, '-o', 'json', '-q']],
    ['flows as CSV', ['replay', DEMO, '-o', 'csv', '-q']],
    ['the busiest flows', ['replay', DEMO, '-q']],
    ['a diagnosis', ['diagnose', DEMO, '-q']],
    ['a wrong option', ['replay', DEMO, '--workrs', '2']],
    ['a wrong command', ['repaly', DEMO]],
    ['values that are missing, or too many', ['replay', DEMO, '--speed', '--merge=yes', '-e']],
    ['a script for completion', ['completion']],
    ['what a shell completes', ['--get-yargs-completions', 'flowtap', 'replay', '--t']],
  ])('prints %s as the sources do', (_, args) => {
    expect(runInstalled(args)).toEqual(runFlowtap(args));
  });

  it('refuses a wrong option with exit code 2', () => {
    const { code, err } = runInstalled(['replay', DEMO, '--workrs', '2']);
    expect([code, err]).toEqual([2, expect.stringContaining('--workers')]);
  });

  it('meters with two worker threads', () => {
    const linesOf = ({ code, out }: RunResult) => [code, out.split('\n').sort()];
    const args = ['replay', DEMO, '-o', 'json', '-q', '--workers', '2'];
    expect(linesOf(runInstalled(args))).toEqual(linesOf(runFlowtap(args)));
  });

  it('exports IPFIX', () => {
    expect(exported.run.code, exported.run.err).toBe(0);
    expect(exported.messages.length).toBeGreaterThan(1);
    for (const message of exported.messages) {
      expect([message.readUInt16BE(0), message.readUInt16BE(2)]).toEqual([10, message.length]);
    }
  });

  it('writes Parquet, which is loaded when it is asked for', () => {
    const file = join(folder, 'flows.parquet');
    const { code, err } = runInstalled(['replay', DEMO, '-o', 'none', '-e', `parquet:${file}`]);
    expect(code, err).toBe(0);
    expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
  });
});

describe('the bundle', () => {
  it('has every module that a thread or a process starts with', () => {
    const sources = readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' });
    const texts = sources
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(REPOSITORY, 'src', name), 'utf8'));
    const started = texts.flatMap((text) =>
      [...text.matchAll(/startModule\('([^']+)'\)/g)].map(([, name]) => name!),
    );
    expect(started.length).toBeGreaterThan(3);
    expect(started.filter((name) => !existsSync(join(home, `dist/${name}.js`)))).toEqual([]);
  });

  it('brings the licences of the packages that are in it', () => {
    const names = readdirSync(join(home, 'dist')).filter((name) => name.startsWith('LICENSE.'));
    expect(names).toContain('LICENSE.yargs');
    for (const name of names) expect(readFileSync(join(home, 'dist', name), 'utf8')).toMatch(/Copyright/);
  });

  it('has chunks that load, those that few commands need too', () => {
    const running = /^(flowtap|main)\.m?js$/;
    const chunks = readdirSync(join(home, 'dist')).filter(
      (name) => name.endsWith('.js') && !running.test(name),
    );
    expect(chunks.length).toBeGreaterThan(20);
    const code = `for (const name of ${JSON.stringify(chunks)}) await import('./dist/' + name);`;
    const file = join(home, 'load-all.mjs');
    writeFileSync(file, code);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
    });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it.each([
    ['reads', 'reader-worker', ['base', 'reading']],
    ['exports', 'export-worker', ['base', 'common', 'exporting']],
  ])('loads on the thread that %s nothing else', (_, thread, chunks) => {
    const file = `probe/replay/${thread}.js`;
    // What rolldown adds of its own comes and goes with what is bundled.
    const files = loadedWith(file).filter((name) => name !== 'rolldown-runtime.js');
    expect(files).toEqual([file, ...chunks.map((name) => `${name}.js`)].sort());
  });

  it('is what runs, and starts a replay with few files', () => {
    for (const thread of ['main', 'thread']) {
      const files = loaded.filter((line) => line.startsWith(`${thread} `)).map((line) => line.split(' ')[1]!);
      const foreign = files.filter((name) => !name.startsWith('dist/') && name !== 'src/flowtap.mjs');
      expect(foreign).toEqual([]);
      expect(files.length, files.join('\n')).toBeGreaterThan(3);
      expect(files.length, files.join('\n')).toBeLessThanOrEqual(FILES_MAX);
    }
  });
});
