/**
 * Why a frame was not metered: the table that counters, metrics, summaries and documentation derive from. A code is the
 * row's position and indexes a counter array; codes may change between releases, names do not. Oddities of a
 * packet that *is* metered stand in notices.ts. Nothing here looks at a packet.
 */

import {
  ACCEPTED,
  ARP,
  EAPOL,
  FLOW_CONTROL,
  HDLC_KEEPALIVE,
  IP_VERSION,
  IPV4_HEADER_LENGTH_LONG,
  IPV4_HEADER_LENGTH_SHORT,
  IPV4_TOO_SHORT,
  IPV4_TOTAL_LENGTH_SHORT,
  IPV4_TRUNCATED,
  IPV4_VERSION,
  IPV6_TOO_SHORT,
  IPV6_TRUNCATED,
  IPV6_VERSION,
  IPX,
  ISO_OSI,
  LINK_MALFORMED,
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  LLC,
  LLDP,
  MACSEC,
  MPLS_LABEL_LIMIT,
  MPLS_NOT_IP,
  OTHER_ETHER_TYPE,
  OTHER_LINK_PROTOCOL,
  PPP_COMPRESSED,
  PPP_CONTROL,
  PPP_OTHER,
  PPPOE_DISCOVERY,
  PPPOE_MALFORMED,
  PTP,
  RARP,
  SLOW_PROTOCOL,
  SNAP,
  SPANNING_TREE,
  TUNNEL_CONTROL,
  TUNNEL_MALFORMED,
  TUNNEL_TRUNCATED,
  TUNNEL_VARIANT,
  UNSUPPORTED_LINK_TYPE,
  VLAN_TAG_LIMIT,
  WLAN_AGGREGATE,
  WLAN_NOT_DATA,
  WLAN_PROTECTED,
} from '../records/reason-codes.ts';

export * from '../records/reason-codes.ts';

/** notIp: nothing to meter; malformed: breaks its own format; truncated: cut by the snap length; unsupported: ours. */
export type ReasonKind = 'accepted' | 'notIp' | 'malformed' | 'truncated' | 'unsupported';

export interface Reason {
  readonly code: number;
  /** Stable name for metrics, JSON and people. */
  readonly name: string;
  readonly kind: ReasonKind;
  /** One sentence: what it means. */
  readonly help: string;
}

