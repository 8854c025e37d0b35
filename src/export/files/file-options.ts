/** Options that all files have, as the configuration gives them, brought into the shape of rotating-file.ts. */
import { ConfigError } from '../../base/errors.ts';
import type { ExporterConfig, SinkContext } from '../record-sink.ts';
import { CONVERSIONS_ALLOWED, hasTime, unknownConversion, withTime } from './file-name.ts';
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

/**
 * @param part what depends on the kind of file
 * @throws ConfigError for a name that strftime would not take either
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
  tellLeftovers(exporter.url, named, !part.isWorthlessWhenCut, context.log);
  return new RotatingFile({
    pattern: named,
    compression,
    rotateMs,
    rotateOctets,
    // Files of a fixed name are one.
    keepFiles: isRotated || hasTime(pattern) ? keepFiles : 0,
    keepOctets: isRotated || hasTime(pattern) ? keepOctets : 0,
    ...part,
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
