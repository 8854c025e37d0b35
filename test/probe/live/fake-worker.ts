/**
 * A live worker that captures nothing: it meters a capture file once, keeps the flows in its table, and then does what
 * the words of the filter say. The daemon's side of the contract is tested with it; real stages do the metering.
 *
 *     ''       waits for `stop`            'refuse'  ends at once, with an error
 *     'crash'  dies after it has metered   'hang'    stops turning after it has metered
 *     'once'   as crash, but only in its first life (told by a file beside the capture: `once:FILE`)
 *     'lose'   counts ring drops as well
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openCaptures } from '../../../src/capture/files/capture-source.ts';
import { createDecoder, decodeBatch } from '../../../src/decode/decoder.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { createPreparedBatch, KeyPreparer } from '../../../src/metering/key-preparer.ts';
import { MeteringProcess } from '../../../src/metering/metering-process.ts';
import { RecordQueueWriter } from '../../../src/metering/record-queue-writer.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { tableOctets } from '../../../src/metering/table/flow-table.ts';
import * as run from '../../../src/probe/counters.ts';
import type {
  LiveWorkerData,
  LiveWorkerMessage,
  LiveWorkerRequest,
} from '../../../src/probe/live/messages.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';

const CAPACITY = 64;
const CAPTURE = join(import.meta.dirname, '../../../pcaps/demo.pcapng');
const TURN_MS = 20;

const data = workerData as LiveWorkerData;
const counters = run.runCounters(data.counters);
const { capture } = counters;
const words = data.capture.filter ?? '';
const post = (message: LiveWorkerMessage) => parentPort?.postMessage(message);

const source = openCaptures([CAPTURE], { order: 'given' });
const queue = new RecordQueueWriter(data.queue, {
  recordsPerStep: 1,
  counters: counters.metering,
  timeBaseSeconds: () => source.timeBaseSeconds,
  clockNs: () => capture[run.LAST_PACKET_NS]!,
});
const seeds = createHashSeeds(data.metering.flowKey);
const engine = createEngine(tableOctets(data.metering.flowTableEntries));
const metering = new MeteringProcess({
  ...data.metering,
  // The capture is longer than any timeout: its flows are to stay in the table.
  idleTimeoutMs: 86_400e3,
  activeTimeoutMs: 86_400e3,
  tcpEndDelayMs: 86_400e3,
  engine,
  seeds,
  encapsulation: data.encapsulation,
  batchCapacity: CAPACITY,
  sink: queue,
  counters: counters.metering,
});
const { flowKey } = data.metering;
const preparer = new KeyPreparer(engine, seeds, flowKey, counters.metering);

async function meter(): Promise<void> {
  const batch = createPacketBatch(CAPACITY);
  const prepared = createPreparedBatch(CAPACITY, flowKey, engine, { encapsulation: data.encapsulation });
  const decoder = createDecoder(data.decode, counters.decode);
  const linkTypes = new Int32Array(64);
  for (;;) {
    if (source.readBatch(batch) === 0) {
      if (!(await source.more())) break;
      continue;
    }
    source.interfaces.forEach(({ linkType }, i) => {
      linkTypes[i] = linkType;
    });
    for (let i = 0; i < batch.count; i++) {
      capture[run.PACKETS_READ]!++;
      capture[run.OCTETS_READ]! += batch.wireLength[i]!;
      capture[run.LAST_PACKET_NS] = batch.timeNs[i]!;
    }
    capture[run.TIME_BASE_SECONDS] = source.timeBaseSeconds;
    decodeBatch(decoder, batch, linkTypes, prepared);
    preparer.prepare(prepared, batch.view);
    metering.meter(prepared, batch.view);
  }
}

function end(errors: (LiveWorkerMessage & { kind: 'end' })['errors']): void {
  const overdue = preparer.takeOverdue(Number.POSITIVE_INFINITY);
  if (overdue !== undefined) metering.meter(overdue, new DataView(new ArrayBuffer(0)));
  metering.expireAll();
  queue.close();
  source.close();
  post({ kind: 'end', errors });
  parentPort?.close();
}

function misbehave(): void {
  if (words.includes('lose')) capture[run.RING_DROPS] = 7;
  if (words.includes('hang')) for (;;) capture[run.POLL_WAKEUPS]!++;
  const mark = /once:(\S+)/.exec(words)?.[1];
  const isFirst = mark !== undefined && !existsSync(mark);
  if (isFirst) writeFileSync(mark, '');
  if (words.includes('crash') || isFirst) throw new Error('a defect of the test');
}

if (words.includes('refuse')) {
  const remedy = 'grant CAP_NET_RAW';
  queue.close();
  post({ kind: 'end', errors: [{ code: 'SYSTEM_CALL', message: 'EPERM', remedy, exitCode: 1 }] });
} else {
  capture[run.INTERFACE_UP] = 1;
  capture[run.RING_BLOCKS] = 4;
  post({
    kind: 'interfaces',
    interfaces: [{ linkType: 1, name: data.capture.interface, ifIndex: 7 }] as never,
    members: data.capture.members ?? [data.capture.interface],
  });
  post({ kind: 'opened', ring: { blocks: 4, blockOctets: 4096, octets: 16_384 }, handles: undefined });
  await meter();
  setTimeout(misbehave, 50);
  const turn = setInterval(() => {
    capture[run.WORKER_TURNS]!++;
    queue.flush();
  }, TURN_MS);
  parentPort?.on('message', (request: LiveWorkerRequest) => {
    if (request.kind === 'metering') {
      post({ kind: 'log', level: 'info', message: 'timeouts', fields: { idle: request.idleTimeoutMs } });
    } else {
      clearInterval(turn);
      end([]);
    }
  });
}
