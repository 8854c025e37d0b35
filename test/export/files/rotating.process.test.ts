/** Rotation: by time and by size, names, complete files only, compression, retention, faults of the disk. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordSink } from '../../../src/export/contract/record-sink.ts';
import { fileName, filesNamedBy, unknownConversion, withTime } from '../../../src/export/files/file-name.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { waitFor } from '../../support/wait.ts';
import { flowsAt, makeSink, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');

async function fill(sink: RecordSink, seconds: readonly number[], count = 10): Promise<void> {
  for (const second of seconds) await sink.exportBatch(flowsAt(second, count));
}

function expectConserved(sink: RecordSink): void {
  const s = sink.statistics();
  expect(s.dataRecords + s.recordsFailed + s.recordsPending).toBe(s.recordsOffered);
}

describe('names', () => {
  it('have times in UTC', () => {
    const pattern = '/x/%Y/%m/%d/flows-%H%M%S-%s-%%.json';
    expect(fileName(pattern, Date.UTC(2026, 0, 2, 3, 4, 5))).toBe(
      '/x/2026/01/02/flows-030405-1767323045-%.json',
    );
    expect(unknownConversion(pattern)).toBeUndefined();
    expect(unknownConversion('a%Q')).toBe('%Q');
    expect(unknownConversion('a%')).toBe('%');
  });

  it('get one where rotation needs it', () => {
    expect(withTime('/var/flows.d/all.json.gz')).toBe('/var/flows.d/all-%Y%m%dT%H%M%SZ.json.gz');
    expect(withTime('plain')).toBe('plain-%Y%m%dT%H%M%SZ');
    expect(withTime('x%d')).toBe('x%d');
  });

  it('are found again, the oldest first, and no others', () => {
    mkdirSync(join(folder, '2026'));
    mkdirSync(join(folder, 'other'));
    for (const name of [
      '2026/f-01.json',
      '2026/f-02.json',
      '2026/f-02-1.json',
      '2026/f-02.json.bak',
      'other/f-03.json',
      '2026/.f-04.json.part',
    ]) {
      writeFileSync(join(folder, name), 'x');
    }
    const names = filesNamedBy(join(folder, '%Y/f-%d.json')).map(({ name }) => name.slice(folder.length + 1));
    expect(names.sort()).toEqual(['2026/f-01.json', '2026/f-02-1.json', '2026/f-02.json']);
    expect(filesNamedBy(join(folder, 'missing/%d'))).toEqual([]);
  });
});

describe('rotation', () => {
  it('begins a file for each interval that has flows', async () => {
    const path = join(folder, '%H%M/f-%S.json');
    const sink = await makeSink(createTextFileSink, 'json', path, { rotateMs: 10_000 });
    await fill(sink, [1, 2, 9, 12, 61]);
    await sink.end();
    expect(readdirSync(folder)).toEqual(['2200', '2201']);
    expect(linesOf(join(folder, '2200/f-00.json'))).toHaveLength(2 * uniflows(10));
    // Flows are exported a second later than their last packet: that is when they are written.
    expect(linesOf(join(folder, '2200/f-10.json'))).toHaveLength(2 * uniflows(10));
    expect(linesOf(join(folder, '2201/f-00.json'))).toHaveLength(uniflows(10));
    expect(sink.statistics()).toMatchObject({ dataRecords: 5 * uniflows(10), recordsPending: 0 });
  });

  it('begins a file where the last one is large enough, with a number where the time is the same', async () => {
    const path = join(folder, 'f-%Y.json');
    const sink = await makeSink(createTextFileSink, 'json', path, { rotateOctets: 50_000 });
    await fill(sink, [1, 1, 1, 1], 40);
    await sink.end();
    expect(readdirSync(folder).sort()).toEqual(['f-2023-1.json', 'f-2023.json']);
    const lines = readdirSync(folder).flatMap((name) => linesOf(join(folder, name)));
    expect(lines).toHaveLength(4 * uniflows(40));
    for (const line of lines) JSON.parse(line);
  });

  it('shows complete files only, at their names', async () => {
    const path = join(folder, 'f.csv');
    writeFileSync(path, 'what was there before\n');
    const sink = await makeSink(createTextFileSink, 'csv', path);
    await fill(sink, [1, 2], 2000);
    sink.flush();
    await waitFor('it is being written', () => readdirSync(folder).includes('.f.csv.part'));
    expect(readdirSync(folder).sort()).toEqual(['.f.csv.part', 'f.csv']);
    expect(readFileSync(path, 'utf8')).toBe('what was there before\n');
    await sink.end();
    expect(readdirSync(folder).sort()).toEqual(['f-1.csv', 'f.csv']);
    expect(readFileSync(path, 'utf8')).toBe('what was there before\n');
    const lines = linesOf(join(folder, 'f-1.csv'));
    expect(lines[0]).toContain('octetDeltaCount');
    expect(lines).toHaveLength(1 + 2 * uniflows(2000));
  });

  it('leaves a file of a killed run alone', async () => {
    writeFileSync(join(folder, '.f.json.part'), 'left');
    const sink = await makeSink(createTextFileSink, 'json', join(folder, 'f.json'));
    await fill(sink, [1]);
    await sink.end();
    expect(readdirSync(folder).sort()).toEqual(['.f.json.part', 'f.json']);
    expect(linesOf(join(folder, 'f.json'))).toHaveLength(uniflows(10));
  });

  it.each([
    ['gz', 'gzip'],
    ['zst', 'zstd'],
  ])('compresses: .%s', async (ending, program) => {
    const file = join(folder, `f.json.${ending}`);
    const sink = await makeSink(createTextFileSink, 'json', file);
    // Several pieces, so several members or frames.
    await fill(sink, [1, 2, 3, 4], 2000);
    await sink.end();
    const text = execFileSync(program, ['-dc', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(4 * uniflows(2000));
    for (const line of lines) JSON.parse(line);
    expect(readFileSync(file).length).toBeLessThan(text.length / 5);
  });

  it('adds the ending of a compression that is asked for', async () => {
    const sink = await makeSink(createTextFileSink, 'csv', join(folder, 'f.csv'), { compression: 'gzip' });
    await sink.end();
    expect(readdirSync(folder)).toEqual(['f.csv.gz']);
    expect(gunzipSync(readFileSync(join(folder, 'f.csv.gz'))).toString()).toContain('sourceIPv6Address');
  });

  it('keeps the newest files', async () => {
    writeFileSync(join(folder, 'not-ours.json'), 'x');
    const options = { rotateMs: 1000, keepFiles: 3 };
    const sink = await makeSink(createTextFileSink, 'json', join(folder, 'f-%s.json'), options);
    for (let second = 0; second < 8; second++) {
      await fill(sink, [second]);
      // Files of one tick of the kernel's cannot be told apart by age.
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await sink.end();
    expect(readdirSync(folder).sort()).toEqual([
      'f-1699999206.json',
      'f-1699999207.json',
      'f-1699999208.json',
      'not-ours.json',
    ]);
  });

  it('keeps files up to a sum of octets', async () => {
    const options = { rotateMs: 1000, keepOctets: 30_000 };
    const sink = await makeSink(createTextFileSink, 'json', join(folder, 'f-%s.json'), options);
    for (let second = 0; second < 8; second++) {
      await fill(sink, [second]);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await sink.end();
    const octets = readdirSync(folder).reduce(
      (sum, name) => sum + readFileSync(join(folder, name)).length,
      0,
    );
    expect(octets).toBeLessThanOrEqual(30_000);
    expect(octets).toBeGreaterThan(15_000);
  });

  it('writes to a device without taking its place', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const reader = readLater(join(folder, 'pipe'));
    const sink = await makeSink(createTextFileSink, 'json', join(folder, 'pipe'));
    await fill(sink, [1]);
    await sink.end();
    expect((await reader).trimEnd().split('\n')).toHaveLength(uniflows(10));
    expect(readdirSync(folder)).toEqual(['pipe']);
  });
});

/** What a reader gets from a pipe. */
function readLater(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('cat', [file], (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}

describe('faults of the disk', () => {
  it('are counted, told once, and over when there is room again', async () => {
    const log = { lines: [] as string[] };
    const inner = join(folder, '2023');
    writeFileSync(inner, 'a file where a folder is needed');
    const path = join(inner, 'f.json');
    const pattern = join(folder, '%Y', 'f.json');
    const sink = await makeSink(createTextFileSink, 'json', pattern, {}, {}, log);
    await fill(sink, [1]);
    sink.flush();
    await waitFor('it has failed', () => sink.statistics().recordsFailed > 0);
    expect(sink.statistics()).toMatchObject({ recordsFailed: uniflows(10), dataRecords: 0 });
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatch(
      /^error json:.* cannot write .*; records are counted as failed until it works/,
    );
    unlinkSync(inner);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await fill(sink, [2]);
    await sink.end();
    expect(linesOf(path)).toHaveLength(uniflows(10));
    expect(sink.statistics()).toMatchObject({ recordsFailed: uniflows(10), dataRecords: uniflows(10) });
    expect(log.lines.at(-1)).toMatch(/^info .* written again/);
    expectConserved(sink);
  });
});

it('refuses conversions that it does not know', async () => {
  await expect(makeSink(createTextFileSink, 'json', join(folder, '%Q'))).rejects.toThrow(
    /found %Q; allowed: %Y/,
  );
});
