/** What a killed run leaves of its files, and what the next one says of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesNamedBy } from '../../../src/export/files/file-name.ts';
import { createParquetSink } from '../../../src/export/files/parquet-sink.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { waitFor } from '../../support/wait.ts';
import { makeSink, temporaryFolder } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');

describe('a sink of files', () => {
  it('names what runs left that were killed with kill -9, by the pattern, and what to do', async () => {
    const path = join(folder, '%Y', 'f-%S.json');
    const child = spawn(
      process.execPath,
      [
        join(import.meta.dirname, '../../../src/main.ts'),
        ...[
          'replay',
          join(PCAPS_FOLDER, 'demo.pcapng'),
          '--speed',
          '1',
          '--idle-timeout',
          '500ms',
          '-q',
          '-o',
          'none',
        ],
        ...['-e', `json:${path}`],
      ],
      { stdio: 'ignore' },
    );
    const parts = () => filesNamedBy(join(folder, '%Y', '.f-%S.json.part'));
    try {
      await waitFor('a file is begun', () => parts().some(({ octets }) => octets > 0), 30_000);
    } finally {
      child.kill('SIGKILL');
      if (child.signalCode === null) await once(child, 'exit');
    }
    const [part] = parts();
    // Whole up to its last piece.
    for (const line of linesOf(part!.name)) JSON.parse(line);
    const log = { lines: [] as string[] };
    const sink = await makeSink(createTextFileSink, 'json', path, {}, {}, log);
    await sink.end();
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatch(/^warning json:.*not completed by an earlier run.*rename it to read it/);
    expect(log.lines[0]).toContain(`${part!.name} (${part!.octets.toLocaleString('en-US')} octets)`);
    expect(parts()).toHaveLength(1);
  }, 60_000);

  it('says of Parquet that it cannot be read, and is silent where nothing was left', async () => {
    const log = { lines: [] as string[] };
    await (await makeSink(createParquetSink, 'parquet', join(folder, 'f.parquet'), {}, {}, log)).end();
    expect(log.lines).toEqual([]);
    for (const number of ['', '-1', '-2', '-3'])
      writeFileSync(join(folder, `.f${number}.parquet.part`), 'left');
    await (await makeSink(createParquetSink, 'parquet', join(folder, 'f.parquet'), {}, {}, log)).end();
    expect(log.lines[0]).toMatch(/and 1 more; they lack the index .* delete them$/);
  });
});
