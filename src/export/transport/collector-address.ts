/** Addresses of collectors: from a name to addresses, and whether they are this host's own. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ExportError } from '../../base/errors.ts';

/** A collector's address, resolved. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Whether it is a name, which may lead elsewhere later. */
export function isHostName(host: string): boolean {
  return isIP(host.replace(/%.*$/, '')) === 0;
}

/**
 * All addresses of a collector, the system's first choice first.
 * @param sourceAddress leaves only addresses of its own IP version
 * @throws ExportError where the name is unknown
 */
export async function resolveCollector(
  host: string,
  url: string,
  sourceAddress?: string,
): Promise<readonly ResolvedAddress[]> {
  const version = isIP(host.replace(/%.*$/, ''));
  if (version !== 0) {
    if (version === 6) checkZone(host, url);
    return [{ address: host, family: version as 4 | 6 }];
  }
  const family = sourceAddress === undefined ? 0 : isIP(sourceAddress.replace(/%.*$/, ''));
  try {
    return (await lookup(host, { all: true, family })) as ResolvedAddress[];
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ExportError(url, `cannot resolve ${host}: ${code}`, {
      remedy: 'check the name, or give the address',
      cause,
    });
  }
}

/** IPv6 addresses that mean something on one link alone (RFC 4291 §2.5.6, RFC 4007 §4). */
const LINK_LOCAL = /^(fe[89ab][0-9a-f]|ff[0-9a-f]2):/i;

/** @throws ExportError where an address of one link does not say which, or names an interface that is not there */
function checkZone(host: string, url: string): void {
  const [, address = host, zone] = /^([^%]*)%(.*)$/.exec(host) ?? [];
  if (zone === undefined && !LINK_LOCAL.test(address)) return;
  const names = Object.keys(networkInterfaces());
  if (zone !== undefined && (names.includes(zone) || /^[1-9]\d*$/.test(zone))) return;
  const found =
    zone === undefined
      ? `${host} is an address of one link, and has no zone that says which`
      : `the zone ${zone} of ${host} is no interface of this host`;
  throw new ExportError(url, found, {
    remedy: `write [${address}%INTERFACE] with one of: ${names.join(', ')}`,
    cause: Object.assign(new Error(found), { code: 'ENETUNREACH' }),
  });
}

/** Whether packets to the address stay on this host. */
export function isLocalAddress(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true;
  for (const addresses of Object.values(networkInterfaces())) {
    if (addresses?.some((own) => own.address === address)) return true;
  }
  return false;
}

/** This host's address on the way to a collector, as far as the routes tell; nothing is sent to find out. */
export function addressTowards(to: ResolvedAddress, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
    const done = (address: string | undefined) => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => done(undefined));
    socket.connect(port, to.address, () => done(socket.address().address.replace(/%.*$/, '')));
  });
}
