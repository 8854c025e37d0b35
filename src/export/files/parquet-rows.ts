/**
 * Rows of a Parquet file, through hyparquet-writer. They are collected in columns and written a row group at a time, so
 * memory is bounded by the size of a row group. A Parquet file ends with its index: one that is cut short is worth nothing
 * and is removed; its records count as failed.
 */
import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { FlowValue } from '../../ie/flow-values.ts';
import type { RotatingFile } from './rotating-file.ts';

type ParquetCompression = 'none' | 'snappy' | 'zstd';

/** As in config/options/file-outputs.ts. */
export interface ParquetOptions {
  readonly compression?: ParquetCompression;
  readonly rowGroupRows?: number;
}

/** Rows of a group: a few milliseconds for each thousand are spent at once when it is written. */
const ROW_GROUP_ROWS = 8192;
const CODECS = { none: 'UNCOMPRESSED', snappy: 'SNAPPY', zstd: 'ZSTD' } as const;

export class ParquetRows {
  /** The values of the row group that is being filled, column by column; `add` says when a row is whole. */
  readonly data: (FlowValue | null)[][];
  /** Rows of all files. */
  total = 0;
  readonly #file: RotatingFile;
  readonly #names: readonly string[];
  readonly #schema: SchemaElement[];
  readonly #codec: (typeof CODECS)[ParquetCompression];
  readonly #groupRows: number;
  #rows = 0;
  #bytes = new ByteWriter();
  #writer: ParquetWriter | undefined;

  /** @param names of the columns, in the order of the schema's */
  constructor(
    file: RotatingFile,
    names: readonly string[],
    schema: SchemaElement[],
    options: ParquetOptions,
  ) {
    this.#file = file;
    this.#names = names;
    this.#schema = schema;
    this.#codec = CODECS[options.compression ?? 'zstd'];
    this.#groupRows = options.rowGroupRows ?? ROW_GROUP_ROWS;
    this.data = names.map(() => []);
  }

  /** Begins a row, whose values the caller puts at the ends of `data`. */
  begin(): void {
    this.total++;
    this.#file.begin();
  }

  /** The row that was begun is whole. */
  add(): void {
    if (++this.#rows >= this.#groupRows) this.#writeGroup();
  }

  /** Completes the file of earlier rows where a new one is due. @param nowMs Unix time */
  rotateIfDue(nowMs: number): void {
    const hasRows = this.#rows > 0 || this.#writer !== undefined;
    if (this.#file.isDue(nowMs) && hasRows) this.#finishFile();
    this.#file.isDue(nowMs);
  }

  /** Completes the last file. @param nowMs Unix time */
  async end(nowMs: number): Promise<void> {
    this.#file.isDue(nowMs);
    // A file of no row at all still has its columns.
    if (this.#writer !== undefined || this.#rows > 0 || this.total === 0) this.#finishFile();
    await this.#file.drain();
  }

  #writeGroup(): void {
    this.#writer ??= new ParquetWriter({
      writer: this.#bytes,
      schema: this.#schema,
      codec: this.#codec,
      compressors: { ZSTD: (input) => zstdCompressSync(input) },
      createdBy: 'flowtap',
    });
    const columnData = this.#names.map((name, c) => ({ name, data: this.data[c]! }));
    if (this.#rows > 0) this.#writer.write({ columnData, rowGroupSize: this.#rows });
    this.#handOver(this.#rows);
    for (const column of this.data) column.length = 0;
    this.#rows = 0;
  }

  /** Gives what has been encoded to the file. */
  #handOver(records: number): void {
    this.#file.append(this.#bytes.getBytes(), records);
    this.#bytes.index = 0;
  }

  #finishFile(): void {
    this.#writeGroup();
    this.#writer!.finish();
    this.#handOver(0);
    this.#writer = undefined;
    this.#bytes = new ByteWriter();
    void this.#file.finish();
  }
}
