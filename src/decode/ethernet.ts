/**
 * Ethernet II and 802.3 with LLC/SNAP (IEEE 802.3, 802.2, 802), VLAN tags (802.1Q, 802.1ad), and what an EtherType
 * leads to. Frames that are not IP get their reason here.
 *
 * MAC addresses and VLAN ids are those of the innermost Ethernet header before the metered packet: an Ethernet frame in
 * a tunnel or pseudo-wire starts anew, an IP packet in a tunnel keeps those of its frame.
 */
import {
  type DecodeState,
  LAYER_ETHER_TYPE,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_PPPOE,
  missingHeader,
} from './decode-state.ts';
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHER_TYPE_VLAN,
  etherTypeReason,
  isVlanType,
  SAP_IP,
  SAP_NOVELL_RAW,
  SAP_SNAP,
  sapReason,
  tagHoldsFrame,
  tagOctets,
  tagOf,
} from './ether-kinds.ts';
import {
  IPX,
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  MACSEC,
  OTHER_ETHER_TYPE,
  SNAP,
  VLAN_TAG_LIMIT,
} from './reasons.ts';
import { isVariableTag, variableTagLayer } from './variable-tags.ts';

export const ETHERNET_HEADER_OCTETS = 14;
export const ETHERNET_TYPE = 12; // u16, IEEE 802.3 §3.2.6
export const VLAN_TAG_OCTETS = 4;
export const VLAN_TYPE = 2; // u16 behind the TCI, IEEE 802.1Q §9.6
/** Tags that are followed; real stacks have two or three. */
const VLAN_TAGS_MAX = 8;

/** Values up to here are a length: an LLC frame follows (IEEE 802.3 §3.2.6). */
export const LENGTH_MAX = 1500;

const LLC_OCTETS = 3; // IEEE 802.2 §3.2: DSAP, SSAP, control
const SNAP_OCTETS = 5; // organisation (3), protocol (2): RFC 1042; behind LLC AA AA 03
const OUI_ENCAPSULATED_ETHERNET = 0x000000;
/** Ethernet types bridged as 802.1H has it. */
const OUI_BRIDGE_TUNNEL = 0x0000f8;
/** 802.1 bridged frames (RFC 2427 §4.2, RFC 2684 §5.2). */
const OUI_8021 = 0x0080c2;
const BRIDGED_ETHERNET_WITH_FCS = 0x0001;
const BRIDGED_ETHERNET = 0x0007;

