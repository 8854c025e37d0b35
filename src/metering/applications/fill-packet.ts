/** Shows payload inspection a packet where its frame lies. */
import type { InspectedPacket } from '../../applications/inspected-packet.ts';
import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import { PROTOCOL_TCP } from '../../records/protocol-numbers.ts';
import type { ApplicationTable } from '../table/application-table.ts';

const UDP_HEADER_OCTETS = 8;
const TCP_HEADER_OCTETS = 20;
const TCP_SEQUENCE = 4;
const TCP_OFFSET = 12;
const SYN = 0x02;

/** Takes the octets of a batch's memory; a view is made where it is another than before. */
export function allocateOctets(applications: ApplicationTable, view: DataView): void {
  if (applications.view === view) return;
  applications.view = view;
  applications.packet.octets = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/**
 * Fills `packet` with the payload of packet `i`.
 * @param state of its flow
 * @returns false where nothing of a payload was captured
 */
export function fillPacket(
  packet: InspectedPacket,
  { words, timeNs, offsets }: DecodedBatch,
  i: number,
  view: DataView,
  state: number,
): boolean {
  const at = i * decoded.DECODED_WORDS;
  const from = i * decoded.OFFSET_WORDS;
  const transport = offsets![from + decoded.TRANSPORT_OFFSET]!;
  const end = offsets![from + decoded.CAPTURED_END]!;
  const detail = words[at + decoded.DETAIL]!;
  const protocol = words[at + decoded.KEY_PROTOCOL]! & 0xff;
  let start = transport + UDP_HEADER_OCTETS;
  if (protocol === PROTOCOL_TCP) {
    if (transport + TCP_HEADER_OCTETS > end) return false;
    start = transport + ((view.getUint8(transport + TCP_OFFSET) >>> 4) << 2);
    const isSyn = (words[at + decoded.CONTROL_BITS]! & SYN) !== 0;
    packet.sequence = (view.getInt32(transport + TCP_SEQUENCE) + (isSyn ? 1 : 0)) | 0;
  }
  if (start >= end) return false;
  const fromB = detail >>> decoded.DETAIL_FROM_B_SHIFT;
  const ports = words[at + decoded.PORTS]!;
  // The key's order: A's port first.
  packet.sourcePort = fromB === 0 ? ports >>> 16 : ports & 0xffff;
  packet.destinationPort = fromB === 0 ? ports & 0xffff : ports >>> 16;
  packet.reverse = (fromB ^ ((state >>> 1) & 1)) !== 0;
  packet.protocol = protocol;
  packet.start = start;
  packet.end = end;
  packet.timeNs = timeNs[i]!;
  const ipEnd = offsets![from + decoded.IP_OFFSET]! + (words[at + decoded.IP_OCTETS]! >>> 0);
  packet.cut = end < ipEnd || (detail & decoded.DETAIL_FRAGMENT) !== 0;
  return true;
}
