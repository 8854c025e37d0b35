/**
 * What the decoder leaves of a batch: one work record of 32-bit words for each accepted packet, in packet order.
 * Refused packets leave only their counter. A record is 20 words, so a batch of 64 stays well inside the L1 cache.
 *
 *     word  0 … 3   source address (IPv4: word 0, the others 0)
 *           4 … 7   destination address
 *           8       ports: source << 16 | destination (ICMP: type << 8 | code as the destination)
 *           9       protocol | IP version << 8 | VLAN id << 16 | lower 4 bits of the customer VLAN id << 28
 *          10       observation point (interface index + 1) | ToS << 16, if ToS is in the flow key | upper 8 bits of the
 *                   customer VLAN id << 24
 *          11       IP octets of the packet (RFC 7012 octetDeltaCount)
 *          12       octets of the frame on the wire
 *          13       tcpControlBits | TTL << 16 | ToS << 24
 *          14       detail bits, below
 *          15       flow label | customer VLAN id << 20, where VLANs are in the flow key
 *          16       fragment identification
 *          17       where the link layer header starts in the batch's view, or -1 where there are no MAC addresses; of a
 *                   fragment that was held (metering/held-fragments.ts) less: - word of the engine's memory
 *          18       IPv6 extension headers seen (bits of extension-headers.ts, those of IE 64 the lower half)
 *          19       free for the metering process (hash)
 *
 * Addresses and ports are in host order: the first octet on the wire is the most significant one.
 *
 * Nothing but numbers stands here, so that the engine (engine/assembly) is compiled from the same ones.
 */
export const DECODED_WORDS = 20;

export const SOURCE_ADDRESS = 0;
export const DESTINATION_ADDRESS = 4;
export const PORTS = 8;
export const KEY_PROTOCOL = 9;
export const KEY_OBSERVATION_POINT = 10;
export const IP_OCTETS = 11;
export const FRAME_OCTETS = 12;
export const CONTROL_BITS = 13;
export const DETAIL = 14;
export const FLOW_LABEL = 15;
export const FRAGMENT_ID = 16;
export const LINK_OFFSET = 17;
export const EXTENSION_HEADERS = 18;
export const HASH = 19;

/** Bits of the DETAIL word. */
/** A fragment of a larger packet, first or later. */
export const DETAIL_FRAGMENT = 1 << 0;
/** A later fragment: it carries no ports of its own. */
export const DETAIL_LATER_FRAGMENT = 1 << 1;
/** The packet is TCP and its flags were captured. */
export const DETAIL_TCP = 1 << 2;
/** IPv4 with Don't Fragment set. */
export const DETAIL_DONT_FRAGMENT = 1 << 3;
/** The encapsulation record of this packet holds something. */
export const DETAIL_ENCAPSULATED = 1 << 4;
/**
 * Several packets that the system handed over as one (GRO, LRO, TSO; capture/live/super-packets.ts). IP_OCTETS and
 * FRAME_OCTETS are those of the first of them, and FRAGMENT_ID holds their number << 16 | octets by which the last one is
 * shorter. Only live batches have it.
 */
export const DETAIL_SUPER_PACKET = 1 << 5;
/** 802.1Q priority of the outer tag: bits 8 … 10. */
export const DETAIL_PRIORITY_SHIFT = 8;
/** PPPoE session id, if it is in the flow key: bits 12 … 27. 0, which no session has, is none. */
export const DETAIL_PPPOE_SHIFT = 12;
export const DETAIL_PPPOE_MASK = 0xffff << DETAIL_PPPOE_SHIFT;
/** Set by the metering process when it orders the key: the packet went from endpoint B to A. */
export const DETAIL_FROM_B_SHIFT = 31;

/** ToS in KEY_OBSERVATION_POINT, if it is in the flow key. */
export const TOS_MASK = 0xff << 16;
/** How the customer VLAN id is divided between the key words: bits in KEY_PROTOCOL from here on, the rest in … */
export const CUSTOMER_VLAN_LOW_BITS = 4;
export const CUSTOMER_VLAN_LOW_SHIFT = 28;
/** … KEY_OBSERVATION_POINT from here on. */
export const CUSTOMER_VLAN_HIGH_SHIFT = 24;

/**
 * What the hash of a flow key needs (metering/table/flow-key.ts), so many words: a multiplier for each word of the key,
 * in the order of their sum; the last of these is that of the last step.
 */
export const HASH_FINISH = 11;
/** The multiplier of the PPPoE session id. */
export const HASH_PPPOE = 12;
/** No multiplier: which bits of KEY_OBSERVATION_POINT belong to the key. */
export const HASH_POINT_MASK = 13;
export const HASH_WORDS = 14;

/**
 * Encapsulation: what was around the metered packet. Kept beside the work record, and only while something asks for it
 * (a template or flow key with one of its elements), since few links carry any.
 *
 *     word  0       IP version of the outer packet (0: none) | tunnel kind << 8
 *           1       tunnel id: GRE key, ERSPAN session, VNI, TEID, L2TP tunnel << 16 | session
 *           2 … 5   outer source address; 6 … 9 outer destination address
 *          10       MPLS label stack depth; 11 … 20 its entries from the top (label << 12 | TC << 9 | S << 8 | TTL)
 *          21       PPPoE session id | 1 << 16 when there was one
 */
export const ENCAPSULATION_WORDS = 22;
export const OUTER_KIND = 0;
export const TUNNEL_ID = 1;
export const OUTER_SOURCE_ADDRESS = 2;
export const OUTER_DESTINATION_ADDRESS = 6;
export const MPLS_DEPTH = 10;
export const MPLS_STACK = 11;
export const MPLS_LABELS_MAX = 10;
export const PPPOE_SESSION = 21;

/**
 * Where the headers of a metered packet stand in the batch's view. Kept beside the work record only for who reads
 * further in them (path health):
 *
 *     word  0       IP header
 *           1       transport header, or where the chain of extension headers ended or broke off
 *           2       first octet behind what was captured of the IP packet
 *           3       0
 */
export const OFFSET_WORDS = 4;
export const IP_OFFSET = 0;
export const TRANSPORT_OFFSET = 1;
export const CAPTURED_END = 2;
