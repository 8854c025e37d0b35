/**
 * Super-packets: what GRO, LRO or TSO made of several segments of one connection, handed over by the kernel as one
 * packet with one header (PACKET_VNET_HDR tells). On the wire each segment has the headers again, and so they are
 * counted: a record says how many packets it stands for, and how long each is (DETAIL_SUPER_PACKET).
 */
import * as layout from '../../records/decoded-words';
import { DIRECT_SEGMENTS, DIRECT_SUPER_PACKETS } from '../../records/engine-words';
import * as ring from '../../records/packet-ring';
import { transportOf } from './decode';
import * as header from './headers';

const SEGMENTS_MAX: u32 = 0xffff;

/** Octets of the headers of a frame that each segment repeats; 0 where that is not known. */
function headerOctets(frame: usize, captured: u32, transport: usize, isUdp: bool): u32 {
  const offset = <u32>(transport - frame);
  if (isUdp) return offset + header.UDP_HEADER_OCTETS;
  if (offset + header.TCP_HEADER_OCTETS > captured) return 0;
  const octets = (<u32>load<u8>(transport, header.TCP_OFFSET_FLAGS) >>> 4) << 2;
  return octets < <u32>header.TCP_HEADER_OCTETS ? 0 : offset + octets;
}

/**
 * Marks a decoded super-packet with its segments.
 * @param frame  where its frame begins; `captured`, `length`: octets of it here, and in all
 * @param transport  the header that each segment repeats last, TCP or UDP
 * @param segmentOctets  of payload in each segment but the last
 * @param jumboOctets  of a header that no segment has on the wire
 * @returns how many packets it stands for
 */
export function markSegments(
  record: usize,
  frame: usize,
  captured: u32,
  length: u32,
  transport: usize,
  isUdp: bool,
  segmentOctets: u32,
  jumboOctets: u32,
): u32 {
  const headers = headerOctets(frame, captured, transport, isUdp);
  if (headers === 0 || headers >= length || length - headers <= segmentOctets) return 1;
  const payload = length - headers;
  const segments = (payload + segmentOctets - 1) / segmentOctets;
  // What every packet but the first carries is not in the first one's lengths.
  const rest = payload - segmentOctets + jumboOctets;
  const octets = <i64>load<u32>(record, layout.IP_OCTETS * 4) - rest;
  if (octets <= <i64>segmentOctets || segments > SEGMENTS_MAX) return 1;
  store<u32>(record, <u32>octets, layout.IP_OCTETS * 4);
  store<u32>(record, load<u32>(record, layout.FRAME_OCTETS * 4) - rest, layout.FRAME_OCTETS * 4);
  store<u32>(record, (segments << 16) | (segments * segmentOctets - payload), layout.FRAGMENT_ID * 4);
  store<u32>(record, load<u32>(record, layout.DETAIL * 4) | layout.DETAIL_SUPER_PACKET, layout.DETAIL * 4);
  if (jumboOctets !== 0) store<u32>(record, 0, layout.EXTENSION_HEADERS * 4);
  return segments;
}

/**
 * Marks the record of a common frame, if the virtio_net_hdr before the frame says that it is a super-packet, and counts
 * that: other kinds than TCP and UDP segments are single packets.
 * @param at  the packet in the ring, whose frame stands at `frame`, with one 802.1Q tag at most
 * @param totals  whose doubles DIRECT_SUPER_PACKETS and DIRECT_SEGMENTS are added to
 */
export function noteSuperPacket(at: usize, frame: usize, record: usize, totals: usize): void {
  const before = frame - ring.VIRTIO_NET_HDR_OCTETS;
  const kind = <u32>load<u8>(before, ring.VNET_GSO_TYPE) & ~ring.VIRTIO_NET_HDR_GSO_ECN;
  const isTcp = kind === ring.VIRTIO_NET_HDR_GSO_TCPV4 || kind === ring.VIRTIO_NET_HDR_GSO_TCPV6;
  const octets = <u32>load<u16>(before, ring.VNET_GSO_SIZE);
  if ((!isTcp && kind !== ring.VIRTIO_NET_HDR_GSO_UDP_L4) || octets === 0) return;
  const isKnown = (load<u8>(before) & ring.VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0;
  const start = isKnown ? <u32>load<u16>(before, ring.VNET_CSUM_START) : 0;
  const isTagged = <u32>load<u16>(frame, header.ETHERNET_TYPE) === header.ETHER_TYPE_VLAN_SWAPPED;
  const ip = frame + header.ETHERNET_HEADER_OCTETS + (isTagged ? <usize>header.VLAN_TAG_OCTETS : 0);
  const protocol = load<u32>(record, layout.KEY_PROTOCOL * 4) & 0xff;
  let segments: u32 = 1;
  // Where the kernel does not tell, the decoder's header is it, if it is of the same protocol.
  if (start !== 0 || protocol === u32(isTcp ? header.PROTOCOL_TCP : header.PROTOCOL_UDP)) {
    const transport = start !== 0 ? frame + start : transportOf(ip);
    const captured = load<u32>(at, ring.PKT_SNAPLEN);
    segments = markSegments(record, frame, captured, load<u32>(at, ring.PKT_LEN), transport, !isTcp, octets, 0);
  }
  store<f64>(totals, load<f64>(totals, DIRECT_SUPER_PACKETS * 8) + 1, DIRECT_SUPER_PACKETS * 8);
  store<f64>(totals, load<f64>(totals, DIRECT_SEGMENTS * 8) + <f64>segments, DIRECT_SEGMENTS * 8);
}
