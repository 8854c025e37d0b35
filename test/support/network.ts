/** Loopback ports for tests. */
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait.ts';

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

/** The tables of UDP sockets that a process sees, as /proc shows them (Linux). */
const udpTables = (pid: number | 'self') =>
  ['udp', 'udp6'].map((table) => readFileSync(`/proc/${pid}/net/${table}`, 'latin1'));

/** The sockets bound to a UDP port, as /proc shows them (Linux, net/ipv4/udp.c). */
export function udpSockets(
  port: number,
  pid: number | 'self' = 'self',
): { readonly inode: number; readonly queuedOctets: number; readonly drops: number }[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  // sl, local:port, remote:port, st, tx_queue:rx_queue, tr:tm, retrnsmt, uid, timeout, inode, ref, pointer, drops
  return udpTables(pid)
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix))
    .map((fields) => ({
      inode: Number(fields[9]),
      queuedOctets: Number.parseInt(fields[4]!.split(':')[1]!, 16),
      drops: Number(fields[12]),
    }));
}

/** Whether some process has bound this UDP port (Linux). */
export function isUdpPortBound(port: number): boolean {
  return udpSockets(port).length > 0;
}

/**
 * Octets that wait unread in the sockets bound to this UDP port (Linux).
 * @param pid of a process in the network namespace to look at
 */
export function unreadOctets(port: number, pid: number | 'self' = 'self'): number {
  return udpSockets(port, pid).reduce((sum, { queuedOctets }) => sum + queuedOctets, 0);
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

/** Whether every thread of a process, and of those that it started, sleeps: none works, and none waits for a processor. */
function isAsleep(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const folder = `/proc/${pid}/task/${thread}`;
      const stat = readFileSync(`${folder}/stat`, 'latin1');
      const state = stat.charAt(stat.lastIndexOf(')') + 2);
      const children = readFileSync(`${folder}/children`, 'latin1').match(/\d+/g) ?? [];
      return 'SIZ'.includes(state) && children.every((child) => isAsleep(Number(child)));
    });
  } catch {
    // One of them has just ended.
    return false;
  }
}

/**
 * Waits until a program has dealt with all that was sent to it: since its UDP port had something unread or `progress` last
 * changed it has been asleep for `quietMs` in all. Time that it runs, or waits for a processor, does not count, so that a
 * busy machine makes this wait longer.
 * @throws Error when it does not come to that
 */
export async function waitUntilQuiet(
  { pid, port, quietMs }: { readonly pid: number; readonly port?: number; readonly quietMs: number },
  progress: () => number = () => 0,
): Promise<void> {
  let [asleepMs, lastLookMs, before] = [0, Number.NaN, Number.NaN];
  const isQuiet = () => {
    const [now, nowMs] = [progress(), performance.now()];
    const hasMoved = now !== before || (port !== undefined && unreadOctets(port, pid) > 0);
    before = now;
    if (hasMoved) asleepMs = 0;
    if (hasMoved || !isAsleep(pid)) lastLookMs = Number.NaN;
    else {
      if (!Number.isNaN(lastLookMs)) asleepMs += nowMs - lastLookMs;
      lastLookMs = nowMs;
    }
    return asleepMs >= quietMs;
  };
  await waitFor('it has nothing more to do', isQuiet);
}
