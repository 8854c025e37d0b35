/** The end of a run of continuous integration: a log that was cut off before it still tells what failed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../.ci/report.mjs');

const long = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n');
const REPORT = {
  testResults: [
    {
      name: '/somewhere/test/a/one.test.ts',
      status: 'failed',
      assertionResults: [
        { status: 'passed', fullName: 'a good one', failureMessages: [] },
        { status: 'failed', fullName: 'a bad one', failureMessages: [`\x1b[31mError\x1b[39m: ${long}`] },
        { status: 'pending', fullName: 'by GoFlow2', failureMessages: [] },
        { status: 'pending', fullName: 'one without its tool', failureMessages: [] },
        { status: 'pending', fullName: 'real captures (of ../shared/pcaps) are read', failureMessages: [] },
      ],
    },
    {
      name: '/somewhere/test/two.test.ts',
      status: 'failed',
      message: 'no such module',
      assertionResults: [],
    },
  ],
};

const TOOLS_REPORT = {
  testResults: [
    {
      name: '/somewhere/test/a.tools.test.ts',
      status: 'passed',
      assertionResults: [
        { status: 'passed', fullName: 'of a tool', failureMessages: [] },
        { status: 'passed', fullName: 'of another tool', failureMessages: [] },
      ],
    },
  ],
};

it('names every failed and skipped test, and counts them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-report-'));
  const counts = join(folder, 'counts');
  const reports = [REPORT, TOOLS_REPORT].map((report, i) => {
    writeFileSync(join(folder, `${i}.json`), JSON.stringify(report));
    return join(folder, `${i}.json`);
  });
  const run = (here: string) => {
    const output = execFileSync(process.execPath, [SCRIPT, counts, here, ...reports], { encoding: 'utf8' });
    return { output, counts: readFileSync(counts, 'utf8') };
  };
  const { output, counts: without } = run('');
  expect(output.split('\n').slice(0, 3)).toEqual([
    'failed: test/a/one.test.ts: a bad one',
    '    Error: line 0',
    '    line 1',
  ]);
  expect(output).toContain(
    '    line 14\n    … 25 more lines\nfailed: test/two.test.ts\n    no such module\n',
  );
  expect(output).toContain('skipped: one without its tool\n');
  // Passed; failed, of which one is a file; skipped, of which one may be.
  expect(without).toBe('3 2 3 2\n');
  expect(run('go,').counts).toBe('3 2 3 1\n');
  expect(run('captures').counts).toBe('3 2 3 1\n');
  expect(run('go,captures').counts).toBe('3 2 3 0\n');
  rmSync(folder, { recursive: true });
});
