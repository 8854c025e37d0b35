/** Parquet files as DuckDB reads them: every value equal to what JSON says of the same flows. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { duckdbPython, queryDuckdb } from '../../support/duckdb.ts';
import { asJson, type Row, writeBoth } from './parquet-support.ts';
import { flowsAt, makeSink, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const python = duckdbPython();

describe.skipIf(python === undefined)('DuckDB', () => {
  const query = (sql: string): Row[] => queryDuckdb(python!, sql);

  it.each(['zstd', 'snappy'] as const)('reads every value: %s', async (compression) => {
    const { file, json } = await writeBoth(folder, { compression, rowGroupRows: 100 });
    const times = ['flowStartMilliseconds', 'flowEndMilliseconds'];
    const columns = times.map((name) => `epoch_ms(${name}) AS ${name}`).join(', ');
    const rows = query(`SELECT * REPLACE (${columns}) FROM '${file}'`);
    expect(rows.map(asJson)).toEqual(json);
  });

  it('has the types, and finds by them', async () => {
    const { file, json } = await writeBoth(folder, { rowGroupRows: 50 });
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
