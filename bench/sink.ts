/**
 * The collector of the benchmarks: a process of its own that binds a UDP port on loopback, counts messages of IPFIX and
 * NetFlow v9 and v5 and their data records, and adds up their packets and octets. The same for every probe, and not built
 * from flowtap's encoder. Keeps no flow, answers nothing; templates with fields of variable length are counted by message.
 *
 * Spoken to over the IPC channel of `fork`: 'reset' empties the counters, 'report' sends them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  END_ASKED,
  LAST_AT_MS,
  LOST_RECORDS,
  MESSAGES,
  OCTETS,
  PACKETS,
  PORT,
  RECORDS,
  RESET_ASKED,
  type SinkReaderData,
  TOTALS,
  WORDS,
} from './sink-layout.ts';

/** Messages and records that have arrived since the last reset. */
export interface SinkReport {
  readonly port: number;
  readonly messages: number;
  readonly records: number;
  readonly packets: number;
  readonly octets: number;
  /** Data records that IPFIX sequence numbers say were sent and did not arrive; 0 where a probe numbers otherwise. */
  readonly lostRecords: number;
  /** Milliseconds since the last message; QUIET_MS_MAX where none came. */
  readonly quietMs: number;
}

const QUIET_MS_MAX = 1e9;
const RESET_POLL_MS = 5;

const totals = new Float64Array(new SharedArrayBuffer(TOTALS * 8));
const words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
const workerData: SinkReaderData = { totals, words };
const reader = new Worker(new URL('./sink-reader.ts', import.meta.url), { workerData });

async function reset(): Promise<void> {
  Atomics.store(words, RESET_ASKED, 1);
  while (Atomics.load(words, RESET_ASKED) !== 0) await delay(RESET_POLL_MS);
}

function report(): SinkReport {
  const lastAtMs = totals[LAST_AT_MS]!;
  return {
    port: words[PORT]!,
    messages: totals[MESSAGES]!,
    records: totals[RECORDS]!,
    packets: totals[PACKETS]!,
    octets: totals[OCTETS]!,
    lostRecords: totals[LOST_RECORDS]!,
    // Infinity does not pass the channel, which speaks JSON.
    quietMs: lastAtMs === 0 ? QUIET_MS_MAX : Date.now() - lastAtMs,
  };
}

while (Atomics.load(words, PORT) === 0) await delay(RESET_POLL_MS);
process.send?.('ready');
process.on('disconnect', () => {
  Atomics.store(words, END_ASKED, 1);
  reader.on('exit', () => process.exit(0));
});
process.on('message', async (command) => {
  if (command === 'reset') await reset();
  process.send?.(report());
});
