/**
 * ClickHouse's engine as a Python module (chDB), for tests that want its own opinion of tables and messages. Fetched once
 * with pip into a cache outside the repository.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { warnSkipped } from './skipped.ts';
import { hasTool } from './tools.ts';

const PACKAGE = 'chdb-core-lite==26.5.0';
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'flowtap-test');
const MODULES = join(CACHE, PACKAGE.replace('==', '-'));
const FETCH_LIMIT_MS = 240_000;

function fetchModules(): void {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    execFileSync('python3', ['-m', 'pip', 'install', '-q', '--target', folder, PACKAGE], {
      stdio: 'pipe',
      timeout: FETCH_LIMIT_MS,
    });
    renameSync(folder, MODULES);
  } catch {
    // No network, no pip, or another run was quicker: whether it can be used is asked next.
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[], input = '') {
  return spawnSync('python3', args, {
    input,
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: MODULES },
    maxBuffer: 1 << 28,
  });
}

/** Whether statements can be run here; warns that `what` is skipped where not. */
export function hasClickhouse(what: string): boolean {
  if (hasTool('python3') && !existsSync(MODULES)) fetchModules();
  const has = hasTool('python3') && run(['-c', 'import chdb']).status === 0;
  if (!has) warnSkipped(what, `Python with ${PACKAGE}`);
  return has;
}

const SCRIPT = `
import json, sys
from chdb import session
engine = session.Session(sys.argv[1])
json.dump([str(engine.query(statement, "JSONEachRow")) for statement in json.load(sys.stdin)], sys.stdout)
`;

/**
 * Runs statements one after the other, with tables in `store`.
 * @returns the rows that each gave
 * @throws Error with what ClickHouse says of a statement that it does not take
 */
export function runClickhouse(store: string, statements: readonly string[]): Record<string, unknown>[][] {
  const { status, stdout, stderr } = run(['-c', SCRIPT, store], JSON.stringify(statements));
  if (status !== 0) throw new Error(stderr.slice(-2000));
  return (JSON.parse(stdout) as string[]).map((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}
