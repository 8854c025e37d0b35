/** Flows written as Parquet and as JSON, and how rows of the one are those of the other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ExporterConfig, ExportingConfig } from '../../../src/export/contract/record-sink.ts';
import { createParquetSink } from '../../../src/export/files/parquet-sink.ts';
import { createTextFileSink } from '../../../src/export/files/text-file-sink.ts';
import { flowsAt, makeSink } from './sink-support.ts';

export type Row = Record<string, unknown>;

/** The same flows as Parquet and as JSON lines. */
export async function writeBoth(
  folder: string,
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
export function asJson(row: Row): Row {
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
