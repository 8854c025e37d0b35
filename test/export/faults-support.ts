/** Exporters in processes of their own, and what becomes of their records, for tests of faults. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CollectorStatistics, ExporterConfig, ExporterOptions } from '../../src/export/record-sink.ts';
import type { LabProcess } from '../lab/lab.ts';
import type { LiveExporterOrder } from './live-exporter.ts';
import { NUMBERED } from './stream-collector.ts';

/** Of a batch. */
export const RECORDS = 100;

/** An exporter whose records a StreamCollector or udp-reader.py understands. */
export function to(
  protocol: 'ipfix' | 'ipfix+tcp',
  host: string,
  port: number,
  options: ExporterOptions = {},
): ExporterConfig {
  const own = { ...NUMBERED, optionsData: 'none' as const, reconnectMaxMs: 200, ...options };
  return { protocol, host, port, url: `${protocol}://${host}:${port}`, options: own };
}

/** The command of a process that exports so. */
export const exporterCommand = (order: LiveExporterOrder) => [
  process.execPath,
  join(import.meta.dirname, 'live-exporter.ts'),
  JSON.stringify(order),
];

/** The last line of a live-exporter. */
export async function ended(
  process: LabProcess,
): Promise<{ statistics: CollectorStatistics[]; slowestMs: number }> {
  await process.waitForOutput(/^end /m, 120_000);
  await process.ended;
  const line = process.output.split('\n').findLast((one) => one.startsWith('end '))!;
  return JSON.parse(line.slice(4));
}

const dropped = ({ recordsDropped = {} }: CollectorStatistics) =>
  Object.values(recordsDropped).reduce((sum, count) => sum + count, 0);

/** Everything that was offered is somewhere. */
export function expectBalanced(one: CollectorStatistics, batches: number): void {
  expect(one.recordsOffered).toBe(batches * RECORDS);
  expect(one.recordsOffered).toBe(one.dataRecords + one.recordsFailed + one.recordsPending + dropped(one));
}
