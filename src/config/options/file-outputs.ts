/** Options of exporters that write files; each scheme's table is put together in config/exporter-schemes.ts. */
import { type ConfigOption, DAY_MS } from '../types/config-option.ts';
import { choice, duration, integer } from '../types/option-types.ts';

const OCTETS_MAX = 1e15;

export const ROTATION_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'rotate',
    type: duration(0, 366 * DAY_MS),
    default: 0,
    unit: '',
    help: 'A new file is begun at every multiple of this time; 0s: one file for the whole run.',
  },
  {
    path: 'rotateOctets',
    type: integer(0, OCTETS_MAX),
    default: 0,
    unit: 'octets',
    help: 'A new file is begun when one has this size before compression; 0: at any size.',
  },
  {
    path: 'keepFiles',
    type: integer(0, 10_000_000),
    default: 0,
    unit: 'files',
    help: 'Of the files with this name (any time, any number), so many stay, the newest ones; 0: all.',
  },
  {
    path: 'keepOctets',
    type: integer(0, OCTETS_MAX),
    default: 0,
    unit: 'octets',
    help: 'Of the files with this name (any time, any number), the newest ones stay that have this size together; 0: all.',
  },
];

/** Of files that have columns. */
export const RECORD_KIND_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'records',
    type: choice(['flows', 'paths']),
    default: 'flows',
    unit: '',
    help: 'paths: a record of each named path, direction and minute (the option paths) instead of flow records.',
  },
];

export const FILE_COMPRESSION_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'compression',
    type: choice(['auto', 'none', 'gzip', 'zstd']),
    default: 'auto',
    unit: '',
    help: 'auto goes by the name: .gz is gzip, .zst is zstd.',
  },
];

export const PARQUET_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'compression',
    type: choice(['zstd', 'snappy', 'none']),
    default: 'zstd',
    unit: '',
    help: 'Of the pages within the file.',
  },
  {
    path: 'rowGroupRows',
    type: integer(100, 1_000_000),
    default: 8192,
    unit: 'flow records',
    help: 'Records that are collected in memory and written together.',
  },
];
