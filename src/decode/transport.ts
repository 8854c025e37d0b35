/**
 * Transport headers: ports, ICMP type and code, TCP flags. What cannot be read stays 0 and leaves a notice; the packet
 * is metered all the same, as its IP octets are real. Protocols without ports (GRE, ESP, AH, …) have ports 0.
 *
 * The destination port holds type << 8 | code of ICMP and ICMPv6, and type << 8 of IGMP (its second octet is a response
 * time, which is no part of a flow key).
 */

import {
  CONTROL_BITS,
  DETAIL,
  DETAIL_FRAGMENT,
  DETAIL_LATER_FRAGMENT,
  DETAIL_TCP,
  PORTS,
} from '../records/decoded-batch.ts';
import {
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from '../records/protocol-numbers.ts';
import type { DecodeState } from './decode-state.ts';
import { NOTICE_TRANSPORT_MALFORMED, NOTICE_TRANSPORT_TRUNCATED } from './notices.ts';

export const TCP_HEADER_OCTETS = 20; // RFC 9293 §3.1
export const TCP_OFFSET_FLAGS = 12; // u16: data offset (4 bits), control bits (12)
/** All twelve bits of tcpControlBits (IE 6), AE among them. */
export const TCP_CONTROL_BITS_MASK = 0xfff;
export const UDP_HEADER_OCTETS = 8; // RFC 768
export const UDP_LENGTH = 4; // u16, octets with this header
const PORTS_OCTETS = 4;
const UDP_LITE_HEADER_OCTETS = 8; // RFC 3828 §3.1
const SCTP_HEADER_OCTETS = 12; // RFC 9260 §3.1
const DCCP_HEADER_OCTETS = 12; // RFC 4340 §5.1, short sequence numbers
const ICMP_HEADER_OCTETS = 4; // RFC 792, RFC 4443 §2.1
const IGMP_HEADER_OCTETS = 8; // RFC 3376 §4

/** Reads the transport header at `state.offset` into the record. A later fragment has none. */
export function transportHeader(state: DecodeState, protocol: number): void {
  if ((state.record[DETAIL]! & DETAIL_LATER_FRAGMENT) !== 0) return;
  switch (protocol) {
    case PROTOCOL_TCP:
      tcpHeader(state);
      break;
    case PROTOCOL_UDP:
      udpHeader(state);
      break;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      typeAndCode(state, protocol, 0xffff);
      break;
    case PROTOCOL_IGMP:
      typeAndCode(state, protocol, 0xff00);
      break;
    case PROTOCOL_UDP_LITE:
    case PROTOCOL_SCTP:
    case PROTOCOL_DCCP:
      ports(state, protocol);
      break;
    default:
  }
}

/** Octets that a header of `protocol` has at least; 0 where it is not read. */
export function transportHeaderOctets(protocol: number): number {
  switch (protocol) {
    case PROTOCOL_TCP:
      return TCP_HEADER_OCTETS;
    case PROTOCOL_UDP:
      return UDP_HEADER_OCTETS;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return ICMP_HEADER_OCTETS;
    case PROTOCOL_IGMP:
      return IGMP_HEADER_OCTETS;
    case PROTOCOL_UDP_LITE:
      return UDP_LITE_HEADER_OCTETS;
    case PROTOCOL_SCTP:
      return SCTP_HEADER_OCTETS;
    case PROTOCOL_DCCP:
      return DCCP_HEADER_OCTETS;
    default:
      return 0;
  }
}

/** Leaves a notice unless a whole header of `protocol` was captured. */
function noteMissing(state: DecodeState, protocol: number): void {
  const end = state.offset + transportHeaderOctets(protocol);
  if (end > state.wireEnd) state.notices |= 1 << NOTICE_TRANSPORT_MALFORMED;
  else if (end > state.capturedEnd) state.notices |= 1 << NOTICE_TRANSPORT_TRUNCATED;
}

/** Source and destination port, the first two fields of the header. */
function ports(state: DecodeState, protocol: number): void {
  noteMissing(state, protocol);
  if (state.offset + PORTS_OCTETS <= state.capturedEnd) {
    state.record[PORTS] = state.view.getInt32(state.offset);
  }
}

function typeAndCode(state: DecodeState, protocol: number, mask: number): void {
  noteMissing(state, protocol);
  if (state.offset + 2 <= state.capturedEnd) {
    state.record[PORTS] = state.view.getUint16(state.offset) & mask;
  }
}

function tcpHeader(state: DecodeState): void {
  const offset = state.offset;
  const record = state.record;
  ports(state, PROTOCOL_TCP);
  if (offset + TCP_OFFSET_FLAGS + 2 > state.capturedEnd) return;
  const offsetFlags = state.view.getUint16(offset + TCP_OFFSET_FLAGS);
  const headerOctets = (offsetFlags >>> 12) << 2;
  record[CONTROL_BITS] = record[CONTROL_BITS]! | (offsetFlags & TCP_CONTROL_BITS_MASK);
  record[DETAIL] = record[DETAIL]! | DETAIL_TCP;
  if (headerOctets < TCP_HEADER_OCTETS || offset + headerOctets > state.wireEnd) {
    state.notices |= 1 << NOTICE_TRANSPORT_MALFORMED;
  }
}

function udpHeader(state: DecodeState): void {
  const offset = state.offset;
  ports(state, PROTOCOL_UDP);
  if (offset + UDP_LENGTH + 2 > state.capturedEnd) return;
  const length = state.view.getUint16(offset + UDP_LENGTH);
  // 0 stands for a datagram that is too long for the field (RFC 2675 §4). The length of a fragmented datagram is the
  // whole one's, so only its lower bound can be checked.
  const payload = state.wireEnd - offset;
  const fragment = (state.record[DETAIL]! & DETAIL_FRAGMENT) !== 0;
  if (length < UDP_HEADER_OCTETS ? length !== 0 || payload <= 0xffff : length > payload && !fragment) {
    state.notices |= 1 << NOTICE_TRANSPORT_MALFORMED;
  }
}
