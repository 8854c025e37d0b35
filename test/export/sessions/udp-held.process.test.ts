/** Records that a UDP exporter holds back: while its collector's name is unknown, and until its templates have a lead. */
import { expect, it } from 'vitest';
import type {
  CollectorStatistics,
  ExporterConfig,
  SinkContext,
} from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { CONFIG } from '../exporter-support.ts';
import { numberedBatch } from '../spool/numbered-batches.ts';

const LIVE: SinkContext = { whenFull: 'drop', log: () => {} };
const to = (host: string): ExporterConfig => {
  return { protocol: 'ipfix', host, port: 9, url: `ipfix://${host}:9`, options: {} };
};

/** Where the records that were offered are. */
function accountOf({
  recordsOffered,
  dataRecords,
  recordsFailed,
  recordsPending,
  ...rest
}: CollectorStatistics) {
  const dropped = Object.values(rest.recordsDropped ?? {}).reduce((sum, count) => sum + count, 0);
  return { recordsOffered, sum: dataRecords + recordsFailed + recordsPending + dropped };
}

it.each(['127.0.0.1', 'no-such-collector.invalid'])('they are in the account: %s', async (host) => {
  const exporting = await createExportingProcess(CONFIG, [to(host)], LIVE);
  for (let b = 0; b < 3; b++) await exporting.exportBatch(numberedBatch(b));
  expect(accountOf(exporting.statistics()[0]!)).toEqual({ recordsOffered: 300, sum: 300 });
  const [counters] = await exporting.close();
  expect(accountOf(counters!)).toEqual({ recordsOffered: 300, sum: 300 });
});
