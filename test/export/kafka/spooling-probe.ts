/**
 * A probe for the spool's test, killed at any moment: exports numbered batches to a topic as fast as they are taken, and
 * prints after each how many records the spool has. Arguments: port, topic, spool directory.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { CONFIG } from '../exporter-support.ts';
import { numberedBatch } from './load.ts';

const [port, topic, spoolDirectory] = process.argv.slice(2);
const url = `kafka://127.0.0.1:${port}/${topic}`;
const options = { autocreate: true, giveUpAfterMs: 60_000, lingerMs: 20, spoolDirectory };
const exporting = await createExportingProcess(
  CONFIG,
  [{ protocol: 'kafka', host: '127.0.0.1', port: Number(port), path: topic!, url, options }],
  { whenFull: 'wait' },
);
for (let batch = 0; batch < 200; batch++) {
  await exporting.exportBatch(numberedBatch(batch, 256));
  process.stdout.write(`spooled ${exporting.statistics()[0]!.recordsSpooled}\n`);
  await delay(2);
}
await delay(60_000);
