/** Sending over loopback: to a collector that is slow, to one that never reads; Python is the collector. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { describeWithTools } from '../../support/tools.ts';
import { CONFIG } from '../exporter-support.ts';
import { recordBatch, type TestFlow } from '../records.ts';

const FLOW: TestFlow = {
  source: [1, 0, 0, 0],
  destination: [2, 0, 0, 0],
  ipVersion: 4,
  protocol: 6,
  ports: [1, 2],
  forward: { packets: 1, octets: 40, firstNs: 0, lastNs: 0 },
};
const BATCH = recordBatch(Array.from({ length: 512 }, () => FLOW));
const to = (port: number, host = '127.0.0.1') => {
  const protocol = 'ipfix' as const;
  return { protocol, host, port, url: `ipfix://${host}:${port}`, options: { rate: 'max' as const } };
};
/** A collector in a process of its own: pauses after every 50 datagrams; at SIGTERM prints how many there were in all. */
const READER = `
  import signal, socket, sys, time
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
  s.bind(('127.0.0.1', 0))
  signal.signal(signal.SIGTERM, lambda *_: s.setblocking(False))
  print(s.getsockname()[1], flush=True)
  received = 0
  s.settimeout(0.05)
  while True:
      try:
          s.recv(2048)
          received += 1
          if received % 50 == 0: time.sleep(0.005)
      except socket.timeout:
          pass
      except BlockingIOError:
          break
  print(received, flush=True)
`;

describeWithTools(['python3'], 'an exporting process', () => {
  it('feeds a slow collector as fast as it reads, and loses nothing', async () => {
    const reader = spawn('python3', ['-c', READER.replaceAll(/^ {2}/gm, '')]);
    const port = Number(String((await once(reader.stdout, 'data'))[0]));
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    // 1,000 messages: five times what a receive buffer holds.
    for (let i = 0; i < 32; i++) await exporting.exportBatch(BATCH);
    const [counters] = await exporting.close();
    expect(counters!.collectorDrops).toBe(0);
    const printed = once(reader.stdout, 'data');
    reader.kill('SIGTERM');
    const [received] = await printed;
    expect(Number(String(received))).toBe(counters!.messages);
  });

  it('does not wait for ever for a collector that never reads', async () => {
    const reader = spawn('python3', [
      '-c',
      `${READER.replaceAll(/^ {2}/gm, '').split('received = 0')[0]}time.sleep(120)`,
    ]);
    const port = Number(String((await once(reader.stdout, 'data'))[0]));
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    const start = performance.now();
    for (let i = 0; i < 32; i++) await exporting.exportBatch(BATCH);
    const [counters] = await exporting.close();
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(counters!.collectorDrops).toBeGreaterThan(0);
    expect(counters!.recordsPending).toBe(0);
    reader.kill('SIGKILL');
  });
});
