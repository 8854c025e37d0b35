/**
 * Asks the kernel which socket takes the datagrams of another one on this host, and how much waits in it (Linux:
 * sock_diag(7) for UDP, since 3.3), through koffi. It finds the socket as it does for a datagram, so among several that
 * share a port it is the right one, and in 4 µs, where /proc/net/udp, a table of all sockets, takes 25.
 *
 * Layouts are those of linux/netlink.h, linux/inet_diag.h and linux/sock_diag.h, the same on x86-64 and arm64.
 */
import { doWithout } from './kernel-features.ts';
import { optionalCalls } from './koffi.ts';
import * as linux from './linux-constants.ts';

// The request, behind the header of the message, and the answer likewise.
const REQUEST_OCTETS = linux.NLMSG_OCTETS + linux.DIAG_REQUEST_OCTETS;
const REQUEST_PROTOCOL = linux.NLMSG_OCTETS + linux.DIAG_REQUEST_PROTOCOL;
const REQUEST_ATTRIBUTES = linux.NLMSG_OCTETS + linux.DIAG_REQUEST_ATTRIBUTES;
const REQUEST_STATES = linux.NLMSG_OCTETS + linux.DIAG_REQUEST_STATES;
const REQUEST_ID = linux.NLMSG_OCTETS + linux.DIAG_REQUEST_ID;
const ANSWER_QUEUED = linux.NLMSG_OCTETS + linux.DIAG_ANSWER_QUEUED;
const ANSWER_INODE = linux.NLMSG_OCTETS + linux.DIAG_ANSWER_INODE;
/** Attributes begin here. */
const ANSWER_ATTRIBUTES = linux.NLMSG_OCTETS + linux.DIAG_ANSWER_OCTETS;
const ANSWER_OCTETS_MAX = 4096;

/** A socket that takes datagrams. */
export interface ReceivingSocket {
  /** What tells it from others. */
  readonly inode: number;
  /** Octets that wait to be read, as the kernel accounts for them. */
  readonly queuedOctets: number;
  /** Octets at which it begins to drop. */
  readonly bufferOctets: number;
  /** Datagrams that it has dropped since it was opened. */
  readonly drops: number;
}

/** An end of a path of datagrams. */
export interface UdpEndpoint {
  /** 4 or 16 octets, in network order. */
  readonly address: Uint8Array;
  readonly port: number;
}

export interface UdpDiagnosis {
  /** The socket as it is now; undefined where nothing is bound there. */
  look(): ReceivingSocket | undefined;
  close(): void;
}

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly send: (fd: number, message: Uint8Array, octets: number, flags: number) => number | bigint;
  readonly recv: (fd: number, message: Uint8Array, octets: number, flags: number) => number | bigint;
  readonly close: (fd: number) => number;
  readonly errno: () => number;
}

/** Optional: a collector that cannot be watched gets a limited rate. */
function loadCalls(): Calls | undefined {
  return optionalCalls(({ koffi, library }) => ({
    socket: library.func('int socket(int, int, int)'),
    send: library.func('int64_t send(int, const void *, size_t, int)'),
    recv: library.func('int64_t recv(int, void *, size_t, int)'),
    close: library.func('int close(int)'),
    errno: () => koffi.errno(),
  }));
}

