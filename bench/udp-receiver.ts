/**
 * Receives UDP datagrams on loopback 64 at a time (recvmmsg(2)), so that the collector of the benchmarks is not what sets
 * the pace: Node's own sockets need about 4 µs for each, which a probe then waits for.
 */
import { createRequire } from 'node:module';

const DATAGRAMS = 64;
const DATAGRAM_OCTETS = 65_536;
/** struct mmsghdr and struct iovec of LP64 systems. */
const MMSGHDR_OCTETS = 64;
const IOV_AT = 16;
const IOVLEN_AT = 24;
const MSG_LEN_AT = 56;
const IOVEC_OCTETS = 16;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_RCVTIMEO = 20;
const MSG_WAITFORONE = 0x10000;
const RECEIVE_BUFFER_OCTETS = 16 << 20;
const RECEIVE_LIMIT_MS = 50;

interface Calls {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, octets: number): number;
  getsockname(fd: number, address: Uint8Array, octets: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, octets: number): number;
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number, timeout: null): number;
  memmove(to: Uint8Array, from: Uint8Array, octets: number): bigint | number;
}

function loadCalls(): Calls {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const libc = koffi.load('libc.so.6');
  return {
    socket: libc.func('int socket(int, int, int)'),
    bind: libc.func('int bind(int, const void *, uint32_t)'),
    getsockname: libc.func('int getsockname(int, void *, void *)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    recvmmsg: libc.func('int recvmmsg(int, void *, unsigned int, int, void *)'),
    memmove: libc.func('uintptr_t memmove(void *, const void *, size_t)'),
  } as unknown as Calls;
}

export interface Receiver {
  readonly port: number;
  /**
   * Waits for datagrams, for RECEIVE_LIMIT_MS at most, and hands out those that are there.
   * @param onDatagram its octets, valid until it returns
   */
  receive(onDatagram: (octets: Buffer) => void): void;
}

/** Opens a free port of 127.0.0.1. @throws Error where that is refused */
export function openReceiver(): Receiver {
  const calls = loadCalls();
  const addressOf = (octets: Uint8Array) => BigInt(calls.memmove(octets, octets, 0));
  const fd = calls.socket(AF_INET, SOCK_DGRAM, 0);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(RECEIVE_BUFFER_OCTETS);
  // The limit of net.core.rmem_max is root's to pass.
  if (calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4) !== 0)
    calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, 4);
  const address = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (fd < 0 || calls.bind(fd, address, address.length) !== 0) throw new Error('cannot bind on 127.0.0.1');
  const length = Buffer.from([address.length, 0, 0, 0]);
  calls.getsockname(fd, address, length);
  const space = Buffer.alloc(DATAGRAMS * DATAGRAM_OCTETS);
  // The headers, and behind them in the same memory, which nothing else would keep alive, the vectors they point to.
  const headers = Buffer.alloc(DATAGRAMS * (MMSGHDR_OCTETS + IOVEC_OCTETS));
  const spaceAt = addressOf(space);
  const headersAt = addressOf(headers);
  for (let i = 0; i < DATAGRAMS; i++) {
    const vector = DATAGRAMS * MMSGHDR_OCTETS + i * IOVEC_OCTETS;
    headers.writeBigUInt64LE(spaceAt + BigInt(i * DATAGRAM_OCTETS), vector);
    headers.writeBigUInt64LE(BigInt(DATAGRAM_OCTETS), vector + 8);
    headers.writeBigUInt64LE(headersAt + BigInt(vector), i * MMSGHDR_OCTETS + IOV_AT);
    headers.writeBigUInt64LE(1n, i * MMSGHDR_OCTETS + IOVLEN_AT);
  }
  const limit = Buffer.alloc(16);
  limit.writeBigUInt64LE(BigInt(RECEIVE_LIMIT_MS * 1000), 8);
  calls.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, limit, limit.length);
  return {
    port: address.readUInt16BE(2),
    receive(onDatagram) {
      const count = calls.recvmmsg(fd, headers, DATAGRAMS, MSG_WAITFORONE, null);
      for (let i = 0; i < count; i++) {
        const octets = headers.readUInt32LE(i * MMSGHDR_OCTETS + MSG_LEN_AT);
        onDatagram(space.subarray(i * DATAGRAM_OCTETS, i * DATAGRAM_OCTETS + octets));
      }
    },
  };
}
