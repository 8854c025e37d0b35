/**
 * A collector in a process of its own that writes the numbers of the records it has read to a file as it reads them:
 * `crash-collector.ts PORT FILE [ADDRESS]`.
 */
import { openSync, writeSync } from 'node:fs';
import { StreamCollector } from './stream-collector.ts';

const [port, file, address] = process.argv.slice(2);
const output = openSync(file!, 'a');
const collector = new StreamCollector();
await collector.listen(Number(port), address);
process.stdout.write('listening\n');
let written = 0;
setInterval(() => {
  const { records } = collector;
  if (records.length > written) writeSync(output, `${records.slice(written).join('\n')}\n`);
  written = records.length;
}, 5);
