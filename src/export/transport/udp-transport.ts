/**
 * Sends the messages of an arena over a connected UDP socket, so that the network's refusals are seen, counted by
 * reason and never fatal. Paced by a token bucket, and for collectors on this host by their own receive queue.
 */
import type { Socket } from 'node:dgram';
import { SEGMENTED_OCTETS_MAX, SEGMENTS_MAX, type SegmentedUdpSocket } from '../../sys/segmented-udp.ts';
import type { SendErrorReason } from '../contract/fault-reasons.ts';
import type { MessageArena } from './message-arena.ts';
import type { ReceiverQueue } from './receiver-queue.ts';
import { SENT_WINDOW_MS, SentWindow } from './sent-window.ts';
import type { TokenBucket } from './token-bucket.ts';
import { createTransportStatistics, sendErrorReason, type Transport } from './transport.ts';

/**
 * Looks at a full receive queue before the thread sleeps for a whole millisecond, which is what timers can do. After
 * each of them it naps: a collector reads a full queue in a few tenths of a millisecond, and may need this processor.
 */
const EAGER_LOOKS = 24;
const NAP_MS = 0.05;
/** Never notified: waiting for it is a nap. */
const NAP = new Int32Array(new SharedArrayBuffer(4));

/** Of errno on Linux. */
const EAGAIN = 11;
const REASONS_BY_ERRNO: Readonly<Record<number, SendErrorReason>> = {
  90: 'emsgsize',
  101: 'enetunreach',
  105: 'enobufs',
  111: 'econnrefused',
  113: 'ehostunreach',
};

export class UdpTransport implements Transport {
  readonly statistics = createTransportStatistics();
  readonly #arena: MessageArena;
  readonly #socket: Socket;
  readonly #bucket: TokenBucket;
  readonly #receiver: ReceiverQueue | undefined;
  readonly #segmented: SegmentedUdpSocket | undefined;
  readonly #starts = new Int32Array(SEGMENTS_MAX);
  #segmentsMax = SEGMENTS_MAX;
  readonly #onSent: (error: Error | null) => void;
  /** Called when a message was refused, with the reason. */
  onRefused: ((reason: SendErrorReason) => void) | undefined;
  #isGone = false;
  readonly #sent = new SentWindow();
  /** On the monotonic clock: the last look before messages were sent, and the last refusal by the host. */
  #nowMs = 0;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  /** The message that was tried again last. */
  #triedAgain = -1;
  /** Messages that may be sent before the receiver is looked at again. */
  #receiverAllowance = 0;
  #looks = 0;
  #isWakeScheduled = false;
  #waiters: (() => void)[] = [];

