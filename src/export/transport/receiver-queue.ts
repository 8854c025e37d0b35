/**
 * Watches the socket of a collector on this host, so that it is fed as fast as it reads and loses nothing: the kernel
 * tells the octets that wait in it, and the datagrams it had to drop. Where nothing is bound to the port nothing is known,
 * and nothing is held back.
 */

import { addressOctets } from '../../base/addresses.ts';
import { openUdpDiagnosis, type UdpDiagnosis, type UdpEndpoint } from '../../sys/udp-diagnosis.ts';

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

/**
 * Watches a collector on this host.
 * @param from the socket that sends to it
 * @returns undefined where the system does not tell
 */
export function watchReceiver(from: UdpEndpoint, address: string, port: number): ReceiverQueue | undefined {
  const diagnosis = openUdpDiagnosis(from, { address: addressOctets(address), port });
  return diagnosis === undefined ? undefined : new ReceiverQueue(diagnosis);
}

export class ReceiverQueue {
  readonly #watch: UdpDiagnosis;
  /** Octets that may wait in the socket. */
  #fillMax = 0;
  /** Drops of the socket when it was first seen, by inode. */
  readonly #dropsAtStart = new Map<number, number>();
  readonly #dropsNow = new Map<number, number>();
  #hasRead = false;
  #hasAllowed = false;
  #isIgnored = false;
  #lastQueued = 0;
  #lastProgressMs = -1;

  constructor(watch: UdpDiagnosis) {
    this.#watch = watch;
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

  /** Whether anything waits in the socket that the collector has not read. */
  get isUnread(): boolean {
    return (this.#look() ?? 0) > 0;
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
    this.#watch.close();
  }

  /** @returns octets that wait in the socket, or undefined where there is none */
  #look(): number | undefined {
    const socket = this.#watch.look();
    if (socket === undefined) return undefined;
    const { inode, queuedOctets, bufferOctets, drops } = socket;
    this.#fillMax = bufferOctets * FILL_OF_BUFFER;
    if (!this.#dropsAtStart.has(inode)) this.#dropsAtStart.set(inode, drops);
    this.#dropsNow.set(inode, drops);
    return queuedOctets;
  }
}
