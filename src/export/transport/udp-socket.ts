/**
 * Opens UDP sockets: bound to an address and port where that is asked for, connected, and with the IP header asked for.
 */
import { createSocket, type Socket } from 'node:dgram';
import { ExportError } from '../../base/errors.ts';
import { setIpHeader, socketDescriptor } from '../../sys/socket-options.ts';
import type { ResolvedAddress } from './collector-address.ts';

/** Where a socket's datagrams come from, and what their IP headers say. */
export interface SocketSettings {
  readonly sourceAddress?: string;
  readonly sourcePort?: number;
  readonly dscp?: number;
  readonly ttl?: number;
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another socket has this sourcePort: choose another one',
  EADDRNOTAVAIL: 'sourceAddress must be an address of this host',
};

function openError(url: string, error: unknown): ExportError {
  const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  const remedy = REMEDIES[code] ?? 'check the address and this host’s routes';
  return new ExportError(url, `cannot open the socket: ${code}`, { remedy, cause: error });
}

/**
 * A bound and connected socket. connect() reports a missing route; later errors come with each message.
 * @throws ExportError where the system refuses
 */
export async function connectUdp(
  to: ResolvedAddress,
  port: number,
  { sourceAddress, sourcePort, dscp, ttl }: SocketSettings,
  url: string,
): Promise<Socket> {
  const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
  const wait = (start: (done: (error?: Error) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      start((error) => {
        socket.off('error', reject);
        if (error) reject(error);
        else resolve();
      });
    });
  try {
    if (sourceAddress !== undefined || sourcePort !== undefined) {
      await wait((done) =>
        socket.bind(
          { address: sourceAddress ?? (to.family === 4 ? '0.0.0.0' : '::'), port: sourcePort ?? 0 },
          done,
        ),
      );
    }
    await wait((done) => socket.connect(port, to.address, done));
    const fault = setIpHeader(socketDescriptor(socket), to.family, { dscp, ttl });
    if (fault !== undefined) throw new Error(fault);
  } catch (error) {
    socket.close();
    throw openError(url, error);
  }
  socket.on('error', () => {});
  return socket;
}
