/**
 * Lists the packets with payload of flows that are still looked into (metering/applications), while the meter adds packets
 * to their flows.
 */
import * as packet from '../../records/decoded-words';
import * as place from '../../records/engine-words';
import { PROTOCOL_TCP, TCP_HEADER_OCTETS, TCP_OFFSET_FLAGS, UDP_HEADER_OCTETS } from './headers';
import { inspectionList } from './table';

const OFFSET_OCTETS: usize = packet.OFFSET_WORDS * 4;

/**
 * Appends a packet to the list if some of its payload was captured.
 * @param i number of the packet in its batch; `slot`: of its flow
 * @param headers  the batch's words of header offsets, or 0 where it has none: nothing is listed then
 * @param frames  where the memory of its frames begins, or 0 where it is not the engine's: the list may have packets
 *   without payload then
 */
export function listPayload(i: u32, slot: u32, record: usize, headers: usize, frames: usize): void {
  if (headers === 0 || (load<u32>(record, packet.DETAIL * 4) & packet.DETAIL_LATER_FRAGMENT) !== 0) return;
  const offsets = headers + <usize>i * OFFSET_OCTETS;
  const transport = <usize>load<u32>(offsets, packet.TRANSPORT_OFFSET * 4);
  const end = <usize>load<u32>(offsets, packet.CAPTURED_END * 4);
  const isTcp = (load<u32>(record, packet.KEY_PROTOCOL * 4) & 0xff) === PROTOCOL_TCP;
  let start = transport + (isTcp ? TCP_HEADER_OCTETS : UDP_HEADER_OCTETS);
  // Options are no payload.
  if (isTcp && frames !== 0 && start < end)
    start = transport + ((<usize>load<u8>(frames + transport + TCP_OFFSET_FLAGS) >>> 4) << 2);
  if (start >= end) return;
  const list = inspectionList;
  const count = load<u32>(list);
  const at = list + (<usize>(place.INSPECTION_HEAD_WORDS + count * place.INSPECTION_PAIR_WORDS) << 2);
  store<u32>(at, i);
  store<u32>(at, slot, 4);
  store<u32>(list, count + 1);
}
