/**
 * Connects to a collector over TCP, and over TLS where the URL says so (RFC 7011 §11: the collector's certificate is
 * always checked; the probe shows one of its own where it has one). One attempt; session-connector.ts tries again.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { ConfigError } from '../../base/errors.ts';
import {
  type StreamProgress,
  setIpHeader,
  socketDescriptor,
  streamProgress,
} from '../../sys/socket-options.ts';
import type { ExporterConfig } from '../contract/record-sink.ts';
import { resolveCollector } from './collector-address.ts';

const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** Looked at for what the collector sends; it has nothing to say (RFC 7011 §10.4.1), so it is thrown away. */
const ALPN: string[] = [];

interface StreamOptions {
  readonly sourceAddress?: string;
  readonly dscp?: number;
  readonly ttl?: number;
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  readonly tlsVersionMin?: '1.2' | '1.3';
}

/** A stream to a collector. */
export interface CollectorConnection {
  /** What messages are written to. */
  readonly stream: Duplex;
  readonly address: string;
  /** This host's, on the way there. */
  readonly localAddress: string | undefined;
  /** How far the other system has acknowledged; undefined where that cannot be asked. */
  progress(): StreamProgress | undefined;
}

/** What TLS needs from files. */
export interface TlsMaterial {
  readonly context: SecureContext;
  readonly serverName: string | undefined;
}

function readPem(path: string | undefined, option: string, url: string): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    const found = `${path}: ${(error as NodeJS.ErrnoException).code}`;
    throw new ConfigError(url, [{ path: option, found, allowed: 'a PEM file that can be read' }]);
  }
}

/**
 * Reads certificates and keys; again for each connection, so that renewed ones are taken.
 * @throws ConfigError for files that cannot be read or used
 */
export function readTlsMaterial({ options, url }: ExporterConfig): TlsMaterial {
  const { caFile, certificateFile, keyFile, serverName, tlsVersionMin = '1.3' } = options as StreamOptions;
  const ca = readPem(caFile, 'caFile', url);
  const cert = readPem(certificateFile, 'certificateFile', url);
  const key = readPem(keyFile, 'keyFile', url);
  try {
    const context = createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      minVersion: `TLSv${tlsVersionMin}`,
    });
    return { context, serverName };
  } catch (error) {
    const found = (error as Error).message;
    const allowed = 'certificates and a key in PEM that belong together';
    throw new ConfigError(url, [{ path: 'certificateFile, keyFile, caFile', found, allowed }]);
  }
}

/** Resolves when the socket is ready; rejects with the first error, or after a time. */
function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${CONNECT_MS / 1000} s`), { code: 'ETIMEDOUT' }));
    }, CONNECT_MS);
    const done = (error?: Error) => {
      clearTimeout(timer);
      socket.off('error', done);
      socket.off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onClose = () => done(Object.assign(new Error('closed by the collector'), { code: 'CLOSED' }));
    socket.on('error', done);
    socket.on('close', onClose);
    socket.once(event, () => done());
  });
}

/**
 * One attempt to connect, after a lookup of the name.
 * @param tls undefined for plain TCP
 * @throws whatever stands in the way, as node:net and node:tls say it
 */
export async function connectStream(
  to: ExporterConfig,
  tls: TlsMaterial | undefined,
): Promise<CollectorConnection> {
  const { sourceAddress, dscp, ttl } = to.options as StreamOptions;
  const [first] = await resolveCollector(to.host, to.url, sourceAddress);
  const { address, family } = first!;
  const tcp = connectTcp({
    host: address,
    port: to.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
  });
  let stream: Socket = tcp;
  try {
    await ready(tcp, 'connect');
    const fault = setIpHeader(socketDescriptor(tcp), family, { dscp, ttl });
    if (fault !== undefined) throw new Error(fault);
    if (tls !== undefined) {
      const name = tls.serverName ?? to.host;
      stream = connectTls({
        socket: tcp,
        host: name,
        ...(isIP(name) === 0 ? { servername: name } : {}),
        secureContext: tls.context,
        ALPNProtocols: ALPN,
      });
      await ready(stream, 'secureConnect');
    }
  } catch (error) {
    stream.on('error', () => {});
    stream.destroy();
    tcp.destroy();
    throw error;
  }
  const descriptor = socketDescriptor(tcp);
  // Anything that it sends is thrown away; reading is what shows that it has closed.
  stream.resume();
  const localAddress = tcp.localAddress?.replace(/%.*$/, '');
  const progress = () => (tcp.destroyed ? undefined : streamProgress(descriptor));
  return { stream, address, localAddress, progress };
}
