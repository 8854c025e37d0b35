/**
 * Sends the messages of an arena over a stream, TCP or TLS (RFC 7011 §10.4): one after the other, several in one call,
 * and never more than the arena holds on the way. Once the stream is gone, what is closed is thrown away: the session is
 * over, and session-sink.ts sends its records again in the next one.
 */
import type { Duplex } from 'node:stream';
import type { MessageArena } from './message-arena.ts';
import { createTransportStatistics, type Transport } from './transport.ts';

export class StreamTransport implements Transport {
  readonly statistics = createTransportStatistics();
  readonly #arena: MessageArena;
  readonly #stream: Duplex;
  readonly #onDone: () => void;
  #waiters: (() => void)[] = [];
  #isGone = false;

  /** @param onDone called after messages have been handed to the system */
  constructor(arena: MessageArena, stream: Duplex, onDone: () => void) {
    this.#arena = arena;
    this.#stream = stream;
    this.#onDone = onDone;
  }

  pump(): void {
    const arena = this.#arena;
    if (this.#isGone) {
      arena.handedOver = arena.done = arena.closed;
      this.#wakeWaiters();
      return;
    }
    const from = arena.handedOver;
    const { closed } = arena;
    if (from === closed) return;
    arena.handedOver = closed;
    const stream = this.#stream;
    stream.cork();
    for (let n = from; n < closed; n++) {
      const start = arena.start(n);
      const message = arena.bytes.subarray(start, start + arena.lengths[n % arena.slots]!);
      if (n === closed - 1) stream.write(message, (error) => error || this.#sent(closed));
      else stream.write(message);
    }
    stream.uncork();
  }

  room(): Promise<void> {
    return this.#until(() => this.#arena.free > 0);
  }

  drain(): Promise<void> {
    return this.#until(() => this.#arena.done === this.#arena.closed);
  }

  collectorDrops(): null {
    return null;
  }

  /** The stream is gone: nobody waits any longer. */
  abandon(): void {
    this.#isGone = true;
    this.pump();
  }

  async close(): Promise<void> {
    this.abandon();
    this.#stream.destroy();
  }

  /** Messages before `end` are with the system. */
  #sent(end: number): void {
    const arena = this.#arena;
    if (this.#isGone) return;
    const { statistics } = this;
    for (; arena.done < end; arena.done++) {
      const slot = arena.done % arena.slots;
      statistics.messages++;
      statistics.octets += arena.lengths[slot]!;
      statistics.flowRecords += arena.flowRecords[slot]!;
    }
    this.#wakeWaiters();
    this.#onDone();
  }

  #wakeWaiters(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }
}
