/** Where the fields of the common headers stand, as the decoder's own files have them with their sources. */

export const LINKTYPE_ETHERNET = 1;
export const ETHERNET_HEADER_OCTETS = 14;
export const ETHERNET_TYPE = 12;
export const ETHER_TYPE_IPV4 = 0x0800;
export const ETHER_TYPE_IPV6 = 0x86dd;
export const ETHER_TYPE_VLAN: u16 = 0x8100;
/** The same as their two octets stand in memory. */
export const ETHER_TYPE_IPV4_SWAPPED: u32 = 0x0008;
export const ETHER_TYPE_IPV6_SWAPPED: u32 = 0xdd86;
export const ETHER_TYPE_VLAN_SWAPPED: u32 = 0x0081;
export const VLAN_TAG_OCTETS = 4;
export const VLAN_TYPE = 2;
export const VLAN_ID_MASK = 0xfff;
export const VLAN_PRIORITY_SHIFT = 13;
export const MAC_SOURCE = 6;

export const IPV4_HEADER_OCTETS = 20;
/** The first octet of a header without options: version 4, 5 words. */
export const IPV4_VERSION_LENGTH_MIN: u32 = 0x45;
export const IPV4_TOS = 1;
export const IPV4_LENGTH = 2;
export const IPV4_FRAGMENT = 6;
export const IPV4_TTL = 8;
export const IPV4_PROTOCOL = 9;
export const IPV4_SOURCE = 12;
export const IPV4_DESTINATION = 16;
/** Don't Fragment, as the two octets stand in memory. */
export const IPV4_DONT_FRAGMENT_SWAPPED = 0x0040;
/** More Fragments, and the fragment offset, likewise. */
export const IPV4_FRAGMENT_MASK_SWAPPED = 0xff3f;

export const IPV6_HEADER_OCTETS = 40;
export const IPV6_LENGTH_WORD = 4;
export const IPV6_SOURCE = 8;
export const IPV6_DESTINATION = 24;
export const FLOW_LABEL_MASK = 0xfffff;

export const PROTOCOL_TCP = 6;
export const TCP_HEADER_OCTETS = 20;
export const TCP_OFFSET_FLAGS = 12;
export const TCP_CONTROL_BITS_MASK = 0xfff;
/** tcpControlBits. */
export const FIN: u32 = 0x01;
export const SYN: u32 = 0x02;
export const RST: u32 = 0x04;
export const ACK: u32 = 0x10;
export const PROTOCOL_UDP = 17;
export const UDP_HEADER_OCTETS = 8;
export const UDP_LENGTH = 4;
