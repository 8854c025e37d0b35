/**
 * The common path of the decoder: whole TCP and UDP packets in IPv4 (with or without options) or in IPv6 without
 * extension headers, in Ethernet frames with at most one 802.1Q tag. That is nearly every packet of nearly every link,
 * and its cost decides what the probe costs.
 *
 * It takes a frame only if every check of the general path would pass without a notice and no tunnel is to be looked
 * into; anything else is for the uncommon path (uncommon.ts), and what that leaves for the general one
 * (decode/decode-frame.ts). Tests hold them equal.
 */
import * as layout from '../../records/decoded-words';
import { TIME_OCTETS } from '../../records/engine-words';
import { ACCEPTED } from '../../records/reason-codes';
import * as header from './headers';
import { decodeIpv4, decodeIpv6 } from './ip';
import { half } from './octets';
import { decodeUncommon } from './uncommon';
import { LEFT, useFrames } from './uncommon-frame';

/** The shortest frame taken: an untagged UDP datagram without payload over IPv4. */
export const FRAME_OCTETS_MIN: u32 =
  header.ETHERNET_HEADER_OCTETS + header.IPV4_HEADER_OCTETS + header.UDP_HEADER_OCTETS;
const RECORD_OCTETS: usize = layout.DECODED_WORDS * 4;

/** Octets on the wire of the frames that the last call took. */
let octetsOnWire: f64 = 0;
export function decodedOctetsOnWire(): f64 {
  return octetsOnWire;
}

/** Where the header offsets of record `i` of a batch go. @param headers  those of the batch, or 0 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function offsetsOf(headers: usize, i: u32): usize {
  return select<usize>(headers + <usize>i * (layout.OFFSET_WORDS * 4), 0, headers !== 0);
}

/** Where the transport header of a common packet stands whose IP header is at `ip`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function transportOf(ip: usize): usize {
  const first = <usize>load<u8>(ip);
  return ip + (first >>> 4 === 4 ? (first & 0xf) << 2 : header.IPV6_HEADER_OCTETS);
}

/**
 * Writes where the headers of a decoded packet stand, in octets from `memory` (OFFSET_WORDS of decoded-words.ts).
 * @param record  of the packet; `ip`: its header; `capturedEnd`: behind what was captured of its frame
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function writeOffsets(offsets: usize, memory: usize, record: usize, ip: usize, capturedEnd: usize): void {
  const end = ip + <usize>load<u32>(record, layout.IP_OCTETS * 4);
  store<u32>(offsets, ip - memory, layout.IP_OFFSET * 4);
  store<u32>(offsets, transportOf(ip) - memory, layout.TRANSPORT_OFFSET * 4);
  store<u32>(offsets, min<usize>(end, capturedEnd) - memory, layout.CAPTURED_END * 4);
}

/**
 * Decodes an Ethernet frame to the record at `to`; false if it is not a common one.
 * @param start  where it begins, `linkOffset` octets into the view that offsets count from
 * @param point  index of its interface
 * @param multipliers  of the key's hash, to order and hash the key too; 0 leaves it as it is on the wire
 * @param offsets  where the words of header offsets go, or 0
 * @param udpTunnels  kinds of tunnels by UDP port: a datagram of one that is looked into is not common; 0: there are none
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function decodeFrame(
  start: usize,
  linkOffset: u32,
  captured: u32,
  wire: u32,
  point: u32,
  tosMask: u32,
  vlanMask: u32,
  to: usize,
  multipliers: usize,
  offsets: usize,
  udpTunnels: usize,
): bool {
  if (captured < FRAME_OCTETS_MIN || captured > wire) return false;
  const capturedEnd = start + captured;
  const wireEnd = start + wire;
  // As they stand in memory, like the other fields that are only compared.
  let etherType = <u32>load<u16>(start, header.ETHERNET_TYPE);
  let ip = start + header.ETHERNET_HEADER_OCTETS;
  let tag: u32 = 0;
  if (etherType === header.ETHER_TYPE_VLAN_SWAPPED) {
    tag = half(ip);
    etherType = <u32>load<u16>(ip, header.VLAN_TYPE);
    ip += header.VLAN_TAG_OCTETS;
  }
  return decodePayload(
    etherType,
    tag,
    ip,
    capturedEnd,
    wireEnd,
    start - linkOffset,
    linkOffset,
    wire,
    point,
    tosMask,
    vlanMask,
    to,
    multipliers,
    offsets,
    udpTunnels,
  );
}

/**
 * Decodes the payload of an Ethernet frame, at `ip`, to the record at `to`; false if it is not a common one.
 * @param etherType  of the payload, as its octets stand in memory
 * @param tag  control information of the one 802.1Q tag, or 0
 * @param capturedEnd,wireEnd  behind what was captured of the frame, and behind all of it
 * @param memory  what offsets count from
 * @param multipliers,offsets,udpTunnels  as of `decodeFrame`
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function decodePayload(
  etherType: u32,
  tag: u32,
  ip: usize,
  capturedEnd: usize,
  wireEnd: usize,
  memory: usize,
  linkOffset: u32,
  wire: u32,
  point: u32,
  tosMask: u32,
  vlanMask: u32,
  to: usize,
  multipliers: usize,
  offsets: usize,
  udpTunnels: usize,
): bool {
  const vlan = (tag & vlanMask) << 16;
  const priority = (tag >>> 13) << layout.DETAIL_PRIORITY_SHIFT;
  if (etherType === header.ETHER_TYPE_IPV4_SWAPPED) {
    if (!decodeIpv4(ip, capturedEnd, wireEnd, linkOffset, wire, point, tosMask, vlan, priority, to, multipliers, udpTunnels))
      return false;
  } else if (
    etherType !== header.ETHER_TYPE_IPV6_SWAPPED ||
    !decodeIpv6(ip, capturedEnd, wireEnd, linkOffset, wire, point, tosMask, vlan, priority, to, multipliers, udpTunnels)
  ) {
    return false;
  }
  if (offsets !== 0) writeOffsets(offsets, memory, to, ip, capturedEnd);
  return true;
}

/**
 * Decodes frames from number `from` on, up to the first that is left to the general path.
 * @param memory where the view begins that the frames' offsets count from
 * @param batch,capacity  the packet batch; `count` frames are in it
 * @param linkTypes  LINKTYPE_ numbers by interface index
 * @param tosMask,vlanMask  what of ToS and VLAN id goes to the key
 * @param out,outCapacity  the decoded batch; `accepted` records are in it
 * @param headers  its words of header offsets, or 0
 * @param udpTunnels  as of `decodeFrame`
 * @param uncommon  what uncommon frames are decoded with (UNCOMMON_… of engine-words.ts)
 * @returns the number of the first frame that is left, or `count`, | records accepted now << 16
 */
