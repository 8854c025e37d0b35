/** Learns names from packets of DNS whose flows are in no table of this meter: another one has them, which learns the same. */
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../records/protocol-numbers.ts';
import type { ApplicationTable, NameTable } from '../table/application-table.ts';
import { CAPACITY_MAX } from '../table/flow-table.ts';
import { allocateOctets, fillPacket } from './fill-packet.ts';
import { learnNames } from './flow-names.ts';

const HASH_FACTOR = 0x9e3779b1 | 0;
/** Numbers of flows behind all slots. */
const FLOW_FIRST = CAPACITY_MAX + 1;
const FLOW_SHIFT = 4;

/** A number of the packet's flow, the same in both directions, which no slot has. */
function flowNumber(words: Int32Array, at: number): number {
  const ports = words[at + decoded.PORTS]!;
  let hash = (ports >>> 16) ^ (ports & 0xffff);
  for (let w = 0; w < 4; w++) {
    hash ^= words[at + decoded.SOURCE_ADDRESS + w]! ^ words[at + decoded.DESTINATION_ADDRESS + w]!;
    hash = Math.imul(hash, HASH_FACTOR);
  }
  return FLOW_FIRST + (hash >>> FLOW_SHIFT);
}

/** Does `learnNames` for packet `i`, unless it is a fragment without ports, or of another protocol than DNS is over. */
function learn(
  { packet }: ApplicationTable,
  names: NameTable,
  batch: DecodedBatch,
  i: number,
  view: DataView,
): void {
  const { words } = batch;
  const at = i * decoded.DECODED_WORDS;
  const protocol = words[at + decoded.KEY_PROTOCOL]! & 0xff;
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return;
  if ((words[at + decoded.DETAIL]! & decoded.DETAIL_LATER_FRAGMENT) !== 0) return;
  if (!fillPacket(packet, batch, i, view, 0)) return;
  packet.reverse = packet.sourcePort < packet.destinationPort;
  learnNames(names, packet, batch, i, flowNumber(words, at));
}

/**
 * Takes packets that are learned from as the meter's own come, in the order of time.
 * @param batch which has offsets, until all of it is learned
 * @param view the memory that its frames lie in
 */
export function queueOthers({ names }: ApplicationTable, batch: DecodedBatch, view: DataView): void {
  if (names === undefined) return;
  names.others = batch;
  names.othersView = view;
  names.othersNext = 0;
}

/** Learns from the packets that wait and were observed up to `timeNs`. The other meter counts what is counted of them. */
export function learnOthersUntil(applications: ApplicationTable | undefined, timeNs: number): void {
  const names = applications?.names;
  const batch = names?.others;
  if (applications === undefined || names === undefined || batch === undefined) return;
  const view = names.othersView!;
  allocateOctets(applications, view);
  const { counts } = names.names;
  names.names.counts = names.othersCounts;
  while (names.othersNext < batch.count && batch.timeNs[names.othersNext]! <= timeNs)
    learn(applications, names, batch, names.othersNext++, view);
  names.names.counts = counts;
  if (names.othersNext === batch.count) names.others = undefined;
}
