/**
 * What stands behind a header that does not name its payload: an MPLS label stack (RFC 4928 §2) and GTP-U (3GPP TS
 * 29.281 §5.1). The first four bits of an IP packet are its version, but those of an Ethernet frame are part of a MAC
 * address, so they prove nothing: IP is believed where it fits the frame, IPv4 where its header checksum is right too.
 * Else a plain Ethernet frame is tried (RFC 4448 without a control word).
 *
 * The functions look ahead and change nothing but, where they say so, `state.offset`.
 */
import { HEADER_HOP_BY_HOP, HEADER_NONE } from '../records/extension-headers.ts';
import { type DecodeState, LAYER_ETHERNET, LAYER_IPV4, LAYER_IPV6 } from './decode-state.ts';
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, isVlanType } from './ether-kinds.ts';
import {
  ETHERNET_HEADER_OCTETS,
  ETHERNET_TYPE,
  isKnownEtherType,
  LENGTH_MAX,
  VLAN_TAG_OCTETS,
  VLAN_TYPE,
} from './ethernet.ts';

/** Nothing that is known fits. */
const UNLIKELY = 0;
/** Contradicts nothing, for what was captured of it. */
const POSSIBLE = 1;
/** More than chance: an IP header that is right and fits the frame. */
const CERTAIN = 2;

/** The payload is none of those that are known. */
export const GUESS_NOTHING = 0;
/** Too little of it was captured to tell. */
export const GUESS_TRUNCATED = 1;

const VLAN_TAGS_MAX = 8;
const IPV4_HEADER_OCTETS = 20;
const IPV6_HEADER_OCTETS = 40;
/** Ethernet's padding, a frame check sequence, and what capture devices append: the most that may follow IPv6. */
const TRAILER_OCTETS_MAX = 64;
const MAC_SOURCE = 6;
const MAC_GROUP_BIT = 0x01;
const CONTROL_WORD_OCTETS = 4; // RFC 4385 §3

/**
 * What starts at `state.offset`, of which at least one octet was captured. Where that is an Ethernet frame behind a
 * pseudo-wire's control word, `state.offset` is moved behind the word.
 * @param hasControlWord  whether four zero bits may begin a control word
 * @returns LAYER_IPV4, LAYER_IPV6 or LAYER_ETHERNET; or GUESS_NOTHING or GUESS_TRUNCATED
 */
export function guessLayer(state: DecodeState, hasControlWord: boolean): number {
  const start = state.offset;
  const ethernet = ethernetLikelihood(state, start);
  switch (state.view.getUint8(start) >>> 4) {
    case 4: {
      const ip = ipv4Likelihood(state, start);
      if (ip > ethernet || ip === CERTAIN) return LAYER_IPV4;
      break;
    }
    case 6:
      // IPv6 has no checksum: an Ethernet frame with a right IP header in it is the better proof.
      if (ethernet !== CERTAIN && ipv6Likelihood(state, start) !== UNLIKELY) return LAYER_IPV6;
      break;
    case 0: {
      const behind = hasControlWord ? ethernetLikelihood(state, start + CONTROL_WORD_OCTETS) : UNLIKELY;
      if (behind !== UNLIKELY && behind >= ethernet) {
        state.offset = start + CONTROL_WORD_OCTETS;
        return LAYER_ETHERNET;
      }
      break;
    }
    default:
  }
  if (ethernet !== UNLIKELY) return LAYER_ETHERNET;
  const whole = start + ETHERNET_HEADER_OCTETS;
  return whole > state.capturedEnd && whole <= state.wireEnd ? GUESS_TRUNCATED : GUESS_NOTHING;
}

/** How likely an IPv4 packet starts at `start`, where version 4 was read. */
function ipv4Likelihood(state: DecodeState, start: number): number {
  const view = state.view;
  if (start + IPV4_HEADER_OCTETS > state.wireEnd) return UNLIKELY;
  if (start + IPV4_HEADER_OCTETS > state.capturedEnd) return POSSIBLE;
  const headerOctets = (view.getUint8(start) & 0xf) << 2;
  const octets = view.getUint16(start + 2);
  const inFrame = state.wireEnd - start;
  if (headerOctets < IPV4_HEADER_OCTETS) return UNLIKELY;
  // Super-packets that are longer than the field can say have 0 there.
  if (octets === 0 ? inFrame <= 0xffff : octets < headerOctets || octets > inFrame) return UNLIKELY;
  if (start + headerOctets > state.capturedEnd) return POSSIBLE;
  return hasRightChecksum(view, start, headerOctets) ? CERTAIN : UNLIKELY;
}

/** Whether the ones' complement sum of the header's words is all ones (RFC 1071 §1). */
function hasRightChecksum(view: DataView, start: number, octets: number): boolean {
  let sum = 0;
  for (let at = start; at < start + octets; at += 2) sum += view.getUint16(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16) === 0xffff;
}

/** How likely an IPv6 packet starts at `start`, where version 6 was read. */
function ipv6Likelihood(state: DecodeState, start: number): number {
  const view = state.view;
  const inFrame = state.wireEnd - start - IPV6_HEADER_OCTETS;
  if (inFrame < 0) return UNLIKELY;
  if (start + IPV6_HEADER_OCTETS > state.capturedEnd) return POSSIBLE;
  const payload = view.getUint16(start + 4);
  const nextHeader = view.getUint8(start + 6);
  if (payload === 0 && nextHeader !== HEADER_NONE) {
    return nextHeader === HEADER_HOP_BY_HOP || inFrame > 0xffff ? POSSIBLE : UNLIKELY;
  }
  return payload <= inFrame && inFrame - payload <= TRAILER_OCTETS_MAX ? CERTAIN : UNLIKELY;
}

/** How likely an Ethernet frame starts at `start`: by its addresses and type, and by the IP packet in it. */
function ethernetLikelihood(state: DecodeState, start: number): number {
  const view = state.view;
  const end = state.capturedEnd;
  let payload = start + ETHERNET_HEADER_OCTETS;
  if (payload > end) return UNLIKELY;
  if ((view.getUint8(start + MAC_SOURCE) & MAC_GROUP_BIT) !== 0) return UNLIKELY;
  let etherType = view.getUint16(start + ETHERNET_TYPE);
  for (let tags = 0; tags < VLAN_TAGS_MAX && isVlanType(etherType); tags++) {
    if (payload + VLAN_TAG_OCTETS > end) return POSSIBLE;
    etherType = view.getUint16(payload + VLAN_TYPE);
    payload += VLAN_TAG_OCTETS;
  }
  if (etherType <= LENGTH_MAX) {
    return etherType >= 3 && payload + etherType <= state.wireEnd ? POSSIBLE : UNLIKELY;
  }
  if (etherType !== ETHER_TYPE_IPV4 && etherType !== ETHER_TYPE_IPV6) {
    return isKnownEtherType(etherType) ? POSSIBLE : UNLIKELY;
  }
  if (payload + 1 > end) return payload + 1 > state.wireEnd ? UNLIKELY : POSSIBLE;
  const version = view.getUint8(payload) >>> 4;
  if (etherType === ETHER_TYPE_IPV4) return version === 4 ? ipv4Likelihood(state, payload) : UNLIKELY;
  return version === 6 ? ipv6Likelihood(state, payload) : UNLIKELY;
}
