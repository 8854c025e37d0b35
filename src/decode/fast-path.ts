/**
 * The common path: whole TCP and UDP packets in IPv4 (with or without options) or in IPv6 without extension headers, in
 * Ethernet frames with at most one 802.1Q tag. That is nearly every packet of nearly every link, and its cost decides
 * the probe's, so each function reads the headers in words and writes the work record straight into the batch.
 *
 * It takes a frame only if every check of the general path would pass without a notice and no tunnel is to be looked
 * into; anything else is left to the general path (decode-frame.ts). Tests hold the two equal.
 */

import type { DecodeState } from './decode-state.ts';
import {
  CONTROL_BITS,
  DESTINATION_ADDRESS,
  DETAIL,
  DETAIL_DONT_FRAGMENT,
  DETAIL_PRIORITY_SHIFT,
  DETAIL_TCP,
  EXTENSION_HEADERS,
  FLOW_LABEL,
  FRAGMENT_ID,
  FRAME_OCTETS,
  HASH,
  IP_OCTETS,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
  LINK_OFFSET,
  PORTS,
  SOURCE_ADDRESS,
} from './decoded-batch.ts';
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHER_TYPE_VLAN,
  ETHERNET_HEADER_OCTETS,
  ETHERNET_TYPE,
  VLAN_TAG_OCTETS,
} from './ethernet.ts';
import {
  IPV4_DESTINATION,
  IPV4_DONT_FRAGMENT,
  IPV4_FRAGMENT_MASK,
  IPV4_FRAGMENT_WORD,
  IPV4_HEADER_OCTETS,
  IPV4_SOURCE,
  IPV4_TTL_WORD,
} from './ipv4.ts';
import {
  FLOW_LABEL_MASK,
  IPV6_DESTINATION,
  IPV6_HEADER_OCTETS,
  IPV6_LENGTH_WORD,
  IPV6_SOURCE,
} from './ipv6.ts';
import {
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TCP_CONTROL_BITS_MASK,
  TCP_HEADER_OCTETS,
  TCP_OFFSET_FLAGS,
  UDP_HEADER_OCTETS,
  UDP_LENGTH,
} from './transport.ts';
import { udpTunnelKind } from './udp-tunnel.ts';

/** The shortest frame taken: an untagged UDP datagram without payload over IPv4. */
export const COMMON_FRAME_OCTETS_MIN = ETHERNET_HEADER_OCTETS + IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS;
const TAGGED_HEADER_OCTETS = ETHERNET_HEADER_OCTETS + VLAN_TAG_OCTETS;
const VLAN_CONTROL = ETHERNET_HEADER_OCTETS; // u16
const TAGGED_TYPE = ETHERNET_HEADER_OCTETS + 2; // u16
/** Version 4 and header length 5, the first octet of an IPv4 header without options. */
const VERSION_4 = 4;
const VERSION_6 = 6;

/**
 * Decodes a frame into the work record at word `at`, if it is a common one.
 * @param state  settings only; nothing of it is changed
 * @param start  where the frame starts in `view`
 * @param capturedLength  at least COMMON_FRAME_OCTETS_MIN
 * @returns false where the general path has to decide; the record may be half written then
 */
export function decodeCommonFrame(
  state: DecodeState,
  view: DataView,
  start: number,
  capturedLength: number,
  wireLength: number,
  observationPoint: number,
  words: Int32Array,
  at: number,
): boolean {
  if (capturedLength > wireLength) return false;
  let etherType = view.getUint16(start + ETHERNET_TYPE);
  let offset = start + ETHERNET_HEADER_OCTETS;
  let control = 0;
  if (etherType === ETHER_TYPE_VLAN) {
    control = view.getUint16(start + VLAN_CONTROL);
    etherType = view.getUint16(start + TAGGED_TYPE);
    offset = start + TAGGED_HEADER_OCTETS;
  }
  words[at + FRAME_OCTETS] = wireLength;
  words[at + LINK_OFFSET] = start;
  words[at + FRAGMENT_ID] = 0;
  words[at + EXTENSION_HEADERS] = 0;
  words[at + HASH] = 0;
  const vlan = (control & state.vlanMask) << 16;
  const detail = (control >>> 13) << DETAIL_PRIORITY_SHIFT;
  const capturedEnd = start + capturedLength;
  const wireEnd = start + wireLength;
  if (etherType === ETHER_TYPE_IPV4) {
    return commonIpv4(state, view, offset, capturedEnd, wireEnd, words, at, vlan, detail, observationPoint);
  }
  if (etherType === ETHER_TYPE_IPV6) {
    return commonIpv6(state, view, offset, capturedEnd, wireEnd, words, at, vlan, detail, observationPoint);
  }
  return false;
}

