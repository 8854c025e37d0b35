/**
 * The templates and options of one announcement on their way into messages. They may be more than the arena has room for,
 * so they are placed in as many turns as that takes.
 */
import type { ControlRecord, MessageBuilder } from '../messages/message-builder.ts';

export class ControlRecords {
  readonly #builder: MessageBuilder;
  #records: ControlRecord[] = [];
  #placed = 0;

  constructor(builder: MessageBuilder) {
    this.#builder = builder;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  add(setId: number, record: Uint8Array, kind: ControlRecord['kind'], isAloneInSet = false): void {
    this.#records.push({ setId, record, kind, isAloneInSet });
  }

  /**
   * Puts records into messages, and closes the last of them.
   * @returns false where there is no room for all: send first, then call again
   */
  place(): boolean {
    const records = this.#records;
    for (; this.#placed < records.length; this.#placed++) {
      if (!this.#builder.addControlRecord(records[this.#placed]!)) return false;
    }
    this.#builder.closeMessage();
    this.#records = [];
    this.#placed = 0;
    return true;
  }
}
