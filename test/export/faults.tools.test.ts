/**
 * What goes wrong on the network between exporter and collector: loss of some or all packets, an interface that is
 * behind. Each: no crash, no harm to other collectors, a counter. In namespaces.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type Namespace } from '../lab/lab.ts';
import { ended, expectBalanced, exporterCommand, RECORDS, readerResult, to } from './faults-support.ts';

const HERE = import.meta.dirname;
let lab: Lab;
let directory: string;

beforeEach(() => {
  lab = new Lab('faults');
  directory = mkdtempSync(join(tmpdir(), 'flowtap-faults-'));
});
afterEach(async () => {
  await lab.close();
  rmSync(directory, { recursive: true });
});

/** Drops packets that come in: without an answer, as a network does. */
function drop(where: Namespace, rule: string): void {
  where.execute('nft', 'add table ip faults');
  where.execute('nft', 'add chain ip faults in { type filter hook input priority 0; }');
  where.execute('nft', `add rule ip faults in ${rule} drop`);
}

/** Two namespaces, and how to start a UDP reader in the second one. */
function twoNamespaces() {
  const probe = lab.namespace('probe');
  const collector = lab.namespace('collector');
  lab.connect(probe, collector, {
    addresses: [
      ['192.0.2.1/24', '2001:db8::1/64', '192.0.2.3/24'],
      ['192.0.2.2/24', '2001:db8::2/64', '192.0.2.4/24'],
    ],
    names: ['east', 'west'],
  });
  const read = async (address: string, port: number) => {
    const process = collector.start(['python3', join(HERE, 'udp-reader.py'), address, String(port)]);
    await process.waitForOutput(/listening/);
    return { result: () => readerResult(process, port) };
  };
  return { probe, collector, read };
}

describeInLab(['python3', 'tc', 'nft', 'ping'], 'exporting to a collector', () => {
  it.each([4, 6])(
    'over IPv%i comes from the address and port, and with the DSCP and TTL, asked for',
    async (version) => {
      const { probe, read } = twoNamespaces();
      const [host, sourceAddress] =
        version === 4 ? ['192.0.2.2', '192.0.2.3'] : ['2001:db8::2', '2001:db8::1'];
      // Neighbours find each other first: what waits for that, a second when the first question is lost, is not quiet.
      expect(await probe.run(['ping', '-c', '1', '-W', '20', host])).toMatchObject({ code: 0 });
      const reader = await read(host, 4739);
      const exporters = [to('ipfix', host, 4739, { sourceAddress, sourcePort: 9999, dscp: 46, ttl: 7 })];
      const { statistics } = await ended(
        probe.start(exporterCommand({ exporters, batches: 20, everyMs: 1, lingerMs: 60_000 })),
      );
      const seen = await reader.result();
      expect(seen).toMatchObject({
        records: 2000,
        missing: 0,
        tos: [46 << 2],
        ttl: [7],
        sources: [[sourceAddress, 9999]],
      });
      expectBalanced(statistics[0]!, 20);
    },
  );

  it('that loses 1 %: the collector can tell how much by the sequence numbers; TCP brings everything', async () => {
    const { probe, collector, read } = twoNamespaces();
    drop(collector, 'numgen random mod 100 < 1');
    const reader = await read('192.0.2.2', 4739);
    const file = join(directory, 'received');
    const stream = collector.start([
      process.execPath,
      join(HERE, 'crash-collector.ts'),
      '4740',
      file,
      '0.0.0.0',
    ]);
    await stream.waitForOutput(/listening/);
    const batches = 2000;
    const exporters = [to('ipfix', '192.0.2.2', 4739, { rate: 'max' }), to('ipfix+tcp', '192.0.2.2', 4740)];
    const { statistics } = await ended(
      probe.start(exporterCommand({ exporters, batches, everyMs: 1, lingerMs: 60_000 })),
    );
    const { records, missing } = await reader.result();
    for (const one of statistics) expectBalanced(one, batches);
    expect(records).toBeLessThan(batches * RECORDS);
    // Losses behind the last datagram that arrived show in no sequence number.
    expect(records + missing).toBeGreaterThan(batches * RECORDS * 0.99);
    expect(records + missing).toBeLessThanOrEqual(batches * RECORDS);
    expect(statistics[1]).toMatchObject({ dataRecords: batches * RECORDS, recordsPending: 0, sessions: 1 });
  });

  it('that loses everything: nobody else is delayed, TCP says that nobody answers', async () => {
    const { probe, collector, read } = twoNamespaces();
    drop(collector, 'ip daddr 192.0.2.4');
    const reader = await read('192.0.2.2', 4739);
    const batches = 1200;
    const exporters = [
      to('ipfix', '192.0.2.4', 4739),
      to('ipfix+tcp', '192.0.2.4', 4740, { queueRecords: 5000 }),
      to('ipfix', '192.0.2.2', 4739),
    ];
    const running = probe.start(exporterCommand({ exporters, batches, everyMs: 9, lingerMs: 500 }));
    const { statistics, slowestMs } = await ended(running);
    const { records, missing } = await reader.result();
    expect([records, missing]).toEqual([batches * RECORDS, 0]);
    for (const one of statistics) expectBalanced(one, batches);
    // UDP cannot know; TCP does, after its time limit for an answer.
    expect(statistics[0]).toMatchObject({ dataRecords: batches * RECORDS, recordsFailed: 0 });
    expect(statistics[1]!.errors.etimedout).toBeGreaterThan(0);
    expect(statistics[1]!.recordsDropped!.queueFull).toBeGreaterThan(0);
    expect(statistics[1]!.lastError!.message).toContain('no answer within 10 s');
    // Far from the ten seconds that TCP waits.
    expect(slowestMs).toBeLessThan(8000);
  });

  it('behind an interface that cannot keep up: the queue fills, is counted, and the other collector gets all', async () => {
    const { probe, collector, read } = twoNamespaces();
    const other = lab.namespace('other');
    lab.connect(probe, other, {
      addresses: [['198.51.100.1/24'], ['198.51.100.2/24']],
      names: ['side', 'back'],
    });
    probe.execute(...'tc qdisc add dev east root tbf rate 400kbit burst 4kb limit 8kb'.split(' '));
    const slow = await read('192.0.2.2', 4739);
    const fastReader = other.start(['python3', join(HERE, 'udp-reader.py'), '198.51.100.2', '4739']);
    await fastReader.waitForOutput(/listening/);
    const batches = 3000;
    const options = { rate: 'max' as const, queueRecords: 2000 };
    const exporters = [to('ipfix', '192.0.2.2', 4739, options), to('ipfix', '198.51.100.2', 4739)];
    const running = probe.start(exporterCommand({ exporters, batches, everyMs: 1, lingerMs: 500 }));
    const { statistics } = await ended(running);
    const { records } = await slow.result();
    const fast = await readerResult(fastReader, 4739);
    for (const one of statistics) expectBalanced(one, batches);
    expect(fast).toMatchObject({ records: batches * RECORDS, missing: 0 });
    expect(records).toBeGreaterThan(0);
    expect(records).toBeLessThan(batches * RECORDS);
    expect(collector.counters('west').rxPackets).toBeGreaterThan(0);
  });
});
