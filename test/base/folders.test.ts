/** Folders with those above them, also where the system takes none. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolders, makeFoldersSync } from '../../src/base/folders.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-folders-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each<[string, (path: string) => Promise<void>]>([
  ['awaited', makeFolders],
  ['at once', async (path) => makeFoldersSync(path)],
])('folders made, %s', (name, make) => {
  it('are made with those above, and may be there', async () => {
    const path = join(folder, name, 'a/b/c');
    for (let i = 0; i < 2; i++) {
      await make(path);
      expect(statSync(path).isDirectory()).toBe(true);
    }
    await make('.');
    await make('/');
  });

  it('are refused where a file is, or is above', async () => {
    const file = join(folder, `${name}.txt`);
    writeFileSync(file, '');
    await expect(make(file)).rejects.toThrow('EEXIST');
    await expect(make(join(file, 'a/b'))).rejects.toThrow('ENOTDIR');
  });

  it.skipIf(process.platform !== 'linux')('are refused where the system has a mind of its own', async () => {
    await expect(make('/proc/flowtap')).rejects.toThrow('ENOENT');
    await expect(make('/proc/flowtap/a')).rejects.toThrow('ENOENT');
  });
});

it('get the mode that is asked for, all of them', () => {
  makeFoldersSync(join(folder, 'mode/a'), 0o700);
  for (const name of ['mode', 'mode/a']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o700);
});
