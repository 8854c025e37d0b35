/**
 * Link types (https://www.tcpdump.org/linktypes.html): the header that each puts before the packet, down to the first
 * layer that is the same everywhere. 802.11 is in wlan.ts, rarer ones are in link-rare.ts. A link type that is in none
 * of them has a reason of its own.
 */
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_LLC,
  LAYER_PPP,
  LAYER_PPPOE,
  leaveOut,
  missingHeader,
} from './decode-state.ts';
import { snapLayer } from './ethernet.ts';
import { erfLayer, HEADER_PASSED, juniperLayer } from './link-appliance.ts';
import { rareLink } from './link-rare.ts';
import {
  HDLC_KEEPALIVE,
  ISO_OSI,
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  OTHER_LINK_PROTOCOL,
  SNAP,
} from './reasons.ts';
import { avsLayer, ppiLayer, prismLayer, radiotapLayer, wlanLayer } from './wlan.ts';

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_PPP = 9;
const LINKTYPE_RAW_BSD = 12;
const LINKTYPE_RAW_OPENBSD = 14;
const LINKTYPE_PPP_HDLC = 50;
const LINKTYPE_PPP_ETHER = 51;
const LINKTYPE_ATM_RFC1483 = 100;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_C_HDLC = 104;
export const LINKTYPE_IEEE802_11 = 105;
export const LINKTYPE_FRELAY = 107;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IEEE802_11_PRISM = 119;
export const LINKTYPE_IEEE802_11_RADIOTAP = 127;
const LINKTYPE_IEEE802_11_AVS = 163;
const LINKTYPE_PPI = 192;
const LINKTYPE_PPP_WITH_DIR = 204;
const LINKTYPE_C_HDLC_WITH_DIR = 205;
const LINKTYPE_FRELAY_WITH_DIR = 206;
const LINKTYPE_ENC = 109;
const LINKTYPE_JUNIPER_ETHER = 178;
const LINKTYPE_JUNIPER_PPP = 179;
const LINKTYPE_JUNIPER_FRELAY = 180;
const LINKTYPE_JUNIPER_CHDLC = 181;
const LINKTYPE_ERF = 197;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

/** Octets of direction before the header of the `_WITH_DIR` types. */
const DIRECTION_OCTETS = 1;

/** The header of `linkType` at `state.offset`: the layer behind it, or a reason. */
export function linkLayer(state: DecodeState, linkType: number): number {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return LAYER_ETHERNET;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return familyLayer(state);
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
      return LAYER_IP;
    case LINKTYPE_IPV4:
      return LAYER_IPV4;
    case LINKTYPE_IPV6:
      return LAYER_IPV6;
    case LINKTYPE_LINUX_SLL:
      return cookedLayer(state, SLL_OCTETS, SLL_PROTOCOL, SLL_HARDWARE);
    case LINKTYPE_LINUX_SLL2:
      return cookedLayer(state, SLL2_OCTETS, SLL2_PROTOCOL, SLL2_HARDWARE);
    case LINKTYPE_PPP_WITH_DIR:
      skipDirection(state);
      return serialLayer(state);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
      return serialLayer(state);
    case LINKTYPE_PPP_ETHER:
      return LAYER_PPPOE;
    case LINKTYPE_C_HDLC_WITH_DIR:
      skipDirection(state);
      return ciscoHdlcLayer(state);
    case LINKTYPE_C_HDLC:
      return ciscoHdlcLayer(state);
    case LINKTYPE_FRELAY_WITH_DIR:
      skipDirection(state);
      return frameRelayLayer(state);
    case LINKTYPE_FRELAY:
      return frameRelayLayer(state);
    case LINKTYPE_ATM_RFC1483:
      return LAYER_LLC;
    case LINKTYPE_ENC:
      return encapsulatingLayer(state);
    default:
      return applianceLink(state, linkType);
  }
}

