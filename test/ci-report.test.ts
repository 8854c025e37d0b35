/** The end of a run of continuous integration: a log that was cut off before it still tells what failed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../.ci/report.mjs');

const long = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n');
const REPORT = {
  numPassedTests: 1,
  numFailedTests: 1,
  testResults: [
    {
      name: '/somewhere/test/a/one.test.ts',
      status: 'failed',
      assertionResults: [
        { status: 'passed', fullName: 'a good one', failureMessages: [] },
        { status: 'failed', fullName: 'a bad one', failureMessages: [`\x1b[31mError\x1b[39m: ${long}`] },
        { status: 'pending', fullName: 'by GoFlow2', failureMessages: [] },
        { status: 'pending', fullName: 'one without its tool', failureMessages: [] },
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

it('names every failed and skipped test, and counts them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-report-'));
  const [report, counts] = [join(folder, 'report.json'), join(folder, 'counts')];
  writeFileSync(report, JSON.stringify(REPORT));
  const run = (...go: string[]) => {
    const output = execFileSync(process.execPath, [SCRIPT, report, counts, ...go], { encoding: 'utf8' });
    return { output, counts: readFileSync(counts, 'utf8') };
  };
  const { output, counts: withoutGo } = run();
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
  expect(withoutGo).toBe('1 2 2 1\n');
  expect(run('go').counts).toBe('1 2 2 0\n');
  rmSync(folder, { recursive: true });
});
