/**
 * Joins the records of flows to transfers again, in bounded memory. A transfer is over when its flow has been silent
 * for longer than JOIN_GAP, when a new connection begins on its ports, when it makes room for others, or at the end.
 */

import {
  FLOW_END_REASON,
  FLOW_FIRST_NS,
  type FlowRecordBatch,
  FORWARD_WORD,
  TCP_FLAGS_TOS,
} from '../records/flow-layout.ts';
import { PROTOCOL_TCP } from '../records/protocol-numbers.ts';
import { Transfer } from './transfer.ts';
import { isSwapped, keyOf, type TransferKey } from './transfer-key.ts';

/** Twice the longest retransmission timeout that RFC 6298 §2.4 and common stacks allow. */
const JOIN_GAP_NS = 240e9;
/** Transfers at a time: about 2 kB each. */
const TRANSFERS_MAX = 32_768;

const SYN = 0x02;

interface Entry {
  readonly transfer: Transfer;
  /** Orientation of the transfer's first record, as `isSwapped` tells it. */
  readonly swapped: boolean;
}

export class Transfers {
  /** By key, the one that a record came for last at the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #onEnd: (transfer: Transfer) => void;
  readonly #key: TransferKey;
  readonly #countMax: number;
  /** Transfers that ended early to make room. */
  evicted = 0;

  /**
   * @param onEnd takes each transfer when it is over
   * @param key the flow key that the records were metered with
   */
  constructor(onEnd: (transfer: Transfer) => void, key: TransferKey = {}, countMax: number = TRANSFERS_MAX) {
    this.#onEnd = onEnd;
    this.#key = key;
    this.#countMax = countMax;
  }

  /** Adds the records of a batch and lets go of transfers that have long been silent. */
  add(batch: FlowRecordBatch): void {
    for (let i = 0; i < batch.count; i++) this.#addRecord(batch, i * batch.stride);
    for (const [key, { transfer }] of this.#entries) {
      if (transfer.lastNs + JOIN_GAP_NS > batch.clockNs) break;
      this.#entries.delete(key);
      this.#onEnd(transfer);
    }
  }

  #addRecord(batch: FlowRecordBatch, row: number): void {
    const { words } = batch;
    const swapped = isSwapped(words, row);
    const key = keyOf(words, row, swapped, this.#key);
    let entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      if (beginsAnew(batch, row, entry.transfer)) {
        this.#onEnd(entry.transfer);
        entry = undefined;
      }
    }
    entry ??= { transfer: new Transfer(batch, row), swapped };
    entry.transfer.add(batch, row, entry.swapped !== swapped);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#countMax) this.#evict();
  }

  #evict(): void {
    for (const [key, { transfer }] of this.#entries) {
      this.#entries.delete(key);
      this.evicted++;
      this.#onEnd(transfer);
      return;
    }
  }

  /** Lets go of all transfers. */
  end(): void {
    for (const { transfer } of this.#entries.values()) this.#onEnd(transfer);
    this.#entries.clear();
  }
}

/** Whether a record is of another connection than the one that `transfer` adds up. */
function beginsAnew({ words, doubles }: FlowRecordBatch, row: number, transfer: Transfer): boolean {
  if (doubles[row / 2 + FLOW_FIRST_NS]! - transfer.lastNs > JOIN_GAP_NS) return true;
  if (transfer.protocol !== PROTOCOL_TCP || transfer.endReason !== FLOW_END_REASON.endOfFlow) return false;
  return (words[row + FORWARD_WORD + TCP_FLAGS_TOS]! & SYN) !== 0;
}
