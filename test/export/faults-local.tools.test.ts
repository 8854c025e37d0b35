/** A disk that is full, name servers that fail or change their mind: no crash, a counter, and on it goes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type LabProcess } from '../lab/lab.ts';
import { ended, expectBalanced, exporterCommand, RECORDS, readerResult, to } from './faults-support.ts';
import type { LiveExporterOrder } from './live-exporter.ts';

const HERE = import.meta.dirname;
let lab: Lab;
let directory: string;

beforeEach(() => {
  lab = new Lab('faults2');
  directory = mkdtempSync(join(tmpdir(), 'flowtap-faults-'));
});
afterEach(async () => {
  await lab.close();
  rmSync(directory, { recursive: true });
});

describeInLab(['unshare', 'mount'], 'a spool on a disk that fills up', () => {
  it('goes on in memory, counts what is lost and says so once, and delivers the rest in order', async () => {
    const host = lab.namespace('host');
    host.execute('ip', 'link', 'set', 'lo', 'up');
    const batches = 400;
    const exporters = [to('ipfix+tcp', '127.0.0.1', 4740, { spoolDirectory: directory, queueRecords: 512 })];
    const command = exporterCommand({ exporters, batches, everyMs: 5, lingerMs: 60_000 });
    const script = `mount -t tmpfs -o size=512k tmpfs ${directory} && exec "$@"`;
    const running = host.start(['unshare', '-m', 'sh', '-c', script, 'sh', ...command]);
    await running.waitForOutput(/"spoolFailed":\d/);
    const file = `${directory}-received`;
    const collector = host.start([process.execPath, join(HERE, 'crash-collector.ts'), '4740', file]);
    await collector.waitForOutput(/listening/);
    const { statistics } = await ended(running);
    const [one] = statistics;
    rmSync(file, { force: true });
    expectBalanced(one!, batches);
    expect(one!.recordsDropped!.spoolFailed).toBeGreaterThan(0);
    expect(one!.recordsPending).toBe(0);
    // More than the disk holds: memory has held some as well.
    expect(one!.dataRecords).toBeGreaterThan(64 * RECORDS);
  });
});

describeInLab(['unshare', 'mount', 'python3'], 'a collector with a name', () => {
  const HOSTS = '127.0.0.1 localhost\n';

  /** Starts an exporter to collector.test, which `hosts` alone knows. */
  function start(host: ReturnType<Lab['namespace']>, hosts: string, order: LiveExporterOrder): LabProcess {
    const script = `mount --bind ${hosts} /etc/hosts && exec "$@"`;
    return host.start(['unshare', '-m', 'sh', '-c', script, 'sh', ...exporterCommand(order)]);
  }

  it.each(['ipfix', 'ipfix+tcp'] as const)(
    'that nobody knows at first is found later (%s)',
    async (protocol) => {
      const host = lab.namespace('host');
      host.execute('ip', 'link', 'set', 'lo', 'up');
      const hosts = join(directory, 'hosts');
      writeFileSync(hosts, HOSTS);
      const exporters = [to(protocol, 'collector.test', 4739, { resolveIntervalMs: 1000 })];
      const running = start(host, hosts, { exporters, batches: 300, everyMs: 10, lingerMs: 60_000 });
      await running.waitForOutput(/"dns":[1-9]/);
      const reader =
        protocol === 'ipfix'
          ? host.start(['python3', join(HERE, 'udp-reader.py'), '127.0.0.1', '4739'])
          : host.start([
              process.execPath,
              join(HERE, 'crash-collector.ts'),
              '4739',
              join(directory, 'received'),
            ]);
      await reader.waitForOutput(/listening/);
      writeFileSync(hosts, `${HOSTS}127.0.0.1 collector.test\n`);
      const { statistics } = await ended(running);
      expectBalanced(statistics[0]!, 300);
      expect(statistics[0]!.dataRecords).toBe(300 * RECORDS);
      expect(statistics[0]!.errors.dns).toBeGreaterThan(0);
    },
  );

  it.each(['ipfix', 'ipfix+tcp'] as const)('that leads elsewhere is followed (%s)', async (protocol) => {
    const host = lab.namespace('host');
    host.execute('ip', 'link', 'set', 'lo', 'up');
    const hosts = join(directory, 'hosts');
    writeFileSync(hosts, `${HOSTS}127.0.0.1 collector.test\n`);
    const files = [join(directory, 'first'), join(directory, 'second')];
    const readers = ['127.0.0.1', '127.0.0.2'].map((address, i) =>
      protocol === 'ipfix'
        ? host.start(['python3', join(HERE, 'udp-reader.py'), address, '4739'])
        : host.start([process.execPath, join(HERE, 'crash-collector.ts'), '4739', files[i]!, address]),
    );
    for (const reader of readers) await reader.waitForOutput(/listening/);
    const exporters = [to(protocol, 'collector.test', 4739, { resolveIntervalMs: 1000 })];
    const running = start(host, hosts, { exporters, batches: 400, everyMs: 10, lingerMs: 60_000 });
    await running.waitForOutput(/"dataRecords":[1-9]\d\d\d/);
    writeFileSync(hosts, `${HOSTS}127.0.0.2 collector.test\n`);
    const { statistics } = await ended(running);
    expectBalanced(statistics[0]!, 400);
    expect(statistics[0]).toMatchObject({ sessions: 2, dataRecords: 400 * RECORDS });
    if (protocol !== 'ipfix') return;
    const counts: number[] = [];
    for (const reader of readers) {
      const { records, missing } = await readerResult(reader, 4739);
      expect(missing).toBe(0);
      counts.push(records);
    }
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(counts[0]! + counts[1]!).toBe(400 * RECORDS);
  });
});
