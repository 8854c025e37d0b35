/** A transport that keeps the messages, throws them away, or refuses them. */
import type { MessageArena } from '../../../src/export/transport/message-arena.ts';
import { createTransportStatistics, type Transport } from '../../../src/export/transport/transport.ts';

export class CollectingTransport implements Transport {
  readonly statistics = createTransportStatistics();
  readonly messages: Uint8Array[] = [];
  readonly #arena: MessageArena;
  readonly #keeps: boolean;
  /** While true, no message is taken. */
  isRefusing = false;

  constructor(arena: MessageArena, keeps = true) {
    this.#arena = arena;
    this.#keeps = keeps;
  }

  pump(): void {
    const arena = this.#arena;
    for (; arena.done < arena.closed; arena.done++, arena.handedOver++) {
      const slot = arena.done % arena.slots;
      if (this.isRefusing) {
        this.statistics.failedFlowRecords += arena.flowRecords[slot]!;
        this.statistics.failedFlowPackets += arena.flowPackets[slot]!;
        this.statistics.failedFlowOctets += arena.flowOctets[slot]!;
        continue;
      }
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
