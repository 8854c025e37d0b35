/**
 * Codes of the reasons why a frame was not metered; decode/reasons.ts is their table. Nothing but numbers stands here, so
 * that the engine (engine/assembly) is compiled from the same ones.
 */

export const ACCEPTED = 0;
export const ARP = 1;
export const RARP = 2;
export const LLDP = 3;
export const SPANNING_TREE = 4;
export const LLC = 5;
export const SNAP = 6;
export const IPX = 7;
export const ISO_OSI = 8;
export const EAPOL = 9;
export const PPPOE_DISCOVERY = 10;
export const SLOW_PROTOCOL = 11;
export const FLOW_CONTROL = 12;
export const PTP = 13;
export const OTHER_ETHER_TYPE = 14;
export const PPP_CONTROL = 15;
export const PPP_OTHER = 16;
export const HDLC_KEEPALIVE = 17;
export const MPLS_NOT_IP = 18;
export const WLAN_NOT_DATA = 19;
export const OTHER_LINK_PROTOCOL = 20;
export const TUNNEL_CONTROL = 21;
export const UNSUPPORTED_LINK_TYPE = 22;
export const MACSEC = 23;
export const PPP_COMPRESSED = 24;
export const WLAN_PROTECTED = 25;
export const WLAN_AGGREGATE = 26;
export const TUNNEL_VARIANT = 27;
export const LINK_TOO_SHORT = 28;
export const LINK_MALFORMED = 29;
export const VLAN_TAG_LIMIT = 30;
export const MPLS_LABEL_LIMIT = 31;
export const PPPOE_MALFORMED = 32;
export const TUNNEL_MALFORMED = 33;
export const IP_VERSION = 34;
export const IPV4_TOO_SHORT = 35;
export const IPV4_VERSION = 36;
export const IPV4_HEADER_LENGTH_SHORT = 37;
export const IPV4_HEADER_LENGTH_LONG = 38;
export const IPV4_TOTAL_LENGTH_SHORT = 39;
export const IPV6_TOO_SHORT = 40;
export const IPV6_VERSION = 41;
export const LINK_TRUNCATED = 42;
export const TUNNEL_TRUNCATED = 43;
export const IPV4_TRUNCATED = 44;
export const IPV6_TRUNCATED = 45;
