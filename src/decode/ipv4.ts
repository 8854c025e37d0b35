/**
 * IPv4 (RFC 791): header, lengths, fragments. Options are skipped. An IPv4 packet whose header is sound is metered
 * whatever follows it. The authentication header (51) is reported as the protocol that the IPv4 header names, as IE 4
 * protocolIdentifier defines it; in IPv6 it is an extension header and is walked through.
 */

import {
  CONTROL_BITS,
  DESTINATION_ADDRESS,
  DETAIL,
  DETAIL_DONT_FRAGMENT,
  DETAIL_FRAGMENT,
  DETAIL_LATER_FRAGMENT,
  DETAIL_PRIORITY_SHIFT,
  FLOW_LABEL,
  FRAGMENT_ID,
  IP_OCTETS,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
  LINK_OFFSET,
  SOURCE_ADDRESS,
} from '../records/decoded-batch.ts';
import { commitRecord, type DecodeState, missingHeader, narrowLayer } from './decode-state.ts';
import { keyObservationPoint, keyProtocol } from './key-words.ts';
import {
  NOTICE_FRAGMENT_FIRST,
  NOTICE_FRAGMENT_LATER,
  NOTICE_LENGTH_BEYOND_FRAME,
  NOTICE_LENGTH_ZERO,
} from './notices.ts';
import {
  ACCEPTED,
  IPV4_HEADER_LENGTH_LONG,
  IPV4_HEADER_LENGTH_SHORT,
  IPV4_TOO_SHORT,
  IPV4_TOTAL_LENGTH_SHORT,
  IPV4_TRUNCATED,
  IPV4_VERSION,
} from './reasons.ts';
import { transportHeader } from './transport.ts';
import { tunnelLayer } from './tunnel.ts';

// RFC 791 §3.1. Words are read whole: version, header length, ToS and total length come in one.
export const IPV4_HEADER_OCTETS = 20;
export const IPV4_FIRST_WORD = 0; // version (4 bits), header length (4), ToS (8), total length (16)
export const IPV4_FRAGMENT_WORD = 4; // identification (16), flags (3), fragment offset (13)
export const IPV4_TTL_WORD = 8; // TTL (8), protocol (8), checksum (16)
export const IPV4_SOURCE = 12; // u32
export const IPV4_DESTINATION = 16; // u32
export const IPV4_DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;
/** What tells a fragment from a whole packet. */
export const IPV4_FRAGMENT_MASK = MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK;

/** An IPv4 packet. */
export function ipv4Layer(state: DecodeState): number {
  const start = state.offset;
  const view = state.view;
  if (start + IPV4_HEADER_OCTETS > state.capturedEnd) {
    return missingHeader(state, IPV4_HEADER_OCTETS, IPV4_TOO_SHORT, IPV4_TRUNCATED);
  }
  const first = view.getInt32(start + IPV4_FIRST_WORD);
  if (first >>> 28 !== 4) return IPV4_VERSION;
  const headerOctets = ((first >>> 24) & 0xf) << 2;
  if (headerOctets < IPV4_HEADER_OCTETS) return IPV4_HEADER_LENGTH_SHORT;
  let octets = first & 0xffff;
  if (octets === 0) {
    octets = state.wireEnd - start;
    state.notices |= 1 << NOTICE_LENGTH_ZERO;
  }
  if (octets < IPV4_HEADER_OCTETS) return IPV4_TOTAL_LENGTH_SHORT;
  if (octets < headerOctets) return IPV4_HEADER_LENGTH_LONG;
  if (start + octets > state.wireEnd) state.notices |= 1 << NOTICE_LENGTH_BEYOND_FRAME;
  narrowLayer(state, start, octets);
  state.ipOffset = start;
  state.record.fill(0);
  state.record[IP_OCTETS] = octets;
  const protocol = writeHeader(state, start);
  state.offset = start + headerOctets;
  transportHeader(state, protocol);
  commitRecord(state);
  return state.tunnels === 0 ? ACCEPTED : tunnelLayer(state, protocol);
}

/** Fills the record from the fixed header at `start`. Returns the protocol. */
function writeHeader(state: DecodeState, start: number): number {
  const view = state.view;
  const record = state.record;
  const tos = view.getUint8(start + 1);
  const fragment = view.getInt32(start + IPV4_FRAGMENT_WORD);
  const ttlWord = view.getInt32(start + IPV4_TTL_WORD);
  const protocol = (ttlWord >>> 16) & 0xff;
  let detail = state.priority << DETAIL_PRIORITY_SHIFT;
  if ((fragment & IPV4_DONT_FRAGMENT) !== 0) detail |= DETAIL_DONT_FRAGMENT;
  if ((fragment & IPV4_FRAGMENT_MASK) !== 0) {
    detail |= DETAIL_FRAGMENT;
    record[FRAGMENT_ID] = fragment >>> 16;
    if ((fragment & FRAGMENT_OFFSET_MASK) !== 0) {
      detail |= DETAIL_LATER_FRAGMENT;
      state.notices |= 1 << NOTICE_FRAGMENT_LATER;
    } else {
      state.notices |= 1 << NOTICE_FRAGMENT_FIRST;
    }
  }
  record[SOURCE_ADDRESS] = view.getInt32(start + IPV4_SOURCE);
  record[DESTINATION_ADDRESS] = view.getInt32(start + IPV4_DESTINATION);
  record[KEY_PROTOCOL] = keyProtocol(state, protocol, 4);
  record[KEY_OBSERVATION_POINT] = keyObservationPoint(state, tos);
  record[CONTROL_BITS] = ((ttlWord >>> 24) << 16) | (tos << 24);
  record[DETAIL] = detail;
  record[FLOW_LABEL] = (state.customerVlanId & state.vlanMask) << 20;
  record[LINK_OFFSET] = state.linkOffset;
  return protocol;
}
