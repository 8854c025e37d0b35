/**
 * Tags whose own octets say how long they are, or what follows them: the Network Service Header (RFC 8300), batman-adv,
 * and what packet brokers of Arista and Gigamon put before the EtherType. A variant that is not read is refused by the
 * tag's EtherType.
 */
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_MPLS,
  missingHeader,
} from './decode-state.ts';
import { LINK_MALFORMED, LINK_TOO_SHORT, LINK_TRUNCATED, OTHER_ETHER_TYPE } from './reasons.ts';

const ETHER_TYPE_GIGAMON = 0x22e5;
const ETHER_TYPE_BATMAN = 0x4305;
const ETHER_TYPE_NSH = 0x894f;
const ETHER_TYPE_ARISTA = 0xd28b;

/** Whether an EtherType announces one of these tags. */
export function isVariableTag(etherType: number): boolean {
  switch (etherType) {
    case ETHER_TYPE_GIGAMON:
    case ETHER_TYPE_BATMAN:
    case ETHER_TYPE_NSH:
    case ETHER_TYPE_ARISTA:
      return true;
    default:
      return false;
  }
}

/** The tag that `state.etherType`, one of the above, announces. */
export function variableTagLayer(state: DecodeState): number {
  switch (state.etherType) {
    case ETHER_TYPE_GIGAMON:
      return gigamonLayer(state);
    case ETHER_TYPE_BATMAN:
      return batmanLayer(state);
    case ETHER_TYPE_NSH:
      return serviceHeaderLayer(state);
    default:
      return aristaLayer(state);
  }
}

const ETHER_TYPE_OCTETS = 2;

/** The EtherType behind a tag of so many octets. */
function etherTypeBehind(state: DecodeState, tagOctets: number): number {
  const next = state.offset + tagOctets;
  if (next + ETHER_TYPE_OCTETS > state.capturedEnd) {
    return missingHeader(state, tagOctets + ETHER_TYPE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  state.etherType = state.view.getUint16(next);
  state.offset = next + ETHER_TYPE_OCTETS;
  return LAYER_ETHER_TYPE;
}

const GIGAMON_LENGTH_OCTETS = 1; // u8, octets of the tag with this one; then fields of type, length, value

/** There is no public description: as Wireshark reads it (packet-gmhdr.c). */
function gigamonLayer(state: DecodeState): number {
  if (state.offset + GIGAMON_LENGTH_OCTETS > state.capturedEnd) {
    return missingHeader(state, GIGAMON_LENGTH_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const octets = state.view.getUint8(state.offset);
  return octets < GIGAMON_LENGTH_OCTETS ? LINK_MALFORMED : etherTypeBehind(state, octets);
}

const ARISTA_OCTETS = 4; // subtype (u16), version (u16)
const ARISTA_TIMESTAMP = 1;
const ARISTA_TIMESTAMP_64_OCTETS = 8;
const ARISTA_TIMESTAMP_48_OCTETS = 6;
/** Bit 8: UTC, else TAI; bit 0: a later form of the same. */
const ARISTA_SIZE_MASK = ~0x0101;

/** The timestamp of a tap aggregator, as its maker's dissector in Wireshark reads it (packet-avsp.c). */
function aristaLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + ARISTA_OCTETS > state.capturedEnd) {
    return missingHeader(state, ARISTA_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if (state.view.getUint16(offset) !== ARISTA_TIMESTAMP) return OTHER_ETHER_TYPE;
  switch (state.view.getUint16(offset + 2) & ARISTA_SIZE_MASK) {
    case 0x0010:
      return etherTypeBehind(state, ARISTA_OCTETS + ARISTA_TIMESTAMP_64_OCTETS);
    case 0x0020:
      return etherTypeBehind(state, ARISTA_OCTETS + ARISTA_TIMESTAMP_48_OCTETS);
    default:
      return OTHER_ETHER_TYPE;
  }
}

const BATMAN_OCTETS = 2; // packet type (u8), version (u8)
/** Of the mesh since 2014: BATADV_COMPAT_VERSION of Linux' uapi/linux/batadv_packet.h. */
const BATMAN_VERSION = 15;
const BATMAN_BROADCAST = 0x01;
const BATMAN_UNICAST = 0x40;
const BATMAN_UNICAST_4ADDR = 0x42;
const BATMAN_BROADCAST_OCTETS = 14; // …, hops (u8), reserved (u8), sequence number (u32), originator (6)
const BATMAN_UNICAST_OCTETS = 10; // …, hops (u8), translation table's version (u8), destination (6)
const BATMAN_UNICAST_4ADDR_OCTETS = 18; // …, source (6), subtype (u8), reserved (u8)

/** A mesh's header before the whole frame of a client; what the mesh says of itself, and pieces of frames, hold none. */
function batmanLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + BATMAN_OCTETS > state.capturedEnd) {
    return missingHeader(state, BATMAN_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if (state.view.getUint8(offset + 1) !== BATMAN_VERSION) return OTHER_ETHER_TYPE;
  switch (state.view.getUint8(offset)) {
    case BATMAN_BROADCAST:
      state.offset = offset + BATMAN_BROADCAST_OCTETS;
      return LAYER_ETHERNET;
    case BATMAN_UNICAST:
      state.offset = offset + BATMAN_UNICAST_OCTETS;
      return LAYER_ETHERNET;
    case BATMAN_UNICAST_4ADDR:
      state.offset = offset + BATMAN_UNICAST_4ADDR_OCTETS;
      return LAYER_ETHERNET;
    default:
      return OTHER_ETHER_TYPE;
  }
}

// RFC 8300 §2.2: version (2 bits), O, U, TTL (6), length (6), unassigned (4), MD type (4), next protocol (u8); §2.3:
// path (24), index (u8).
const NSH_OCTETS = 8;
const NSH_VERSION_SHIFT = 14;
const NSH_LENGTH_MASK = 0x3f;
const NSH_NEXT = 3;

/** A Network Service Header. */
function serviceHeaderLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + NSH_OCTETS > state.capturedEnd) {
    return missingHeader(state, NSH_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const first = view.getUint16(offset);
  if (first >>> NSH_VERSION_SHIFT !== 0) return OTHER_ETHER_TYPE;
  const octets = 4 * (first & NSH_LENGTH_MASK);
  if (octets < NSH_OCTETS) return LINK_MALFORMED;
  state.offset = offset + octets;
  switch (view.getUint8(offset + NSH_NEXT)) {
    case 1:
      return LAYER_IPV4;
    case 2:
      return LAYER_IPV6;
    case 3:
      return LAYER_ETHERNET;
    case 4: // one more of its kind
      return LAYER_ETHER_TYPE;
    case 5:
      return LAYER_MPLS;
    default:
      return OTHER_ETHER_TYPE;
  }
}
