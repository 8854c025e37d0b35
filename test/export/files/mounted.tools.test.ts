/** File systems that are mounted for it: one without links, and one that is full. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExporterConfig, RecordSink, SinkFactory } from '../../../src/export/contract/record-sink.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { warnSkipped } from '../../support/skipped.ts';
import { describeWithTools, requireTools } from '../../support/tools.ts';
import { flowsAt, makeSink, temporaryFolder } from './sink-support.ts';

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

const JSON_SINK: [ExporterConfig['protocol'], SinkFactory] = ['json', createTextFileSink];

/** One run with one batch of flows. @returns what it logged */
async function run(
  [protocol, factory]: typeof JSON_SINK,
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

describeWithTools(['mount', 'umount'], 'a sink of files', () => {
  it.skipIf(!requireTools('a file system without links', 'mkfs.vfat'))(
    'on a file system without links is nobody else’s either',
    async () => {
      const mounted = join(folder, 'fat');
      mkdirSync(mounted);
      const image = join(folder, 'image');
      try {
        execFileSync('truncate', ['-s', '4M', image]);
        execFileSync('mkfs.vfat', [image], { stdio: 'ignore' });
        execFileSync('mount', ['-o', 'loop', image, mounted], { stdio: 'ignore' });
      } catch {
        warnSkipped('a file system without links', 'mkfs.vfat and permission to mount');
        return;
      }
      try {
        const path = join(mounted, 'f.json');
        await run(JSON_SINK, path);
        const first = readFileSync(path);
        await run(JSON_SINK, path, {}, 2);
        expect(readdirSync(mounted).sort()).toEqual(['f-1.json', 'f.json']);
        expect(readFileSync(path)).toEqual(first);
      } finally {
        execFileSync('umount', [mounted]);
      }
    },
  );

  it('of a full disk leave what was written as a complete file', async () => {
    const mounted = join(folder, 'small');
    mkdirSync(mounted);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'flowtap-test', mounted], { stdio: 'ignore' });
    } catch {
      warnSkipped('a full disk', 'permission to mount');
      return;
    }
    try {
      const log = { lines: [] as string[] };
      const sink = await makeSink(createTextFileSink, 'json', join(mounted, 'f.json'), {}, {}, log);
      for (let i = 0; i < 20; i++) await fill(sink, [i], 500);
      await sink.end();
      const { dataRecords, recordsFailed, recordsOffered, recordsPending, errors } = sink.statistics();
      expect(recordsPending).toBe(0);
      expect(dataRecords + recordsFailed).toBe(recordsOffered);
      expect(recordsFailed).toBeGreaterThan(0);
      expect(errors).toHaveProperty('enospc');
      expect(log.lines[0]).toMatch(/make room, or set keepOctets/);
      const lines = linesOf(join(mounted, 'f.json'));
      expect(lines).toHaveLength(dataRecords);
      for (const line of lines) JSON.parse(line);
      expect(readdirSync(mounted)).toEqual(['f.json']);
    } finally {
      execFileSync('umount', [mounted]);
    }
  });
});
