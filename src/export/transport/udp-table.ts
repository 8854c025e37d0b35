/**
 * The kernel's table of UDP sockets, /proc/net/udp and udp6 (Linux): how much waits in the socket of a collector on this
 * host, and what it dropped. For kernels that cannot be asked about one socket (udp-diagnosis.ts).
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { ReceivingSocket } from '../../sys/udp-diagnosis.ts';

const TABLE_OCTETS_MAX = 1 << 16;
const RECEIVE_BUFFER_DEFAULT = 212_992;

/** A socket as /proc/net/udp shows it. */
interface SocketLine extends Omit<ReceivingSocket, 'bufferOctets'> {
  readonly address: string;
}

// sl local:port remote:port st tx_queue:rx_queue tr:tm retrnsmt uid timeout inode ref pointer drops
const LINE =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} [0-9A-F]{2} [0-9A-F]+:([0-9A-F]+) \S+ \S+ +\d+ +\d+ (\d+) \d+ \S+ (\d+)/gm;

/** The sockets bound to a port, by the text of /proc/net/udp or udp6. */
export function parseUdpTable(text: string, port: number): SocketLine[] {
  const found: SocketLine[] = [];
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  if (!text.includes(`:${hexPort} `)) return found;
  for (const [, address, localPort, queued, inode, drops] of text.matchAll(LINE)) {
    if (localPort !== hexPort) continue;
    found.push({
      address: address!,
      inode: Number(inode),
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

/** The table does not show what a socket asked for. */
function defaultReceiveBuffer(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/rmem_default', 'latin1'));
  } catch {
    return RECEIVE_BUFFER_DEFAULT;
  }
}

export class UdpTable {
  readonly #address: string;
  readonly #port: number;
  readonly #files: number[] = [];
  readonly #memory = Buffer.alloc(TABLE_OCTETS_MAX);
  readonly #bufferOctets = defaultReceiveBuffer();

  /**
   * @param address the collector's, as resolved; a local one
   * @param tables the files to read; for tests
   */
  constructor(address: string, port: number, tables = ['/proc/net/udp', '/proc/net/udp6']) {
    this.#address = address;
    this.#port = port;
    for (const table of tables) {
      try {
        this.#files.push(openSync(table, 'r'));
      } catch {
        // Not Linux, or no IPv6: nothing is known then.
      }
    }
  }

  /** The sockets that datagrams to the collector may end in: more than one where they share the port. */
  look(): readonly ReceivingSocket[] {
    const bufferOctets = this.#bufferOctets;
    const found: ReceivingSocket[] = [];
    for (const file of this.#files) {
      const octets = readSync(file, this.#memory, 0, TABLE_OCTETS_MAX, 0);
      for (const socket of this.#own(parseUdpTable(this.#memory.toString('latin1', 0, octets), this.#port)))
        found.push({ ...socket, bufferOctets });
    }
    return found;
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
    this.#files.length = 0;
  }

  /** Of the sockets bound to the port, those that the collector's address leads to. */
  #own(sockets: readonly SocketLine[]): readonly SocketLine[] {
    if (sockets.length <= 1 || !this.#address.includes('.')) return sockets;
    const exact = sockets.filter((socket) => socket.address === hexAddress(this.#address));
    return exact.length > 0 ? exact : sockets.filter((socket) => /^0+$/.test(socket.address));
  }
}
