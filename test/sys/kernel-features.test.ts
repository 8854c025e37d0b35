/** The table of docs/running.md of what newer kernels have is that of the sources, and each row's file says what it misses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { KERNEL_FEATURES } from '../../src/sys/kernel-features.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

/** The cells of each row below the heading: name and what it does, needs, without, file. */
function rows(): string[][] {
  const text = readFileSync(join(REPOSITORY, 'docs/running.md'), 'utf8');
  const section = text.split('\n## Older kernels\n')[1]!.split('\n## ')[0]!;
  return section
    .split('\n')
    .filter((line) => /^\| `.*\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

it('is in the documentation as it is in the sources', () => {
  const features = Object.entries(KERNEL_FEATURES).map(([name, { does, needs, without }]) => [
    `\`${name}\`: ${does}`,
    needs,
    without,
  ]);
  expect(rows().map((cells) => cells.slice(0, 3))).toEqual(features);
});

it('is said by the file that does without', () => {
  const files = rows().map((cells) => cells[3]!.replaceAll('`', ''));
  Object.keys(KERNEL_FEATURES).forEach((name, i) => {
    const text = readFileSync(join(REPOSITORY, 'src', files[i]!), 'utf8');
    expect(text, files[i]).toContain(`doWithout('${name}'`);
  });
});
