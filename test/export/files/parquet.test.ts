/** Parquet files as DuckDB and hyparquet read them: every value equal to what JSON says of the same flows. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExporterConfig, ExportingConfig } from '../../../src/export/contract/record-sink.ts';
import { createParquetSink } from '../../../src/export/files/parquet-sink.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { readsHealth } from '../../../src/ie/element.ts';
import { INFORMATION_ELEMENTS } from '../../../src/ie/elements.ts';
import { isPrintable } from '../../../src/ie/text-columns.ts';
import { runFlowtap } from '../../cli/flowtap.ts';
import { duckdbPython } from '../../support/duckdb.ts';
import { flowsAt, makeSink, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

type Row = Record<string, unknown>;

/** The same flows as Parquet and as JSON lines. */
async function writeBoth(
  options: ExporterConfig['options'] = {},
  config: Partial<ExportingConfig> = {},
): Promise<{ file: string; json: Row[] }> {
  const file = join(folder, 'f.parquet');
  const jsonFile = join(folder, 'f.json');
  const sinks = [
    await makeSink(createParquetSink, 'parquet', file, options, config),
    await makeSink(createTextFileSink, 'json', jsonFile, {}, config),
  ];
  for (const sink of sinks) {
    for (const second of [1, 2, 3]) await sink.exportBatch(flowsAt(second, 100));
    await sink.end();
    expect(sink.statistics()).toMatchObject({ recordsPending: 0, recordsFailed: 0 });
  }
  const lines = readFileSync(jsonFile, 'utf8').trimEnd().split('\n');
  return { file, json: lines.map((line) => JSON.parse(line) as Row) };
}

/** A row as JSON has it: no nulls, times in ms, numbers where they are safe. */
function asJson(row: Row): Row {
  const plain = (value: unknown) => {
    if (value instanceof Date) return value.getTime();
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return typeof value === 'bigint' ? Number(value) : value;
  };
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, plain(value)]),
  );
}

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
    const { file, json } = await writeBoth({ compression, rowGroupRows: 100 });
    const rows = await readWithHyparquet(file);
    expect(rows).toHaveLength(3 * uniflows(100));
    expect(rows.map(asJson)).toEqual(json);
  });

  it('holds both directions of biflows', async () => {
    const { file, json } = await writeBoth({}, { biflow: true });
    expect((await readWithHyparquet(file)).map(asJson)).toEqual(json);
    expect(json.filter((row) => 'reverseOctetDeltaCount' in row)).toHaveLength(150);
  });

  it('can hold every element', async () => {
    // Path health has a test of its own: these records carry none.
    const names = INFORMATION_ELEMENTS.filter(
      (element) => isPrintable(element) && !readsHealth(element.source),
    )
      .map((element) => element.name)
      .filter(
        (name) =>
          !/Nanoseconds|Microseconds|Seconds|mpls|layer2Segment|outer|tunnel|pppoe|gre|gtpu/i.test(name),
      );
    const template = { ipv4: names, ipv6: names };
    const { file, json } = await writeBoth({}, { template });
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

const python = duckdbPython();

describe.skipIf(python === undefined)('DuckDB', () => {
  const query = (sql: string): Row[] => {
    const script =
      'import duckdb, json, sys\n' +
      'c = duckdb.connect()\nc.execute("SET TimeZone=\'UTC\'")\n' +
      'r = c.execute(sys.argv[1])\nnames = [d[0] for d in r.description]\n' +
      'print(json.dumps([dict(zip(names, row)) for row in r.fetchall()], default=str))\n';
    const text = execFileSync(python!, ['-c', script, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
    return JSON.parse(text) as Row[];
  };

  it.each(['zstd', 'snappy'] as const)('reads every value: %s', async (compression) => {
    const { file, json } = await writeBoth({ compression, rowGroupRows: 100 });
    const times = ['flowStartMilliseconds', 'flowEndMilliseconds'];
    const columns = times.map((name) => `epoch_ms(${name}) AS ${name}`).join(', ');
    const rows = query(`SELECT * REPLACE (${columns}) FROM '${file}'`);
    expect(rows.map(asJson)).toEqual(json);
  });

  it('has the types, and finds by them', async () => {
    const { file, json } = await writeBoth({ rowGroupRows: 50 });
    const types = new Map(
      query(`DESCRIBE SELECT * FROM '${file}'`).map((row) => [row.column_name, row.column_type]),
    );
    expect(types.get('octetDeltaCount')).toBe('UBIGINT');
    expect(types.get('sourceTransportPort')).toBe('USMALLINT');
    expect(types.get('protocolIdentifier')).toBe('UTINYINT');
    expect(types.get('ingressInterface')).toBe('UINTEGER');
    expect(types.get('sourceIPv4Address')).toBe('VARCHAR');
    expect(types.get('flowStartMilliseconds')).toMatch(/^TIMESTAMP/);
    // Row groups are left out by their statistics: a wrong least or greatest value would lose rows here.
    const octets = json.map((row) => Number(row.octetDeltaCount));
    const large = octets.filter((count) => count > 50_000);
    const where = [
      ['octetDeltaCount > 50000', large.length],
      ["sourceIPv4Address = '10.0.0.40'", json.filter((row) => row.sourceIPv4Address === '10.0.0.40').length],
      ["flowStartMilliseconds >= TIMESTAMP '2023-11-14 22:00:03'", uniflows(100)],
      [
        'sourceTransportPort BETWEEN 1100 AND 1110',
        json.filter(({ sourceTransportPort: port }) => Number(port) >= 1100 && Number(port) <= 1110).length,
      ],
    ] as const;
    for (const [condition, count] of where) {
      expect(query(`SELECT count(*)::INT AS n FROM '${file}' WHERE ${condition}`)).toEqual([{ n: count }]);
    }
    const [sum] = query(`SELECT sum(octetDeltaCount)::BIGINT AS octets FROM '${file}'`);
    expect(sum).toEqual({ octets: octets.reduce((total, count) => total + count, 0) });
  });

  it('reads compressed JSON lines of several pieces', async () => {
    for (const ending of ['gz', 'zst']) {
      const file = join(folder, `f.json.${ending}`);
      const sink = await makeSink(createTextFileSink, 'json', file);
      for (const second of [1, 2, 3]) await sink.exportBatch(flowsAt(second, 2000));
      await sink.end();
      const sql = `SELECT count(*)::INT AS n FROM read_json('${file}', format='newline_delimited')`;
      expect([ending, query(sql)]).toEqual([ending, [{ n: 3 * uniflows(2000) }]]);
    }
  });
});
