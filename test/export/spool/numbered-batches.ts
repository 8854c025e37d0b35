/** Batches of flow records that carry a number each, in octetDeltaCount, and exporters to a StreamCollector. */
import { readFileSync } from 'node:fs';
import type { ExporterConfig, ExporterOptions } from '../../../src/export/contract/record-sink.ts';
import type { FlowRecordBatch } from '../../../src/records/flow-layout.ts';
import { recordBatch } from '../records.ts';
import { NUMBERED } from '../sessions/stream-collector.ts';

export const BATCH_RECORDS = 100;

/** Batch number `b`: records numbered from b × 100 on. */
export function numberedBatch(b: number): FlowRecordBatch {
  return recordBatch(
    Array.from({ length: BATCH_RECORDS }, (_, i) => ({
      source: [1, 0, 0, 0],
      destination: [2, 0, 0, 0],
      ipVersion: 4 as const,
      protocol: 6,
      ports: [1, 2] as const,
      forward: { packets: 1, octets: b * BATCH_RECORDS + i, firstNs: 0, lastNs: 0 },
    })),
  );
}

/** An exporter over TCP, or TLS, whose records a StreamCollector understands. */
export function streamTo(
  port: number,
  options: ExporterOptions = {},
  protocol: 'ipfix+tcp' | 'ipfix+tls' = 'ipfix+tcp',
): ExporterConfig {
  const url = `${protocol}://127.0.0.1:${port}`;
  const own = { ...NUMBERED, optionsData: 'none' as const, reconnectMaxMs: 100, ...options };
  return { protocol, host: '127.0.0.1', port, url, options: own };
}

export const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
export const unique = (list: readonly number[]) => [...new Set(list)].sort((a, b) => a - b);

/** Digits of a number in a file of them: a shorter line was cut off. */
const DIGITS = 9;

/** Numbers as lines of a file. */
export const linesOfNumbers = (list: readonly number[]) =>
  list.map((number) => `${String(number).padStart(DIGITS, '0')}\n`).join('');

/** The numbers in a file of them, without lines that were cut off. */
export const numbersInFile = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.length === DIGITS)
    .map(Number);

/** Resolves when it holds; rejects after a while. */
export async function until(holds: () => boolean, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come to that within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
