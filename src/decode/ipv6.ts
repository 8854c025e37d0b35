/**
 * IPv6 (RFC 8200): header, lengths, jumbo payload (RFC 2675). The extension header chain is walked by ipv6-chain.ts.
 * An IPv6 packet whose fixed header is sound is metered whatever follows it.
 */

import {
  CONTROL_BITS,
  DESTINATION_ADDRESS,
  DETAIL,
  DETAIL_PRIORITY_SHIFT,
  FLOW_LABEL,
  IP_OCTETS,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
  LINK_OFFSET,
  SOURCE_ADDRESS,
} from '../records/decoded-batch.ts';
import { HEADER_HOP_BY_HOP, HEADER_NONE } from '../records/extension-headers.ts';
import { commitRecord, type DecodeState, missingHeader, narrowLayer } from './decode-state.ts';
import { walkHeaderChain } from './ipv6-chain.ts';
import { keyObservationPoint, keyProtocol } from './key-words.ts';
import {
  NOTICE_CHAIN_MALFORMED,
  NOTICE_LENGTH_BEYOND_FRAME,
  NOTICE_LENGTH_ZERO,
  NOTICE_OPTION_LIMIT,
} from './notices.ts';
import { ACCEPTED, IPV6_TOO_SHORT, IPV6_TRUNCATED, IPV6_VERSION } from './reasons.ts';
import { transportHeader } from './transport.ts';
import { tunnelLayer } from './tunnel.ts';

// RFC 8200 §3
export const IPV6_HEADER_OCTETS = 40;
export const IPV6_FIRST_WORD = 0; // version (4 bits), traffic class (8), flow label (20)
export const IPV6_LENGTH_WORD = 4; // payload length (16), next header (8), hop limit (8)
export const IPV6_SOURCE = 8; // 16 octets
export const IPV6_DESTINATION = 24; // 16 octets
export const FLOW_LABEL_MASK = 0xfffff;

const OPTION_PAD1 = 0x00; // RFC 8200 §4.2: one octet, without a length
const OPTION_JUMBO = 0xc2; // RFC 2675 §2: u32 payload length
const JUMBO_VALUE_OCTETS = 4;
/** A smaller payload must use the ordinary field (RFC 2675 §2). */
const JUMBO_PAYLOAD_MIN = 65536;
/** Options looked at for a jumbo payload. */
const OPTIONS_MAX = 32;

/** An IPv6 packet. */
export function ipv6Layer(state: DecodeState): number {
  const start = state.offset;
  const view = state.view;
  if (start + IPV6_HEADER_OCTETS > state.capturedEnd) {
    return missingHeader(state, IPV6_HEADER_OCTETS, IPV6_TOO_SHORT, IPV6_TRUNCATED);
  }
  if (view.getUint8(start) >>> 4 !== 6) return IPV6_VERSION;
  const lengthWord = view.getInt32(start + IPV6_LENGTH_WORD);
  const nextHeader = (lengthWord >>> 8) & 0xff;
  let payload = lengthWord >>> 16;
  if (payload === 0 && nextHeader !== HEADER_NONE) payload = payloadWithoutLength(state, nextHeader);
  const octets = IPV6_HEADER_OCTETS + payload;
  if (start + octets > state.wireEnd) state.notices |= 1 << NOTICE_LENGTH_BEYOND_FRAME;
  narrowLayer(state, start, octets);
  state.ipOffset = start;
  state.record.fill(0);
  state.record[IP_OCTETS] = octets;
  writeHeader(state, start);
  state.offset = start + IPV6_HEADER_OCTETS;
  const walked = walkHeaderChain(state, nextHeader);
  const record = state.record;
  // A negative result is a chain that could not be followed: nothing is known of what lies behind that header.
  const protocol = walked < 0 ? ~walked : walked;
  record[KEY_PROTOCOL] = keyProtocol(state, protocol, 6);
  if (walked >= 0) transportHeader(state, protocol);
  commitRecord(state);
  return state.tunnels === 0 || walked < 0 ? ACCEPTED : tunnelLayer(state, protocol);
}

function writeHeader(state: DecodeState, start: number): void {
  const view = state.view;
  const record = state.record;
  const first = view.getInt32(start + IPV6_FIRST_WORD);
  const trafficClass = (first >>> 20) & 0xff;
  for (let word = 0; word < 4; word++) {
    record[SOURCE_ADDRESS + word] = view.getInt32(start + IPV6_SOURCE + 4 * word);
    record[DESTINATION_ADDRESS + word] = view.getInt32(start + IPV6_DESTINATION + 4 * word);
  }
  record[KEY_OBSERVATION_POINT] = keyObservationPoint(state, trafficClass);
  record[CONTROL_BITS] = (view.getUint8(start + IPV6_LENGTH_WORD + 3) << 16) | (trafficClass << 24);
  record[DETAIL] = state.priority << DETAIL_PRIORITY_SHIFT;
  record[FLOW_LABEL] = (first & FLOW_LABEL_MASK) | ((state.customerVlanId & state.vlanMask) << 20);
  record[LINK_OFFSET] = state.linkOffset;
}

/**
 * The payload's octets where the length field is 0: from a jumbo payload option, or else (super-packets of hosts that
 * leave it out) what the frame holds.
 */
function payloadWithoutLength(state: DecodeState, nextHeader: number): number {
  const jumbo = nextHeader === HEADER_HOP_BY_HOP ? jumboPayload(state) : 0;
  if (jumbo !== 0) return jumbo;
  state.notices |= 1 << NOTICE_LENGTH_ZERO;
  return state.wireEnd - state.offset - IPV6_HEADER_OCTETS;
}

/**
 * The jumbo payload option's value in the hop-by-hop header behind the fixed one, or 0 where there is none. One that
 * the frame cannot hold is not believed: a single forged packet would count as 4 GiB.
 */
function jumboPayload(state: DecodeState): number {
  const view = state.view;
  let offset = state.offset + IPV6_HEADER_OCTETS;
  if (offset + 2 > state.capturedEnd) return 0;
  const declaredEnd = offset + ((view.getUint8(offset + 1) + 1) << 3);
  const end = Math.min(declaredEnd, state.capturedEnd);
  offset += 2;
  for (let options = 0; offset + 2 <= end; options++) {
    if (options === OPTIONS_MAX) {
      state.notices |= 1 << NOTICE_OPTION_LIMIT;
      return 0;
    }
    const type = view.getUint8(offset);
    if (type === OPTION_PAD1) {
      offset++;
      continue;
    }
    const length = view.getUint8(offset + 1);
    offset += 2;
    if (type === OPTION_JUMBO) {
      if (length === JUMBO_VALUE_OCTETS && offset + JUMBO_VALUE_OCTETS <= end) {
        const payload = view.getUint32(offset);
        const inFrame = state.wireEnd - state.offset - IPV6_HEADER_OCTETS;
        if (payload >= JUMBO_PAYLOAD_MIN && payload <= inFrame) return payload;
      }
      state.notices |= 1 << NOTICE_CHAIN_MALFORMED;
      return 0;
    }
    offset += length;
  }
  return 0;
}