/** The request for the socket that a datagram from one end to the other would end in. */
function lookupRequest(from: UdpEndpoint, to: UdpEndpoint): Uint8Array {
  const request = new Uint8Array(REQUEST_OCTETS);
  const view = new DataView(request.buffer);
  view.setUint32(0, REQUEST_OCTETS, true);
  view.setUint16(linux.NLMSG_TYPE, linux.SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(linux.NLMSG_FLAGS, linux.NLM_F_REQUEST, true);
  view.setUint8(linux.NLMSG_OCTETS, to.address.length === 4 ? linux.AF_INET : linux.AF_INET6);
  view.setUint8(REQUEST_PROTOCOL, linux.IPPROTO_UDP);
  view.setUint8(REQUEST_ATTRIBUTES, 1 << (linux.INET_DIAG_SKMEMINFO - 1));
  view.setUint32(REQUEST_STATES, 0xffffffff, true);
  view.setUint16(REQUEST_ID, from.port);
  view.setUint16(REQUEST_ID + linux.DIAG_ID_DESTINATION_PORT, to.port);
  request.set(from.address, REQUEST_ID + linux.DIAG_ID_SOURCE);
  request.set(to.address, REQUEST_ID + linux.DIAG_ID_DESTINATION);
  // INET_DIAG_NOCOOKIE.
  request.fill(0xff, REQUEST_ID + linux.DIAG_ID_COOKIE, REQUEST_ID + linux.DIAG_ID_COOKIE + 8);
  return request;
}

class NetlinkUdpDiagnosis implements UdpDiagnosis {
  readonly #calls: Calls;
  readonly #fd: number;
  readonly #request: Uint8Array;
  readonly #answer = new Uint8Array(ANSWER_OCTETS_MAX);
  readonly #view = new DataView(this.#answer.buffer);

  constructor(calls: Calls, fd: number, request: Uint8Array) {
    this.#calls = calls;
    this.#fd = fd;
    this.#request = request;
  }

  look(): ReceivingSocket | undefined {
    const { send, recv } = this.#calls;
    send(this.#fd, this.#request, this.#request.length, linux.MSG_DONTWAIT);
    // The kernel has answered when send returns.
    const octets = Number(recv(this.#fd, this.#answer, ANSWER_OCTETS_MAX, linux.MSG_DONTWAIT));
    const view = this.#view;
    // Otherwise it is an error: nothing is bound there.
    if (octets < ANSWER_ATTRIBUTES || view.getUint16(linux.NLMSG_TYPE, true) !== linux.SOCK_DIAG_BY_FAMILY)
      return undefined;
    const memory = this.#attribute(linux.INET_DIAG_SKMEMINFO, octets);
    if (memory === undefined) return undefined;
    return {
      inode: view.getUint32(ANSWER_INODE, true),
      queuedOctets: view.getUint32(ANSWER_QUEUED, true),
      bufferOctets: view.getUint32(memory + 4 * linux.SK_MEMINFO_RCVBUF, true),
      drops: view.getUint32(memory + 4 * linux.SK_MEMINFO_DROPS, true),
    };
  }

  /** The errno of the answer that had no socket in it (struct nlmsgerr, which begins with its negative). */
  get refusal(): number {
    return -this.#view.getInt32(linux.NLMSG_OCTETS, true);
  }

  close(): void {
    this.#calls.close(this.#fd);
  }

  /** Where the value of an attribute begins in the answer (struct nlattr: length, type; aligned to 4 octets). */
  #attribute(type: number, end: number): number | undefined {
    const view = this.#view;
    for (let at = ANSWER_ATTRIBUTES; at + 4 <= end; ) {
      const octets = view.getUint16(at, true);
      if (octets < 4 || at + octets > end) return undefined;
      if (view.getUint16(at + 2, true) === type) return at + 4;
      at += (octets + 3) & ~3;
    }
    return undefined;
  }
}

/**
 * Opens what looks at the socket that datagrams on this host end in.
 * @param from the sending socket, of which there must be one
 * @returns undefined where the kernel cannot tell (no koffi, not Linux, or without its module udp_diag)
 */
export function openUdpDiagnosis(from: UdpEndpoint, to: UdpEndpoint): UdpDiagnosis | undefined {
  const calls = loadCalls();
  if (calls === undefined) return undefined;
  const fd = calls.socket(linux.AF_NETLINK, linux.SOCK_RAW | linux.SOCK_CLOEXEC, linux.NETLINK_SOCK_DIAG);
  if (fd < 0) {
    doWithout('SOCK_DIAG_BY_FAMILY', calls.errno());
    return undefined;
  }
  // A missing module and a missing socket give the same answer, but the socket of the answers is there.
  const own = new NetlinkUdpDiagnosis(calls, fd, lookupRequest(to, from));
  if (own.look() !== undefined) return new NetlinkUdpDiagnosis(calls, fd, lookupRequest(from, to));
  doWithout('SOCK_DIAG_BY_FAMILY', own.refusal);
  own.close();
  return undefined;
}