function skipDirection(state: DecodeState): void {
  state.offset += DIRECTION_OCTETS;
  leaveOut(state, DIRECTION_OCTETS);
}

/** Headers of capture cards and routers, and what they stand before. */
function applianceLink(state: DecodeState, linkType: number): number {
  switch (linkType) {
    case LINKTYPE_ERF: {
      const layer = erfLayer(state);
      return layer === HEADER_PASSED ? serialLayer(state) : layer;
    }
    case LINKTYPE_JUNIPER_ETHER:
    case LINKTYPE_JUNIPER_PPP:
    case LINKTYPE_JUNIPER_FRELAY:
    case LINKTYPE_JUNIPER_CHDLC: {
      const layer = juniperLayer(state);
      if (layer !== HEADER_PASSED) return layer;
      if (linkType === LINKTYPE_JUNIPER_ETHER) return LAYER_ETHERNET;
      if (linkType === LINKTYPE_JUNIPER_PPP) return LAYER_PPP;
      return linkType === LINKTYPE_JUNIPER_FRELAY ? frameRelayLayer(state) : ciscoHdlcLayer(state);
    }
    default:
      return wirelessLink(state, linkType);
  }
}

function wirelessLink(state: DecodeState, linkType: number): number {
  switch (linkType) {
    case LINKTYPE_IEEE802_11:
      return wlanLayer(state, false);
    case LINKTYPE_IEEE802_11_PRISM:
      return prismLayer(state);
    case LINKTYPE_IEEE802_11_RADIOTAP:
      return radiotapLayer(state);
    case LINKTYPE_IEEE802_11_AVS:
      return avsLayer(state);
    case LINKTYPE_PPI:
      return ppiLayer(state);
    default:
      return rareLink(state, linkType);
  }
}

const FAMILY_OCTETS = 4;
const AF_INET = 2;

