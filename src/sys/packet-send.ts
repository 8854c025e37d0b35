/**
 * Sends whole frames on an interface: an AF_PACKET socket for sending alone, past the queueing discipline
 * (PACKET_QDISC_BYPASS), and one sendmmsg call for many frames. Linux; layouts are those of 64-bit Linux, which x86-64
 * and arm64 share. Receives nothing. Why not a transmit ring: docs/decisions/0020.
 */

import { getSystemErrorName } from 'node:util';
import { SystemCallError } from '../base/errors.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import { doWithout } from './kernel-features.ts';
import { addressOf, loadLibc } from './koffi.ts';
import * as linux from './linux-constants.ts';

const SEND_BUFFER_OCTETS = 4 << 20;
/** struct mmsghdr (64): msghdr of name, its length, vector, its count, control, its length, flags; then the length. */
const HEADER_WORDS = linux.MMSGHDR_OCTETS / 8;
const VECTOR_WORD = linux.MSG_IOV / 8;
const VECTOR_COUNT_WORD = linux.MSG_IOVLEN / 8;
/** Two struct iovec (16) for a frame: its octets, and zeroes where some are missing. */
const VECTOR_WORDS = (2 * linux.IOVEC_OCTETS) / 8;
/** Most zeroes that a frame is filled up with. */
const ZEROES_OCTETS = 65_536;

export interface PacketSender {
  /** Octets of the longest frame's payload that the interface takes. */
  readonly mtuOctets: number;
  /**
   * Hands frames to the interface, in order; a frame of which less was captured than was on the wire is filled up with
   * zeroes.
   * @returns how many went, at least 1; or the errno, negative, for which the first one did not
   */
  send(batch: PacketBatch, from: number, count: number): number;
  close(): void;
}

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, octets: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, octets: number) => number;
  readonly sendmmsg: (fd: number, headers: bigint, count: number, flags: number) => number;
  readonly ioctl: (fd: number, request: number, value: Uint8Array) => number;
  readonly close: (fd: number) => number;
  readonly ifIndex: (name: string) => number;
  readonly errno: () => number;
}

function loadCalls(): Calls {
  const { koffi, library } = loadLibc();
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, const void *, uint32_t)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    sendmmsg: library.func('int sendmmsg(int, uintptr_t, uint32_t, int)'),
    ioctl: library.func('int ioctl(int, unsigned long, _Inout_ void *)'),
    close: library.func('int close(int)'),
    ifIndex: library.func('uint32_t if_nametoindex(const char *)'),
    errno: () => koffi.errno(),
  };
}

