/** The table of docs/running.md of what newer kernels have: each row's file uses what the row names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');
const OLDEST = [4, 18];

interface Row {
  readonly names: readonly string[];
  readonly since: readonly number[];
  readonly file: string;
}

/** The rows below the heading, as `| feature | since | without | file |`. */
function rows(): Row[] {
  const text = readFileSync(join(REPOSITORY, 'docs/running.md'), 'utf8');
  const section = text.split('\n## Older kernels\n')[1]!.split('\n## ')[0]!;
  return section
    .split('\n')
    .filter((line) => /^\| .*`.*\|$/.test(line))
    .map((line) => {
      const [feature, since, , file] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return {
        names: [...feature!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
        since: [...since!.matchAll(/\d+/g)].map(([digits]) => Number(digits)),
        file: file!.replaceAll('`', ''),
      };
    });
}

it('has a file for each feature, which uses it', () => {
  expect(rows().length).toBeGreaterThanOrEqual(7);
  for (const { names, file } of rows()) {
    const text = readFileSync(join(REPOSITORY, 'src', file), 'utf8');
    for (const name of names) expect(text, `${file} uses ${name}`).toContain(name);
  }
});

it('has the kernels from the oldest that is supported on', () => {
  for (const { names, since } of rows()) {
    const [major, minor] = since;
    if (major === undefined) continue;
    const isNewer = major > OLDEST[0]! || (major === OLDEST[0] && minor! >= OLDEST[1]!);
    expect(isNewer, names.join()).toBe(true);
  }
});

it('has each kernel that the sources of system calls name', () => {
  const told = rows().map(({ since }) => since.join('.'));
  const files = [
    'capture/live/ring-socket.ts',
    'capture/selection/kernel-selection.ts',
    'sys/segmented-udp.ts',
  ];
  for (const file of files) {
    const text = readFileSync(join(REPOSITORY, 'src', file), 'utf8');
    const named = [...text.matchAll(/(?:[Kk]ernels? before|Linux|since) (\d+\.\d+)/g)].map(([, v]) => v!);
    expect(named.length, file).toBeGreaterThan(0);
    for (const version of named) expect(told, file).toContain(version);
  }
});
