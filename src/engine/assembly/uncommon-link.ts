/**
 * What stands before IP in uncommon frames: tags, LLC, PPPoE and MPLS labels, as decode/ethernet.ts and mpls-ppp.ts have
 * them. Where an EtherType leads to is in their table (decode/ether-kinds.ts).
 */
import * as kinds from '../../records/engine-words';
import {
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  MPLS_LABEL_LIMIT,
  PPP_CONTROL,
  PPPOE_DISCOVERY,
  PPPOE_MALFORMED,
  VLAN_TAG_LIMIT,
} from '../../records/reason-codes';
import * as header from './headers';
import { Frame, halfAt, isCaptured, LEFT, missingHeader, narrowLayer, octetAt, wordAt } from './uncommon-frame';
import { uncommonIpv4 } from './uncommon-ipv4';
import { uncommonIpv6 } from './uncommon-ipv6';

const VLAN_TAGS_MAX: u32 = 8;
/** Layers of one frame; the general path follows more. */
const LAYERS_MAX: u32 = 32;
/** Values up to here are a length: an LLC frame follows. */
const LENGTH_MAX: u32 = 1500;
const ETHER_TYPE_OCTETS: u32 = 2;
const LLC_OCTETS: u32 = 3;

/** Where the EtherType leads, from layer to layer. */
export function etherTypeLayers(): i32 {
  const etherKinds = <usize>load<u32>(Frame.uncommon, kinds.UNCOMMON_ETHER_KINDS * 4);
  for (let count: u32 = 0; count < LAYERS_MAX; count++) {
    if (Frame.etherType <= LENGTH_MAX) return llc();
    const kind = <u32>load<u8>(etherKinds + <usize>Frame.etherType);
    let reason: i32 = 0;
    switch (kind) {
      case 0:
        return LEFT;
      case kinds.ETHER_IPV4:
        return uncommonIpv4();
      case kinds.ETHER_IPV6:
        return uncommonIpv6();
      case kinds.ETHER_MPLS:
        return mpls();
      case kinds.ETHER_PPPOE:
        return pppoe();
      case kinds.ETHER_VLAN:
        reason = vlanTag();
        break;
      default:
        if (kind <= <u32>kinds.ETHER_REASON_MAX) return <i32>kind;
        reason = fixedTag(kind);
    }
    if (reason !== 0) return reason;
  }
  return LEFT;
}

