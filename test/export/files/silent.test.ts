/** Files of a replay of a pipe that has fallen silent: what has been written is complete in time all the same. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExporterProtocol } from '../../../src/export/contract/protocols.ts';
import type { RecordSink, SinkFactory } from '../../../src/export/contract/record-sink.ts';
import { createIpfixFileSink } from '../../../src/export/files/ipfix-file-sink.ts';
import { createParquetSink } from '../../../src/export/files/parquet-sink.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { waitFor } from '../../support/wait.ts';
import { flowsAt, makeSink, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
let flushing: NodeJS.Timeout | undefined;
let sink: RecordSink | undefined;
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(async () => {
  vi.restoreAllMocks();
  clearInterval(flushing);
  await sink?.end();
  sink = undefined;
  remove();
});

/** Flushes as the exporting process does, but more often. */
function keepFlushing(of: RecordSink): void {
  flushing = setInterval(() => of.flush(), 20);
}

const complete = () => readdirSync(folder).filter((name) => !name.endsWith('.part') && !name.startsWith('.'));

const SINKS: [ExporterProtocol, SinkFactory][] = [
  ['json', createTextFileSink],
  ['csv', createTextFileSink],
  ['ipfix-file', createIpfixFileSink],
  ['parquet', createParquetSink],
];

describe.each(SINKS)('rotation of %s', (protocol, create) => {
  const make = (isFollowed: boolean) =>
    makeSink(create, protocol, join(folder, 'f-%H%M%S'), { rotateMs: 1000 }, {}, { lines: [] }, isFollowed);

  it('goes on while a pipe is silent', async () => {
    sink = await make(true);
    keepFlushing(sink);
    await sink.exportBatch(flowsAt(5, 10));
    await waitFor('the file is complete', () => complete().length === 1);
    expect(complete()).toEqual(['f-220006']);
    expect(statSync(join(folder, 'f-220006')).size).toBeGreaterThan(0);
    expect(sink.statistics()).toMatchObject({ dataRecords: sink.statistics().recordsOffered });
  });

  it('goes by the time of flows alone where a file is read', async () => {
    sink = await make(false);
    keepFlushing(sink);
    await sink.exportBatch(flowsAt(5, 10));
    await delay(1500);
    expect(complete()).toEqual([]);
    await sink.end();
    expect(complete()).toEqual(['f-220006']);
  });
});

describe('a file that is being filled', () => {
  const linesOf = (octets: Buffer) => octets.toString().split('\n').length - 1;
  const onDisk = () => {
    const [name] = readdirSync(folder);
    return name === undefined ? Buffer.alloc(0) : readFileSync(join(folder, name));
  };

  it('is written every second', async () => {
    sink = await makeSink(createTextFileSink, 'json', join(folder, 'f'));
    await sink.exportBatch(flowsAt(5, 10));
    sink.flush();
    await waitFor('it is on disk', () => linesOf(onDisk()) === uniflows(10));
  });

  it('is compressed and written every ten seconds, however little there is', async () => {
    sink = await makeSink(createTextFileSink, 'json', join(folder, 'f.gz'), { compression: 'gzip' });
    // Whole, so that ten seconds later are ten seconds later: sums of fractions are rounded.
    const startMs = Math.ceil(performance.now());
    const now = vi.spyOn(performance, 'now').mockImplementation(() => startMs);
    await sink.exportBatch(flowsAt(5, 10));
    now.mockImplementation(() => startMs + 9999);
    await sink.exportBatch(flowsAt(6, 10));
    sink.flush();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(onDisk()).toHaveLength(0);
    // The clock goes on from there: when the sink looks at it depends on how busy the disk is.
    now.mockRestore();
    const realNow = performance.now.bind(performance);
    const later = vi.spyOn(performance, 'now').mockImplementation(() => realNow() + 10_000);
    try {
      sink.flush();
      await waitFor(
        'it is on disk',
        () => onDisk().length > 0 && linesOf(gunzipSync(onDisk())) === 2 * uniflows(10),
      );
    } finally {
      later.mockRestore();
    }
  });
});
