/** Carries messages from an arena to a file, as they are (RFC 5655 §4: a file is a row of messages). */
import type { MessageArena } from '../transport/message-arena.ts';
import { createTransportStatistics, type Transport } from '../transport/transport.ts';
import type { RotatingFile } from './rotating-file.ts';

export class FileTransport implements Transport {
  readonly statistics = createTransportStatistics();
  readonly #arena: MessageArena;
  readonly #file: RotatingFile;

  constructor(arena: MessageArena, file: RotatingFile) {
    this.#arena = arena;
    this.#file = file;
  }

  pump(): void {
    const arena = this.#arena;
    for (; arena.done < arena.closed; arena.done++, arena.handedOver++) {
      const slot = arena.done % arena.slots;
      const start = arena.start(arena.done);
      const octets = arena.lengths[slot]!;
      const flowRecords = arena.flowRecords[slot]!;
      this.#file.append(arena.bytes.subarray(start, start + octets), flowRecords);
      // Handed over: what the disk made of it is in the file's own counters.
      this.statistics.messages++;
      this.statistics.octets += octets;
      this.statistics.flowRecords += flowRecords;
    }
  }

  async room(): Promise<void> {
    this.pump();
  }

  async drain(): Promise<void> {
    this.pump();
  }

  collectorDrops(): null {
    return null;
  }

  async close(): Promise<void> {}
}
