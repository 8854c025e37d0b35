/**
 * A collector in a process of its own that writes the numbers of the records it has read to a file as it reads them:
 * `crash-collector.ts PORT FILE [SLOW]`. With SLOW it reads a little every few milliseconds only.
 */
import { openSync, writeSync } from 'node:fs';
import { StreamCollector } from './stream-collector.ts';

const [port, file, slow] = process.argv.slice(2);
const output = openSync(file!, 'a');
const collector = new StreamCollector();
await collector.listen(Number(port));
process.stdout.write('listening\n');
let written = 0;
setInterval(() => {
  const { records } = collector;
  if (records.length > written) writeSync(output, `${records.slice(written).join('\n')}\n`);
  written = records.length;
}, 5);
if (slow !== undefined) {
  setInterval(() => {
    for (const socket of collector.sockets) {
      if (socket.isPaused()) socket.resume();
      else socket.pause();
    }
  }, 7);
}
