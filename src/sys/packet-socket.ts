/**
 * The system calls of a packet socket and its ring (packet(7)), through koffi, and what their errors mean. Linux on
 * x86-64 and arm64. Nothing here is called for a packet: a ring takes one call for each time that it is empty.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { CaptureError, NoInterfaceError } from '../base/errors.ts';
import { addressOf, hasKnownLayouts, loadLibc } from './koffi.ts';
import * as linux from './linux-constants.ts';
import { interfaceNames } from './network-interface.ts';

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly setsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array | bigint,
    n: number,
  ) => number;
  readonly getsockopt: (fd: number, level: number, name: number, value: Uint8Array, n: Uint32Array) => number;
  readonly bind: (fd: number, address: Uint8Array, octets: number) => number;
  readonly mmap: (
    to: number | bigint,
    octets: number,
    protection: number,
    flags: number,
    fd: number,
    at: number,
  ) => number | bigint;
  readonly munmap: (address: bigint, octets: number) => number;
  readonly poll: (descriptors: Uint8Array, count: number, timeoutMs: number) => number;
  readonly close: (fd: number) => number;
  readonly errno: () => number;
  readonly view: (address: bigint, octets: number) => ArrayBuffer;
}

let calls: Calls | undefined;

/** @throws CaptureError where there are no packet sockets, or koffi does not load */
function loaded(name: string): Calls {
  if (!hasKnownLayouts()) {
    throw new CaptureError(name, `no packet ring on ${process.platform} ${process.arch}`, {
      remedy: 'capture with libpcap instead: --capture libpcap',
      exitCode: 2,
    });
  }
  try {
    calls ??= load();
  } catch (cause) {
    throw new CaptureError(name, 'the package koffi, which calls the C library, cannot be loaded', {
      remedy: 'install flowtap with its dependencies (npm ci), or capture with --capture cap',
      cause,
    });
  }
  return calls;
}

function load(): Calls {
  const { koffi, library } = loadLibc();
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, uint32_t *)'),
    bind: library.func('int bind(int, const void *, uint32_t)'),
    mmap: library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)'),
    munmap: library.func('int munmap(uintptr_t, size_t)'),
    poll: library.func('int poll(void *, unsigned long, int)'),
    close: library.func('int close(int)'),
    errno: () => koffi.errno(),
    view: (address, octets) => koffi.view(address, octets),
  };
}

/** `no permission` and the like, with what to do, for the errno of a failed call. */
export function captureFault(name: string, call: string, errno: number): CaptureError {
  if (errno === linux.EPERM || errno === linux.EACCES) {
    return new CaptureError(name, 'no permission to capture packets: CAP_NET_RAW is missing', {
      remedy:
        'run as root, or by the systemd unit that comes with flowtap (AmbientCapabilities=CAP_NET_RAW), or grant it ' +
        `to the runtime: setcap cap_net_raw+ep "${process.execPath}"`,
    });
  }
  if (errno === linux.ENODEV || errno === linux.ENXIO) return noSuchInterface(name);
  if (errno === linux.ENOMEM) {
    return new CaptureError(name, `the kernel has no memory for the ring (${call})`, {
      remedy: 'make it smaller: --ring-blocks, live.ring.blockOctets',
    });
  }
  if (errno === linux.EAFNOSUPPORT) {
    return new CaptureError(name, 'packet sockets are not allowed or not known here (AF_PACKET)', {
      remedy: 'a systemd unit needs RestrictAddressFamilies with AF_PACKET; a kernel needs CONFIG_PACKET',
    });
  }
  return new CaptureError(name, `${call} failed with error number ${errno}`);
}

/** The error for an interface that is not there, with those that are. */
export function noSuchInterface(name: string): NoInterfaceError {
  const names = interfaceNames();
  return new NoInterfaceError(name, 'no such network interface', {
    remedy: `there are: ${names.join(', ')} (see: flowtap interfaces)`,
    exitCode: 2,
  });
}

