/**
 * The common path: whole TCP and UDP packets in IPv4 (with or without options) or in IPv6 without extension headers, in
 * Ethernet frames with at most one 802.1Q tag. That is nearly every packet of nearly every link, and its cost decides
 * what the probe costs.
 *
 * It takes a frame only if every check of the general path would pass without a notice and no tunnel is to be looked
 * into; anything else is left to the general path (decode-frame.ts). Tests hold the two equal.
 *
 * Two things make it fast, measured on 64-byte frames:
 * - Imported constants are copied to constants of this module, which V8 folds into the code; an import is
 *   loaded from memory at each use.
 * - IPv4 is decoded within the loop, each word read once and written once, since V8 does not inline a function
 *   of that size. The functions that stand apart are small enough to be inlined, or are for IPv6, where the call is a
 * smaller part of the cost.
 */

import type { DecodedBatch } from '../records/decoded-batch.ts';
import * as layout from '../records/decoded-batch.ts';
import type { PacketBatch } from '../records/packet-batch.ts';
import * as numbers from '../records/protocol-numbers.ts';
import type { DecodeState } from './decode-state.ts';
import * as ethernet from './ethernet.ts';
import * as ipv4 from './ipv4.ts';
import * as ipv6 from './ipv6.ts';
import * as link from './link.ts';
import * as header from './transport.ts';
import { udpTunnelKind } from './udp-tunnel.ts';

const { DECODED_WORDS, SOURCE_ADDRESS, DESTINATION_ADDRESS, PORTS, KEY_PROTOCOL, KEY_OBSERVATION_POINT } =
  layout;
const { IP_OCTETS, FRAME_OCTETS, CONTROL_BITS, DETAIL, FLOW_LABEL, FRAGMENT_ID, LINK_OFFSET } = layout;
const { OFFSET_WORDS, IP_OFFSET, TRANSPORT_OFFSET, CAPTURED_END } = layout;
const { EXTENSION_HEADERS, HASH, DETAIL_DONT_FRAGMENT, DETAIL_TCP, DETAIL_PRIORITY_SHIFT } = layout;
const { ETHERNET_TYPE, ETHERNET_HEADER_OCTETS, VLAN_TAG_OCTETS, VLAN_TYPE } = ethernet;
const { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, ETHER_TYPE_VLAN } = ethernet;
const { IPV4_HEADER_OCTETS, IPV4_FRAGMENT_WORD, IPV4_TTL_WORD, IPV4_SOURCE, IPV4_DESTINATION } = ipv4;
const { IPV4_FRAGMENT_MASK, IPV4_DONT_FRAGMENT } = ipv4;
const { IPV6_HEADER_OCTETS, IPV6_LENGTH_WORD, IPV6_SOURCE, IPV6_DESTINATION, FLOW_LABEL_MASK } = ipv6;
const { LINKTYPE_ETHERNET } = link;
const { PROTOCOL_TCP, PROTOCOL_UDP } = numbers;
const { TCP_HEADER_OCTETS, TCP_OFFSET_FLAGS, TCP_CONTROL_BITS_MASK } = header;
const { UDP_HEADER_OCTETS, UDP_LENGTH } = header;

/** The shortest frame taken: an untagged UDP datagram without payload over IPv4. */
const FRAME_OCTETS_MIN = ETHERNET_HEADER_OCTETS + IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS;

/**
 * Decodes frames of `batch` from index `from` on, as long as they are common ones: appends them to `out`, whose count
 * grows, and adds their octets on the wire to `state.acceptedOctets`. Nothing else of `state` is changed.
 * @returns the index of the first frame that the general path has to decide, or the batch's count
 */
