/**
 * Sorts the records of a batch into record classes: records that are encoded with the same columns. A record class is a
 * kind of flow (IP version, ICMP or not) seen from one side: about the forward direction, the reverse direction, or
 * both (a biflow). Uniflows put a record with packets both ways into two record classes.
 */

import { APPLICATION_KINDS, applicationKindOf } from '../../records/application-kinds.ts';
import {
  FIRST_NS,
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  LAST_NS,
  PACKETS,
  REVERSE_DOUBLE,
} from '../../records/flow-layout.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../../records/protocol-numbers.ts';

/** Sides of a record class. */
export const DIRECTION_FORWARD = 0;
export const DIRECTION_REVERSE = 1;
export const DIRECTION_BOTH = 2;
export const DIRECTIONS = 3;

/** Kinds of flow: IPv4, its ICMP; IPv6, its ICMPv6. */
export const KIND_IPV4 = 0;
export const KIND_ICMP = 1;
export const KIND_IPV6 = 2;
export const KIND_ICMPV6 = 3;
export const KINDS = 4;
/** Record classes of flows of one application kind. A record class's number is kind × DIRECTIONS + side. */
export const RECORD_CLASSES = KINDS * DIRECTIONS;

/** Where templates differ by the kind of application, its number × RECORD_CLASSES stands before the rest. */
export class RowSelection {
  /** First word of each record, record class by record class; `counts` says how many. */
  readonly rows: Int32Array[] = [];
  readonly counts: Int32Array;
  /** The earliest and the latest packet of the batch, since its time base. */
  firstNs = 0;
  lastNs = 0;
  readonly #isByApplication: boolean;
  #capacity = 0;

  /** @param isByApplication sort by the kind of application too: batches have to carry applications */
  constructor(isByApplication = false) {
    this.#isByApplication = isByApplication;
    this.counts = new Int32Array(RECORD_CLASSES * (isByApplication ? APPLICATION_KINDS.length : 1));
  }

  /** Sorts a batch, with what was sorted before forgotten. @param isBiflow one record for both directions */
  select(batch: FlowRecordBatch, isBiflow: boolean): void {
    this.#reserve(batch.count);
    const { words, doubles, stride } = batch;
    const { rows, counts } = this;
    const isByApplication = this.#isByApplication;
    counts.fill(0);
    let firstNs = Number.POSITIVE_INFINITY;
    let lastNs = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < batch.count; i++) {
      const row = i * stride;
      const entry = row >>> 1;
      const application = isByApplication ? applicationKindOf(words, row) : 0;
      const kind = application * KINDS + kindOf(words[row + FLOW_PROTOCOL]!);
      const recordClass = kind * DIRECTIONS;
      const hasForward = doubles[entry + FORWARD_DOUBLE + PACKETS]! > 0;
      const hasReverse = doubles[entry + REVERSE_DOUBLE + PACKETS]! > 0;
      if (hasForward) {
        firstNs = Math.min(firstNs, doubles[entry + FORWARD_DOUBLE + FIRST_NS]!);
        lastNs = Math.max(lastNs, doubles[entry + FORWARD_DOUBLE + LAST_NS]!);
      }
      if (hasReverse) {
        firstNs = Math.min(firstNs, doubles[entry + REVERSE_DOUBLE + FIRST_NS]!);
        lastNs = Math.max(lastNs, doubles[entry + REVERSE_DOUBLE + LAST_NS]!);
      }
      if (isBiflow && hasForward && hasReverse) {
        rows[recordClass + DIRECTION_BOTH]![counts[recordClass + DIRECTION_BOTH]!++] = row;
        continue;
      }
      if (hasForward)
        rows[recordClass + DIRECTION_FORWARD]![counts[recordClass + DIRECTION_FORWARD]!++] = row;
      if (hasReverse)
        rows[recordClass + DIRECTION_REVERSE]![counts[recordClass + DIRECTION_REVERSE]!++] = row;
    }
    this.firstNs = firstNs;
    this.lastNs = lastNs;
  }

  /** Whether the batch holds anything to export. */
  get isEmpty(): boolean {
    return this.counts.every((count) => count === 0);
  }

  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = count;
    for (let recordClass = 0; recordClass < this.counts.length; recordClass++)
      this.rows[recordClass] = new Int32Array(count);
  }
}

function kindOf(protocolWord: number): number {
  const protocol = protocolWord & 0xff;
  if (((protocolWord >>> 8) & 0xf) === 6) return protocol === PROTOCOL_ICMPV6 ? KIND_ICMPV6 : KIND_IPV6;
  return protocol === PROTOCOL_ICMP ? KIND_ICMP : KIND_IPV4;
}