  constructor(
    arena: MessageArena,
    socket: Socket,
    bucket: TokenBucket,
    receiver: ReceiverQueue | undefined,
    segmented: SegmentedUdpSocket | undefined,
  ) {
    this.#segmented = segmented;
    this.#arena = arena;
    this.#socket = socket;
    this.#bucket = bucket;
    this.#receiver = receiver;
    this.#onSent = (error) => {
      if (!this.#isGone) this.#messageDone(error ? sendErrorReason(error) : undefined);
    };
    // Node reads from the socket, so it may be the first to hear what became of a message that was sent before.
    socket.on('error', (error) => this.#refused(sendErrorReason(error)));
  }

  pump(): void {
    const arena = this.#arena;
    if (this.#isGone) {
      arena.handedOver = arena.done = arena.closed;
      this.#wakeWaiters();
      return;
    }
    while (arena.handedOver < arena.closed && !this.#isGone) {
      const allowed = this.#allowance(arena.closed - arena.handedOver);
      if (allowed === 0) {
        this.#scheduleWake();
        return;
      }
      if (this.#segmented !== undefined) {
        if (!this.#sendSegmented(this.#segmented, allowed)) {
          this.#scheduleWake();
          return;
        }
        continue;
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

  /** Looks for the refusal of a message that the system had taken. `onRefused` hears of it. */
  look(): void {
    const errno = this.#segmented?.takeError() ?? 0;
    if (errno !== 0) this.#refused(REASONS_BY_ERRNO[errno] ?? 'other');
  }

  /** Whether the collector's host refused messages a moment ago, and records were sent since. */
  get isUnheard(): boolean {
    const nowMs = performance.now();
    return nowMs - this.#refusedAtMs < SENT_WINDOW_MS && this.#sent.records(nowMs) > 0;
  }

  /** Whether messages wait in the socket of a collector on this host; false where that is not known. */
  get isUnread(): boolean {
    return this.#receiver?.isUnread ?? false;
  }

  /** Sends nothing any more: what is closed is thrown away, and nobody waits any longer. */
  abandon(): void {
    this.#isGone = true;
    this.pump();
  }

  async close(): Promise<void> {
    this.#receiver?.close();
    this.#segmented?.close();
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  /**
   * Sends `allowed` messages, neighbours of one size in a call.
   * @returns false where the system takes no more for now
   */
  #sendSegmented(socket: SegmentedUdpSocket, allowed: number): boolean {
    const arena = this.#arena;
    const starts = this.#starts;
    const end = arena.handedOver + allowed;
    while (arena.handedOver < end) {
      const first = arena.handedOver;
      const octets = arena.lengths[first % arena.slots]!;
      const countMax = Math.min(
        end - first,
        this.#segmentsMax,
        Math.max(1, Math.floor(SEGMENTED_OCTETS_MAX / octets)),
      );
      let count = 0;
      let lastOctets = octets;
      // A shorter one can only be the last.
      while (count < countMax && lastOctets === octets) {
        const next = arena.lengths[(first + count) % arena.slots]!;
        if (next > octets) break;
        starts[count++] = arena.start(first + count - 1);
        lastOctets = next;
      }
      const errno = socket.send(starts, count, octets, lastOctets);
      if (errno === EAGAIN) return false;
      const reason = errno === 0 ? undefined : (REASONS_BY_ERRNO[errno] ?? 'other');
      // The system tells that an earlier datagram was refused in place of sending this one (udp(7)): once more.
      if (reason === 'econnrefused' && this.#triedAgain !== first) {
        this.#triedAgain = first;
        this.#refused(reason);
        continue;
      }
      if (count > 1 && (reason === 'emsgsize' || reason === 'other')) {
        // No segments on this route: from now on one at a time.
        this.#segmentsMax = 1;
        continue;
      }
      // An error is about one message, or about an earlier one: the others get their own chance.
      const done = reason === undefined ? count : 1;
      for (let i = 0; i < done; i++) {
        arena.handedOver++;
        this.#bucket.take();
        this.#messageDone(reason);
      }
    }
    return true;
  }

  /** How many of `wanted` messages may go now. */
  #allowance(wanted: number): number {
    const nowMs = performance.now();
    this.#nowMs = nowMs;
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
    if (this.#looks > 0 && this.#looks <= EAGER_LOOKS) {
      Atomics.wait(NAP, 0, 0, NAP_MS);
      setImmediate(wake);
    } else setTimeout(wake, 1);
  }

  /** @param reason why it could not be sent; undefined where it was */
  #messageDone(reason: SendErrorReason | undefined): void {
    const arena = this.#arena;
    const slot = arena.done % arena.slots;
    const { statistics } = this;
    if (reason !== undefined) {
      statistics.failedFlowRecords += arena.flowRecords[slot]!;
      statistics.failedFlowPackets += arena.flowPackets[slot]!;
      statistics.failedFlowOctets += arena.flowOctets[slot]!;
    } else {
      statistics.messages++;
      statistics.octets += arena.lengths[slot]!;
      statistics.flowRecords += arena.flowRecords[slot]!;
      this.#sent.add(arena.flowRecords[slot]!, this.#nowMs);
    }
    arena.done++;
    if (reason !== undefined) this.#refused(reason);
    if (this.#waiters.length > 0) this.#wakeWaiters();
  }

  #refused(reason: SendErrorReason): void {
    this.statistics.errors[reason]++;
    // Nobody listens there, or a firewall says so: of messages that were sent already.
    if (reason === 'econnrefused' || reason === 'ehostunreach') {
      this.#refusedAtMs = performance.now();
      this.statistics.refusedFlowRecords += this.#sent.take(this.#refusedAtMs);
    }
    this.onRefused?.(reason);
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
