/** Sending over loopback: to nobody, to one address or another, and what the receive queue tells. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addressOctets } from '../../../src/base/addresses.ts';
import { ExportError } from '../../../src/base/errors.ts';
import { createExportingProcess } from '../../../src/export/exporting-process.ts';
import { resolveCollector } from '../../../src/export/transport/collector-address.ts';
import { messageRate } from '../../../src/export/transport/open-udp-transport.ts';
import { ReceiverQueue, watchReceiver } from '../../../src/export/transport/receiver-queue.ts';
import { TokenBucket } from '../../../src/export/transport/token-bucket.ts';
import { openSegmentedUdpSocket } from '../../../src/sys/segmented-udp.ts';
import { waitFor } from '../../support/wait.ts';
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
const hasProc = existsSync('/proc/net/udp');
if (!hasProc) console.warn('SKIPPED: no /proc/net/udp here, so collectors on this host cannot be watched');

async function boundSocket(type: 'udp4' | 'udp6' = 'udp4') {
  const socket = createSocket(type);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  return socket;
}

describe('an exporting process', () => {
  it('counts what the network refuses, and goes on', async () => {
    const socket = await boundSocket();
    const { port } = socket.address();
    socket.close();
    await once(socket, 'close');
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    for (let i = 0; i < 20; i++) {
      await exporting.exportBatch(BATCH);
      exporting.flush();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const [counters] = await exporting.close();
    expect(counters!.errors.econnrefused).toBeGreaterThan(0);
    expect(counters!.recordsOffered).toBe(counters!.dataRecords + counters!.recordsFailed);
    // The system tells of a refusal in place of the next datagram, which is sent all the same.
    expect(counters!.recordsRefused).toBeGreaterThan(18 * 512);
    expect(counters!.recordsFailed).toBe(0);
    expect(counters!.recordsOffered).toBe(20 * 512);
    expect(counters!.collectorDrops).toBeNull();
  });

  it('announces its templates to a collector that was not there when it began', async () => {
    const early = await boundSocket();
    const { port } = early.address();
    early.close();
    await once(early, 'close');
    const exporting = await createExportingProcess(CONFIG, [to(port)]);
    // The first announcement goes to nobody, and its refusal waits in the socket.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const late = createSocket('udp4');
    const messages: Buffer[] = [];
    late.on('message', (message) => messages.push(message));
    late.bind(port, '127.0.0.1');
    await once(late, 'listening');
    await exporting.exportBatch(BATCH);
    exporting.flush();
    await waitFor('records arrive', () => messages.some((message) => message.readUInt16BE(16) >= 256));
    const [counters] = await exporting.close();
    late.close();
    // IPFIX: the first set of the first message is one of templates (RFC 7011 §3.3.2).
    expect(messages[0]!.readUInt16BE(16)).toBe(2);
    expect(counters!.errors.econnrefused).toBe(1);
    expect(counters!.dataRecords).toBe(512);
  });

  it('says which collector the system refuses to open a socket for', async () => {
    const failing = createExportingProcess(CONFIG, [to(2055, '255.255.255.255')]);
    await expect(failing).rejects.toThrow(ExportError);
    await expect(failing).rejects.toThrow('ipfix://255.255.255.255:2055: cannot open the socket: EACCES');
  });

  it('sends to IPv6 collectors in messages of 1,232 octets at most', async () => {
    let socket: Awaited<ReturnType<typeof boundSocket>>;
    try {
      socket = await boundSocket('udp6');
    } catch {
      console.warn('SKIPPED: no IPv6 on this host');
      return;
    }
    const sizes: number[] = [];
    socket.on('message', (message) => sizes.push(message.length));
    const exporting = await createExportingProcess(CONFIG, [to(socket.address().port, '::1')]);
    await exporting.exportBatch(BATCH);
    const [counters] = await exporting.close();
    await waitFor('all has arrived', () => sizes.length === counters!.messages);
    socket.close();
    expect(sizes.length).toBeGreaterThan(30);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1232);
  });

  it('says which name does not resolve', async () => {
    const failing = resolveCollector('no-such-host.invalid', 'ipfix://no-such-host.invalid:4739');
    await expect(failing).rejects.toThrow(/ipfix:\/\/no-such-host\.invalid:4739: cannot resolve/);
  });
});

describe('addressOctets', () => {
  it.each([
    ['192.0.2.1', 'c0000201'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ])('of %s are %s', (address, expected) => {
    expect(Buffer.from(addressOctets(address)).toString('hex')).toBe(expected);
  });
});

describe('the receive queue', () => {
  it.skipIf(!hasProc)('is filled, and not beyond its end', async () => {
    const reader = await boundSocket();
    const { port } = reader.address();
    const octets = addressOctets('127.0.0.1');
    const sender = openSegmentedUdpSocket(octets, port, new Uint8Array(1400), 1 << 20)!;
    const queue = watchReceiver(sender.local, '127.0.0.1', port)!;
    let sent = 0;
    for (let allowed = queue.allowance(0); allowed > 0; allowed = queue.allowance(0)) {
      for (let i = 0; i < allowed; i++) expect(sender.send(Int32Array.of(0), 1, 1400, 1400)).toBe(0);
      sent += allowed;
    }
    expect(sent).toBeGreaterThan(32);
    expect(queue.drops).toBe(0);
    queue.close();
    sender.close();
    reader.close();
  });

  it('holds nothing back where nobody is bound', () => {
    const unknown = new ReceiverQueue({ look: () => undefined, close: () => {} });
    expect(unknown.allowance(0)).toBeGreaterThan(0);
    expect(unknown.drops).toBeNull();
  });
});

describe('the rate of messages', () => {
  it.each<[string, number | 'max' | undefined, boolean, number]>([
    ['as fast as the collector reads', undefined, true, Number.POSITIVE_INFINITY],
    ['limited where nobody sees how fast it reads', undefined, false, 20_000],
    ['what was asked for', 50, true, 50],
    ['without a limit if that was asked for', 'max', false, Number.POSITIVE_INFINITY],
  ])('is %s', (_, asked, isWatched, expected) => {
    expect(messageRate(asked, isWatched)).toBe(expected);
  });
});

describe('the token bucket', () => {
  it('keeps a rate with bursts of 32', () => {
    const bucket = new TokenBucket(10_000);
    let sent = 0;
    let most = 0;
    for (let ms = 0; ms <= 1000; ms++) {
      const available = bucket.available(ms);
      most = Math.max(most, available);
      for (let i = 0; i < available; i++, sent++) bucket.take();
    }
    expect(most).toBe(32);
    expect(sent).toBe(10_000 + 32);
  });

  it('knows no limit', () => {
    expect(new TokenBucket(Number.POSITIVE_INFINITY).available(0)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