/** Every outcome of a frame, in order of its code. */
export const REASONS: readonly Reason[] = [
  { code: ACCEPTED, name: 'accepted', kind: 'accepted', help: 'The packet was metered.' },
  { code: ARP, name: 'arp', kind: 'notIp', help: 'ARP.' },
  { code: RARP, name: 'rarp', kind: 'notIp', help: 'Reverse ARP.' },
  { code: LLDP, name: 'lldp', kind: 'notIp', help: 'Link Layer Discovery Protocol.' },
  { code: SPANNING_TREE, name: 'spanningTree', kind: 'notIp', help: 'Spanning tree BPDU (LLC SAP 0x42).' },
  { code: LLC, name: 'llc', kind: 'notIp', help: 'LLC frame of a service access point other than IP.' },
  { code: SNAP, name: 'snap', kind: 'notIp', help: 'SNAP frame of a vendor protocol (CDP, VTP, UDLD, …).' },
  { code: IPX, name: 'ipx', kind: 'notIp', help: 'IPX, in any of its encapsulations.' },
  { code: ISO_OSI, name: 'isoOsi', kind: 'notIp', help: 'OSI network layer, for example IS-IS.' },
  { code: EAPOL, name: 'eapol', kind: 'notIp', help: '802.1X authentication.' },
  { code: PPPOE_DISCOVERY, name: 'pppoeDiscovery', kind: 'notIp', help: 'PPPoE discovery.' },
  { code: SLOW_PROTOCOL, name: 'slowProtocol', kind: 'notIp', help: 'LACP and other slow protocols.' },
  { code: FLOW_CONTROL, name: 'flowControl', kind: 'notIp', help: 'Ethernet pause frame.' },
  { code: PTP, name: 'ptp', kind: 'notIp', help: 'Precision Time Protocol directly over Ethernet.' },
  {
    code: OTHER_ETHER_TYPE,
    name: 'otherEtherType',
    kind: 'notIp',
    help: 'An EtherType that carries no IP, or is unknown.',
  },
  { code: PPP_CONTROL, name: 'pppControl', kind: 'notIp', help: 'PPP control protocol (LCP, IPCP, PAP, …).' },
  { code: PPP_OTHER, name: 'pppOther', kind: 'notIp', help: 'PPP network protocol other than IP and MPLS.' },
  { code: HDLC_KEEPALIVE, name: 'hdlcKeepalive', kind: 'notIp', help: 'Cisco HDLC SLARP.' },
  {
    code: MPLS_NOT_IP,
    name: 'mplsNotIp',
    kind: 'notIp',
    help: 'The MPLS payload is neither IP nor an Ethernet frame, with or without control word.',
  },
  {
    code: WLAN_NOT_DATA,
    name: 'wlanNotData',
    kind: 'notIp',
    help: '802.11 management, control or null frame.',
  },
  {
    code: OTHER_LINK_PROTOCOL,
    name: 'otherLinkProtocol',
    kind: 'notIp',
    help: "The link layer's protocol or address family is not IP (netlink, frame relay management, …).",
  },
  {
    code: TUNNEL_CONTROL,
    name: 'tunnelControl',
    kind: 'notIp',
    help: 'A tunnel message without user data; the outer packet is metered.',
  },
  {
    code: UNSUPPORTED_LINK_TYPE,
    name: 'unsupportedLinkType',
    kind: 'unsupported',
    help: "The interface's link type is not one that is decoded.",
  },
  { code: MACSEC, name: 'macsec', kind: 'unsupported', help: '802.1AE: the payload is encrypted.' },
  {
    code: PPP_COMPRESSED,
    name: 'pppCompressed',
    kind: 'unsupported',
    help: 'PPP with header compression, compression, encryption or multilink.',
  },
  {
    code: WLAN_PROTECTED,
    name: 'wlanProtected',
    kind: 'unsupported',
    help: '802.11 data that is encrypted.',
  },
  {
    code: WLAN_AGGREGATE,
    name: 'wlanAggregate',
    kind: 'unsupported',
    help: '802.11 A-MSDU: several packets in one frame.',
  },
  {
    code: TUNNEL_VARIANT,
    name: 'tunnelVariant',
    kind: 'unsupported',
    help: 'A tunnel version or payload that is not decoded; the outer packet is metered.',
  },
  {
    code: LINK_TOO_SHORT,
    name: 'linkTooShort',
    kind: 'malformed',
    help: 'The frame ended on the wire before its link layer header did.',
  },
  {
    code: LINK_MALFORMED,
    name: 'linkMalformed',
    kind: 'malformed',
    help: 'The link layer header contradicts itself.',
  },
  { code: VLAN_TAG_LIMIT, name: 'vlanTagLimit', kind: 'malformed', help: 'More than 8 VLAN tags.' },
  { code: MPLS_LABEL_LIMIT, name: 'mplsLabelLimit', kind: 'malformed', help: 'More than 32 MPLS labels.' },
  {
    code: PPPOE_MALFORMED,
    name: 'pppoeMalformed',
    kind: 'malformed',
    help: 'PPPoE of another version or type than 1.',
  },
  {
    code: TUNNEL_MALFORMED,
    name: 'tunnelMalformed',
    kind: 'malformed',
    help: 'A tunnel header that contradicts itself; the outer packet is metered.',
  },
  {
    code: IP_VERSION,
    name: 'ipVersion',
    kind: 'malformed',
    help: 'An IP packet of a version other than 4 and 6.',
  },
  {
    code: IPV4_TOO_SHORT,
    name: 'ipv4TooShort',
    kind: 'malformed',
    help: 'Fewer than 20 octets on the wire for an IPv4 header.',
  },
  {
    code: IPV4_VERSION,
    name: 'ipv4Version',
    kind: 'malformed',
    help: 'Announced as IPv4 with another version.',
  },
  {
    code: IPV4_HEADER_LENGTH_SHORT,
    name: 'ipv4HeaderLengthShort',
    kind: 'malformed',
    help: 'IPv4 header length below 20 octets.',
  },
  {
    code: IPV4_HEADER_LENGTH_LONG,
    name: 'ipv4HeaderLengthLong',
    kind: 'malformed',
    help: 'IPv4 header length above the total length.',
  },
  {
    code: IPV4_TOTAL_LENGTH_SHORT,
    name: 'ipv4TotalLengthShort',
    kind: 'malformed',
    help: 'IPv4 total length below 20 octets.',
  },
  {
    code: IPV6_TOO_SHORT,
    name: 'ipv6TooShort',
    kind: 'malformed',
    help: 'Fewer than 40 octets on the wire for an IPv6 header.',
  },
  {
    code: IPV6_VERSION,
    name: 'ipv6Version',
    kind: 'malformed',
    help: 'Announced as IPv6 with another version.',
  },
  {
    code: LINK_TRUNCATED,
    name: 'linkTruncated',
    kind: 'truncated',
    help: 'The snap length cut the link layer header; capture more octets.',
  },
  {
    code: TUNNEL_TRUNCATED,
    name: 'tunnelTruncated',
    kind: 'truncated',
    help: 'The snap length cut a tunnel header; the outer packet is metered.',
  },
  {
    code: IPV4_TRUNCATED,
    name: 'ipv4Truncated',
    kind: 'truncated',
    help: 'The snap length cut the IPv4 header; capture more octets.',
  },
  {
    code: IPV6_TRUNCATED,
    name: 'ipv6Truncated',
    kind: 'truncated',
    help: 'The snap length cut the IPv6 header; capture more octets.',
  },
];
