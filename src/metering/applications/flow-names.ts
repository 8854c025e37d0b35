/**
 * Names by DNS of flows (src/applications/dns-names.ts): each flow is looked up once, when its first packet with payload
 * comes or, if none does, when its record is written; it has the name that was the newest when its first packet came. Its
 * slot keeps the name until the flow leaves the table.
 */
import { MAPPED_WORD } from '../../applications/dns-addresses.ts';
import { PORT_DNS } from '../../applications/dns-learner.ts';
import { FOUND_AMBIGUOUS, FOUND_NAME_MASK, FOUND_OF_ANYBODY } from '../../applications/dns-names.ts';
import { NAME_FROM_ANY_DNS, NAME_FROM_CLIENTS_DNS } from '../../applications/facts.ts';
import type { InspectedPacket } from '../../applications/inspected-packet.ts';
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import * as layout from '../../records/flow-layout.ts';
import { type ApplicationTable, NAME_UNKNOWN, type NameTable } from '../table/application-table.ts';
import type { FlowTable } from '../table/flow-table.ts';
import { hasServerName, writeServerName } from './write-facts.ts';

const IP_VERSION_6 = 6;
/** Added to the source of a name that is one of several. */
const AMBIGUOUS = 128;

/** Copies an address of a key or an entry, IPv4 as a mapped one. */
function copyAddress(from: Int32Array, at: number, isIPv6: boolean, to: Int32Array): void {
  if (isIPv6) {
    for (let w = 0; w < 4; w++) to[w] = from[at + w]!;
    return;
  }
  to[0] = 0;
  to[1] = 0;
  to[2] = MAPPED_WORD;
  to[3] = from[at]!;
}

function isIPv6(protocolWord: number): boolean {
  return ((protocolWord >>> 8) & 0xf) === IP_VERSION_6;
}

export function isDnsFlow(ports: number): boolean {
  return ports >>> 16 === PORT_DNS || (ports & 0xffff) === PORT_DNS;
}

/** Learns names from packet `i` of the batch, which is of the flow in `slot`, if it is one of DNS. */
export function learnNames(
  { learner }: NameTable,
  packet: InspectedPacket,
  { words }: DecodedBatch,
  i: number,
  slot: number,
): void {
  if (packet.sourcePort !== PORT_DNS && packet.destinationPort !== PORT_DNS) return;
  const at = i * decoded.DECODED_WORDS;
  const hasFromB = words[at + decoded.DETAIL]! >>> decoded.DETAIL_FROM_B_SHIFT !== 0;
  const isLong = isIPv6(words[at + decoded.KEY_PROTOCOL]!);
  const { source, destination } = learner;
  copyAddress(words, at + decoded.SOURCE_ADDRESS, isLong, hasFromB ? destination : source);
  copyAddress(words, at + decoded.DESTINATION_ADDRESS, isLong, hasFromB ? source : destination);
  learner.take(packet, slot);
}

/**
 * Looks the flow in `slot` up, unless it has been. Flows of DNS itself say by themselves what they are about.
 * @param isLast its record is written now: what is not known by then is not told
 */
export function nameFlow(
  { words, doubles }: FlowTable,
  names: NameTable,
  slot: number,
  isLast = false,
): void {
  if (names.slots[slot] !== 0) return;
  const entry = slot * layout.ENTRY_WORDS;
  if (isDnsFlow(words[entry + layout.FLOW_PORTS]!)) {
    names.slots[slot] = NAME_UNKNOWN;
    return;
  }
  const { client, server } = names;
  const isFromB = (words[entry + layout.FLOW_STATE]! & layout.STATE_INITIATOR_IS_B) !== 0;
  const isLong = isIPv6(words[entry + layout.FLOW_PROTOCOL]!);
  copyAddress(words, entry + layout.ADDRESS_A, isLong, isFromB ? server : client);
  copyAddress(words, entry + layout.ADDRESS_B, isLong, isFromB ? client : server);
  const mayComeLater = names.isShared && !isLast;
  const firstNs = doubles[slot * layout.ENTRY_DOUBLES + layout.FLOW_FIRST_NS]!;
  const found = names.names.lookUp(client, server, firstNs, !mayComeLater);
  if (found < 0 && mayComeLater) return;
  names.slots[slot] = found < 0 ? NAME_UNKNOWN : found + 1;
}

/** The flow in `slot` has left the table. */
export function releaseName({ names }: ApplicationTable, slot: number): void {
  if (names === undefined) return;
  releaseFound(names, names.slots[slot]!);
  names.slots[slot] = 0;
}

/** Gives back what a slot had. */
export function releaseFound({ names }: NameTable, found: number): void {
  if (found > 0) names.pool.release((found - 1) & FOUND_NAME_MASK);
}

/**
 * Writes the name of the flow in `slot` to its record, unless that has one: what a client says to the server counts more.
 * @param at where the application section of the record begins
 */
export function writeName(words: Int32Array, at: number, table: FlowTable, slot: number): void {
  const names = table.applications!.names;
  if (names === undefined || hasServerName(words, at)) return;
  nameFlow(table, names, slot, true);
  const found = names.slots[slot]! - 1;
  if (found < 0) return;
  const source = (found & FOUND_OF_ANYBODY) === 0 ? NAME_FROM_CLIENTS_DNS : NAME_FROM_ANY_DNS;
  const ambiguous = (found & FOUND_AMBIGUOUS) === 0 ? 0 : AMBIGUOUS;
  writeServerName(words, at, names.names.pool.text(found & FOUND_NAME_MASK), source + ambiguous);
}
