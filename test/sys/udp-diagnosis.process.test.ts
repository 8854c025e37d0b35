/** What the kernel tells about a receiving socket, against its own table /proc/net/udp, for sockets of several kinds. */
import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { addressOctets } from '../../src/base/addresses.ts';
import { openSegmentedUdpSocket, type SegmentedUdpSocket } from '../../src/sys/segmented-udp.ts';
import { openUdpDiagnosis } from '../../src/sys/udp-diagnosis.ts';
import { udpSockets } from '../support/network.ts';

const OCTETS = 1400;
const COUNT = 5;
/** More than fit a receive buffer of the usual size. */
const TOO_MANY = 400;

const isLinux = existsSync('/proc/net/udp');
if (!isLinux) console.warn('SKIPPED: no /proc/net/udp here to compare with');

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

async function bound(
  type: SocketType,
  address: string,
  options: { reusePort?: boolean; port?: number } = {},
) {
  const socket = createSocket({ type, reusePort: options.reusePort ?? false });
  opened.push(socket);
  socket.bind(options.port ?? 0, address);
  await once(socket, 'listening');
  return socket;
}

function sender(address: string, port: number, memory: Uint8Array): SegmentedUdpSocket {
  const socket = openSegmentedUdpSocket(addressOctets(address), port, memory, 1 << 20)!;
  opened.push(socket);
  return socket;
}

function diagnosis(from: SegmentedUdpSocket, address: string, port: number) {
  const opening = openUdpDiagnosis(from.local, { address: addressOctets(address), port })!;
  opened.push(opening);
  return opening;
}

function send(socket: SegmentedUdpSocket, count: number): void {
  // Nobody reads between these calls and the look: a socket of Node's is read by the event loop alone.
  for (let i = 0; i < count; i++) expect(socket.send(Int32Array.of(0), 1, OCTETS, OCTETS)).toBe(0);
}

describe.skipIf(!isLinux)('the socket that takes datagrams', () => {
  it.each<[string, SocketType, string, string]>([
    ['of IPv4, bound to the address', 'udp4', '127.0.0.1', '127.0.0.1'],
    ['of IPv4, bound to any', 'udp4', '0.0.0.0', '127.0.0.1'],
    ['of IPv6', 'udp6', '::1', '::1'],
    ['of IPv6, bound to any, asked about IPv4', 'udp6', '::', '127.0.0.1'],
  ])('%s: what waits and what was dropped', async (_, type, bindTo, address) => {
    const { port } = (await bound(type, bindTo)).address();
    const from = sender(address, port, new Uint8Array(OCTETS));
    const watch = diagnosis(from, address, port);
    const look = () => {
      const listed = udpSockets(port);
      const socket = watch.look()!;
      expect(listed).toHaveLength(1);
      expect(socket).toMatchObject(listed[0]!);
      return socket;
    };
    expect(look()).toMatchObject({ queuedOctets: 0, drops: 0 });
    send(from, COUNT);
    expect(look().queuedOctets).toBeGreaterThanOrEqual(COUNT * OCTETS);
    expect(look().drops).toBe(0);
    send(from, TOO_MANY);
    expect(look().drops).toBeGreaterThan(0);
  });

  it('its own receive buffer', async () => {
    const socket = await bound('udp4', '127.0.0.1');
    socket.setRecvBufferSize(50_000);
    const { port } = socket.address();
    const watch = diagnosis(sender('127.0.0.1', port, new Uint8Array(OCTETS)), '127.0.0.1', port);
    expect(watch.look()!.bufferOctets).toBe(socket.getRecvBufferSize());
  });

  it('among several that share the port: the one that the datagrams reach', async () => {
    const first = await bound('udp4', '127.0.0.1', { reusePort: true });
    const { port } = first.address();
    await bound('udp4', '127.0.0.1', { reusePort: true, port });
    for (let i = 0; i < 8; i++) {
      const from = sender('127.0.0.1', port, new Uint8Array(OCTETS));
      const watch = diagnosis(from, '127.0.0.1', port);
      const before = watch.look()!.queuedOctets;
      send(from, COUNT);
      expect(watch.look()!.queuedOctets).toBeGreaterThanOrEqual(before + COUNT * OCTETS);
    }
  });

  it('nobody there', async () => {
    const socket: Socket = await bound('udp4', '127.0.0.1');
    const { port } = socket.address();
    const watch = diagnosis(sender('127.0.0.1', port, new Uint8Array(OCTETS)), '127.0.0.1', port);
    expect(watch.look()).toBeDefined();
    opened.splice(opened.indexOf(socket), 1);
    socket.close();
    await once(socket, 'close');
    expect(watch.look()).toBeUndefined();
  });

  it('no socket that asks', () => {
    const nobody = { address: addressOctets('127.0.0.1'), port: 1 };
    expect(openUdpDiagnosis(nobody, nobody)).toBeUndefined();
  });
});