/** Where a ring is mapped. */
export interface MappedRing {
  readonly address: bigint;
  readonly octets: number;
  /** In place of other memory, which is to be memory again behind it. */
  readonly isInPlace: boolean;
}

/** Maps memory. @returns its address, or -1 */
function mapped({ mmap }: Calls, at: bigint, octets: number, flags: number, descriptor: number): bigint {
  const address = BigInt(mmap(at, octets, linux.PROT_READ | linux.PROT_WRITE, flags, descriptor, 0));
  return BigInt.asIntN(64, address);
}

/** Takes the ring out of our memory; where it lay in place of other memory, there are pages of zeroes. @returns success */
function unmap(calls: Calls, { address, octets, isInPlace }: MappedRing): boolean {
  if (!isInPlace) return calls.munmap(address, octets) === 0;
  return (
    mapped(calls, address, octets, linux.MAP_PRIVATE | linux.MAP_ANONYMOUS | linux.MAP_FIXED, -1) === address
  );
}

/** A packet socket, open until `close`. Options and addresses are given as the octets of their structures. */
export class PacketSocket {
  readonly descriptor: number;
  /** As /proc/self names it: `socket:[INODE]`. */
  readonly name: string;
  readonly #name: string;
  readonly #calls: Calls;
  readonly #pollDescriptor = new Uint8Array(linux.POLLFD_OCTETS);
  #isOpen = true;

