/**
 * Records of named paths in files of JSON lines, CSV or Parquet: one for each path, direction and minute in which something
 * came by. They come from the probe's meter of paths, so batches of flow records are let go by. A file is that of the
 * minutes that its name says.
 */

import { ConfigError } from '../../base/errors.ts';
import type { PathColumn, PathRecord, PathRecordSource } from '../../records/path-record.ts';
import { pathHeader, pathLine } from '../../records/path-record.ts';
import { NO_SECTIONS } from '../../records/record-sections.ts';
import type { ExporterConfig, RecordSink, SinkContext, SinkFactory } from '../contract/record-sink.ts';
import { createRotatingFile } from './file-options.ts';
import { type ColumnType, TEXT, time, UNSIGNED64 } from './parquet-columns.ts';
import { type ParquetOptions, ParquetRows } from './parquet-rows.ts';
import type { RotatingFile } from './rotating-file.ts';
import { fileStatistics } from './text-file-sink.ts';

/** Records of minutes so long ago come no more: a file of them can be completed though nothing comes by. */
const LATEST_MS = 15 * 60e3;

/** Puts records into a file. */
interface PathWriter {
  write(record: PathRecord): void;
  /** Completes a file where a new one is due at this time. */
  rotateIfDue(nowMs: number): void;
  end(nowMs: number): Promise<void>;
}

const PARQUET_TYPES: Readonly<Record<PathColumn['type'], ColumnType>> = {
  text: TEXT,
  time: time('MILLIS'),
  count: UNSIGNED64,
  number: { type: 'DOUBLE' },
};

function textWriter(form: 'json' | 'csv', columns: readonly PathColumn[], file: RotatingFile): PathWriter {
  const rotateIfDue = (nowMs: number) => {
    if (file.isDue(nowMs)) void file.finish();
    // The file that begins now belongs to this moment.
    file.isDue(nowMs);
  };
  return {
    rotateIfDue,
    write: (record) => void file.append(Buffer.from(pathLine(form, columns, record)), 1),
    end: async (nowMs) => {
      if (file.isBegun || file.statistics.files > 0) await file.finish();
      else await file.finishEmpty(nowMs);
    },
  };
}

function parquetWriter(
  columns: readonly PathColumn[],
  file: RotatingFile,
  options: ParquetOptions,
): PathWriter {
  const names = columns.map(({ name }) => name);
  const schema = columns.map(({ name, type }) => {
    return { name, repetition_type: 'OPTIONAL' as const, ...PARQUET_TYPES[type] };
  });
  const rows = new ParquetRows(
    file,
    names,
    [{ name: 'path', num_children: names.length }, ...schema],
    options,
  );
  const cellOf = ({ type, read }: PathColumn, record: PathRecord) => {
    const value = read(record);
    if (typeof value === 'string') return value;
    if (Number.isNaN(value)) return null;
    return type === 'number' ? value : BigInt(Math.round(value));
  };
  return {
    rotateIfDue: (nowMs) => rows.rotateIfDue(nowMs),
    write: (record) => {
      rows.begin();
      for (const [c, column] of columns.entries()) rows.data[c]!.push(cellOf(column, record));
      rows.add();
    },
    end: (nowMs) => rows.end(nowMs),
  };
}

function sourceOf({ pathRecords }: SinkContext, url: string, origin: string): PathRecordSource {
  if (pathRecords !== undefined) return pathRecords;
  const found = 'records=paths, and no path is in effect';
  throw new ConfigError(origin, [
    { path: url, found, allowed: 'with paths; a daemon takes them at its start' },
  ]);
}

function writerOf(exporter: ExporterConfig, columns: readonly PathColumn[], file: RotatingFile): PathWriter {
  if (exporter.protocol === 'parquet')
    return parquetWriter(columns, file, exporter.options as ParquetOptions);
  return textWriter(exporter.protocol === 'csv' ? 'csv' : 'json', columns, file);
}

/** @throws ConfigError where there are no paths or for faults of the name, ExportError for a folder that is not there */
export const createPathFileSink: SinkFactory = async (config, exporter, context) => {
  const { url, protocol } = exporter;
  const source = sourceOf(context, url, config.origin ?? 'configuration');
  const { columns } = source;
  const header = protocol === 'csv' ? Buffer.from(pathHeader('csv', columns)) : undefined;
  const isParquet = protocol === 'parquet';
  const file = createRotatingFile(exporter, context, { header: () => header, isWorthlessWhenCut: isParquet });
  const writer = writerOf(exporter, columns, file);
  let records = 0;
  let latestMs = Number.NaN;
  const unsubscribe = source.subscribe((record) => {
    records++;
    latestMs = record.startMs;
    writer.rotateIfDue(record.startMs);
    writer.write(record);
  });
  const sink: RecordSink = {
    url,
    needs: { ...NO_SECTIONS, health: true },
    exportBatch: () => undefined,
    setInterfaces: () => {},
    flush: () => {
      if (context.whenFull === 'drop') writer.rotateIfDue(Date.now() - LATEST_MS);
      file.flush();
    },
    end: () => {
      unsubscribe();
      return writer.end(Number.isNaN(latestMs) ? Date.now() : latestMs);
    },
    close: () => {
      unsubscribe();
      return file.drain();
    },
    statistics: () => fileStatistics(url, file, records),
  };
  return sink;
};
