/**
 * Socket options that Node has no call for, by file descriptor (Linux, through koffi): what the IP header of sent
 * packets says, and how much of a TCP stream the other side has acknowledged. Layouts and numbers are those of Linux on
 * every architecture that Node runs on.
 */
import { loadLibc } from './koffi.ts';
import * as linux from './linux-constants.ts';

/** As much of struct tcp_info as is read (linux/tcp.h; tcpi_bytes_acked, a u64, since 4.1). */
const TCP_INFO_OCTETS = linux.TCP_INFO_BYTES_ACKED + 8;

interface Calls {
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, octets: number) => number;
  readonly getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array,
    octets: Uint8Array,
  ) => number;
  readonly ioctl: (fd: number, request: number, value: Uint8Array) => number;
  readonly errno: () => number;
}

let loaded: Calls | undefined;
let hasTried = false;

function calls(): Calls | undefined {
  if (hasTried) return loaded;
  hasTried = true;
  if (process.platform !== 'linux') return undefined;
  try {
    const { koffi, library } = loadLibc();
    loaded = {
      setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
      getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
      ioctl: library.func('int ioctl(int, unsigned long, void *)'),
      errno: () => koffi.errno(),
    };
  } catch {
    // Callers say what is not possible without it.
    loaded = undefined;
  }
  return loaded;
}

/** The file descriptor of a socket of node:net or node:dgram, or undefined where Node hides it. */
export function socketDescriptor(socket: object): number | undefined {
  const handleOf = (holder: unknown) => {
    const { _handle, handle } = holder as { _handle?: { fd?: number }; handle?: { fd?: number } };
    return (handle ?? _handle)?.fd;
  };
  // node:dgram keeps its handle behind a symbol; asking for `_handle` there prints a warning.
  const symbol = Object.getOwnPropertySymbols(socket).find((name) => name.description === 'state symbol');
  const fd = symbol === undefined ? handleOf(socket) : handleOf((socket as Record<symbol, unknown>)[symbol]);
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/**
 * Sets what the IP headers of a socket's packets say.
 * @param values what is undefined stays as it is
 * @returns what could not be set and why, or undefined
 */
export function setIpHeader(
  fd: number | undefined,
  family: 4 | 6,
  { dscp, ttl }: { dscp?: number | undefined; ttl?: number | undefined },
): string | undefined {
  if (dscp === undefined && ttl === undefined) return undefined;
  const system = calls();
  if (system === undefined || fd === undefined) return 'dscp and ttl cannot be set on this system';
  const level = family === 4 ? linux.IPPROTO_IP : linux.IPPROTO_IPV6;
  const set = (what: string, option: number, value: number) =>
    system.setsockopt(fd, level, option, new Uint8Array(Int32Array.of(value).buffer), 4) === 0
      ? undefined
      : `cannot set ${what}: errno ${system.errno()}`;
  const dscpFault =
    dscp === undefined ? undefined : set('dscp', family === 4 ? linux.IP_TOS : linux.IPV6_TCLASS, dscp << 2);
  if (dscpFault !== undefined || ttl === undefined) return dscpFault;
  return set('ttl', family === 4 ? linux.IP_TTL : linux.IPV6_UNICAST_HOPS, ttl);
}

/** How far a TCP stream has come; octets since the connection was set up. */
export interface StreamProgress {
  readonly acknowledged: number;
  /** Written to the socket, acknowledged or not. */
  readonly written: number;
}

/** Asks the kernel how far a TCP socket has come. Undefined where it cannot tell. */
export function streamProgress(fd: number | undefined): StreamProgress | undefined {
  const system = calls();
  if (system === undefined || fd === undefined) return undefined;
  const info = new Uint8Array(TCP_INFO_OCTETS);
  const octets = new Uint8Array(Uint32Array.of(TCP_INFO_OCTETS).buffer);
  const queued = new Uint8Array(4);
  if (system.getsockopt(fd, linux.IPPROTO_TCP, linux.TCP_INFO, info, octets) !== 0) return undefined;
  if (system.ioctl(fd, linux.SIOCOUTQ, queued) !== 0) return undefined;
  if (new Uint32Array(octets.buffer)[0]! < TCP_INFO_OCTETS) return undefined;
  // The acknowledgement of the SYN counts as an octet in some kernels: both numbers have it, so it cancels out.
  const acknowledged = Number(new BigUint64Array(info.buffer)[linux.TCP_INFO_BYTES_ACKED / 8]!);
  return { acknowledged, written: acknowledged + new Uint32Array(queued.buffer)[0]! };
}