  /**
   * @param name of the interface, for errors
   * @throws CaptureError without permission, or where there are no packet sockets
   */
  constructor(name: string) {
    this.#name = name;
    this.#calls = loaded(name);
    // Protocol 0: no packet comes before bind.
    this.descriptor = this.#calls.socket(linux.AF_PACKET, linux.SOCK_RAW | linux.SOCK_CLOEXEC, 0);
    if (this.descriptor < 0) throw captureFault(name, 'socket', this.#calls.errno());
    this.name = nameOfDescriptor(this.descriptor);
    const view = new DataView(this.#pollDescriptor.buffer);
    view.setInt32(0, this.descriptor, true);
    view.setInt16(linux.POLLFD_EVENTS, linux.POLLIN, true);
  }

  /**
   * Sets an option.
   * @param value a number is one of 32 bits
   * @returns 0, or the errno
   */
  trySet(level: number, option: number, value: number | Uint8Array): number {
    const octets = typeof value === 'number' ? new Uint8Array(Int32Array.of(value).buffer) : value;
    const { setsockopt, errno } = this.#calls;
    return setsockopt(this.descriptor, level, option, octets, octets.length) === 0 ? 0 : errno();
  }

  /** @throws CaptureError */
  set(what: string, level: number, option: number, value: number | Uint8Array): void {
    const errno = this.trySet(level, option, value);
    if (errno !== 0) throw captureFault(this.#name, `setsockopt ${what}`, errno);
  }

  /** Fills `value` with the option's value. @returns 0, or the errno */
  get(level: number, option: number, value: Uint8Array): number {
    const { getsockopt, errno } = this.#calls;
    const octets = Uint32Array.of(value.length);
    return getsockopt(this.descriptor, level, option, value, octets) === 0 ? 0 : errno();
  }

  /** The error that waits in the socket, or 0; asking takes it away. */
  pendingError(): number {
    const value = new Uint8Array(4);
    return this.get(linux.SOL_SOCKET, linux.SO_ERROR, value) === 0
      ? new DataView(value.buffer).getInt32(0, true)
      : 0;
  }

  /** @throws CaptureError */
  bind(address: Uint8Array): void {
    const { bind, errno } = this.#calls;
    if (bind(this.descriptor, address, address.length) !== 0) throw captureFault(this.#name, 'bind', errno());
  }

  /**
   * Attaches a classic BPF program (struct sock_filter one after the other).
   * @throws CaptureError if the kernel refuses it
   */
  attachFilter(program: Uint8Array): void {
    const { setsockopt, errno } = this.#calls;
    // Memory of 256 octets and more lies outside the garbage collector's reach and does not move.
    const memory = new Uint8Array(Math.max(256, program.length));
    memory.set(program);
    const description = new DataView(new ArrayBuffer(linux.SOCK_FPROG_OCTETS));
    description.setUint16(0, program.length / linux.SOCK_FILTER_OCTETS, true);
    description.setBigUint64(linux.SOCK_FPROG_FILTER, addressOf(memory), true);
    const octets = new Uint8Array(description.buffer);
    if (setsockopt(this.descriptor, linux.SOL_SOCKET, linux.SO_ATTACH_FILTER, octets, octets.length) !== 0)
      throw captureFault(this.#name, 'attaching the packet filter', errno());
    // Read after the call, so that it lives until then.
    memory[0] = 0;
  }

  /**
   * Maps the socket's ring, to be read and written in place.
   * @throws CaptureError
   */
  map(octets: number): { address: bigint; memory: ArrayBuffer } {
    const calls = this.#calls;
    const address = mapped(calls, 0n, octets, linux.MAP_SHARED, this.descriptor);
    if (address === -1n) throw captureFault(this.#name, 'mmap of the ring', calls.errno());
    return { address, memory: calls.view(address, octets) };
  }

  /**
   * Maps the socket's ring in place of memory of our own that nobody uses.
   * @param address on a page
   * @returns 0, or the errno; then there are pages of zeroes
   * @throws CaptureError where there is no memory any more
   */
  mapInPlace(address: bigint, octets: number): number {
    const calls = this.#calls;
    if (mapped(calls, address, octets, linux.MAP_SHARED | linux.MAP_FIXED, this.descriptor) === address)
      return 0;
    const errno = calls.errno();
    // The system may have taken the pages away before it refused.
    if (!unmap(calls, { address, octets, isInPlace: true }))
      throw captureFault(this.#name, 'mmap of memory', calls.errno());
    return errno;
  }

  /** Sleeps until there is something to read or an error. @returns the events: POLLIN, POLLERR, or 0 */
  poll(timeoutMs: number): number {
    const { poll, errno } = this.#calls;
    const result = poll(this.#pollDescriptor, 1, timeoutMs);
    if (result < 0 && errno() !== linux.EINTR) return linux.POLLERR;
    const [low, high] = [
      this.#pollDescriptor[linux.POLLFD_REVENTS]!,
      this.#pollDescriptor[linux.POLLFD_REVENTS + 1]!,
    ];
    return result > 0 ? low | (high << 8) : 0;
  }

  /**
   * Unmaps the ring and closes the socket; nobody may read the ring's memory any more. Safe to call twice.
   * @throws CaptureError if memory cannot be put in the ring's place again
   */
  close(ring?: MappedRing): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const calls = this.#calls;
    const errno = ring === undefined || unmap(calls, ring) ? 0 : calls.errno();
    calls.close(this.descriptor);
    if (errno !== 0) throw captureFault(this.#name, 'unmapping the ring', errno);
  }
}

/**
 * Frees the ring of a thread that died without doing so itself: until then it goes on taking its share of the packets.
 * Only after the thread is gone. What the thread had given back, wholly or in part, is left alone: its descriptor and
 * addresses may be another file's by now.
 */
export function releaseRing(handles: MappedRing & { descriptor: number; socket: string }): void {
  const calls = loaded('');
  const { descriptor, socket } = handles;
  if (isMapped(handles.address, socket)) unmap(calls, handles);
  if (nameOfDescriptor(descriptor) === socket) calls.close(descriptor);
}

/** The file or socket that is open under a descriptor, as /proc/self names it; `''` for none. */
function nameOfDescriptor(descriptor: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}

/** Whether memory of this socket is mapped at the address (proc_pid_maps(5)). */
function isMapped(address: bigint, socket: string): boolean {
  const start = `${address.toString(16).padStart(8, '0')}-`;
  const maps = readFileSync('/proc/self/maps', 'latin1');
  return maps.split('\n').some((line) => line.startsWith(start) && line.endsWith(` ${socket}`));
}
