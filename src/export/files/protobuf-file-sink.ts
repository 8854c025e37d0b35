/** Flow records in files of protobuf messages, each behind its length as a varint: the files that goflow2 writes. */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import { countDataRecords } from '../contract/batch-buffer.ts';
import type { RecordSink, SinkFactory } from '../contract/record-sink.ts';
import { createBlock } from '../flow-messages/message-block.ts';
import { MessageEncoder } from '../flow-messages/message-encoder.ts';
import { flowMessageOptions } from '../flow-messages/message-options.ts';
import { FileClock } from './file-clock.ts';
import { createRotatingFile } from './file-options.ts';
import { fileStatistics } from './text-file-sink.ts';

/** Messages that are made at once. */
const BLOCK_OCTETS = 1 << 18;

/** @throws ConfigError for faults in the schema, the fields, the templates or the file's name */
export const createProtobufFileSink: SinkFactory = async (config, exporter, context) => {
  const options = { ...flowMessageOptions(config, exporter), isDelimited: true, hasEntryHeads: false };
  const encoder = new MessageEncoder(options);
  const file = createRotatingFile(exporter, context, { header: () => undefined, isWorthlessWhenCut: false });
  const clock = new FileClock(config.timestamps, context);
  const block = createBlock(BLOCK_OCTETS);
  let offered = 0;
  const rotateIfDue = () => {
    if (file.isDue(clock.nowMs)) void file.finish();
    // The file that begins now belongs to this moment.
    file.isDue(clock.nowMs);
  };
  const sink: RecordSink = {
    url: exporter.url,
    needs: encoder.needs,
    exportBatch: (batch: FlowRecordBatch) => {
      clock.update(batch);
      rotateIfDue();
      offered += countDataRecords(batch, options.isBiflow, 0, batch.count);
      encoder.begin(batch);
      for (let isDone = false; !isDone; ) {
        isDone = encoder.encode(block);
        if (block.messages > 0) file.append(block.octets.subarray(0, block.used), block.messages);
        block.used = 0;
        block.messages = 0;
      }
      return file.pressure;
    },
    setInterfaces: () => {},
    flush: () => {
      if (clock.goesOn) rotateIfDue();
      file.flush();
    },
    end: async () => {
      if (file.isBegun || file.statistics.files > 0) await file.finish();
      else await file.finishEmpty(clock.nowMs);
    },
    close: () => file.drain(),
    statistics: () => fileStatistics(exporter.url, file, offered),
  };
  return sink;
};