export function decodeCommon(
  state: DecodeState,
  batch: PacketBatch,
  out: DecodedBatch,
  from: number,
): number {
  const { linkTypes } = state;
  const { view, frameOffset, capturedLength, wireLength, interfaceIndex } = batch;
  const { words, offsets } = out;
  let accepted = out.count;
  let octetsOnWire = 0;
  let index = from;
  for (; index < batch.count; index++) {
    const start = frameOffset[index]!;
    const captured = capturedLength[index]!;
    const wire = wireLength[index]!;
    const point = interfaceIndex[index]!;
    if (linkTypes[point] !== LINKTYPE_ETHERNET || captured < FRAME_OCTETS_MIN || captured > wire) break;
    const at = accepted * DECODED_WORDS;
    let etherType = view.getUint16(start + ETHERNET_TYPE);
    let ip = start + ETHERNET_HEADER_OCTETS;
    let tag = 0;
    if (etherType === ETHER_TYPE_VLAN) {
      tag = view.getUint16(ip);
      etherType = view.getUint16(ip + VLAN_TYPE);
      ip += VLAN_TAG_OCTETS;
    }
    if (etherType === ETHER_TYPE_IPV4 && ip + IPV4_HEADER_OCTETS <= start + captured) {
      const first = view.getInt32(ip);
      const fragment = view.getInt32(ip + IPV4_FRAGMENT_WORD);
      const ttlWord = view.getInt32(ip + IPV4_TTL_WORD);
      const transport = ip + ((first >>> 22) & 0x3c);
      const octets = first & 0xffff;
      const protocol = (ttlWord >>> 16) & 0xff;
      if (isUncommonIpv4(first, fragment) || ip + octets > start + wire) break;
      const control = commonControlBits(state, view, protocol, transport, start + captured, ip + octets);
      if (control < 0) break;
      writeIpv4Addresses(view, ip, words, at);
      words[at + PORTS] = view.getInt32(transport);
      words[at + KEY_PROTOCOL] = protocol | (4 << 8) | ((tag & state.vlanMask) << 16);
      words[at + KEY_OBSERVATION_POINT] = (point + 1) | (((first >>> 16) & state.tosMask) << 16);
      words[at + CONTROL_BITS] = control | ((ttlWord >>> 24) << 16) | ((first << 8) & 0xff00_0000);
      writeRest(words, at, octets, commonDetail(tag, protocol) | dontFragment(fragment), 0, wire, start);
    } else if (
      etherType !== ETHER_TYPE_IPV6 ||
      !commonIpv6(state, view, ip, start, captured, wire, words, at, tag, point)
    ) {
      break;
    }
    if (offsets !== undefined) {
      writeOffsets(offsets, accepted * OFFSET_WORDS, view, ip, start + captured, words[at + IP_OCTETS]!);
    }
    out.timeNs[accepted++] = batch.timeNs[index]!;
    octetsOnWire += wire;
  }
  state.acceptedOctets += octetsOnWire;
  out.count = accepted;
  return index;
}

function isUncommonIpv4(first: number, fragment: number): boolean {
  // Version 4 and a header of 5 words or more, in one octet.
  return first >>> 28 !== 4 || (first & 0x0f00_0000) < 0x0500_0000 || (fragment & IPV4_FRAGMENT_MASK) !== 0;
}

function writeIpv4Addresses(view: DataView, ip: number, words: Int32Array, at: number): void {
  words[at + SOURCE_ADDRESS] = view.getInt32(ip + IPV4_SOURCE);
  words[at + SOURCE_ADDRESS + 1] = 0;
  words[at + SOURCE_ADDRESS + 2] = 0;
  words[at + SOURCE_ADDRESS + 3] = 0;
  words[at + DESTINATION_ADDRESS] = view.getInt32(ip + IPV4_DESTINATION);
  words[at + DESTINATION_ADDRESS + 1] = 0;
  words[at + DESTINATION_ADDRESS + 2] = 0;
  words[at + DESTINATION_ADDRESS + 3] = 0;
}

function writeRest(
  words: Int32Array,
  at: number,
  octets: number,
  detail: number,
  flowLabel: number,
  frameOctets: number,
  linkOffset: number,
): void {
  words[at + IP_OCTETS] = octets;
  words[at + FRAME_OCTETS] = frameOctets;
  words[at + DETAIL] = detail;
  words[at + FLOW_LABEL] = flowLabel;
  words[at + FRAGMENT_ID] = 0;
  words[at + LINK_OFFSET] = linkOffset;
  words[at + EXTENSION_HEADERS] = 0;
  words[at + HASH] = 0;
}

function writeOffsets(
  offsets: Int32Array,
  to: number,
  view: DataView,
  ip: number,
  capturedEnd: number,
  ipOctets: number,
): void {
  const first = view.getUint8(ip);
  offsets[to + IP_OFFSET] = ip;
  offsets[to + TRANSPORT_OFFSET] = ip + (first >>> 4 === 4 ? (first & 0xf) << 2 : IPV6_HEADER_OCTETS);
  offsets[to + CAPTURED_END] = ip + ipOctets < capturedEnd ? ip + ipOctets : capturedEnd;
}