/** @throws SystemCallError where the C library cannot be reached */
function openCalls(name: string): Calls {
  try {
    return loadCalls();
  } catch (error) {
    const remedy = `koffi cannot call the C library here: ${(error as Error).message}`;
    throw new SystemCallError(name, { call: 'socket(AF_PACKET)', errno: 'ENOSYS', remedy });
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EPERM: 'sending whole frames needs the capability CAP_NET_RAW: run it as root, or grant that',
  ENODEV: 'see: flowtap interfaces',
  ENETDOWN: 'set the interface up first: ip link set DEVICE up',
};

function fault(name: string, call: string, errno: number): SystemCallError {
  const errnoName = getSystemErrorName(-errno);
  return new SystemCallError(name, { call, errno: errnoName, remedy: REMEDIES[errnoName] });
}

function number32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** struct ifreq: the name in 16 octets, then a union. */
function readMtu(calls: Calls, fd: number, name: string): number {
  const request = new Uint8Array(256);
  request.set(Buffer.from(name, 'latin1').subarray(0, linux.IFNAMSIZ - 1));
  if (calls.ioctl(fd, linux.SIOCGIFMTU, request) !== 0) throw fault(name, 'ioctl(SIOCGIFMTU)', calls.errno());
  return new DataView(request.buffer).getInt32(linux.IFREQ_DATA, true);
}

/**
 * Opens a socket that sends on an interface.
 * @param framesMax of one call
 * @throws SystemCallError when there is no such interface or no permission
 */
export function openPacketSender(name: string, framesMax: number): PacketSender {
  const calls = openCalls(name);
  const ifIndex = calls.ifIndex(name);
  if (ifIndex === 0) throw fault(name, 'if_nametoindex', calls.errno());
  // Protocol 0: nothing that arrives is put into this socket.
  const fd = calls.socket(linux.AF_PACKET, linux.SOCK_RAW | linux.SOCK_CLOEXEC, 0);
  if (fd < 0) throw fault(name, 'socket(AF_PACKET)', calls.errno());
  try {
    calls.setsockopt(fd, linux.SOL_SOCKET, linux.SO_SNDBUF, number32(SEND_BUFFER_OCTETS), 4);
    // Where it is refused, frames go through the queueing discipline, a little more slowly.
    if (calls.setsockopt(fd, linux.SOL_PACKET, linux.PACKET_QDISC_BYPASS, number32(1), 4) !== 0)
      doWithout('PACKET_QDISC_BYPASS', calls.errno());
    const address = new Uint8Array(256);
    const view = new DataView(address.buffer);
    view.setUint16(linux.SLL_FAMILY, linux.AF_PACKET, true);
    view.setInt32(linux.SLL_IFINDEX, ifIndex, true);
    if (calls.bind(fd, address, linux.SOCKADDR_LL_OCTETS) !== 0) throw fault(name, 'bind', calls.errno());
    return new Sender(calls, fd, readMtu(calls, fd, name), framesMax);
  } catch (error) {
    calls.close(fd);
    throw error;
  }
}

class Sender implements PacketSender {
  readonly mtuOctets: number;
  readonly #calls: Calls;
  #fd: number;
  // Buffers of more than a few octets lie outside the garbage collector's reach and do not move.
  // 64-bit words as two 32-bit halves each, low half first: cheaper to write than bigint.
  readonly #headers: Uint32Array;
  readonly #headersAddress: bigint;
  readonly #vectors: Uint32Array;
  readonly #zeroes = new Uint8Array(ZEROES_OCTETS);
  readonly #zeroesAddress: number;
  #memory: ArrayBufferLike | undefined;
  #memoryAddress = 0;

  constructor(calls: Calls, fd: number, mtuOctets: number, framesMax: number) {
    this.mtuOctets = mtuOctets;
    this.#calls = calls;
    this.#fd = fd;
    const vectors = new Uint8Array(Math.max(4096, framesMax * VECTOR_WORDS * 8));
    this.#vectors = new Uint32Array(vectors.buffer);
    const vectorsAddress = addressOf(vectors);
    const headers = new Uint8Array(Math.max(4096, framesMax * HEADER_WORDS * 8));
    this.#headers = new Uint32Array(headers.buffer);
    const words = new BigUint64Array(headers.buffer);
    for (let i = 0; i < framesMax; i++) {
      words[i * HEADER_WORDS + VECTOR_WORD] = vectorsAddress + BigInt(i * VECTOR_WORDS * 8);
    }
    this.#headersAddress = addressOf(headers);
    this.#zeroesAddress = Number(addressOf(this.#zeroes));
  }

  send(batch: PacketBatch, from: number, count: number): number {
    const { view } = batch;
    if (view.buffer !== this.#memory) this.#learnAddress(view.buffer);
    const start = this.#memoryAddress + view.byteOffset;
    const vectors = this.#vectors;
    for (let i = 0; i < count; i++) {
      const stored = batch.capturedLength[from + i]!;
      const missing = batch.wireLength[from + i]! - stored;
      const at = i * VECTOR_WORDS * 2;
      this.#writeAddress(at, start + batch.frameOffset[from + i]!);
      vectors[at + 2] = stored;
      this.#headers[(i * HEADER_WORDS + VECTOR_COUNT_WORD) * 2] = missing > 0 ? 2 : 1;
      if (missing <= 0) continue;
      this.#writeAddress(at + 4, this.#zeroesAddress);
      vectors[at + 6] = Math.min(missing, ZEROES_OCTETS);
    }
    const sent = this.#calls.sendmmsg(this.#fd, this.#headersAddress, count, 0);
    return sent > 0 ? sent : -this.#calls.errno();
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#calls.close(this.#fd);
    this.#fd = -1;
  }

  #learnAddress(memory: ArrayBufferLike): void {
    const bytes = new Uint8Array(memory);
    this.#memory = memory;
    this.#memoryAddress = Number(addressOf(bytes));
  }

  /** Addresses of a process stay below 2^48, so a number holds them exactly. */
  #writeAddress(word: number, address: number): void {
    this.#vectors[word] = address % 4294967296;
    this.#vectors[word + 1] = Math.floor(address / 4294967296);
  }
}
