/** Collects what the metering process exports as plain objects, oriented by initiator. */

import type { FlowSink } from '../../src/metering/expiry.ts';
import type { FlowTable } from '../../src/metering/table/flow-table.ts';
import { writeRecord } from '../../src/metering/write-record.ts';
import { type FlowRecordBatch, LINK_WORD, LINK_WORDS } from '../../src/records/flow-layout.ts';
import type { FlowHealth } from '../../src/records/path-health-figures.ts';
import { readHealth } from '../../src/records/read-path-health.ts';
import { recordStride } from '../../src/records/record-sections.ts';

export interface TestDirection {
  packets: number;
  octets: number;
  firstNs: number;
  lastNs: number;
  tcpFlags: number;
}

export interface TestFlow {
  /** Key in the initiator's order: addresses as hex, ports, protocol, VLAN, observation point. */
  key: string;
  endReason: number;
  forward: TestDirection;
  reverse: TestDirection;
  /** Its link details, where they are wanted. */
  link?: number[];
  /** Where it was measured. */
  health?: FlowHealth;
  /** The record that it was read from, in a batch of its own. */
  record?: FlowRecordBatch;
}

const hex = (words: Int32Array, at: number) =>
  Array.from(words.subarray(at, at + 4), (word) => (word >>> 0).toString(16)).join(':');

export class CollectingSink implements FlowSink {
  readonly flows: TestFlow[] = [];
  readonly #keepsLink: boolean;

  constructor(keepsLink = false) {
    this.#keepsLink = keepsLink;
  }

  emit(table: FlowTable, slot: number, endReason: number): void {
    const stride = recordStride({
      encapsulation: table.encapsulation !== undefined,
      health: table.health !== undefined,
      applications: table.applications !== undefined,
      networks: false,
    });
    const words = new Int32Array(stride).fill(0xa5a5a5a5 | 0);
    const doubles = new Float64Array(words.buffer);
    const batch = { count: 1, stride, words, doubles, timeBaseSeconds: 0, clockNs: 0 };
    writeRecord(batch, 0, table, slot, endReason);
    const health = readHealth(batch, 0);
    const ports = words[8]!;
    const direction = (word: number): TestDirection => ({
      octets: doubles[word / 2]!,
      packets: doubles[word / 2 + 1]!,
      firstNs: doubles[word / 2 + 3]!,
      lastNs: doubles[word / 2 + 4]!,
      tcpFlags: words[word + 10]! & 0xffff,
    });
    this.flows.push({
      key: `${hex(words, 0)} ${ports >>> 16} > ${hex(words, 4)} ${ports & 0xffff} p${words[9]! & 0xff} v${words[9]! >>> 16} o${words[10]!}`,
      endReason: (words[11]! >>> 8) & 0xf,
      forward: direction(16),
      reverse: direction(32),
      ...(this.#keepsLink ? { link: [...words.subarray(LINK_WORD, LINK_WORD + LINK_WORDS)] } : {}),
      ...(health === undefined ? {} : { health, record: batch }),
    });
  }
}