function commonDetail(tag: number, protocol: number): number {
  return ((tag >>> 13) << DETAIL_PRIORITY_SHIFT) | (protocol === PROTOCOL_TCP ? DETAIL_TCP : 0);
}

function dontFragment(fragmentWord: number): number {
  return (fragmentWord & IPV4_DONT_FRAGMENT) !== 0 ? DETAIL_DONT_FRAGMENT : 0;
}

/**
 * An IPv6 packet at `ip` with its transport header next: false where it is not common. A payload length of 0 fails that
 * header's check.
 */
function commonIpv6(
  state: DecodeState,
  view: DataView,
  ip: number,
  start: number,
  captured: number,
  wire: number,
  words: Int32Array,
  at: number,
  tag: number,
  point: number,
): boolean {
  const capturedEnd = start + captured;
  const transport = ip + IPV6_HEADER_OCTETS;
  if (transport > capturedEnd) return false;
  const first = view.getInt32(ip);
  const lengthWord = view.getInt32(ip + IPV6_LENGTH_WORD);
  const end = transport + (lengthWord >>> 16);
  if (first >>> 28 !== 6 || end > start + wire) return false;
  const protocol = (lengthWord >>> 8) & 0xff;
  const controlBits = commonControlBits(state, view, protocol, transport, capturedEnd, end);
  if (controlBits < 0) return false;
  words[at + SOURCE_ADDRESS] = view.getInt32(ip + IPV6_SOURCE);
  words[at + SOURCE_ADDRESS + 1] = view.getInt32(ip + IPV6_SOURCE + 4);
  words[at + SOURCE_ADDRESS + 2] = view.getInt32(ip + IPV6_SOURCE + 8);
  words[at + SOURCE_ADDRESS + 3] = view.getInt32(ip + IPV6_SOURCE + 12);
  words[at + DESTINATION_ADDRESS] = view.getInt32(ip + IPV6_DESTINATION);
  words[at + DESTINATION_ADDRESS + 1] = view.getInt32(ip + IPV6_DESTINATION + 4);
  words[at + DESTINATION_ADDRESS + 2] = view.getInt32(ip + IPV6_DESTINATION + 8);
  words[at + DESTINATION_ADDRESS + 3] = view.getInt32(ip + IPV6_DESTINATION + 12);
  words[at + PORTS] = view.getInt32(transport);
  words[at + KEY_PROTOCOL] = protocol | (6 << 8) | ((tag & state.vlanMask) << 16);
  words[at + KEY_OBSERVATION_POINT] = (point + 1) | (((first >>> 20) & state.tosMask) << 16);
  words[at + CONTROL_BITS] = controlBits | ((lengthWord & 0xff) << 16) | ((first << 4) & 0xff00_0000);
  writeRest(words, at, end - ip, commonDetail(tag, protocol), first & FLOW_LABEL_MASK, wire, start);
  return true;
}

/**
 * tcpControlBits of the TCP header at `offset`, 0 for UDP, or -1 where the header is not common.
 * @param end  first octet behind the IP packet, on the wire
 */
function commonControlBits(
  state: DecodeState,
  view: DataView,
  protocol: number,
  offset: number,
  capturedEnd: number,
  end: number,
): number {
  if (protocol === PROTOCOL_TCP) {
    if (offset + TCP_HEADER_OCTETS > capturedEnd) return -1;
    const offsetFlags = view.getUint16(offset + TCP_OFFSET_FLAGS);
    const headerOctets = (offsetFlags >>> 12) << 2;
    if (headerOctets < TCP_HEADER_OCTETS || offset + headerOctets > end) return -1;
    return offsetFlags & TCP_CONTROL_BITS_MASK;
  }
  if (protocol !== PROTOCOL_UDP || offset + UDP_HEADER_OCTETS > capturedEnd) return -1;
  const length = view.getUint16(offset + UDP_LENGTH);
  if (length < UDP_HEADER_OCTETS || offset + length > end) return -1;
  return state.tunnels !== 0 && udpTunnelKind(state.udpTunnels, view.getInt32(offset)) !== 0 ? -1 : 0;
}
