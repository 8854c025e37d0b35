/**
 * A collector in a process of its own that writes the numbers of the records it has read to a file as it reads them, in
 * lines of equal length, so that one which kill -9 cut short shows: `crash-collector.ts PORT FILE [ADDRESS]`.
 */
import { openSync, writeSync } from 'node:fs';
import { StreamCollector } from './sessions/stream-collector.ts';
import { linesOfNumbers } from './spool/numbered-batches.ts';

const [port, file, address] = process.argv.slice(2);
const output = openSync(file!, 'a');
const collector = new StreamCollector();
await collector.listen(Number(port), address);
process.stdout.write('listening\n');
// Behind what an earlier life may have left of a line.
writeSync(output, '\n');
const written: number[] = [];
setInterval(() => {
  for (const [i, { records }] of collector.sessions.entries()) {
    const from = written[i] ?? 0;
    if (records.length > from) writeSync(output, linesOfNumbers(records.slice(from)));
    written[i] = records.length;
  }
}, 5);