function commonIpv4(
  state: DecodeState,
  view: DataView,
  offset: number,
  capturedEnd: number,
  wireEnd: number,
  words: Int32Array,
  at: number,
  vlan: number,
  detail: number,
  observationPoint: number,
): boolean {
  if (offset + IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS > capturedEnd) return false;
  const first = view.getInt32(offset);
  const fragment = view.getInt32(offset + IPV4_FRAGMENT_WORD);
  const headerOctets = (first >>> 22) & 0x3c;
  const octets = first & 0xffff;
  const end = offset + octets;
  if (
    first >>> 28 !== VERSION_4 ||
    headerOctets < IPV4_HEADER_OCTETS ||
    (fragment & IPV4_FRAGMENT_MASK) !== 0 ||
    end > wireEnd
  ) {
    return false;
  }
  const ttlWord = view.getInt32(offset + IPV4_TTL_WORD);
  const protocol = (ttlWord >>> 16) & 0xff;
  const tos = (first >>> 16) & 0xff;
  words[at + SOURCE_ADDRESS] = view.getInt32(offset + IPV4_SOURCE);
  words[at + SOURCE_ADDRESS + 1] = 0;
  words[at + SOURCE_ADDRESS + 2] = 0;
  words[at + SOURCE_ADDRESS + 3] = 0;
  words[at + DESTINATION_ADDRESS] = view.getInt32(offset + IPV4_DESTINATION);
  words[at + DESTINATION_ADDRESS + 1] = 0;
  words[at + DESTINATION_ADDRESS + 2] = 0;
  words[at + DESTINATION_ADDRESS + 3] = 0;
  words[at + KEY_PROTOCOL] = protocol | (VERSION_4 << 8) | vlan;
  words[at + KEY_OBSERVATION_POINT] = observationPoint | ((tos & state.tosMask) << 16);
  words[at + IP_OCTETS] = octets;
  words[at + FLOW_LABEL] = 0;
  words[at + DETAIL] = (fragment & IPV4_DONT_FRAGMENT) !== 0 ? detail | DETAIL_DONT_FRAGMENT : detail;
  words[at + CONTROL_BITS] = ((ttlWord >>> 24) << 16) | (tos << 24);
  return commonTransport(state, view, offset + headerOctets, capturedEnd, end, words, at, protocol);
}

function commonIpv6(
  state: DecodeState,
  view: DataView,
  offset: number,
  capturedEnd: number,
  wireEnd: number,
  words: Int32Array,
  at: number,
  vlan: number,
  detail: number,
  observationPoint: number,
): boolean {
  if (offset + IPV6_HEADER_OCTETS + UDP_HEADER_OCTETS > capturedEnd) return false;
  const first = view.getInt32(offset);
  const lengthWord = view.getInt32(offset + IPV6_LENGTH_WORD);
  const octets = IPV6_HEADER_OCTETS + (lengthWord >>> 16);
  const end = offset + octets;
  // A payload length of 0 fails the transport's own check.
  if (first >>> 28 !== VERSION_6 || end > wireEnd) return false;
  const protocol = (lengthWord >>> 8) & 0xff;
  const trafficClass = (first >>> 20) & 0xff;
  words[at + SOURCE_ADDRESS] = view.getInt32(offset + IPV6_SOURCE);
  words[at + SOURCE_ADDRESS + 1] = view.getInt32(offset + IPV6_SOURCE + 4);
  words[at + SOURCE_ADDRESS + 2] = view.getInt32(offset + IPV6_SOURCE + 8);
  words[at + SOURCE_ADDRESS + 3] = view.getInt32(offset + IPV6_SOURCE + 12);
  words[at + DESTINATION_ADDRESS] = view.getInt32(offset + IPV6_DESTINATION);
  words[at + DESTINATION_ADDRESS + 1] = view.getInt32(offset + IPV6_DESTINATION + 4);
  words[at + DESTINATION_ADDRESS + 2] = view.getInt32(offset + IPV6_DESTINATION + 8);
  words[at + DESTINATION_ADDRESS + 3] = view.getInt32(offset + IPV6_DESTINATION + 12);
  words[at + KEY_PROTOCOL] = protocol | (VERSION_6 << 8) | vlan;
  words[at + KEY_OBSERVATION_POINT] = observationPoint | ((trafficClass & state.tosMask) << 16);
  words[at + IP_OCTETS] = octets;
  words[at + FLOW_LABEL] = first & FLOW_LABEL_MASK;
  words[at + DETAIL] = detail;
  words[at + CONTROL_BITS] = ((lengthWord & 0xff) << 16) | (trafficClass << 24);
  return commonTransport(state, view, offset + IPV6_HEADER_OCTETS, capturedEnd, end, words, at, protocol);
}

/**
 * Ports and flags of a TCP or UDP header at `offset`.
 * @param end  first octet behind the IP packet, on the wire
 */
function commonTransport(
  state: DecodeState,
  view: DataView,
  offset: number,
  capturedEnd: number,
  end: number,
  words: Int32Array,
  at: number,
  protocol: number,
): boolean {
  if (protocol === PROTOCOL_TCP) {
    if (offset + TCP_HEADER_OCTETS > capturedEnd) return false;
    const offsetFlags = view.getUint16(offset + TCP_OFFSET_FLAGS);
    const headerOctets = (offsetFlags >>> 12) << 2;
    if (headerOctets < TCP_HEADER_OCTETS || offset + headerOctets > end) return false;
    words[at + PORTS] = view.getInt32(offset);
    words[at + CONTROL_BITS] = words[at + CONTROL_BITS]! | (offsetFlags & TCP_CONTROL_BITS_MASK);
    words[at + DETAIL] = words[at + DETAIL]! | DETAIL_TCP;
    return true;
  }
  if (protocol !== PROTOCOL_UDP || offset + UDP_HEADER_OCTETS > capturedEnd) return false;
  const length = view.getUint16(offset + UDP_LENGTH);
  if (length < UDP_HEADER_OCTETS || offset + length > end) return false;
  const ports = view.getInt32(offset);
  words[at + PORTS] = ports;
  return state.tunnels === 0 || udpTunnelKind(state.udpTunnels, ports) === 0;
}
