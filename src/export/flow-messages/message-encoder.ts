/**
 * Encodes one batch of flow records after the other into blocks of messages: chooses the columns for each record by its
 * IP version and direction, and writes down the time of export. What runs for every record is in flow-encoder.ts.
 */

import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import { ExportClock } from '../contract/export-clock.ts';
import { RECORD_CLASSES, RowSelection } from '../contract/row-selection.ts';
import { writeOnce } from './build-column.ts';
import { encodeMessages, type MessageRun } from './flow-encoder.ts';
import { ENTRY_HEAD_OCTETS, type MessageBlock } from './message-block.ts';
import { compileMessageClasses, type MessageClass } from './message-classes.ts';
import type { FlowMessageOptions } from './message-options.ts';

const NO_WORDS = new Int32Array(1);

export class MessageEncoder {
  /** Optional parts of records that templates read. */
  readonly needs: RecordSections;
  readonly #options: FlowMessageOptions;
  readonly #classes: readonly MessageClass[];
  readonly #clock: ExportClock;
  readonly #selection = new RowSelection();
  readonly #exportNs = new Float64Array(2);
  #recordNumber = 0;
  /** The batch that is being encoded, and how far it is. */
  #batch: FlowRecordBatch | undefined;
  #recordClass = 0;
  #row = 0;

  /** @throws ConfigError for faults in the templates */
  constructor(options: FlowMessageOptions) {
    this.#options = options;
    this.#clock = new ExportClock(options.timestamps);
    const { recordClasses, needs } = compileMessageClasses(options);
    this.#classes = recordClasses;
    this.needs = needs;
  }

  /** Takes a batch, which must stay as it is until `encode` has returned true. */
  begin(batch: FlowRecordBatch): void {
    const selection = this.#selection;
    selection.select(batch, this.#options.isBiflow);
    // Only NetFlow has the clock's system start.
    if (!selection.isEmpty) this.#clock.update(batch, selection.firstNs, selection.lastNs);
    this.#batch = batch;
    this.#recordClass = 0;
    this.#row = 0;
  }

  /** Appends messages to a block. @returns true when the batch is done, false when the block is full */
  encode(block: MessageBlock): boolean {
    const batch = this.#batch;
    if (batch === undefined) return true;
    const { counts, rows } = this.#selection;
    for (; this.#recordClass < RECORD_CLASSES; this.#recordClass++, this.#row = 0) {
      const count = counts[this.#recordClass]!;
      if (this.#row === count) continue;
      const run = this.#run(batch, rows[this.#recordClass]!);
      this.#row = encodeMessages(run, this.#row, count, block);
      this.#recordNumber = run.recordNumber;
      if (this.#row < count) return false;
    }
    this.#batch = undefined;
    return true;
  }

  #run(batch: FlowRecordBatch, rows: Int32Array): MessageRun {
    const { columns, exportTimes, messageOctetsMax } = this.#classes[this.#recordClass]!;
    const { epochSeconds, nowMs } = this.#clock;
    const { format, isDelimited, hasEntryHeads } = this.#options;
    const isJson = format === 'json';
    this.#exportNs[0] = (nowMs - epochSeconds * 1000) * 1e6;
    const exportTime = { words: NO_WORDS, doubles: this.#exportNs, timeBaseSeconds: epochSeconds };
    for (const { column, time } of exportTimes) {
      column.octets = writeOnce(time, isJson, exportTime);
    }
    const { words, doubles } = batch;
    return {
      words,
      doubles,
      timeBaseSeconds: epochSeconds,
      columns,
      rows,
      recordNumber: this.#recordNumber,
      isJson,
      isDelimited: isDelimited && !isJson,
      hasEntryHeads,
      messageOctetsMax: ENTRY_HEAD_OCTETS + messageOctetsMax,
    };
  }
}
