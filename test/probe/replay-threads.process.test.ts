/** How many threads a replay meters with, and which of them reads. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildConfig, type FlowtapConfig } from '../../src/config/config.ts';
import { CONFIG_OPTIONS } from '../../src/config/schema.ts';
import { APART_OCTETS_MIN, replayThreads } from '../../src/probe/replay-threads.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowtap-threads-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of so many octets, of which none is stored. */
function sparse(name: string, octets: number): string {
  const file = join(folder, name);
  writeFileSync(file, '');
  truncateSync(file, octets);
  return file;
}

const small = sparse('small', APART_OCTETS_MIN - 1);
const large = sparse('large', APART_OCTETS_MIN);
const pipe = join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);

const defaults = buildConfig(
  new Map(CONFIG_OPTIONS.map((option) => [option.path, option.default])),
  [],
).replay;
const replay = (changes: Partial<FlowtapConfig['replay']>) => ({ ...defaults, ...changes });

describe('threads of a replay', () => {
  it.each([
    [1, false],
    [2, true],
  ] as const)('are as many as are asked for: %d', (workers, isReadApart) => {
    expect(replayThreads(replay({ workers }), [small], 1)).toEqual({ meters: 1, isReadApart });
  });

  it('are meters that share, from three on', () => {
    expect(replayThreads(replay({ workers: 3 }), [large], 8)).toEqual({ meters: 3, isReadApart: false });
  });

  it.each([
    ['a small capture', [small], 2, false],
    ['a large one', [large], 2, true],
    ['a large one on one core', [large], 1, false],
    ['small ones that are large together', [small, small], 2, true],
    ['a large one and a pipe', [large, pipe], 2, false],
    ['what is not there', [join(folder, 'none')], 2, false],
  ] as const)('are chosen by the size of the captures: %s', (_, files, cores, isReadApart) => {
    expect(replayThreads(replay({ workers: 'auto' }), files, cores)).toEqual({ meters: 1, isReadApart });
  });

  it.each([
    ['the pace is a capture’s', { speed: 1 }, [large]],
    ['captures are merged', { merge: true }, [large, large]],
    ['packets come as they are observed', {}, [pipe]],
  ] as const)('are one where %s', (_, changes, files) => {
    for (const workers of [2, 'auto'] as const)
      expect(replayThreads(replay({ ...changes, workers }), files, 2).isReadApart).toBe(false);
  });
});