/** BSD loopback: an address family in the order of the host that captured (NULL) or of the network (LOOP). */
function familyLayer(state: DecodeState): number {
  if (state.offset + FAMILY_OCTETS > state.capturedEnd) {
    return missingHeader(state, FAMILY_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  let family = state.view.getInt32(state.offset);
  if ((family & 0xffff) === 0) family = state.view.getInt32(state.offset, true);
  state.offset += FAMILY_OCTETS;
  switch (family) {
    case AF_INET:
      return LAYER_IPV4;
    case 10: // AF_INET6 of Linux,
    case 24: // NetBSD and OpenBSD,
    case 28: // FreeBSD,
    case 30: // Darwin
      return LAYER_IPV6;
    default:
      return OTHER_LINK_PROTOCOL;
  }
}

const ENC_REST_OCTETS = 8; // behind the family: security parameter index (u32), flags (u32)

/** OpenBSD's encapsulating interface: the packet inside IPsec, as it was before or after. */
function encapsulatingLayer(state: DecodeState): number {
  const layer = familyLayer(state);
  state.offset += ENC_REST_OCTETS;
  leaveOut(state, FAMILY_OCTETS + ENC_REST_OCTETS);
  return layer;
}

const SLL_OCTETS = 16;
const SLL_HARDWARE = 2; // u16, ARPHRD_ number
const SLL_PROTOCOL = 14; // u16
const SLL2_OCTETS = 20;
const SLL2_PROTOCOL = 0; // u16
const SLL2_HARDWARE = 8; // u16
/** The protocol is a netlink family there. */
const ARPHRD_NETLINK = 824;
/** Linux' own protocol numbers below the EtherTypes: 4 is LLC (if_ether.h, ETH_P_802_2). */
const ETH_P_802_2 = 4;

/** Linux cooked capture, version 1 or 2. */
function cookedLayer(
  state: DecodeState,
  octets: number,
  protocolOffset: number,
  hardwareOffset: number,
): number {
  const offset = state.offset;
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const protocol = state.view.getUint16(offset + protocolOffset);
  const hardware = state.view.getUint16(offset + hardwareOffset);
  state.offset = offset + octets;
  leaveOut(state, octets);
  if (hardware === ARPHRD_NETLINK) return OTHER_LINK_PROTOCOL;
  if (protocol === ETH_P_802_2) return LAYER_LLC;
  if (protocol < 0x600) return OTHER_LINK_PROTOCOL;
  state.etherType = protocol;
  return LAYER_ETHER_TYPE;
}

const CISCO_UNICAST = 0x0f;
const CISCO_BROADCAST = 0x8f;
const CISCO_HDLC_OCTETS = 4; // address (u8), control (u8), protocol (u16)
const CISCO_SLARP = 0x8035;
const CISCO_CDP = 0x2000;
const CISCO_OSI = 0xfefe;

/** A serial line: PPP, or Cisco HDLC which is told by its address octet. */
function serialLayer(state: DecodeState): number {
  if (state.offset + 1 > state.capturedEnd) {
    return missingHeader(state, 1, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const address = state.view.getUint8(state.offset);
  return address === CISCO_UNICAST || address === CISCO_BROADCAST ? ciscoHdlcLayer(state) : LAYER_PPP;
}

function ciscoHdlcLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + CISCO_HDLC_OCTETS > state.capturedEnd) {
    return missingHeader(state, CISCO_HDLC_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const protocol = state.view.getUint16(offset + 2);
  state.offset = offset + CISCO_HDLC_OCTETS;
  return ciscoProtocol(state, protocol);
}

/** A protocol of Cisco's framings: an EtherType, with a few numbers that mean something else there. */
function ciscoProtocol(state: DecodeState, protocol: number): number {
  if (protocol === CISCO_SLARP) return HDLC_KEEPALIVE;
  if (protocol === CISCO_CDP) return SNAP;
  if (protocol === CISCO_OSI) return ISO_OSI;
  if (protocol < 0x600) return OTHER_LINK_PROTOCOL;
  state.etherType = protocol;
  return LAYER_ETHER_TYPE;
}

const FRAME_RELAY_ADDRESS_MAX = 4; // Q.922 §3.3: 2, 3 or 4 octets; the last has its lowest bit set
const UNNUMBERED_INFORMATION = 0x03; // RFC 2427 §3
const NLPID_PAD = 0x00;
const NLPID_SNAP = 0x80;
const NLPID_IPV4 = 0xcc;
const NLPID_IPV6 = 0x8e;

/** Frame relay: RFC 2427's encapsulation by NLPID, or Cisco's by EtherType. */
function frameRelayLayer(state: DecodeState): number {
  const view = state.view;
  const end = state.capturedEnd;
  let offset = state.offset;
  let address = 0;
  for (let octets = 0; (address & 1) === 0; octets++) {
    if (octets === FRAME_RELAY_ADDRESS_MAX) return OTHER_LINK_PROTOCOL;
    if (offset + 1 > end) return missingHeader(state, octets + 1, LINK_TOO_SHORT, LINK_TRUNCATED);
    address = view.getUint8(offset++);
  }
  state.offset = offset;
  if (offset + 2 > end) return missingHeader(state, 2, LINK_TOO_SHORT, LINK_TRUNCATED);
  if (view.getUint8(offset) !== UNNUMBERED_INFORMATION) {
    state.offset = offset + 2;
    return ciscoProtocol(state, view.getUint16(offset));
  }
  offset++;
  if (view.getUint8(offset) === NLPID_PAD) offset++;
  state.offset = offset;
  if (offset + 1 > end) return missingHeader(state, 1, LINK_TOO_SHORT, LINK_TRUNCATED);
  const nlpid = view.getUint8(offset);
  state.offset = offset + 1;
  if (nlpid === NLPID_IPV4) return LAYER_IPV4;
  if (nlpid === NLPID_IPV6) return LAYER_IPV6;
  return nlpid === NLPID_SNAP ? snapLayer(state) : OTHER_LINK_PROTOCOL;
}
