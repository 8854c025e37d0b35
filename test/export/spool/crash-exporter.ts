/**
 * A process that exports numbered batches to a port of this host by way of a spool, and prints the number of each once
 * it is out of its hands: `crash-exporter.ts PORT SPOOL FROM TO [udp]`. With TO -1 it goes on until it is killed. Over
 * UDP records have all fields of the default template.
 */

import type { ExporterConfig } from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { CONFIG } from '../exporter-support.ts';
import { numberedBatch, streamTo } from './numbered-batches.ts';

const [port, spoolDirectory, from, to, transport] = process.argv.slice(2);
const exporter: ExporterConfig =
  transport === 'udp'
    ? {
        protocol: 'ipfix',
        host: '127.0.0.1',
        port: Number(port),
        url: `ipfix://127.0.0.1:${port}`,
        options: { spool: true, spoolDirectory: spoolDirectory!, reconnectMaxMs: 100 },
      }
    : streamTo(Number(port), { spoolDirectory: spoolDirectory! });
const exporting = await createExportingProcess(CONFIG, [exporter], {
  whenFull: 'drop',
  log: (_, __, line) => process.stderr.write(`${line}\n`),
});
const end = Number(to) < 0 ? Number.POSITIVE_INFINITY : Number(to);
for (let b = Number(from); b < end; b++) {
  await exporting.exportBatch(numberedBatch(b));
  process.stdout.write(`${b}\n`);
  if (b % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
const limitMs = performance.now() + 100_000;
while (exporting.statistics()[0]!.recordsPending > 0 && performance.now() < limitMs) {
  exporting.flush();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const [statistics] = await exporting.close();
process.stdout.write(`${JSON.stringify(statistics)}\n`);
