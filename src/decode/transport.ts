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
  HEADER_KIND_MASK,
  HEADER_OCTETS_MASK,
  HEADER_PORTS,
  HEADER_TCP,
  HEADER_TYPE,
  HEADER_TYPE_CODE,
  HEADER_UDP,
} from '../records/engine-words.ts';
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

/** A header of so many octets at least, or, where nothing in it is read, none. */
interface TransportKind {
  readonly protocol: number;
  readonly octets: number;
  readonly kind: number;
}

const TRANSPORT_KINDS: readonly TransportKind[] = [
  { protocol: PROTOCOL_ICMP, octets: ICMP_HEADER_OCTETS, kind: HEADER_TYPE_CODE },
  { protocol: PROTOCOL_IGMP, octets: IGMP_HEADER_OCTETS, kind: HEADER_TYPE },
  { protocol: PROTOCOL_TCP, octets: TCP_HEADER_OCTETS, kind: HEADER_TCP },
  { protocol: PROTOCOL_UDP, octets: UDP_HEADER_OCTETS, kind: HEADER_UDP },
  { protocol: PROTOCOL_DCCP, octets: DCCP_HEADER_OCTETS, kind: HEADER_PORTS },
  { protocol: PROTOCOL_ICMPV6, octets: ICMP_HEADER_OCTETS, kind: HEADER_TYPE_CODE },
  { protocol: PROTOCOL_SCTP, octets: SCTP_HEADER_OCTETS, kind: HEADER_PORTS },
  { protocol: PROTOCOL_UDP_LITE, octets: UDP_LITE_HEADER_OCTETS, kind: HEADER_PORTS },
];

const byProtocol = new Int32Array(0x100);
for (const { protocol, octets, kind } of TRANSPORT_KINDS) byProtocol[protocol] = kind | octets;
/** Kinds of headers by protocol (HEADER_… of records/engine-words.ts), 0 where there is no row. */
export const KINDS_BY_PROTOCOL: Int32Array = byProtocol;

/** Reads the transport header at `state.offset` into the record. A later fragment has none. */
export function transportHeader(state: DecodeState, protocol: number): void {
  if ((state.record[DETAIL]! & DETAIL_LATER_FRAGMENT) !== 0) return;
  switch (byProtocol[protocol]! & HEADER_KIND_MASK) {
    case HEADER_TCP:
      tcpHeader(state);
      break;
    case HEADER_UDP:
      udpHeader(state);
      break;
    case HEADER_TYPE_CODE:
      typeAndCode(state, protocol, 0xffff);
      break;
    case HEADER_TYPE:
      typeAndCode(state, protocol, 0xff00);
      break;
    case HEADER_PORTS:
      ports(state, protocol);
      break;
    default:
  }
}

/** Octets that a header of `protocol` has at least; 0 where it is not read. */
export function transportHeaderOctets(protocol: number): number {
  return byProtocol[protocol]! & HEADER_OCTETS_MASK;
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
