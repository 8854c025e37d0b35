/**
 * What EtherTypes and service access points lead to: one row for each, and a table by number that the engine reads too
 * (engine/assembly/uncommon-link.ts). VLAN tags, MACsec and TRILL have more to them than a row
 * can say: ethernet.ts has them. Tags that tell their own length are in variable-tags.ts.
 */
import {
  ETHER_FRAME,
  ETHER_IPV4,
  ETHER_IPV6,
  ETHER_MPLS,
  ETHER_PPPOE,
  ETHER_REASON_MAX,
  ETHER_TAG,
  ETHER_TAG_OCTETS_MASK,
  ETHER_VLAN,
  SAP_LEADS_ON,
} from '../records/engine-words.ts';
import {
  ARP,
  EAPOL,
  FLOW_CONTROL,
  IPX,
  ISO_OSI,
  LLC,
  LLDP,
  OTHER_ETHER_TYPE,
  PPPOE_DISCOVERY,
  PTP,
  RARP,
  SLOW_PROTOCOL,
  SPANNING_TREE,
} from './reasons.ts';

export const ETHER_TYPE_IPV4 = 0x0800;
export const ETHER_TYPE_IPV6 = 0x86dd;
export const ETHER_TYPE_VLAN = 0x8100;

interface EtherKind {
  readonly etherType: number;
  /** A layer, a tag of so many octets, or the reason why such a frame is not metered. */
  readonly kind: number;
}

/** A tag of so many octets between an EtherType and the next one. */
const tag = (octets: number) => ETHER_TAG | octets;
/** A tag of so many octets between an EtherType and a whole Ethernet frame. */
const frame = (octets: number) => ETHER_FRAME | octets;

/** In the order of EtherTypes. Tags of switches' makers have no standard but the tools that read them. */
const ETHER_KINDS: readonly EtherKind[] = [
  { etherType: ETHER_TYPE_IPV4, kind: ETHER_IPV4 },
  { etherType: 0x0806, kind: ARP },
  // Transparent Ethernet bridging, RFC 1701 §8.
  { etherType: 0x6558, kind: frame(0) },
  { etherType: 0x8035, kind: RARP },
  { etherType: ETHER_TYPE_VLAN, kind: ETHER_VLAN },
  { etherType: 0x8137, kind: IPX },
  { etherType: ETHER_TYPE_IPV6, kind: ETHER_IPV6 },
  { etherType: 0x8808, kind: FLOW_CONTROL },
  { etherType: 0x8809, kind: SLOW_PROTOCOL },
  // MPLS unicast, RFC 5332.
  { etherType: 0x8847, kind: ETHER_MPLS },
  // MPLS multicast or upstream-assigned.
  { etherType: 0x8848, kind: ETHER_MPLS },
  { etherType: 0x8863, kind: PPPOE_DISCOVERY },
  // PPPoE session, RFC 2516 §4.
  { etherType: 0x8864, kind: ETHER_PPPOE },
  { etherType: 0x888e, kind: EAPOL },
  // 802.1ad service tag.
  { etherType: 0x88a8, kind: ETHER_VLAN },
  { etherType: 0x88cc, kind: LLDP },
  // VMware Lab Manager: flags, port group and hosts.
  { etherType: 0x88de, kind: frame(10) },
  // Service instance tag of provider backbone bridges, IEEE 802.1Q §9.7: flags (u8), I-SID (24 bits).
  { etherType: 0x88e7, kind: frame(4) },
  { etherType: 0x88f7, kind: PTP },
  // Cisco FabricPath: forwarding tag and TTL.
  { etherType: 0x8903, kind: frame(2) },
  // Cisco MetaData (TrustSec): version, length, option and security group.
  { etherType: 0x8909, kind: tag(6) },
  // Cisco VN-Tag.
  { etherType: 0x8926, kind: tag(4) },
  // HSR tag, IEC 62439-3: path and size (u16), sequence number (u16).
  { etherType: 0x892f, kind: tag(4) },
  // E-tag of bridge port extension, IEEE 802.1BR §7.5.
  { etherType: 0x893f, kind: tag(6) },
  // Heartbeat backup of Palo Alto Networks.
  { etherType: 0x8988, kind: tag(6) },
  // QinQ before its standard.
  { etherType: 0x9100, kind: ETHER_VLAN },
  { etherType: 0x9200, kind: ETHER_VLAN },
  // Redundancy tag, IEEE 802.1CB §7.8: reserved (u16), sequence number (u16).
  { etherType: 0xf1c1, kind: tag(4) },
];

const byEtherType = new Uint8Array(0x10000);
for (const { etherType, kind } of ETHER_KINDS) byEtherType[etherType] = kind;
/** Kinds by EtherType (ETHER_… of records/engine-words.ts), 0 where there is no row. */
export const KINDS_BY_ETHER_TYPE: Uint8Array = byEtherType;

/** The tag that an EtherType announces, for `tagOctets` and `tagHoldsFrame`; 0 where it announces none. */
export function tagOf(etherType: number): number {
  const kind = byEtherType[etherType]!;
  return (kind & ETHER_TAG) === 0 ? 0 : kind;
}

/** Octets from behind the EtherType to what follows the tag. */
export function tagOctets(tag: number): number {
  return tag & ETHER_TAG_OCTETS_MASK;
}

/** Whether a whole Ethernet frame follows the tag, else an EtherType. */
export function tagHoldsFrame(tag: number): boolean {
  return (tag & ETHER_FRAME) === ETHER_FRAME;
}

/** Whether an EtherType announces a VLAN tag. */
export function isVlanType(etherType: number): boolean {
  return byEtherType[etherType] === ETHER_VLAN;
}

/** The reason for an EtherType that carries no IP. */
export function etherTypeReason(etherType: number): number {
  const kind = byEtherType[etherType]!;
  return kind === 0 || kind > ETHER_REASON_MAX ? OTHER_ETHER_TYPE : kind;
}

export const SAP_IP = 0x06;
export const SAP_SNAP = 0xaa;
/** No SAP: Novell's raw 802.3, whose IPX checksum FF FF stands in its place. */
export const SAP_NOVELL_RAW = 0xff;

const bySap = new Uint8Array(0x100).fill(LLC);
bySap[0x42] = SPANNING_TREE;
bySap[0xe0] = IPX;
bySap[0xfe] = ISO_OSI;
for (const sap of [SAP_IP, SAP_SNAP, SAP_NOVELL_RAW]) bySap[sap] = SAP_LEADS_ON | LLC;
/**
 * Reasons by destination service access point, with the bit SAP_LEADS_ON (records/engine-words.ts) where it means
 * something else with the same source.
 */
export const REASONS_BY_SAP: Uint8Array = bySap;

/** The reason for an LLC frame to a service access point that carries no IP. */
export function sapReason(destination: number): number {
  return bySap[destination]! & ~SAP_LEADS_ON;
}
