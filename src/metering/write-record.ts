/** Copies a flow out of the table to a record (records/flow-words.ts), with the sections that the table keeps beside it. */
import { APPLICATION_WORD, VALUES } from '../records/application-layout.ts';
import * as decoded from '../records/decoded-batch.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import * as layout from '../records/flow-layout.ts';
import { NETWORK_NAMES, NETWORK_WORD, NETWORK_WORDS } from '../records/network-layout.ts';
import * as healthLayout from '../records/path-health-layout.ts';
import { writeApplication } from './applications/write-application.ts';
import { writeHealth } from './path-health/record.ts';
import type { FlowTable } from './table/flow-table.ts';

/**
 * Copies the flow in `slot` to record `i` of a batch, with its initiator as A.
 * @param endReason flowEndReason; 0 where the flow goes on: nothing in the table changes then
 */
export function writeRecord(
  batch: FlowRecordBatch,
  i: number,
  table: FlowTable,
  slot: number,
  endReason: number,
): void {
  const from = slot * layout.ENTRY_WORDS;
  const to = i * batch.stride;
  const { words: entry, link, health, applications } = table;
  const record = batch.words;
  const state = entry[from + layout.FLOW_STATE]!;
  for (let w = 0; w < layout.ENTRY_WORDS; w++) record[to + w] = entry[from + w]!;
  if ((state & layout.STATE_INITIATOR_IS_B) !== 0) {
    for (let w = 0; w < 4; w++) {
      record[to + layout.ADDRESS_A + w] = entry[from + layout.ADDRESS_B + w]!;
      record[to + layout.ADDRESS_B + w] = entry[from + layout.ADDRESS_A + w]!;
    }
    const ports = entry[from + layout.FLOW_PORTS]!;
    record[to + layout.FLOW_PORTS] = (ports << 16) | (ports >>> 16);
  }
  record[to + layout.FLOW_STATE] = state | (endReason << layout.STATE_END_REASON_SHIFT);
  const linkAt = slot * layout.LINK_WORDS;
  for (let w = 0; w < layout.LINK_WORDS; w++) record[to + layout.LINK_WORD + w] = link[linkAt + w]!;
  // Until somebody knows better: the interface's number in the run, and nothing of where the packets went, nor of whose
  // the addresses are.
  const point = entry[from + layout.FLOW_OBSERVATION_POINT]! & 0xffff;
  record[to + layout.INGRESS_FORWARD] = point;
  record[to + layout.EGRESS_FORWARD] = 0;
  record[to + layout.INGRESS_REVERSE] = point;
  record[to + layout.EGRESS_REVERSE] = 0;
  for (let w = 0; w < layout.NETWORK_WORDS; w++) record[to + layout.AS_A + w] = 0;
  const hasNetworks = batch.stride >= NETWORK_WORD + NETWORK_WORDS;
  if (applications !== undefined) writeApplication(batch, to, table, slot);
  if (health !== undefined) writeHealth(batch, to, health, slot, endReason !== 0);
  else if (applications !== undefined || hasNetworks) writeNoHealth(record, to);
  if (hasNetworks) writeNoNames(record, to, applications === undefined);
  writeOuter(record, to, table, slot, hasNetworks);
}

/** The encapsulation; where nothing is kept of it and its place is there, that is zero. */
function writeOuter(
  record: Int32Array,
  to: number,
  table: FlowTable,
  slot: number,
  hasNetworks: boolean,
): void {
  const { encapsulation, health, applications } = table;
  if (encapsulation === undefined) {
    if (health === undefined && applications === undefined && !hasNetworks) return;
    for (let w: number = layout.ENCAPSULATION_WORD; w < healthLayout.HEALTH_WORD; w++) record[to + w] = 0;
    return;
  }
  const outer = slot * decoded.ENCAPSULATION_WORDS;
  for (let w = 0; w < decoded.ENCAPSULATION_WORDS; w++)
    record[to + layout.ENCAPSULATION_WORD + w] = encapsulation[outer + w]!;
}

/** In the place of path health, that none was measured. */
function writeNoHealth(record: Int32Array, to: number): void {
  const at = to + healthLayout.HEALTH_WORD;
  record[at + healthLayout.HEALTH_BITS] = 0;
  record[at + healthLayout.FORWARD_HEALTH + healthLayout.DIRECTION_BITS] = 0;
  record[at + healthLayout.REVERSE_HEALTH + healthLayout.DIRECTION_BITS] = 0;
}

/**
 * In the place of names of networks, that none is known yet, and in that of applications, if they are not kept, that
 * none was looked for.
 */
function writeNoNames(record: Int32Array, to: number, isWithoutApplications: boolean): void {
  for (let w = 0; w < NETWORK_NAMES; w++) record[to + NETWORK_WORD + w] = 0;
  if (!isWithoutApplications) return;
  for (let w = 0; w < VALUES; w++) record[to + APPLICATION_WORD + w] = 0;
}
