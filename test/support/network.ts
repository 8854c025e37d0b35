/** Loopback ports for tests. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A UDP port of 127.0.0.1 that nothing was bound to a moment ago. */
export function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** Whether some process has bound this UDP port (Linux). */
export function isUdpPortBound(port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/udp', '/proc/net/udp6'].some((table) =>
    readFileSync(table, 'latin1')
      .split('\n')
      .some((line) => line.trim().split(/\s+/)[1]?.endsWith(suffix)),
  );
}

/** Octets that wait unread in the sockets bound to this UDP port (Linux). */
export function unreadOctets(port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/udp', '/proc/net/udp6']
    .flatMap((table) => readFileSync(table, 'latin1').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix))
    .reduce((sum, fields) => sum + Number.parseInt(fields[4]!.split(':')[1]!, 16), 0);
}

/**
 * Waits until `condition` holds.
 * @throws Error naming `what` when it does not within `limitMs`
 */
export async function waitFor(what: string, condition: () => boolean, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await delay(20);
  }
}

/** A bound UDP socket that keeps every datagram. */
export interface DatagramCollector {
  readonly port: number;
  readonly datagrams: Buffer[];
  close(): Promise<void>;
}

/** Binds a UDP port of 127.0.0.1 and keeps what comes. */
export function collectDatagrams(): Promise<DatagramCollector> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
    const datagrams: Buffer[] = [];
    socket.once('error', reject);
    socket.on('message', (message) => datagrams.push(message));
    socket.bind(0, '127.0.0.1', () =>
      resolve({
        port: socket.address().port,
        datagrams,
        close: () => new Promise((closed) => socket.close(() => closed())),
      }),
    );
  });
}
