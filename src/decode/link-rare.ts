/**
 * Link types of rarer origins: token ring and FDDI (both lead to LLC), the logs of BSD's pf and of Linux' netfilter,
 * Darwin's PKTAP, Solaris' ipnet, IP over Fibre Channel, FireWire and InfiniBand, and Ethernet behind or around a
 * switch chip's tag (https://www.tcpdump.org/linktypes.html).
 */
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_LLC,
  leaveOut,
  missingHeader,
} from './decode-state.ts';
import {
  LINK_MALFORMED,
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  OTHER_LINK_PROTOCOL,
  UNSUPPORTED_LINK_TYPE,
} from './reasons.ts';

const LINKTYPE_IEEE802_5 = 6;
const LINKTYPE_FDDI = 10;
const LINKTYPE_PFLOG = 117;
const LINKTYPE_IP_OVER_FC = 122;
const LINKTYPE_APPLE_IP_OVER_IEEE1394 = 138;
const LINKTYPE_IPNET = 226;
const LINKTYPE_NFLOG = 239;
const LINKTYPE_IPOIB = 242;
const LINKTYPE_PKTAP = 258;
const LINKTYPE_DSA_TAG_BRCM = 281;
const LINKTYPE_DSA_TAG_BRCM_PREPEND = 282;
const LINKTYPE_DSA_TAG_DSA = 284;
const LINKTYPE_DSA_TAG_EDSA = 285;

/** The header of `linkType` at `state.offset`, if it is one of the above. */
export function rareLink(state: DecodeState, linkType: number): number {
  switch (linkType) {
    case LINKTYPE_IEEE802_5:
      return tokenRingLayer(state);
    case LINKTYPE_FDDI:
      return fddiLayer(state);
    case LINKTYPE_PFLOG:
      return pflogLayer(state);
    case LINKTYPE_IPNET:
      state.offset += IPNET_OCTETS;
      leaveOut(state, IPNET_OCTETS);
      return LAYER_IP;
    case LINKTYPE_IP_OVER_FC:
      state.offset += FIBRE_CHANNEL_OCTETS;
      return LAYER_LLC;
    case LINKTYPE_APPLE_IP_OVER_IEEE1394:
      return addressedLayer(state, IEEE1394_OCTETS, IEEE1394_TYPE);
    case LINKTYPE_IPOIB:
      return addressedLayer(state, IPOIB_OCTETS, IPOIB_TYPE);
    case LINKTYPE_NFLOG:
      return nflogLayer(state);
    case LINKTYPE_PKTAP:
      return pktapLayer(state);
    case LINKTYPE_DSA_TAG_BRCM_PREPEND:
      state.offset += SWITCH_TAG_OCTETS;
      return LAYER_ETHERNET;
    case LINKTYPE_DSA_TAG_BRCM:
    case LINKTYPE_DSA_TAG_DSA:
      return switchTagLayer(state, SWITCH_TAG_OCTETS);
    case LINKTYPE_DSA_TAG_EDSA:
      return switchTagLayer(state, 2 * SWITCH_TAG_OCTETS);
    default:
      return UNSUPPORTED_LINK_TYPE;
  }
}

const FIBRE_CHANNEL_OCTETS = 16; // RFC 2625 §3.1: network destination (8), source (8)
const IEEE1394_OCTETS = 18; // destination (8), source (8), EtherType (u16)
const IEEE1394_TYPE = 16;
const IPOIB_OCTETS = 44; // global route header (40), EtherType (u16), reserved (u16): RFC 4391 §6
const IPOIB_TYPE = 40;

/** A header of fixed length with an EtherType in it, and addresses that are no MAC addresses. */
function addressedLayer(state: DecodeState, octets: number, typeOffset: number): number {
  const offset = state.offset;
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  state.etherType = state.view.getUint16(offset + typeOffset);
  if (state.etherType < 0x600) return OTHER_LINK_PROTOCOL;
  state.offset = offset + octets;
  return LAYER_ETHER_TYPE;
}

const TOKEN_RING_OCTETS = 14; // access control, frame control, destination (6), source (6): IEEE 802.5 §3.2
const TOKEN_RING_FRAME_CONTROL = 1;
const TOKEN_RING_SOURCE = 8;
/** The first bit of the source address: routing information follows. */
const TOKEN_RING_ROUTED = 0x80;
const TOKEN_RING_ROUTE_OCTETS = 0x1f; // of the routing control's first octet
/** Upper bits of the frame control octet: LLC. */
const TOKEN_RING_LLC = 1;

function tokenRingLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + TOKEN_RING_OCTETS + 1 > state.capturedEnd) {
    return missingHeader(state, TOKEN_RING_OCTETS + 1, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if (view.getUint8(offset + TOKEN_RING_FRAME_CONTROL) >>> 6 !== TOKEN_RING_LLC) return OTHER_LINK_PROTOCOL;
  const routed = (view.getUint8(offset + TOKEN_RING_SOURCE) & TOKEN_RING_ROUTED) !== 0;
  const route = routed ? view.getUint8(offset + TOKEN_RING_OCTETS) & TOKEN_RING_ROUTE_OCTETS : 0;
  state.offset = offset + TOKEN_RING_OCTETS + route;
  return LAYER_LLC;
}

const FDDI_OCTETS = 13; // frame control, destination (6), source (6): ANSI X3.139
const FDDI_LLC_MASK = 0xf0;
const FDDI_LLC = 0x50;

function fddiLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + FDDI_OCTETS > state.capturedEnd) {
    return missingHeader(state, FDDI_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if ((state.view.getUint8(offset) & FDDI_LLC_MASK) !== FDDI_LLC) return OTHER_LINK_PROTOCOL;
  state.offset = offset + FDDI_OCTETS;
  return LAYER_LLC;
}

const PFLOG_OCTETS_MIN = 4; // length (u8) without padding to 4 octets, address family (u8), …

function pflogLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + PFLOG_OCTETS_MIN > state.capturedEnd) {
    return missingHeader(state, PFLOG_OCTETS_MIN, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const octets = state.view.getUint8(offset);
  if (octets < PFLOG_OCTETS_MIN) return LINK_MALFORMED;
  // The packet's own version says what the family does, which has another number for IPv6 on each system.
  state.offset = offset + ((octets + 3) & ~3);
  leaveOut(state, (octets + 3) & ~3);
  return LAYER_IP;
}

const IPNET_OCTETS = 24;

const NFLOG_OCTETS = 4; // address family (u8), version (u8), resource id (u16)
const NFLOG_ATTRIBUTE_OCTETS = 4; // length (u16), type (u16), in the order of the host that captured
const NFLOG_PAYLOAD = 9;
const NFLOG_TYPE_MASK = 0x7fff;
/** Attributes looked at; netfilter writes at most one of each of its 21 types. */
const NFLOG_ATTRIBUTES_MAX = 32;
const AF_INET = 2;
const AF_INET6 = 10;

function nflogLayer(state: DecodeState): number {
  const view = state.view;
  const start = state.offset;
  if (start + NFLOG_OCTETS > state.capturedEnd) {
    return missingHeader(state, NFLOG_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const family = view.getUint8(state.offset);
  if (family !== AF_INET && family !== AF_INET6) return OTHER_LINK_PROTOCOL;
  state.offset += NFLOG_OCTETS;
  for (let count = 0; count < NFLOG_ATTRIBUTES_MAX; count++) {
    if (state.offset + NFLOG_ATTRIBUTE_OCTETS > state.capturedEnd) {
      return missingHeader(state, NFLOG_ATTRIBUTE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
    }
    // Attribute types are small: whichever order makes this one small is the file's.
    const little = (view.getUint16(state.offset + 2, true) & NFLOG_TYPE_MASK) < 256;
    const length = view.getUint16(state.offset, little);
    if (length < NFLOG_ATTRIBUTE_OCTETS) return LINK_MALFORMED;
    if ((view.getUint16(state.offset + 2, little) & NFLOG_TYPE_MASK) === NFLOG_PAYLOAD) {
      state.offset += NFLOG_ATTRIBUTE_OCTETS;
      leaveOut(state, state.offset - start);
      return family === AF_INET ? LAYER_IPV4 : LAYER_IPV6;
    }
    state.offset += (length + 3) & ~3;
  }
  return LINK_MALFORMED;
}

const PKTAP_OCTETS = 12; // length (u32), record type (u32), link type (u32), …; little endian
const PKTAP_OCTETS_MAX = 1024;
const PKTAP_PACKET = 1;
const DLT_NULL = 0;
const DLT_ETHERNET = 1;
const DLT_RAW_BSD = 12;
const DLT_RAW = 101;
const FAMILY_OCTETS = 4;

function pktapLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + PKTAP_OCTETS > state.capturedEnd) {
    return missingHeader(state, PKTAP_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const octets = view.getUint32(offset, true);
  if (octets < PKTAP_OCTETS || octets > PKTAP_OCTETS_MAX) return LINK_MALFORMED;
  if (view.getUint32(offset + 4, true) !== PKTAP_PACKET) return OTHER_LINK_PROTOCOL;
  state.offset = offset + octets;
  leaveOut(state, octets);
  switch (view.getUint32(offset + 8, true)) {
    case DLT_ETHERNET:
      return LAYER_ETHERNET;
    case DLT_NULL:
      state.offset += FAMILY_OCTETS;
      return LAYER_IP;
    case DLT_RAW_BSD:
    case DLT_RAW:
      return LAYER_IP;
    default:
      return UNSUPPORTED_LINK_TYPE;
  }
}

const MAC_ADDRESSES_OCTETS = 12;
const SWITCH_TAG_OCTETS = 4;
const ETHER_TYPE_OCTETS = 2;

/** Ethernet with a switch chip's tag between the addresses and the type. */
function switchTagLayer(state: DecodeState, tagOctets: number): number {
  const offset = state.offset;
  const type = MAC_ADDRESSES_OCTETS + tagOctets;
  if (offset + type + ETHER_TYPE_OCTETS > state.capturedEnd) {
    return missingHeader(state, type + ETHER_TYPE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  state.linkOffset = offset;
  state.etherType = state.view.getUint16(offset + type);
  state.offset = offset + type + ETHER_TYPE_OCTETS;
  return LAYER_ETHER_TYPE;
}
