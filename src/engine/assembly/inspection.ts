/**
 * Lists the packets with payload of flows that are still looked into (metering/applications), while the meter adds packets
 * to their flows.
 */
import * as packet from '../../records/decoded-words';
import * as place from '../../records/engine-words';
import * as flow from '../../records/flow-words';
import { saysNothing } from './first-look';
import { PROTOCOL_TCP, TCP_HEADER_OCTETS, TCP_OFFSET_FLAGS, UDP_HEADER_OCTETS } from './headers';
import { entries, firstLook, inspectionList } from './table';
import { ENTRY_OCTETS } from './wheel';

const OFFSET_OCTETS: usize = packet.OFFSET_WORDS * 4;
const STATE: usize = flow.FLOW_STATE * 4;
/** The part of a hash that is the place of a flow that goes on from before. */
const CONTINUED_SHIFT: u32 = 32 - place.FIRST_LOOK_CONTINUED_BITS;

/** Whether what is known of a flow may be there from before: of one with the same part of its hash it is. */
function mayContinue(record: usize): bool {
  const number = load<u32>(record, packet.HASH * 4) >>> CONTINUED_SHIFT;
  const at = firstLook + place.FIRST_LOOK_CONTINUED + <usize>(number >>> 3);
  return ((load<u8>(at) >>> (number & 7)) & 1) !== 0;
}

/** Whether a packet with payload is left out: its flow has one look less then. */
function isDismissed(slot: u32, record: usize, isTcp: bool, start: usize, end: usize): bool {
  const stateAt = entries + <usize>slot * ENTRY_OCTETS + STATE;
  const state = load<u32>(stateAt);
  // Of the flow a packet waits in the list, or it is looked into.
  if ((state & flow.STATE_LOOKS_LISTED) !== 0) return false;
  const ports = load<u32>(record, packet.PORTS * 4);
  const fromB = load<u32>(record, packet.DETAIL * 4) >>> packet.DETAIL_FROM_B_SHIFT !== 0;
  const source = fromB ? ports & 0xffff : ports >>> 16;
  const destination = fromB ? ports >>> 16 : ports & 0xffff;
  if (mayContinue(record) || !saysNothing(isTcp, source, destination, start, end)) {
    store<u32>(stateAt, state | flow.STATE_LOOKS_LISTED);
    return false;
  }
  store<u32>(stateAt, state - (1 << flow.STATE_LOOKS_SHIFT));
  const at = inspectionList + place.INSPECTION_DISMISSED * 4;
  store<u32>(at, load<u32>(at) + 1);
  return true;
}

/**
 * Appends a packet to the list if some of its payload was captured that may say something known.
 * @param i number of the packet in its batch; `slot`: of its flow
 * @param headers  the batch's words of header offsets, or 0 where it has none: nothing is listed then
 * @param frames  where the memory of its frames begins, or 0 where it is not the engine's: the list may have packets
 *   without payload then, and such as say nothing
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
  if (frames !== 0 && firstLook !== 0 && isDismissed(slot, record, isTcp, frames + start, frames + end)) return;
  const list = inspectionList;
  const count = load<u32>(list);
  const at = list + (<usize>(place.INSPECTION_HEAD_WORDS + count * place.INSPECTION_PAIR_WORDS) << 2);
  store<u32>(at, i);
  store<u32>(at, slot, 4);
  store<u32>(list, count + 1);
}
