/** Flow records in Parquet files. */

import {
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  PACKETS,
  REVERSE_DOUBLE,
} from '../../records/flow-layout.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { CollectorStatistics, RecordSink, SinkFactory } from '../contract/record-sink.ts';
import { textTemplate } from '../contract/text-template.ts';
import { FileClock } from './file-clock.ts';
import { createRotatingFile } from './file-options.ts';
import { compileParquetColumns, type ParquetColumns, type RowReaders } from './parquet-columns.ts';
import { type ParquetOptions, ParquetRows } from './parquet-rows.ts';
import type { RotatingFile } from './rotating-file.ts';
import { fileStatistics } from './text-file-sink.ts';

class ParquetSink implements RecordSink {
  readonly url: string;
  readonly needs: RecordSections;
  readonly #file: RotatingFile;
  readonly #clock: FileClock;
  readonly #columns: ParquetColumns;
  readonly #isBiflow: boolean;
  readonly #rows: ParquetRows;

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
    this.#rows = new ParquetRows(file, columns.names, columns.schema, options);
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    const timed = this.#clock.update(batch);
    this.#rows.rotateIfDue(this.#clock.nowMs);
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
    if (this.#clock.goesOn) this.#rows.rotateIfDue(this.#clock.nowMs);
  }

  end(): Promise<void> {
    return this.#rows.end(this.#clock.nowMs);
  }

  close(): Promise<void> {
    return this.#file.drain();
  }

  statistics(): CollectorStatistics {
    return fileStatistics(this.url, this.#file, this.#rows.total);
  }

  #add(batch: FlowRecordBatch, row: number, readers: RowReaders): void {
    const rows = this.#rows;
    rows.begin();
    for (let c = 0; c < readers.length; c++) {
      rows.data[c]!.push(readers[c]?.(batch, row, rows.total) ?? null);
    }
    rows.add();
  }
}

/** @throws ConfigError for faults in the templates or in the file's name, ExportError for a folder that is not there */
export const createParquetSink: SinkFactory = async (config, exporter, context) => {
  const { domainId, ingressInterface, egressInterface } = config.observation;
  const isBiflow = exporter.options.biflow ?? config.biflow;
  const columns = compileParquetColumns({
    template: textTemplate(config, exporter),
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