export function decodeCommon(
  memory: usize,
  batch: usize,
  capacity: u32,
  count: u32,
  from: u32,
  linkTypes: usize,
  tosMask: u32,
  vlanMask: u32,
  out: usize,
  outCapacity: u32,
  accepted: u32,
  headers: usize,
  udpTunnels: usize,
  uncommon: usize,
): u32 {
  useFrames(uncommon, udpTunnels, tosMask, vlanMask);
  const offsets = batch + <usize>capacity * TIME_OCTETS;
  const each = (<usize>capacity) << 2;
  let to = out + <usize>outCapacity * TIME_OCTETS + <usize>accepted * RECORD_OCTETS;
  let index = from;
  let wireOctets: f64 = 0;
  for (; index < count; index++) {
    const lane = offsets + (<usize>index << 2);
    const linkOffset = load<u32>(lane);
    const captured = load<u32>(lane + each);
    const wire = load<u32>(lane + 2 * each);
    const point = <u32>load<u16>(offsets + 3 * each + (<usize>index << 1));
    if (load<i32>(linkTypes + (<usize>point << 2)) !== header.LINKTYPE_ETHERNET) break;
    const place = offsetsOf(headers, accepted);
    if (!decodeFrame(memory + linkOffset, linkOffset, captured, wire, point, tosMask, vlanMask, to, 0, place, udpTunnels)) {
      const outcome = decodeUncommon(memory + linkOffset, linkOffset, captured, wire, -1, point, to, 0, place);
      if (outcome === LEFT) break;
      if (outcome !== ACCEPTED) continue;
    }
    store<f64>(out + (<usize>accepted << 3), load<f64>(batch + (<usize>index << 3)));
    wireOctets += wire;
    accepted++;
    to += RECORD_OCTETS;
  }
  octetsOnWire = wireOctets;
  return index | (accepted << 16);
}
