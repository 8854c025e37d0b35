/**
 * A process that exports numbered batches as a live probe does, for tests in namespaces:
 *
 *     live-exporter.ts '{"exporters": […], "batches": N, "everyMs": M}'
 *
 * Log lines go to standard error. It prints `opened`, the counters of all exporters as a JSON line every 200 ms, and
 * after the last batch, once nothing is pending or `lingerMs` have passed, a last line that begins with `end `.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ExporterConfig } from '../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../src/export/exporting-process.ts';
import { CONFIG } from './exporter-support.ts';
import { numberedBatch } from './spool/numbered-batches.ts';

/** What the process is told. */
export interface LiveExporterOrder {
  readonly exporters: readonly ExporterConfig[];
  readonly batches: number;
  /** Pause after each batch; 0 for every tenth a turn of the event loop. */
  readonly everyMs: number;
  readonly lingerMs: number;
}

const order = JSON.parse(process.argv[2]!) as LiveExporterOrder;
const exporting = await createExportingProcess(CONFIG, order.exporters, {
  whenFull: 'drop',
  log: (_, __, line) => process.stderr.write(`${line}\n`),
});
const print = (prefix: string, what: unknown) => process.stdout.write(`${prefix}${JSON.stringify(what)}\n`);
process.stdout.write('opened\n');
const timer = setInterval(() => print('', exporting.statistics()), 200);
let slowestMs = 0;
for (let b = 0; b < order.batches; b++) {
  const before = performance.now();
  await exporting.exportBatch(numberedBatch(b));
  slowestMs = Math.max(slowestMs, performance.now() - before);
  if (order.everyMs > 0 || b % 10 === 9) await delay(order.everyMs);
}
const endMs = performance.now() + order.lingerMs;
while (performance.now() < endMs && exporting.statistics().some(({ recordsPending }) => recordsPending > 0)) {
  exporting.flush();
  await delay(20);
}
clearInterval(timer);
print('end ', { statistics: await exporting.close(), slowestMs });
