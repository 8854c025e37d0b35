/**
 * `flowtap diagnose` as a writer of flows: takes record batches and prints JSON lines as they are found, or a report at
 * the end.
 */

import type { FlowWriter } from '../output/flow-writer.ts';
import type { OutputStream } from '../output/standard-output.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { NO_SECTIONS, type RecordSections } from '../records/record-sections.ts';
import { Diagnosis } from './diagnosis.ts';
import { jsonLines } from './json-lines.ts';
import { type ReportOptions, reportText } from './report-text.ts';
import type { Transfer } from './transfer.ts';
import type { TransferKey } from './transfer-key.ts';

export interface DiagnosisWriterOptions extends ReportOptions {
  readonly form: 'table' | 'json';
  /** Transfers in the report; 0 for all. */
  readonly top: number;
  readonly selects: (transfer: Transfer) => boolean;
  /** The flow key that the records are metered with. */
  readonly key: TransferKey;
}

export class DiagnosisWriter implements FlowWriter {
  readonly needs: RecordSections = { ...NO_SECTIONS, health: true };
  readonly diagnosis: Diagnosis;
  readonly #output: OutputStream;
  readonly #options: DiagnosisWriterOptions;
  #lines: string[] = [];

  constructor(output: OutputStream, options: DiagnosisWriterOptions) {
    this.#output = output;
    this.#options = options;
    const { top, selects, key } = options;
    this.diagnosis = new Diagnosis({
      top,
      selects,
      key,
      ...(options.form === 'json' ? { onDiagnosed: (found) => this.#lines.push(jsonLines(found)) } : {}),
    });
  }

  get isClosed(): boolean {
    return this.#output.isClosed;
  }

  write(batch: FlowRecordBatch): Promise<void> | void {
    this.diagnosis.add(batch);
    return this.flush();
  }

  /** Prints the lines of transfers that are over. */
  flush(): Promise<void> | void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    return this.#output.write(Buffer.from(text));
  }

  async end(): Promise<void> {
    this.diagnosis.end();
    await this.flush();
    if (this.#options.form === 'table')
      await this.#output.write(Buffer.from(reportText(this.diagnosis, this.#options)));
  }
}
