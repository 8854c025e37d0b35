/**
 * What a run of the tests came to, from vitest's JSON reports: every skipped test, and every failed one with its full
 * name and the beginning of its message, so that the end of a log that was cut off tells what is wrong.
 *
 *     node report.mjs COUNTS HERE REPORT…     writes "PASSED FAILED SKIPPED EXCUSED" of all reports to COUNTS
 *
 * HERE says what there is that cannot be installed, with commas: `go`, so that GoFlow2 and the decoder of Filebeat can be
 * built; `captures`, the folder ../shared/pcaps. It judges nothing; .ci/run does.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const LINES_MAX = 15;
const COLUMNS_MAX = 300;

const [countsFile, here, ...reportFiles] = process.argv.slice(2);
const has = new Set(here.split(','));
const reports = reportFiles.map((file) => JSON.parse(readFileSync(file, 'utf8')));
const results = reports.flatMap((report) => report.testResults);

/** The first lines of a message, indented. */
function beginning(message) {
  const lines = stripVTControlCharacters(message).trimEnd().split('\n');
  const shown = lines.slice(0, LINES_MAX).map((line) => `    ${line.slice(0, COLUMNS_MAX)}`);
  if (lines.length > LINES_MAX) shown.push(`    … ${lines.length - LINES_MAX} more lines`);
  return shown.join('\n');
}

/** The part of a path that tells one test file from another. */
const shortened = (name) => name.slice(name.lastIndexOf('/test/') + 1);

let broken = 0;
for (const file of results) {
  for (const test of file.assertionResults) {
    if (test.status !== 'failed') continue;
    console.log(
      `failed: ${shortened(file.name)}: ${test.fullName}\n${beginning(test.failureMessages.join('\n'))}`,
    );
  }
  // Not even its tests could be found, or what surrounds them failed.
  if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) {
    broken++;
    console.log(`failed: ${shortened(file.name)}\n${beginning(file.message ?? '')}`);
  }
}

const tests = results.flatMap((file) => file.assertionResults);
const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
for (const test of skipped) console.log(`skipped: ${test.fullName}`);
// The only ones that depend on what this machine is rather than on what can be installed.
const isExcused = (name) =>
  name.includes('under an old Node') ||
  (/GoFlow2|Filebeat/.test(name) && !has.has('go')) ||
  (name.includes('(of ../shared/pcaps)') && !has.has('captures'));
const excused = skipped.filter((test) => isExcused(test.fullName));
const withStatus = (status) => tests.filter((test) => test.status === status).length;
const counts = [withStatus('passed'), withStatus('failed') + broken, skipped.length, excused.length];
writeFileSync(countsFile, `${counts.join(' ')}\n`);
