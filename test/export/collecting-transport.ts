/** A transport that keeps the messages, or throws them away, at once or when it is told to. */
import type { MessageArena } from '../../src/export/message-arena.ts';
import { createTransportStatistics, type Transport } from '../../src/export/transport.ts';

export class CollectingTransport implements Transport {
  readonly statistics = createTransportStatistics();
  readonly messages: Uint8Array[] = [];
  readonly #arena: MessageArena;
  readonly #keeps: boolean;

  constructor(arena: MessageArena, keeps = true) {
    this.#arena = arena;
    this.#keeps = keeps;
  }

  pump(): void {
    const arena = this.#arena;
    for (; arena.done < arena.closed; arena.done++, arena.handedOver++) {
      const slot = arena.done % arena.slots;
      const octets = arena.lengths[slot]!;
      const start = arena.start(arena.done);
      if (this.#keeps) this.messages.push(Uint8Array.from(arena.bytes.subarray(start, start + octets)));
      this.statistics.messages++;
      this.statistics.octets += octets;
      this.statistics.flowRecords += arena.flowRecords[slot]!;
    }
  }

  async room(): Promise<void> {}

  async drain(): Promise<void> {
    this.pump();
  }

  collectorDrops(): null {
    return null;
  }

  async close(): Promise<void> {}
}
