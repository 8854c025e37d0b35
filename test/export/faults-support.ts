/** Exporters in processes of their own, and what becomes of their records, for tests of faults. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type {
  CollectorStatistics,
  ExporterConfig,
  ExporterOptions,
} from '../../src/export/contract/record-sink.ts';
import type { LabProcess } from '../lab/lab.ts';
import { waitUntilQuiet } from '../support/network.ts';
import type { LiveExporterOrder } from './live-exporter.ts';
import { NUMBERED } from './sessions/stream-collector.ts';

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

export interface ReaderResult {
  readonly datagrams: number;
  readonly records: number;
  /** By the sequence numbers. */
  readonly missing: number;
  readonly tos: readonly number[];
  readonly ttl: readonly number[];
  /** Addresses and ports. */
  readonly sources: readonly (readonly [string, number])[];
}

/** The last line of a live-exporter. */
export async function ended(
  process: LabProcess,
): Promise<{ statistics: CollectorStatistics[]; slowestMs: number }> {
  await process.waitForOutput(/^end /m, 120_000);
  await process.ended;
  const line = process.output.split('\n').findLast((one) => one.startsWith('end '))!;
  return JSON.parse(line.slice(4));
}

/** What udp-reader.py has seen, once it has read all that was sent to its port. */
export async function readerResult(reader: LabProcess, port: number): Promise<ReaderResult> {
  await waitUntilQuiet({ pid: reader.pid, port, quietMs: 500 });
  const { code, stdout, stderr } = await reader.stop('SIGTERM');
  if (code !== 0) throw new Error(`udp-reader.py ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.split('\n').find((line) => line.startsWith('{'))!) as ReaderResult;
}

const dropped = ({ recordsDropped = {} }: CollectorStatistics) =>
  Object.values(recordsDropped).reduce((sum, count) => sum + count, 0);

/** Everything that was offered is somewhere. */
export function expectBalanced(one: CollectorStatistics, batches: number): void {
  expect(one.recordsOffered).toBe(batches * RECORDS);
  expect(one.recordsOffered).toBe(one.dataRecords + one.recordsFailed + one.recordsPending + dropped(one));
}