/** A VLAN tag. @returns 0, or why it cannot be read */
function vlanTag(): i32 {
  if (!isCaptured(header.VLAN_TAG_OCTETS)) return missingHeader(header.VLAN_TAG_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  if (Frame.tags >= VLAN_TAGS_MAX) return VLAN_TAG_LIMIT;
  const control = halfAt(Frame.offset);
  if (Frame.tags === 0) {
    Frame.vlanId = control & header.VLAN_ID_MASK;
    Frame.priority = control >>> header.VLAN_PRIORITY_SHIFT;
  } else if (Frame.tags === 1) {
    Frame.customerVlanId = control & header.VLAN_ID_MASK;
  }
  Frame.tags++;
  Frame.etherType = halfAt(Frame.offset + header.VLAN_TYPE);
  Frame.offset += header.VLAN_TAG_OCTETS;
  return 0;
}

/** A tag that leads to another EtherType, or to a whole Ethernet frame. @returns as of `vlanTag` */
function fixedTag(kind: u32): i32 {
  const octets = kind & kinds.ETHER_TAG_OCTETS_MASK;
  const isFrame = (kind & kinds.ETHER_FRAME) === kinds.ETHER_FRAME;
  if (isFrame) Frame.offset += octets;
  const needed: u32 = isFrame ? header.ETHERNET_HEADER_OCTETS : octets + ETHER_TYPE_OCTETS;
  if (!isCaptured(needed)) return missingHeader(needed, LINK_TOO_SHORT, LINK_TRUNCATED);
  if (isFrame) {
    Frame.linkOffset = Frame.offset;
    Frame.tags = 0;
    Frame.vlanId = 0;
    Frame.customerVlanId = 0;
    Frame.priority = 0;
  }
  Frame.offset += needed;
  Frame.etherType = halfAt(Frame.offset - ETHER_TYPE_OCTETS);
  return 0;
}

/** An LLC frame, by its access points; what leads on to IP, or to an EtherType, is left. */
function llc(): i32 {
  if (!isCaptured(LLC_OCTETS)) return missingHeader(LLC_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  const destination = octetAt(Frame.offset);
  const reasons = <usize>load<u32>(Frame.uncommon, kinds.UNCOMMON_SAP_REASONS * 4);
  const reason = <u32>load<u8>(reasons + <usize>destination);
  if ((reason & kinds.SAP_LEADS_ON) !== 0 && octetAt(Frame.offset + 1) === destination) return LEFT;
  return <i32>(reason & ~kinds.SAP_LEADS_ON);
}

const PPPOE_OCTETS: u32 = 6;
const PPPOE_VERSION_TYPE: u32 = 0x11;
const PPPOE_CODE: u32 = 1;
const PPPOE_SESSION_ID: u32 = 2;
const PPPOE_LENGTH: u32 = 4;
const PPP_PROTOCOL_OCTETS: u32 = 2;
const PPP_IPV4: u32 = 0x0021;
const PPP_IPV6: u32 = 0x0057;
const PPP_CONTROL_MIN: u32 = 0x8000;
/** Above it a protocol number is address and control instead, which are left. */
const PPP_PROTOCOL_MAX: u32 = 0xfeff;

function keepsAround(): bool {
  return load<u32>(Frame.uncommon, kinds.UNCOMMON_KEEPS_AROUND * 4) !== 0;
}

/** A PPPoE session's frame, with the protocol number of two octets that it has in this place. */
function pppoe(): i32 {
  if (keepsAround()) return LEFT;
  const offset = Frame.offset;
  if (!isCaptured(PPPOE_OCTETS)) return missingHeader(PPPOE_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  if (octetAt(offset) !== PPPOE_VERSION_TYPE) return PPPOE_MALFORMED;
  if (octetAt(offset + PPPOE_CODE) !== 0) return PPPOE_DISCOVERY;
  Frame.session = halfAt(offset + PPPOE_SESSION_ID) & load<u32>(Frame.uncommon, kinds.UNCOMMON_PPPOE_MASK * 4);
  narrowLayer(offset + PPPOE_OCTETS, halfAt(offset + PPPOE_LENGTH));
  Frame.offset = offset + PPPOE_OCTETS;
  if (!isCaptured(PPP_PROTOCOL_OCTETS)) return LEFT;
  const protocol = halfAt(Frame.offset);
  Frame.offset += PPP_PROTOCOL_OCTETS;
  if (protocol === PPP_IPV4) return uncommonIpv4();
  if (protocol === PPP_IPV6) return uncommonIpv6();
  // The first octet of a number that is not compressed is even.
  const isControl = protocol >= PPP_CONTROL_MIN && protocol <= PPP_PROTOCOL_MAX && (protocol & 0x100) === 0;
  return isControl ? PPP_CONTROL : LEFT;
}

const LABEL_OCTETS: u32 = 4;
const BOTTOM_OF_STACK: u32 = 0x100;
const LABELS_FOLLOWED_MAX: u32 = 32;
/** What the record beside keeps; a deeper stack is noted. */
const LABELS_MAX: u32 = 10;
const TRAILER_OCTETS_MAX: u32 = 64;

/** A label stack, and behind it IP that cannot be anything else (decode/guess.ts). */
function mpls(): i32 {
  if (keepsAround()) return LEFT;
  let depth: u32 = 0;
  let entry: u32 = 0;
  do {
    if (!isCaptured(LABEL_OCTETS)) return missingHeader(LABEL_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
    if (depth >= LABELS_FOLLOWED_MAX) return MPLS_LABEL_LIMIT;
    entry = wordAt(Frame.offset);
    depth++;
    Frame.offset += LABEL_OCTETS;
  } while ((entry & BOTTOM_OF_STACK) === 0);
  if (depth > LABELS_MAX || !isCaptured(1)) return LEFT;
  const version = octetAt(Frame.offset) >>> 4;
  if (version === 4) return isSurelyIpv4() ? uncommonIpv4() : LEFT;
  return version === 6 && isSurelyIpv6() ? uncommonIpv6() : LEFT;
}

/** Whether an IPv4 header stands here that fits the frame and whose checksum is right. */
function isSurelyIpv4(): bool {
  if (!isCaptured(header.IPV4_HEADER_OCTETS)) return false;
  const start = Frame.offset;
  const octets = (octetAt(start) & 0xf) << 2;
  const length = halfAt(start + header.IPV4_LENGTH);
  if (octets < <u32>header.IPV4_HEADER_OCTETS || !isCaptured(octets)) return false;
  if (length < octets || length > Frame.wireEnd - start) return false;
  let sum: u32 = 0;
  for (let at = start; at < start + octets; at += 2) sum += halfAt(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16) === 0xffff;
}

/** Whether an IPv6 packet stands here that fits the frame, and no Ethernet frame with IP in it can. */
function isSurelyIpv6(): bool {
  if (!isCaptured(header.IPV6_HEADER_OCTETS)) return false;
  const start = Frame.offset;
  const payload = halfAt(start + header.IPV6_LENGTH_WORD);
  const inFrame = Frame.wireEnd - start - header.IPV6_HEADER_OCTETS;
  if (payload === 0 || payload > inFrame || inFrame - payload > TRAILER_OCTETS_MAX) return false;
  const etherKinds = <usize>load<u32>(Frame.uncommon, kinds.UNCOMMON_ETHER_KINDS * 4);
  const kind = <u32>load<u8>(etherKinds + <usize>halfAt(start + header.ETHERNET_TYPE));
  return kind !== kinds.ETHER_IPV4 && kind !== kinds.ETHER_IPV6 && kind !== kinds.ETHER_VLAN;
}
