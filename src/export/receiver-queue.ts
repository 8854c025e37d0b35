/**
 * Watches the socket of a collector on this host, so that it is fed as fast as it reads and loses nothing: the kernel
 * shows the octets that wait in it, and the datagrams it had to drop, in /proc/net/udp and udp6 (Linux). Elsewhere, and
 * where nothing is bound to the port, nothing is known and nothing is held back.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** What a datagram of up to about 1,500 octets takes of the receive buffer: the kernel's truesize, rounded up. */
const DATAGRAM_TRUESIZE = 2304;
/** How much of the receive buffer may be filled. The rest is for what other senders do. */
const FILL_OF_BUFFER = 0.75;
/** Below this many datagrams it is better to wait for the collector than to send them singly. */
const WORTHWHILE = 8;
/** Never more datagrams than this between two looks. */
const DATAGRAMS_PER_LOOK = 64;
/** How long a full queue that does not move is waited for: before the collector has read anything, and after. */
const PATIENCE_NEW_MS = 100;
const PATIENCE_KNOWN_MS = 2000;
const TABLE_OCTETS_MAX = 1 << 16;
const RECEIVE_BUFFER_DEFAULT = 212_992;

/** A socket as /proc/net/udp shows it. */
interface SocketState {
  readonly address: string;
  readonly inode: string;
  readonly queuedOctets: number;
  readonly drops: number;
}

// sl local:port remote:port st tx_queue:rx_queue tr:tm retrnsmt uid timeout inode ref pointer drops
const LINE =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} [0-9A-F]{2} [0-9A-F]+:([0-9A-F]+) \S+ \S+ +\d+ +\d+ (\d+) \d+ \S+ (\d+)/gm;

/** The sockets bound to a port, by the text of /proc/net/udp or udp6. */
export function parseUdpTable(text: string, port: number): SocketState[] {
  const found: SocketState[] = [];
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  if (!text.includes(`:${hexPort} `)) return found;
  for (const [, address, localPort, queued, inode, drops] of text.matchAll(LINE)) {
    if (localPort !== hexPort) continue;
    found.push({
      address: address!,
      inode: inode!,
      queuedOctets: Number.parseInt(queued!, 16),
      drops: Number(drops),
    });
  }
  return found;
}

/** An IPv4 address as /proc/net/udp writes it: a 32-bit word of the host's byte order (little-endian ones only). */
function hexAddress(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return octets.reverse().join('').toUpperCase();
}

function defaultReceiveBuffer(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/rmem_default', 'latin1'));
  } catch {
    return RECEIVE_BUFFER_DEFAULT;
  }
}

export class ReceiverQueue {
  readonly #port: number;
  readonly #address: string;
  readonly #files: number[] = [];
  readonly #memory = Buffer.alloc(TABLE_OCTETS_MAX);
  readonly #fillMax: number;
  /** Drops of the socket when it was first seen, by inode. */
  readonly #dropsAtStart = new Map<string, number>();
  readonly #dropsNow = new Map<string, number>();
  #hasRead = false;
  #hasAllowed = false;
  #isIgnored = false;
  #lastQueued = 0;
  #lastProgressMs = -1;

  /**
   * @param address the collector's, as resolved; a local one
   * @param tables the files to read; for tests
   */
  constructor(address: string, port: number, tables = ['/proc/net/udp', '/proc/net/udp6']) {
    this.#port = port;
    this.#address = address;
    this.#fillMax = defaultReceiveBuffer() * FILL_OF_BUFFER;
    for (const table of tables) {
      try {
        this.#files.push(openSync(table, 'r'));
      } catch {
        // Not Linux, or no IPv6: nothing is known then.
      }
    }
    this.#look();
  }

  /** Datagrams that the collector dropped since the start; null where no socket was ever seen. */
  get drops(): number | null {
    this.#look();
    if (this.#dropsNow.size === 0) return null;
    let drops = 0;
    for (const [inode, now] of this.#dropsNow) drops += now - this.#dropsAtStart.get(inode)!;
    return drops;
  }

  /**
   * Looks at the socket.
   * @param nowMs a monotonic clock
   * @returns how many datagrams may be sent before the next look; 0 to wait
   */
  allowance(nowMs: number): number {
    const queued = this.#look();
    if (queued === undefined || this.#isIgnored) return DATAGRAMS_PER_LOOK;
    // A queue that shrank, or is empty again, has been read; while it is not full nothing else tells.
    if (queued < this.#lastQueued || (queued === 0 && this.#hasAllowed)) {
      this.#hasRead = true;
      this.#lastProgressMs = nowMs;
    }
    this.#lastQueued = queued;
    const room = Math.floor((this.#fillMax - queued) / DATAGRAM_TRUESIZE);
    if (room >= WORTHWHILE || queued === 0) {
      this.#hasAllowed = true;
      this.#lastProgressMs = nowMs;
      return Math.max(1, Math.min(room, DATAGRAMS_PER_LOOK));
    }
    const patienceMs = this.#hasRead ? PATIENCE_KNOWN_MS : PATIENCE_NEW_MS;
    if (this.#lastProgressMs < 0) this.#lastProgressMs = nowMs;
    if (nowMs - this.#lastProgressMs > patienceMs) this.#isIgnored = true;
    return this.#isIgnored ? DATAGRAMS_PER_LOOK : 0;
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
    this.#files.length = 0;
  }

  /** Reads the tables. @returns octets that wait in the socket, or undefined where there is none */
  #look(): number | undefined {
    let queued: number | undefined;
    for (const file of this.#files) {
      const octets = readSync(file, this.#memory, 0, TABLE_OCTETS_MAX, 0);
      for (const socket of this.#own(parseUdpTable(this.#memory.toString('latin1', 0, octets), this.#port))) {
        queued = Math.max(queued ?? 0, socket.queuedOctets);
        if (!this.#dropsAtStart.has(socket.inode)) this.#dropsAtStart.set(socket.inode, socket.drops);
        this.#dropsNow.set(socket.inode, socket.drops);
      }
    }
    return queued;
  }

  /** Of the sockets bound to the port, those that the collector's address leads to. */
  #own(sockets: readonly SocketState[]): readonly SocketState[] {
    if (sockets.length <= 1 || !this.#address.includes('.')) return sockets;
    const exact = sockets.filter((socket) => socket.address === hexAddress(this.#address));
    return exact.length > 0 ? exact : sockets.filter((socket) => /^0+$/.test(socket.address));
  }
}
