/** A file that was there before stays: a second run, or a second process, gets a number; folders that nobody asked for are not made. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExportError } from '../../../src/base/errors.ts';
import type { ExporterConfig, SinkFactory } from '../../../src/export/contract/record-sink.ts';
import { baseFolder } from '../../../src/export/files/file-name.ts';
import { createIpfixFileSink } from '../../../src/export/files/ipfix-file-sink.ts';
import { createParquetSink } from '../../../src/export/files/parquet-sink.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { flowsAt, makeSink, temporaryFolder } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const SINKS: readonly [ExporterConfig['protocol'], SinkFactory][] = [
  ['json', createTextFileSink],
  ['csv', createTextFileSink],
  ['ipfix-file', createIpfixFileSink],
  ['parquet', createParquetSink],
];

/** One run with one batch of flows. @returns what it logged */
async function run(
  [protocol, factory]: (typeof SINKS)[number],
  path: string,
  options: ExporterConfig['options'] = {},
  second = 1,
): Promise<string[]> {
  const log = { lines: [] as string[] };
  const sink = await makeSink(factory, protocol, path, options, {}, log);
  await sink.exportBatch(flowsAt(second, 10));
  await sink.end();
  await sink.close();
  expect(sink.statistics()).toMatchObject({ recordsFailed: 0, recordsPending: 0 });
  return log.lines;
}

describe.each(SINKS)('%s of a fixed name', (...sinkOf) => {
  it('stays when a second run writes to the same name, which gets a number and is told', async () => {
    const path = join(folder, 'flows.d.out');
    expect(await run(sinkOf, path)).toEqual([]);
    const first = readFileSync(path);
    const told = await run(sinkOf, path, {}, 2);
    const second = join(folder, 'flows-1.d.out');
    expect(told).toEqual([
      `warning ${sinkOf[0]}:${path}: ${path} was there before and stays; the flows are in ${second}`,
    ]);
    await run(sinkOf, path, {}, 3);
    expect(readdirSync(folder).sort()).toEqual(['flows-1.d.out', 'flows-2.d.out', 'flows.d.out']);
    expect(readFileSync(path)).toEqual(first);
    expect(readFileSync(second)).not.toEqual(first);
  });

  it('has no folder made for it', async () => {
    const missing = join(folder, 'no', 'such');
    const asked = run(sinkOf, join(missing, 'f.out'));
    await expect(asked).rejects.toThrow(ExportError);
    await expect(asked).rejects.toThrow(`there is no folder ${missing}`);
    await expect(asked).rejects.toMatchObject({ remedy: expect.stringContaining(`mkdir -p ${missing}`) });
    await expect(run(sinkOf, join(missing, '%Y', 'f.out'))).rejects.toThrow(`there is no folder ${missing}`);
    const file = join(folder, 'file');
    writeFileSync(file, 'x');
    await expect(run(sinkOf, join(file, 'f.out'))).rejects.toThrow(`there is no folder ${file}`);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('a name', () => {
  const json = SINKS[0]!;

  it('is free again for those who want the newest files alone', async () => {
    const path = join(folder, 'f.json');
    for (let second = 1; second <= 4; second++) await run(json, path, { keepFiles: 2 }, second);
    expect(readdirSync(folder).sort()).toEqual(['f-2.json', 'f.json']);
    const ofSecond = (name: string) =>
      readFileSync(join(folder, name), 'utf8').match(/22:00:0\d|169999920\d/)?.[0];
    expect(ofSecond('f.json')).toMatch(/4$/);
  });

  it('with a compression’s ending has its number before both', async () => {
    const path = join(folder, 'f.json.gz');
    await run(json, path);
    await run(json, path);
    expect(readdirSync(folder).sort()).toEqual(['f-1.json.gz', 'f.json.gz']);
    expect(gunzipSync(readFileSync(join(folder, 'f-1.json.gz'))).length).toBeGreaterThan(100);
  });

  it('with a time has the folders made that have one', async () => {
    await run(json, join(folder, '%Y', 'in', '%m.json'));
    expect(readdirSync(join(folder, '2023', 'in'))).toEqual(['11.json']);
  });

  it.each([
    ['/a/b/c.json', '/a/b'],
    ['/c.json', '/'],
    ['c.json', ''],
    ['../a/c.json', '../a'],
    ['/a/%Y/b/c.json', '/a'],
    ['/a%Y/b/c.json', '/'],
    ['%Y/c.json', ''],
    ['/a/c-%s.json', '/a'],
  ])('%s needs %j', (pattern, base) => expect(baseFolder(pattern)).toBe(base));
});
