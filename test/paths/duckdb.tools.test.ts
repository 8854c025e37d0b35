/** Parquet files of path records as DuckDB reads them: every value equal to what is printed of the same capture. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBeijingLyon } from '../diagnose/beijing-lyon.ts';
import { duckdbPython, queryDuckdb } from '../support/duckdb.ts';
import { runFlowtap } from '../support/run-flowtap.ts';

const python = duckdbPython();

describe.skipIf(python === undefined)('path records in DuckDB', () => {
  let folder: string;
  let file: string;
  let printed: Record<string, unknown>[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-paths-duckdb-'));
    file = join(folder, 'paths.parquet');
    const capture = join(folder, 'beijing-lyon.pcap');
    const config = join(folder, 'flowtap.yaml');
    writeBeijingLyon(capture);
    writeFileSync(config, 'paths: [{ name: beijing-lyon, from: [202.122.32.0/24], to: [134.158.0.0/16] }]');
    const command = ['replay', capture, '-c', config, '--paths', '-o', 'json', '-q'];
    const { exitCode, stdout, stderr } = await runFlowtap([
      ...command,
      '-e',
      `parquet:${file}?records=paths`,
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    printed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('have every value, and null for what is unknown', () => {
    const rows = queryDuckdb(python!, `SELECT * REPLACE (epoch_ms(startTime) AS startTime) FROM '${file}'`);
    expect(rows.length).toBe(printed.length);
    expect(rows.length).toBeGreaterThan(1);
    for (const [i, { startTime, ...row }] of rows.entries()) {
      const { startTime: printedTime, ...values } = printed[i]!;
      expect(new Date(startTime as number).toISOString()).toBe(printedTime);
      expect(Object.keys(row)).toEqual(Object.keys(values));
      for (const [name, value] of Object.entries(values)) {
        if (typeof value !== 'number') expect([name, row[name]]).toEqual([name, value]);
        else expect([name, Math.abs(Number(row[name]) - value) < 0.001]).toEqual([name, true]);
      }
    }
  });

  it('are added up by path and direction', () => {
    const sql = `SELECT path, direction, sum(segments)::BIGINT AS segments, sum(lostSegments)::BIGINT AS lost FROM '${file}'
      WHERE startTime >= TIMESTAMP '2000-01-01' GROUP BY ALL ORDER BY direction`;
    const sumOf = (direction: string, name: string) =>
      printed.reduce((sum, row) => sum + (row.direction === direction ? Number(row[name]) : 0), 0);
    expect(queryDuckdb(python!, sql)).toEqual(
      ['forward', 'reverse'].map((direction) => ({
        path: 'beijing-lyon',
        direction,
        segments: sumOf(direction, 'segments'),
        lost: sumOf(direction, 'lostSegments'),
      })),
    );
  });
});
