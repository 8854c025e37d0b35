/** Flow records in files of JSON lines or CSV: the same text as `-o json` and `-o csv`, rotated. */

import { FlowText } from '../../ie/flow-text.ts';
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { CollectorStatistics, RecordSink, SinkFactory } from '../contract/record-sink.ts';
import { textTemplate } from '../contract/text-template.ts';
import { FileClock } from './file-clock.ts';
import { createRotatingFile } from './file-options.ts';
import type { RotatingFile } from './rotating-file.ts';

/** What files have to say of themselves. */
export function fileStatistics(url: string, file: RotatingFile, offered: number): CollectorStatistics {
  const { records, failedRecords, writes, octets, errors } = file.statistics;
  return {
    url,
    messages: writes,
    octets,
    recordsOffered: offered,
    dataRecords: records,
    recordsFailed: failedRecords,
    recordsPending: offered - records - failedRecords,
    notExportable: { ipv6: 0, time: 0 },
    templateRecords: 0,
    optionsRecords: 0,
    errors: { ...errors },
    collectorDrops: null,
  };
}

/** @throws ConfigError for faults in the templates or in the file's name, ExportError for a folder that is not there */
export const createTextFileSink: SinkFactory = async (config, exporter, context) => {
  const { domainId, ingressInterface, egressInterface } = config.observation;
  const { biflow } = exporter.options;
  const text = new FlowText({
    form: exporter.protocol === 'csv' ? 'csv' : 'json',
    template: textTemplate(config, exporter),
    biflow: biflow ?? config.biflow,
    values: {
      observationDomainId: domainId,
      ingressInterface,
      egressInterface,
      samplingInterval: config.sampling?.interval ?? 1,
    },
    ...(config.origin === undefined ? {} : { origin: config.origin }),
  });
  const header = text.header === '' ? undefined : Buffer.from(text.header);
  const file = createRotatingFile(exporter, context, { header: () => header, isWorthlessWhenCut: false });
  const clock = new FileClock(config.timestamps, context);
  const rotateIfDue = () => {
    if (file.isDue(clock.nowMs)) void file.finish();
    // The file that begins now belongs to this moment.
    file.isDue(clock.nowMs);
  };
  const sink: RecordSink = {
    url: exporter.url,
    needs: text.needs,
    exportBatch: (batch: FlowRecordBatch) => {
      const timed = clock.update(batch);
      rotateIfDue();
      const before = text.lines;
      const lines = text.batch(timed);
      return lines.length === 0 ? undefined : file.append(lines, text.lines - before);
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
    statistics: () => fileStatistics(exporter.url, file, text.lines),
  };
  return sink;
};
