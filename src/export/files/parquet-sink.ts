/**
 * Flow records in Parquet files, through hyparquet-writer. Records are collected in columns and written a row group at a
 * time, so memory is bounded by the size of a row group. A Parquet file ends with its index: one that is cut short is
 * worth nothing and is removed; its records count as failed.
 */

import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { FlowValue } from '../../ie/flow-values.ts';
import {
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  PACKETS,
  REVERSE_DOUBLE,
} from '../../records/flow-layout.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { CollectorStatistics, RecordSink, SinkFactory } from '../contract/record-sink.ts';
import { FileClock } from './file-clock.ts';
import { createRotatingFile } from './file-options.ts';
import { compileParquetColumns, type ParquetColumns, type RowReaders } from './parquet-columns.ts';
import type { RotatingFile } from './rotating-file.ts';
import { fileStatistics } from './text-file-sink.ts';

type ParquetCompression = 'none' | 'snappy' | 'zstd';

/** As in config/options/file-outputs.ts. */
interface ParquetOptions {
  readonly compression?: ParquetCompression;
  readonly rowGroupRows?: number;
}

/** Rows of a group: a few milliseconds for each thousand are spent at once when it is written. */
const ROW_GROUP_ROWS = 8192;
const CODECS = { none: 'UNCOMPRESSED', snappy: 'SNAPPY', zstd: 'ZSTD' } as const;

class ParquetSink implements RecordSink {
  readonly url: string;
  readonly needs: RecordSections;
  readonly #file: RotatingFile;
  readonly #clock: FileClock;
  readonly #columns: ParquetColumns;
  readonly #isBiflow: boolean;
  readonly #codec: (typeof CODECS)[ParquetCompression];
  readonly #groupRows: number;
  /** The values of the row group that is being filled, column by column. */
  readonly #data: (FlowValue | null)[][];
  #rows = 0;
  #records = 0;
  #bytes = new ByteWriter();
  #writer: ParquetWriter | undefined;

  constructor(
    url: string,
    file: RotatingFile,
    clock: FileClock,
    columns: ParquetColumns,
    options: ParquetOptions & { readonly isBiflow: boolean },
  ) {
    this.url = url;
    this.needs = columns.needs;
    this.#file = file;
    this.#clock = clock;
    this.#columns = columns;
    this.#isBiflow = options.isBiflow;
    this.#codec = CODECS[options.compression ?? 'zstd'];
    this.#groupRows = options.rowGroupRows ?? ROW_GROUP_ROWS;
    this.#data = columns.names.map(() => []);
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    const timed = this.#clock.update(batch);
    this.#rotateIfDue();
    const { words, doubles, stride, count } = timed;
    for (let i = 0; i < count; i++) {
      const row = i * stride;
      const isIPv6 = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6;
      const kinds = isIPv6 ? this.#columns.ipv6 : this.#columns.ipv4;
      const hasForward = doubles[(row >>> 1) + FORWARD_DOUBLE + PACKETS]! > 0;
      const hasReverse = doubles[(row >>> 1) + REVERSE_DOUBLE + PACKETS]! > 0;
      if (this.#isBiflow && hasForward && hasReverse) {
        this.#add(timed, row, kinds.both);
        continue;
      }
      if (hasForward) this.#add(timed, row, kinds.forward);
      if (hasReverse) this.#add(timed, row, kinds.reverse);
    }
    return this.#file.pressure;
  }

  setInterfaces(): void {}

  flush(): void {
    if (this.#clock.goesOn) this.#rotateIfDue();
  }

  async end(): Promise<void> {
    this.#file.isDue(this.#clock.nowMs);
    // A file of no flow at all still has its columns.
    if (this.#writer !== undefined || this.#rows > 0 || this.#records === 0) this.#finishFile();
    await this.#file.drain();
  }

  close(): Promise<void> {
    return this.#file.drain();
  }

  statistics(): CollectorStatistics {
    return fileStatistics(this.url, this.#file, this.#records);
  }

  #add(batch: FlowRecordBatch, row: number, readers: RowReaders): void {
    const data = this.#data;
    this.#records++;
    this.#file.begin();
    for (let c = 0; c < readers.length; c++) {
      data[c]!.push(readers[c]?.(batch, row, this.#records) ?? null);
    }
    if (++this.#rows >= this.#groupRows) this.#writeGroup();
  }

  #rotateIfDue(): void {
    const hasRows = this.#rows > 0 || this.#writer !== undefined;
    if (this.#file.isDue(this.#clock.nowMs) && hasRows) this.#finishFile();
    this.#file.isDue(this.#clock.nowMs);
  }

  #writeGroup(): void {
    this.#writer ??= new ParquetWriter({
      writer: this.#bytes,
      schema: this.#columns.schema,
      codec: this.#codec,
      compressors: { ZSTD: (input) => zstdCompressSync(input) },
      createdBy: 'flowtap',
    });
    const columnData = this.#columns.names.map((name, c) => ({ name, data: this.#data[c]! }));
    if (this.#rows > 0) this.#writer.write({ columnData, rowGroupSize: this.#rows });
    this.#handOver(this.#rows);
    for (const column of this.#data) column.length = 0;
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

/** @throws ConfigError for faults in the templates or in the file's name, ExportError for a folder that is not there */
export const createParquetSink: SinkFactory = async (config, exporter, context) => {
  const { domainId, ingressInterface, egressInterface } = config.observation;
  const { templateIpv4, templateIpv6 } = exporter.options;
  const isBiflow = exporter.options.biflow ?? config.biflow;
  const columns = compileParquetColumns({
    template: { ipv4: templateIpv4 ?? config.template.ipv4, ipv6: templateIpv6 ?? config.template.ipv6 },
    biflow: isBiflow,
    values: {
      observationDomainId: domainId,
      ingressInterface,
      egressInterface,
      samplingInterval: config.sampling?.interval ?? 1,
    },
    ...(config.origin === undefined ? {} : { origin: config.origin }),
  });
  const file = createRotatingFile(exporter, context, { header: () => undefined, isWorthlessWhenCut: true });
  const clock = new FileClock(config.timestamps, context);
  return new ParquetSink(exporter.url, file, clock, columns, {
    ...(exporter.options as ParquetOptions),
    isBiflow,
  });
};
