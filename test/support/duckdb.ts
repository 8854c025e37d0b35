/** Where DuckDB's Python package is, as a reader of Parquet and JSON that is not ours. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { warnSkipped } from './skipped.ts';

/** Where .ci/run puts a Python with the package, if the system's has none. */
const VENV_PYTHON = join(homedir(), '.cache/flowtap-ci/python/bin/python3');

/** A Python that has the package, or undefined with a warning. */
export function duckdbPython(): string | undefined {
  const candidates = [process.env.FLOWTAP_TEST_PYTHON, VENV_PYTHON, 'python3'];
  for (const python of candidates) {
    if (python === undefined || (python.includes('/') && !existsSync(python))) continue;
    if (spawnSync(python, ['-c', 'import duckdb'], { stdio: 'ignore' }).status === 0) return python;
  }
  warnSkipped('DuckDB', 'a Python with the package duckdb (.ci/run makes one, or set FLOWTAP_TEST_PYTHON)');
  return undefined;
}

const SCRIPT = `import duckdb, json, sys
c = duckdb.connect()
c.execute("SET TimeZone='UTC'")
r = c.execute(sys.argv[1])
names = [d[0] for d in r.description]
print(json.dumps([dict(zip(names, row)) for row in r.fetchall()], default=str))`;

/** Rows of a query, by the names of their columns. @throws Error when DuckDB refuses it */
export function queryDuckdb(python: string, sql: string): Record<string, unknown>[] {
  return JSON.parse(execFileSync(python, ['-c', SCRIPT, sql], { encoding: 'utf8', maxBuffer: 1 << 28 }));
}
