/**
 * Tags of fixed length between an EtherType and what it leads to: another EtherType, or a whole Ethernet frame. VLAN tags
 * and MACsec, which have more to them, are in ethernet.ts, those that tell their own length in variable-tags.ts.
 */

interface Tag {
  readonly etherType: number;
  /** Octets from behind the EtherType to what follows. */
  readonly octets: number;
  /** Whether a whole Ethernet frame follows, else the next EtherType. */
  readonly isFrame: boolean;
}

/** In the order of EtherTypes. Those of switches' makers have no standard but the tools that read them. */
const TAGS: readonly Tag[] = [
  // Transparent Ethernet bridging, RFC 1701 §8.
  { etherType: 0x6558, octets: 0, isFrame: true },
  // VMware Lab Manager: flags, port group and hosts.
  { etherType: 0x88de, octets: 10, isFrame: true },
  // Service instance tag of provider backbone bridges, IEEE 802.1Q §9.7: flags (u8), I-SID (24 bits).
  { etherType: 0x88e7, octets: 4, isFrame: true },
  // Cisco FabricPath: forwarding tag and TTL.
  { etherType: 0x8903, octets: 2, isFrame: true },
  // Cisco MetaData (TrustSec): version, length, option and security group.
  { etherType: 0x8909, octets: 6, isFrame: false },
  // Cisco VN-Tag.
  { etherType: 0x8926, octets: 4, isFrame: false },
  // HSR tag, IEC 62439-3: path and size (u16), sequence number (u16).
  { etherType: 0x892f, octets: 4, isFrame: false },
  // E-tag of bridge port extension, IEEE 802.1BR §7.5.
  { etherType: 0x893f, octets: 6, isFrame: false },
  // Heartbeat backup of Palo Alto Networks.
  { etherType: 0x8988, octets: 6, isFrame: false },
  // Redundancy tag, IEEE 802.1CB §7.8: reserved (u16), sequence number (u16).
  { etherType: 0xf1c1, octets: 4, isFrame: false },
];

const FRAME = 0x80;
const KNOWN = 0x40;

/** By EtherType: 0, or KNOWN | FRAME | octets. */
const BY_ETHER_TYPE = new Uint8Array(0x10000);
for (const { etherType, octets, isFrame } of TAGS) {
  BY_ETHER_TYPE[etherType] = KNOWN | (isFrame ? FRAME : 0) | octets;
}

/** The tag that an EtherType announces, for `tagOctets` and `tagHoldsFrame`; 0 where it announces none. */
export function tagOf(etherType: number): number {
  return BY_ETHER_TYPE[etherType]!;
}

/** Octets from behind the EtherType to what follows the tag. */
export function tagOctets(tag: number): number {
  return tag & 0x3f;
}

/** Whether a whole Ethernet frame follows the tag, else an EtherType. */
export function tagHoldsFrame(tag: number): boolean {
  return (tag & FRAME) !== 0;
}
