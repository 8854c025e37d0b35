/** Parquet files as hyparquet reads them: every value equal to what JSON says of the same flows. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createParquetSink } from '../../../src/export/files/parquet-sink.ts';
import { sectionsRead } from '../../../src/ie/element.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { isPrintable } from '../../../src/ie/text-columns.ts';
import { runFlowtap } from '../../cli/flowtap.ts';
import { ipv4, recordBatch, type TestFlow } from '../records.ts';
import { asJson, type Row, writeBoth } from './parquet-support.ts';
import { flowsAt, makeSink, T, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

async function readWithHyparquet(file: string): Promise<Row[]> {
  const octets = readFileSync(file);
  const buffer = octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length);
  const { zstdDecompressSync } = await import('node:zlib');
  return (await parquetReadObjects({
    file: buffer,
    utf8: false,
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  })) as Row[];
}

describe('a Parquet file', () => {
  it.each(['zstd', 'snappy', 'none'] as const)('holds what JSON says: %s', async (compression) => {
    const { file, json } = await writeBoth(folder, { compression, rowGroupRows: 100 });
    const rows = await readWithHyparquet(file);
    expect(rows).toHaveLength(3 * uniflows(100));
    expect(rows.map(asJson)).toEqual(json);
  });

  it('holds both directions of biflows', async () => {
    const { file, json } = await writeBoth(folder, {}, { biflow: true });
    expect((await readWithHyparquet(file)).map(asJson)).toEqual(json);
    expect(json.filter((row) => 'reverseOctetDeltaCount' in row)).toHaveLength(150);
  });

  it('has the most that 32 bits hold of a flow of 72 minutes in microseconds, and every other row', async () => {
    const file = join(folder, 'f.parquet');
    const names = ['octetDeltaCount', 'flowDurationMicroseconds'];
    const sink = await makeSink(
      createParquetSink,
      'parquet',
      file,
      {},
      { template: { ipv4: names, ipv6: names } },
    );
    const flow = (octets: number, lastNs: number): TestFlow => ({
      ...{
        source: ipv4('10.0.0.1'),
        destination: ipv4('10.0.0.2'),
        ipVersion: 4,
        protocol: 17,
        ports: [53, 53],
      },
      forward: { packets: 1, octets, firstNs: 0, lastNs },
    });
    await sink.exportBatch(
      recordBatch([flow(40, 4_320e9), flow(41, 1e9)], { timeBaseSeconds: T, clockNs: 5e12 }),
    );
    await sink.end();
    expect(sink.statistics()).toMatchObject({ dataRecords: 2, recordsFailed: 0 });
    expect((await readWithHyparquet(file)).map(asJson)).toEqual([
      { octetDeltaCount: 40, flowDurationMicroseconds: 4_294_967_295 },
      { octetDeltaCount: 41, flowDurationMicroseconds: 1_000_000 },
    ]);
  });

  it('can hold every element', async () => {
    // Path health, applications and networks have tests of their own: these records carry none.
    const names = INFORMATION_ELEMENTS.filter(
      (element) =>
        isPrintable(element) &&
        !sectionsRead(element.source).health &&
        !sectionsRead(element.source).applications &&
        !sectionsRead(element.source).networks,
    )
      .map((element) => element.name)
      .filter(
        (name) =>
          !/Nanoseconds|Microseconds|Seconds|mpls|layer2Segment|outer|tunnel|pppoe|gre|gtpu/i.test(name),
      );
    const template = { ipv4: names, ipv6: names };
    const { file, json } = await writeBoth(folder, {}, { template });
    const rows = await readWithHyparquet(file);
    const comparable = (row: Row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]));
    expect(rows.map(asJson).map(comparable)).toEqual(json.map(comparable));
  });

  it('holds path health as JSON has it, and its intervals as octets', async () => {
    const file = join(folder, 'health.parquet');
    const demo = join(import.meta.dirname, '../../../pcaps/demo.pcapng');
    const { code, out } = runFlowtap([
      'replay',
      demo,
      '-o',
      'json',
      '--template',
      'health',
      '-e',
      `parquet:${file}`,
    ]);
    expect(code).toBe(0);
    const json = out
      .trimEnd()
      .split('\n')
      .map((line): Row => JSON.parse(line));
    const rows = (await readWithHyparquet(file)).map(asJson);
    expect(rows).toHaveLength(json.length);
    const measured = (row: Row) =>
      Object.entries(row)
        .filter(([name]) => /^(tcp|icmpError|handshake|response|mean|peak)/.test(name))
        .map(([name, value]) => `${name}=${value}`)
        .sort();
    expect(rows.map(measured)).toEqual(json.map(measured));
    expect(json.some((row) => Number(row.tcpDataSegmentDeltaCount) > 0)).toBe(true);
    const octets = (row: Row) => {
      const list = Buffer.from(row.intervalOctets as string, 'hex');
      return Array.from({ length: list.length / 8 }, (_, i) => Number(list.readBigUInt64BE(8 * i)));
    };
    const withIntervals = rows.findIndex((row) => row.intervalOctets !== undefined);
    const expected = json[withIntervals]!.intervalOctets as number[];
    expect(octets(rows[withIntervals]!).slice(0, expected.length)).toEqual(expected);
  });

  it('is begun anew by time, with the flows of its interval', async () => {
    const sink = await makeSink(createParquetSink, 'parquet', join(folder, 'f-%S.parquet'), {
      rotateMs: 1000,
    });
    for (const second of [1, 2, 3]) await sink.exportBatch(flowsAt(second, 100));
    await sink.end();
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['f-02.parquet', 'f-03.parquet', 'f-04.parquet']);
    for (const name of names) expect(await readWithHyparquet(join(folder, name))).toHaveLength(uniflows(100));
  });

  it('of no flows has its columns', async () => {
    const file = join(folder, 'f.parquet');
    const sink = await makeSink(createParquetSink, 'parquet', file);
    await sink.end();
    expect(statSync(file).size).toBeGreaterThan(100);
    expect(await readWithHyparquet(file)).toEqual([]);
  });
});