/** An Ethernet frame: addresses, then an EtherType or a length. */
export function ethernetLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + ETHERNET_HEADER_OCTETS > state.capturedEnd) {
    return missingHeader(state, ETHERNET_HEADER_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  state.linkOffset = offset;
  state.vlanTags = 0;
  state.vlanId = 0;
  state.customerVlanId = 0;
  state.priority = 0;
  state.etherType = state.view.getUint16(offset + ETHERNET_TYPE);
  state.offset = offset + ETHERNET_HEADER_OCTETS;
  return LAYER_ETHER_TYPE;
}

/** Where `state.etherType` leads. */
export function etherTypeLayer(state: DecodeState): number {
  const etherType = state.etherType;
  if (etherType <= LENGTH_MAX) return LAYER_LLC;
  switch (etherType) {
    case ETHER_TYPE_IPV4:
      return LAYER_IPV4;
    case ETHER_TYPE_IPV6:
      return LAYER_IPV6;
    case ETHER_TYPE_VLAN:
      return vlanLayer(state);
    case 0x8847: // MPLS unicast, RFC 5332
    case 0x8848: // MPLS multicast or upstream-assigned
      return LAYER_MPLS;
    case 0x8864: // PPPoE session, RFC 2516 §4
      return LAYER_PPPOE;
    case 0x88e5:
      return macsecLayer(state);
    case 0x22f3: // RFC 6325 §3.1
      return trillLayer(state);
    case 0x8870: // LLC in a frame longer than 1,500 octets
      return LAYER_LLC;
    default:
      return otherLayer(state, etherType);
  }
}

/** What few frames have: a tag of fixed length, or no IP. */
function otherLayer(state: DecodeState, etherType: number): number {
  if (isVlanType(etherType)) return vlanLayer(state);
  const tag = tagOf(etherType);
  if (tag === 0) return isVariableTag(etherType) ? variableTagLayer(state) : etherTypeReason(etherType);
  const next = state.offset + tagOctets(tag);
  if (tagHoldsFrame(tag)) {
    state.offset = next;
    return LAYER_ETHERNET;
  }
  if (next + ETHER_TYPE_OCTETS > state.capturedEnd) {
    return missingHeader(state, tagOctets(tag) + ETHER_TYPE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  state.etherType = state.view.getUint16(next);
  state.offset = next + ETHER_TYPE_OCTETS;
  return LAYER_ETHER_TYPE;
}

const TRILL_OCTETS = 6; // RFC 6325 §3.1: version, flags, options' words (5 bits), hops (6); egress (u16), ingress (u16)
const TRILL_OPTIONS_SHIFT = 6;
const TRILL_OPTIONS_MASK = 0x1f;

/** A TRILL header, then the whole Ethernet frame. */
function trillLayer(state: DecodeState): number {
  if (state.offset + TRILL_OCTETS > state.capturedEnd) {
    return missingHeader(state, TRILL_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const options = (state.view.getUint16(state.offset) >>> TRILL_OPTIONS_SHIFT) & TRILL_OPTIONS_MASK;
  state.offset += TRILL_OCTETS + 4 * options;
  return LAYER_ETHERNET;
}

function vlanLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + VLAN_TAG_OCTETS > state.capturedEnd) {
    return missingHeader(state, VLAN_TAG_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if (state.vlanTags >= VLAN_TAGS_MAX) return VLAN_TAG_LIMIT;
  const control = state.view.getUint16(offset);
  if (state.vlanTags === 0) {
    state.vlanId = control & 0xfff;
    state.priority = control >>> 13;
  } else if (state.vlanTags === 1) {
    state.customerVlanId = control & 0xfff;
  }
  state.vlanTags++;
  state.etherType = state.view.getUint16(offset + VLAN_TYPE);
  state.offset = offset + VLAN_TAG_OCTETS;
  return LAYER_ETHER_TYPE;
}

const MACSEC_TAG_OCTETS = 6; // IEEE 802.1AE §9.3: control (u8), short length (u8), packet number (u32)
const MACSEC_SCI_OCTETS = 8;
const MACSEC_HAS_SCI = 0x20;
/** Encrypted, or changed: only the receiver knows the user data. */
const MACSEC_SEALED = 0x0c;
const ETHER_TYPE_OCTETS = 2;

/** A MACsec tag; behind it the frame goes on in the clear if it is only protected against change. */
function macsecLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + 1 > state.capturedEnd) return missingHeader(state, 1, LINK_TOO_SHORT, LINK_TRUNCATED);
  const control = state.view.getUint8(offset);
  if ((control & MACSEC_SEALED) !== 0) return MACSEC;
  const tag = MACSEC_TAG_OCTETS + ((control & MACSEC_HAS_SCI) !== 0 ? MACSEC_SCI_OCTETS : 0);
  if (offset + tag + ETHER_TYPE_OCTETS > state.capturedEnd) {
    return missingHeader(state, tag + ETHER_TYPE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  state.etherType = state.view.getUint16(offset + tag);
  state.offset = offset + tag + ETHER_TYPE_OCTETS;
  return LAYER_ETHER_TYPE;
}

/** Whether an EtherType of at least 0x600 is one that is followed, or refused by a name of its own. */
export function isKnownEtherType(etherType: number): boolean {
  switch (etherType) {
    case 0x8847:
    case 0x8848:
    case 0x8864:
    case 0x88e5:
    case 0x8870:
    case 0x22f3:
      return true;
    default:
      return (
        tagOf(etherType) !== 0 || isVariableTag(etherType) || etherTypeReason(etherType) !== OTHER_ETHER_TYPE
      );
  }
}

/** An LLC frame: IP over SNAP or over its own SAP, or something else. */
export function llcLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + LLC_OCTETS > state.capturedEnd) {
    return missingHeader(state, LLC_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const destination = view.getUint8(offset);
  const source = view.getUint8(offset + 1);
  state.offset = offset + LLC_OCTETS;
  if (destination === SAP_SNAP && source === SAP_SNAP) return snapLayer(state);
  if (destination === SAP_IP && source === SAP_IP) return LAYER_IPV4;
  if (destination === SAP_NOVELL_RAW && source === SAP_NOVELL_RAW) return IPX;
  return sapReason(destination);
}

/** Organisation and protocol, as they follow LLC, or NLPID 0x80 in frame relay. */
export function snapLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + SNAP_OCTETS > state.capturedEnd) {
    return missingHeader(state, SNAP_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const organisation = (view.getUint16(offset) << 8) | view.getUint8(offset + 2);
  const protocol = view.getUint16(offset + 3);
  state.offset = offset + SNAP_OCTETS;
  if (organisation === OUI_ENCAPSULATED_ETHERNET || organisation === OUI_BRIDGE_TUNNEL) {
    state.etherType = protocol;
    // A length has no meaning here, and following it would nest LLC in LLC.
    return protocol <= LENGTH_MAX ? SNAP : LAYER_ETHER_TYPE;
  }
  if (
    organisation === OUI_8021 &&
    (protocol === BRIDGED_ETHERNET || protocol === BRIDGED_ETHERNET_WITH_FCS)
  ) {
    return LAYER_ETHERNET;
  }
  return SNAP;
}
