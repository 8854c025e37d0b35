/** Run as a child process by the tests: counts the packets on standard input and prints the error or `ok`. */
import { readAll } from './support.ts';

const { packets, error } = await readAll(['-']);
process.stdout.write(`${packets.length} ${error instanceof Error ? error.message : 'ok'}\n`);
