/**
 * Sends the messages of an arena over a connected UDP socket, so that the network's refusals are seen, counted by
 * reason and never fatal. Paced by a token bucket, and for collectors on this host by their own receive queue.
 */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ExportError } from '../errors.ts';
import type { MessageArena } from './message-arena.ts';
import { ReceiverQueue } from './receiver-queue.ts';
import { TokenBucket } from './token-bucket.ts';
import { createTransportStatistics, type SendErrorReason, type Transport } from './transport.ts';

/** Asked of the system, which gives what it allows (net.core.wmem_max). */
const SEND_BUFFER_OCTETS = 4 << 20;
/** Looks at a full receive queue without pause before the processor is left to others for a millisecond. */
const EAGER_LOOKS = 12;

/** A collector's address, resolved. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** @throws ExportError where the name is unknown */
export async function resolveCollector(host: string, url: string): Promise<ResolvedAddress> {
  const version = isIP(host.replace(/%.*$/, ''));
  if (version !== 0) return { address: host, family: version as 4 | 6 };
  try {
    const { address, family } = await lookup(host);
    return { address, family: family as 4 | 6 };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ExportError(url, `cannot resolve ${host}: ${code}`, {
      remedy: 'check the name, or give the address',
      cause,
    });
  }
}

/** Whether packets to the address stay on this host. */
export function isLocalAddress(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true;
  for (const addresses of Object.values(networkInterfaces())) {
    if (addresses?.some((own) => own.address === address)) return true;
  }
  return false;
}

const REASONS: Readonly<Record<string, SendErrorReason>> = {
  ECONNREFUSED: 'econnrefused',
  ENETUNREACH: 'enetunreach',
  EHOSTUNREACH: 'ehostunreach',
  EMSGSIZE: 'emsgsize',
  ENOBUFS: 'enobufs',
};

function connect(to: ResolvedAddress, port: number, url: string): Promise<Socket> {
  const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
  return new Promise((resolve, reject) => {
    socket.connect(port, to.address, (error?: Error) => {
      // connect() reports a missing route here; for UDP nothing else can fail. Later errors come with each message.
      if (error === undefined || error === null) return resolve(socket);
      socket.close();
      const code = (error as NodeJS.ErrnoException).code ?? error.message;
      const remedy = 'check the address and this host’s routes';
      reject(new ExportError(url, `cannot open the socket: ${code}`, { remedy, cause: error }));
    });
    socket.on('error', () => {});
  });
}

/**
 * Opens a transport.
 * @param rate messages a second, or 'max'
 * @throws ExportError where the socket cannot be opened
 */
export async function openUdpTransport(
  arena: MessageArena,
  options: { to: ResolvedAddress; port: number; url: string; rate: number | 'max' },
): Promise<UdpTransport> {
  const { to, port, url } = options;
  const socket = await connect(to, port, url);
  try {
    socket.setSendBufferSize(SEND_BUFFER_OCTETS);
  } catch {
    // The default buffer works too: sends wait a little more often.
  }
  const receiver = isLocalAddress(to.address) ? new ReceiverQueue(to.address, port) : undefined;
  const rate = options.rate === 'max' ? Number.POSITIVE_INFINITY : options.rate;
  return new UdpTransport(arena, socket, new TokenBucket(rate), receiver);
}

export class UdpTransport implements Transport {
  readonly statistics = createTransportStatistics();
  readonly #arena: MessageArena;
  readonly #socket: Socket;
  readonly #bucket: TokenBucket;
  readonly #receiver: ReceiverQueue | undefined;
  readonly #onSent: (error: Error | null) => void;
  /** Messages that may be sent before the receiver is looked at again. */
  #receiverAllowance = 0;
  #looks = 0;
  #isWakeScheduled = false;
  #waiters: (() => void)[] = [];

  constructor(arena: MessageArena, socket: Socket, bucket: TokenBucket, receiver: ReceiverQueue | undefined) {
    this.#arena = arena;
    this.#socket = socket;
    this.#bucket = bucket;
    this.#receiver = receiver;
    this.#onSent = (error) => this.#messageDone(error);
  }

  pump(): void {
    const arena = this.#arena;
    while (arena.handedOver < arena.closed) {
      const allowed = this.#allowance(arena.closed - arena.handedOver);
      if (allowed === 0) {
        this.#scheduleWake();
        return;
      }
      for (let i = 0; i < allowed; i++) {
        const slot = arena.handedOver % arena.slots;
        const octets = arena.lengths[slot]!;
        const start = arena.start(arena.handedOver);
        arena.handedOver++;
        this.#bucket.take();
        this.#socket.send(arena.bytes, start, octets, this.#onSent);
      }
    }
  }

  room(): Promise<void> {
    return this.#until(() => this.#arena.free > 0);
  }

  drain(): Promise<void> {
    return this.#until(() => this.#arena.done === this.#arena.closed);
  }

  collectorDrops(): number | null {
    return this.#receiver?.drops ?? null;
  }

  async close(): Promise<void> {
    this.#receiver?.close();
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  /** How many of `wanted` messages may go now. */
  #allowance(wanted: number): number {
    const nowMs = performance.now();
    const byRate = Math.min(wanted, this.#bucket.available(nowMs));
    if (this.#receiver === undefined || byRate === 0) return byRate;
    if (this.#receiverAllowance === 0) {
      this.#receiverAllowance = this.#receiver.allowance(nowMs);
      this.#looks = this.#receiverAllowance === 0 ? this.#looks + 1 : 0;
    }
    const allowed = Math.min(byRate, this.#receiverAllowance);
    this.#receiverAllowance -= allowed;
    return allowed;
  }

  /** Goes on at once for a few looks at a collector that is reading, later for a rate or a slow collector. */
  #scheduleWake(): void {
    if (this.#isWakeScheduled) return;
    this.#isWakeScheduled = true;
    const wake = () => {
      this.#isWakeScheduled = false;
      this.pump();
    };
    if (this.#looks > 0 && this.#looks <= EAGER_LOOKS) setImmediate(wake);
    else setTimeout(wake, 1);
  }

  #messageDone(error: Error | null): void {
    const arena = this.#arena;
    const slot = arena.done % arena.slots;
    const { statistics } = this;
    if (error) {
      statistics.errors[REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? 'other']++;
      statistics.failedFlowRecords += arena.flowRecords[slot]!;
    } else {
      statistics.messages++;
      statistics.octets += arena.lengths[slot]!;
      statistics.flowRecords += arena.flowRecords[slot]!;
    }
    arena.done++;
    if (this.#waiters.length > 0) this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** Resolves when `holds`; looks after each message that is done. */
  async #until(holds: () => boolean): Promise<void> {
    // Other work of the event loop gets its turn too: a replay sends for minutes without a pause otherwise.
    await new Promise((resolve) => setImmediate(resolve));
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }
}
