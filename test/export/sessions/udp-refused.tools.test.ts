/**
 * What UDP exporters know of collectors that are not there, or behind: records sent into a refusal (ICMP port unreachable)
 * are told from those that may have arrived, and templates are read before records are sent.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CollectorStatistics, ExporterConfig } from '../../../src/export/contract/record-sink.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { SENT_WINDOW_MS, SentWindow } from '../../../src/export/transport/sent-window.ts';
import { freeUdpPort, unreadOctets } from '../../support/network.ts';
import { CONFIG } from '../exporter-support.ts';
import { numberedBatch } from '../spool/numbered-batches.ts';

type Protocol = 'netflow5' | 'netflow9' | 'ipfix';
const to = (protocol: Protocol, port: number, options: ExporterConfig['options'] = {}): ExporterConfig => {
  return { protocol, host: '127.0.0.1', port, url: `${protocol}://127.0.0.1:${port}`, options };
};

const refusedOf = ({ recordsRefused = 0, recordsFailed }: CollectorStatistics) =>
  recordsRefused + recordsFailed;

// A time to live makes the exporter send by a plain socket, whose refusals come as events.
it.each(
  (['netflow5', 'netflow9', 'ipfix'] as const).flatMap((protocol) => [
    [protocol, {}] as const,
    [protocol, { ttl: 3 }] as const,
  ]),
)('%s %j: with nobody there, every record was refused or not sent', async (protocol, options) => {
  const exporting = await createExportingProcess(CONFIG, [to(protocol, await freeUdpPort(), options)]);
  for (let b = 0; b < 3; b++) await exporting.exportBatch(numberedBatch(b));
  const [counters] = await exporting.close();
  expect(counters!.recordsOffered).toBe(300);
  expect(counters!.dataRecords + counters!.recordsFailed).toBe(300);
  expect(refusedOf(counters!)).toBe(300);
  expect(counters!.lastError).toEqual({ reason: 'econnrefused' });
});

it('a collector that comes later is not said to have refused what it got', async () => {
  const port = await freeUdpPort();
  const exporting = await createExportingProcess(CONFIG, [to('ipfix', port)]);
  await exporting.exportBatch(numberedBatch(0));
  exporting.flush();
  // The next message hears of the refusal of this one.
  await delay(50);
  const late = createSocket('udp4');
  late.bind(port, '127.0.0.1');
  await once(late, 'listening');
  for (let b = 1; b < 4; b++) await exporting.exportBatch(numberedBatch(b));
  exporting.flush();
  const before = refusedOf(exporting.statistics()[0]!);
  for (let b = 4; b < 7; b++) await exporting.exportBatch(numberedBatch(b));
  const [counters] = await exporting.close();
  late.close();
  expect(counters!.recordsOffered).toBe(700);
  expect(refusedOf(counters!)).toBe(before);
  // The first batch in any case, and of those after it no more than messages that were given back unsent.
  expect(before).toBeGreaterThanOrEqual(100);
  expect(before).toBeLessThan(400);
});

it('records wait until a collector on this machine has read the templates', async () => {
  const program = `import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
sys.stdin.readline()
while True: s.recv(65536)
`;
  const collector = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(createInterface(collector.stdout), 'line')) as [string];
    const port = Number(line);
    const exporting = await createExportingProcess(CONFIG, [to('ipfix', port)]);
    const sent = exporting.exportBatch(numberedBatch(0));
    await delay(300);
    expect(unreadOctets(port, collector.pid)).toBeGreaterThan(0);
    expect(exporting.statistics()[0]).toMatchObject({ dataRecords: 0, recordsPending: 100 });
    collector.stdin.write('\n');
    await sent;
    const [counters] = await exporting.close();
    expect(counters).toMatchObject({ dataRecords: 100, recordsRefused: 0 });
  } finally {
    collector.kill('SIGKILL');
  }
});

it('a window counts what was sent in its time, once', () => {
  const window = new SentWindow();
  window.add(1, 1000);
  window.add(2, 1000 + SENT_WINDOW_MS - 100);
  expect(window.records(1000 + SENT_WINDOW_MS - 100)).toBe(3);
  expect(window.take(1000 + SENT_WINDOW_MS)).toBe(2);
  expect(window.take(1000 + SENT_WINDOW_MS)).toBe(0);
  window.add(5, 10_000);
  expect(window.take(9_950)).toBe(5);
  window.add(6, 10_000);
  expect(window.take(1e9)).toBe(0);
});
