/** Options that all files have, as the configuration gives them, brought into the shape of rotating-file.ts. */
import { statSync } from 'node:fs';
import { ConfigError, ExportError } from '../../base/errors.ts';
import type { ExporterConfig, SinkContext } from '../contract/record-sink.ts';
import { baseFolder, CONVERSIONS_ALLOWED, hasTime, unknownConversion, withTime } from './file-name.ts';
import { tellLeftovers } from './leftovers.ts';
import { type FileCompression, RotatingFile, type RotatingFileOptions } from './rotating-file.ts';

/** As in config/options/file-outputs.ts; what is missing has the default that stands there. */
interface FileSinkOptions {
  readonly rotateMs?: number;
  readonly rotateOctets?: number;
  readonly keepFiles?: number;
  readonly keepOctets?: number;
  readonly compression?: FileCompression | 'snappy';
}

const ENDINGS = { gzip: '.gz', zstd: '.zst' } as const;

/** What compression the name tells. */
function compressionOf(name: string): FileCompression {
  if (name.endsWith('.gz')) return 'gzip';
  return name.endsWith('.zst') ? 'zstd' : 'none';
}

/** Folders are made for the times in a name alone: a name that is spelled wrong makes none. */
function requireFolder(url: string, folder: string): void {
  const shown = folder === '' ? '.' : folder;
  if (statSync(shown, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new ExportError(url, `there is no folder ${shown}`, {
    remedy: `make it (mkdir -p ${shown}), or give another one; only folders with a time in their name are made`,
  });
}

/**
 * @param part what depends on the kind of file
 * @throws ConfigError for a name that strftime would not take either, ExportError for a folder that is not there
 */
export function createRotatingFile(
  exporter: ExporterConfig,
  context: SinkContext,
  part: Pick<RotatingFileOptions, 'header' | 'isWorthlessWhenCut'>,
): RotatingFile {
  const options = exporter.options as FileSinkOptions;
  const { rotateMs = 0, rotateOctets = 0, keepFiles = 0, keepOctets = 0 } = options;
  let pattern = exporter.path ?? '';
  const unknown = unknownConversion(pattern);
  if (unknown !== undefined) {
    throw new ConfigError('configuration', [
      { path: exporter.url, found: unknown, allowed: `${CONVERSIONS_ALLOWED}, times in UTC` },
    ]);
  }
  // Parquet compresses its own pages.
  const isParquet = exporter.protocol === 'parquet';
  const asked = isParquet || options.compression === 'snappy' ? 'none' : options.compression;
  const compression = asked ?? compressionOf(pattern);
  if (compression !== 'none' && !pattern.endsWith(ENDINGS[compression])) pattern += ENDINGS[compression];
  const isRotated = rotateMs > 0 || rotateOctets > 0;
  const named = isRotated ? withTime(pattern) : pattern;
  requireFolder(exporter.url, baseFolder(named));
  tellLeftovers(exporter.url, named, !part.isWorthlessWhenCut, context.log);
  return new RotatingFile({
    pattern: named,
    compression,
    rotateMs,
    rotateOctets,
    keepFiles,
    keepOctets,
    ...part,
    onNumbered: (name, wanted) => {
      // Of names with a time several are usual.
      if (hasTime(named)) return;
      const message = `${exporter.url}: ${wanted} was there before and stays; the flows are in ${name}`;
      context.log('warning', 'file with a number', message);
    },
    onFault: (error, name) => {
      if (error === undefined) context.log('info', 'file written again', `${exporter.url}: written again`);
      else {
        const hint = error.code === 'ENOSPC' ? ': make room, or set keepOctets' : '';
        const what = `cannot write ${name}: ${error.message}${hint}; records are counted as failed until it works`;
        context.log('error', 'file not written', `${exporter.url}: ${what}`);
      }
    },
  });
}
