/**
 * The uncommon path of the decoder: frames that the common path (decode.ts) does not take, one header after the other, to
 * the same words and counts as those of the general path (decode/decode-frame.ts). What it cannot decide is LEFT to that
 * one: tunnels that are looked into, frames in frames without a length, what a guess is needed for, and rarer tags.
 */
import * as layout from '../../records/decoded-words';
import * as place from '../../records/engine-words';
import { ACCEPTED } from '../../records/reason-codes';
import * as header from './headers';
import { orderAndHashRecord } from './keys';
import { half } from './octets';
import { Frame, field, LEFT, setField } from './uncommon-frame';
import { etherTypeLayers } from './uncommon-link';

/** Frames longer than this are left. */
const FRAME_OCTETS_MAX: u32 = 0x3fff_ffff;

/**
 * Decodes an Ethernet frame that is not a common one to the record at `to`, and counts what becomes of it. `useFrames`
 * (uncommon-frame.ts) comes before.
 * @param start,linkOffset,captured,wire,point,to,multipliers,offsets  as of `decodeFrame` (decode.ts)
 * @param tag  control information of a tag that the kernel took out of the frame, or -1
 * @returns ACCEPTED, the reason for which it is refused, or LEFT, where nothing was counted. A fragment's key is as on the
 *   wire, since it may get other ports
 */
export function decodeUncommon(
  start: usize,
  linkOffset: u32,
  captured: u32,
  wire: u32,
  tag: i32,
  point: u32,
  to: usize,
  multipliers: usize,
  offsets: usize,
): i32 {
  if (captured < <u32>header.ETHERNET_HEADER_OCTETS || captured > wire || wire > FRAME_OCTETS_MAX) return LEFT;
  beginFrame(start, linkOffset, captured, wire, point, to);
  if (tag >= 0) {
    Frame.tags = 1;
    Frame.vlanId = tag & header.VLAN_ID_MASK;
    Frame.priority = tag >>> header.VLAN_PRIORITY_SHIFT;
  }
  const frameOctets = tag >= 0 ? wire + header.VLAN_TAG_OCTETS : wire;
  const outcome = etherTypeLayers();
  if (outcome === LEFT) return LEFT;
  if (outcome !== ACCEPTED) {
    countRefused(outcome, frameOctets);
    return outcome;
  }
  setField(layout.FRAME_OCTETS, frameOctets);
  if (Frame.notices !== 0) countNotices();
  if ((field(layout.DETAIL) & layout.DETAIL_FRAGMENT) !== 0) store<u32>(Frame.uncommon, 1, place.UNCOMMON_HAS_FRAGMENTS * 4);
  else if (multipliers !== 0) orderAndHashRecord(to, multipliers);
  if (offsets !== 0) {
    store<u32>(offsets, linkOffset + Frame.ipOffset, layout.IP_OFFSET * 4);
    store<u32>(offsets, linkOffset + Frame.offset, layout.TRANSPORT_OFFSET * 4);
    store<u32>(offsets, linkOffset + Frame.capturedEnd, layout.CAPTURED_END * 4);
  }
  return ACCEPTED;
}

function beginFrame(start: usize, linkOffset: u32, captured: u32, wire: u32, point: u32, to: usize): void {
  Frame.start = start;
  Frame.place = linkOffset;
  Frame.capturedEnd = captured;
  Frame.wireEnd = wire;
  Frame.point = point;
  Frame.to = to;
  Frame.offset = header.ETHERNET_HEADER_OCTETS;
  Frame.etherType = half(start + header.ETHERNET_TYPE);
  Frame.linkOffset = 0;
  Frame.tags = 0;
  Frame.vlanId = 0;
  Frame.customerVlanId = 0;
  Frame.priority = 0;
  Frame.session = 0;
  Frame.notices = 0;
  memory.fill(to, 0, layout.DECODED_WORDS * 4);
}

function addTo(double: usize, value: f64): void {
  const at = Frame.uncommon + (double << 3);
  store<f64>(at, load<f64>(at) + value);
  store<u32>(Frame.uncommon, 1, place.UNCOMMON_IS_COUNTED * 4);
}

function countRefused(reason: i32, octets: u32): void {
  addTo(place.UNCOMMON_PACKETS_DOUBLE + reason, 1);
  addTo(place.UNCOMMON_OCTETS_DOUBLE + reason, <f64>octets);
}

/** Counts each notice whose bit is set. */
function countNotices(): void {
  for (let bits = Frame.notices; bits !== 0; bits &= bits - 1) addTo(place.UNCOMMON_NOTICES_DOUBLE + ctz<u32>(bits), 1);
}
