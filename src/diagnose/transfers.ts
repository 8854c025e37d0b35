/**
 * Joins the records of flows to transfers again, in bounded memory. A transfer is over when its flow has been silent
 * for longer than JOIN_GAP, when a new connection begins on its ports, when it makes room for others, or at the end.
 */
import {
  ADDRESS_A,
  ADDRESS_B,
  FLOW_END_REASON,
  FLOW_FIRST_NS,
  FLOW_OBSERVATION_POINT,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  type FlowRecordBatch,
  FORWARD_WORD,
  STATE_PPPOE_SHIFT,
  TCP_FLAGS_TOS,
} from '../records/flow-layout.ts';
import { Transfer } from './transfer.ts';

/** Twice the longest retransmission timeout that RFC 6298 §2.4 and common stacks allow. */
const JOIN_GAP_NS = 240e9;
/** Transfers at a time: about 2 kB each. */
const TRANSFERS_MAX = 32_768;

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;
const SYN = 0x02;
/** type << 8 | code of an echo reply and of the request that it answers. */
const ECHO_REPLY = 0x0000;
const ECHO_REQUEST = 0x0800;
const ECHO_REPLY_V6 = 0x8100;
const ECHO_REQUEST_V6 = 0x8000;

/** A flow of echo replies is another flow than that of the requests; here they are the two directions of one transfer. */
function isEchoReply(words: Int32Array, row: number): boolean {
  const protocol = words[row + FLOW_PROTOCOL]! & 0xff;
  const ports = words[row + FLOW_PORTS]!;
  return (protocol === ICMP && ports === ECHO_REPLY) || (protocol === ICMPV6 && ports === ECHO_REPLY_V6);
}

/** Whether the record's B end is the smaller one, so that both orientations of a flow have one key. */
function isSwapped(words: Int32Array, row: number): boolean {
  const protocol = words[row + FLOW_PROTOCOL]! & 0xff;
  for (let w = 0; w < 4; w++) {
    const a = words[row + ADDRESS_A + w]! >>> 0;
    const b = words[row + ADDRESS_B + w]! >>> 0;
    if (a !== b) return a > b;
  }
  const ports = words[row + FLOW_PORTS]!;
  if (protocol === ICMP || protocol === ICMPV6) return isEchoReply(words, row);
  return ports >>> 16 > (ports & 0xffff);
}

function keyOf(words: Int32Array, row: number, swapped: boolean): string {
  const protocolWord = words[row + FLOW_PROTOCOL]!;
  const ports = words[row + FLOW_PORTS]!;
  const isIcmp = (protocolWord & 0xff) === ICMP || (protocolWord & 0xff) === ICMPV6;
  const session = words[row + FLOW_STATE]! >>> STATE_PPPOE_SHIFT;
  let key = `${protocolWord} ${words[row + FLOW_OBSERVATION_POINT]} ${session} `;
  if (isEchoReply(words, row)) key += (protocolWord & 0xff) === ICMP ? ECHO_REQUEST : ECHO_REQUEST_V6;
  else key += swapped && !isIcmp ? (ports << 16) | (ports >>> 16) : ports;
  const [first, second] = swapped ? [ADDRESS_B, ADDRESS_A] : [ADDRESS_A, ADDRESS_B];
  for (let w = 0; w < 4; w++) key += ` ${words[row + first + w]} ${words[row + second + w]}`;
  return key;
}

interface Entry {
  readonly transfer: Transfer;
  /** Orientation of the transfer's first record, as `isSwapped` tells it. */
  readonly swapped: boolean;
}

export class Transfers {
  /** By key, the one that a record came for last at the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #onEnd: (transfer: Transfer) => void;
  readonly #countMax: number;
  /** Transfers that ended early to make room. */
  evicted = 0;

  /** @param onEnd takes each transfer when it is over */
  constructor(onEnd: (transfer: Transfer) => void, countMax: number = TRANSFERS_MAX) {
    this.#onEnd = onEnd;
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
    const key = keyOf(words, row, swapped);
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
  if (transfer.protocol !== TCP || transfer.endReason !== FLOW_END_REASON.endOfFlow) return false;
  return (words[row + FORWARD_WORD + TCP_FLAGS_TOS]! & SYN) !== 0;
}
