/** Common IP packets, of the common path of the decoder (decode.ts): to the words of a record. */
import * as layout from '../../records/decoded-words';
import * as header from './headers';
import { hashOf, isFromBIPv4, orderAndHashRecord, orderPorts, sumOfKey } from './keys';
import { fourWords, half, word } from './octets';

/** Whether a datagram's ports tell of a tunnel (decode/udp-tunnel.ts). @param ports  source << 16 | destination */
export function isUdpTunnel(udpTunnels: usize, ports: u32): bool {
  const source = <u32>load<u8>(udpTunnels + (ports >>> 16));
  return (<u32>load<u8>(udpTunnels + (ports & 0xffff)) | (source >>> 4)) !== 0;
}

/**
 * tcpControlBits, 0 for UDP, or -1 where the transport header is not common. Which of the two it is changes from packet
 * to packet: without a branch, none is mispredicted.
 * @param udpTunnels  kinds of tunnels by UDP port, where any are looked into, or 0
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function commonControlBits(protocol: u32, place: usize, capturedEnd: usize, end: usize, udpTunnels: usize): i32 {
  const isTcp = protocol === header.PROTOCOL_TCP;
  if (!(u32(isTcp) | u32(protocol === header.PROTOCOL_UDP))) return -1;
  const octetsMin: u32 = select<u32>(header.TCP_HEADER_OCTETS, header.UDP_HEADER_OCTETS, isTcp);
  if (place + octetsMin > capturedEnd) return -1;
  const field = half(place + select<u32>(header.TCP_OFFSET_FLAGS, header.UDP_LENGTH, isTcp));
  const octets = select<u32>((field >>> 12) << 2, field, isTcp);
  if (octets < octetsMin || place + octets > end) return -1;
  if (udpTunnels !== 0 && !isTcp && isUdpTunnel(udpTunnels, word(place))) return -1;
  return select<u32>(field & header.TCP_CONTROL_BITS_MASK, 0, isTcp);
}

/** The words behind the addresses. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function writeRest(
  to: usize,
  ports: u32,
  protocol: u32,
  point: u32,
  octets: u32,
  wire: u32,
  control: u32,
  detail: u32,
  flowLabel: u32,
  linkOffset: u32,
  hash: u32,
): void {
  store<u32>(to, ports, layout.PORTS * 4);
  store<u32>(to, protocol, layout.KEY_PROTOCOL * 4);
  store<u32>(to, point, layout.KEY_OBSERVATION_POINT * 4);
  store<u32>(to, octets, layout.IP_OCTETS * 4);
  store<u32>(to, wire, layout.FRAME_OCTETS * 4);
  store<u32>(to, control, layout.CONTROL_BITS * 4);
  store<u32>(to, detail, layout.DETAIL * 4);
  store<u32>(to, flowLabel, layout.FLOW_LABEL * 4);
  store<u32>(to, 0, layout.FRAGMENT_ID * 4);
  store<u32>(to, linkOffset, layout.LINK_OFFSET * 4);
  store<u32>(to, 0, layout.EXTENSION_HEADERS * 4);
  store<u32>(to, hash, layout.HASH * 4);
}

/** What DETAIL says of an IPv4 packet's protocol and fragmentation. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function detailIpv4(protocol: u32, fragment: u32): u32 {
  const isWhole = (fragment & header.IPV4_DONT_FRAGMENT_SWAPPED) !== 0;
  return (
    select<u32>(layout.DETAIL_TCP, 0, protocol === header.PROTOCOL_TCP) |
    select<u32>(layout.DETAIL_DONT_FRAGMENT, 0, isWhole)
  );
}

/**
 * Decodes the IPv4 packet at `ip`, and orders and hashes its key if there are multipliers; false if it is not a common
 * one.
 * @param vlan  the part of the key's word that is the VLAN id; `priority`: the tag's, in its place in DETAIL
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function decodeIpv4(
  ip: usize,
  capturedEnd: usize,
  wireEnd: usize,
  linkOffset: u32,
  wire: u32,
  point: u32,
  tosMask: u32,
  vlan: u32,
  priority: u32,
  to: usize,
  multipliers: usize,
  udpTunnels: usize,
): bool {
  if (ip + header.IPV4_HEADER_OCTETS > capturedEnd) return false;
  // Version 4, and a header of 5 words or more, in one octet.
  const versionAndWords = <u32>load<u8>(ip);
  if (versionAndWords - header.IPV4_VERSION_LENGTH_MIN > 0xa) return false;
  const fragment = <u32>load<u16>(ip, header.IPV4_FRAGMENT);
  if ((fragment & header.IPV4_FRAGMENT_MASK_SWAPPED) !== 0) return false;
  const octets = half(ip + header.IPV4_LENGTH);
  const protocol = <u32>load<u8>(ip, header.IPV4_PROTOCOL);
  const tos = <u32>load<u8>(ip, header.IPV4_TOS);
  const transport = ip + ((versionAndWords & 0xf) << 2);
  const control = commonControlBits(protocol, transport, capturedEnd, ip + octets, udpTunnels);
  if (control < 0 || ip + octets > wireEnd) return false;
  const turned = fourWords(ip + header.IPV4_SOURCE - 4);
  let source = <u32>i32x4.extract_lane(turned, 1);
  let destination = <u32>i32x4.extract_lane(turned, 2);
  let ports = word(transport);
  const protocolWord = protocol | (4 << 8) | vlan;
  const pointWord = (point + 1) | ((tos & tosMask) << 16);
  let fromB: u32 = 0;
  let hash: u32 = 0;
  if (multipliers !== 0) {
    fromB = isFromBIPv4(source, destination, ports);
    const mask: u32 = 0 - fromB;
    const change = (source ^ destination) & mask;
    source ^= change;
    destination ^= change;
    ports = orderPorts(ports, mask);
    hash = hashOf(sumOfKey(multipliers, source, destination, ports, protocolWord, pointWord), multipliers);
  }
  v128.store(to, i32x4.replace_lane(i32x4.splat(0), 0, source));
  v128.store(to, i32x4.replace_lane(i32x4.splat(0), 0, destination), layout.DESTINATION_ADDRESS * 4);
  writeRest(
    to,
    ports,
    protocolWord,
    pointWord,
    octets,
    wire,
    control | (<u32>load<u8>(ip, header.IPV4_TTL) << 16) | (tos << 24),
    priority | detailIpv4(protocol, fragment) | (fromB << layout.DETAIL_FROM_B_SHIFT),
    0,
    linkOffset,
    hash,
  );
  return true;
}

/** The same of an IPv6 packet. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function decodeIpv6(
  ip: usize,
  capturedEnd: usize,
  wireEnd: usize,
  linkOffset: u32,
  wire: u32,
  point: u32,
  tosMask: u32,
  vlan: u32,
  priority: u32,
  to: usize,
  multipliers: usize,
  udpTunnels: usize,
): bool {
  const transport = ip + header.IPV6_HEADER_OCTETS;
  if (transport > capturedEnd) return false;
  const first = word(ip);
  const lengthWord = word(ip + header.IPV6_LENGTH_WORD);
  const end = transport + (lengthWord >>> 16);
  if (first >>> 28 !== 6 || end > wireEnd) return false;
  const protocol = (lengthWord >>> 8) & 0xff;
  const control = commonControlBits(protocol, transport, capturedEnd, end, udpTunnels);
  if (control < 0) return false;
  v128.store(to, fourWords(ip + header.IPV6_SOURCE));
  v128.store(to, fourWords(ip + header.IPV6_DESTINATION), layout.DESTINATION_ADDRESS * 4);
  writeRest(
    to,
    word(transport),
    protocol | (6 << 8) | vlan,
    (point + 1) | (((first >>> 20) & tosMask) << 16),
    <u32>(end - ip),
    wire,
    control | ((lengthWord & 0xff) << 16) | ((first << 4) & 0xff00_0000),
    priority | select<u32>(layout.DETAIL_TCP, 0, protocol === header.PROTOCOL_TCP),
    first & header.FLOW_LABEL_MASK,
    linkOffset,
    0,
  );
  if (multipliers !== 0) orderAndHashRecord(to, multipliers);
  return true;
}
