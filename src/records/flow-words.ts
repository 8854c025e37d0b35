/**
 * The words of a flow: an entry of the flow table, and a flow record on its way to the exporting process, which is
 * the same words copied out. Three 64-byte cache lines: key and state, then the counters of either direction.
 *
 *     line 0: words  0 … 3   address A             line 1 (forward) and line 2 (reverse):
 *                    4 … 7   address B                  double 0   IP octets
 *                    8       port A << 16 | port B             1   packets
 *                    9       protocol | IP version << 8        2   octets of the frames
 *                            | VLAN id << 16                   3   first packet, ns
 *                            | customer VLAN, low << 28        4   last packet, ns
 *                   10       observation point          word  10   tcpControlBits | ToS of the first packet << 16
 *                            | ToS << 16 if in the key
 *                            | customer VLAN, high << 24
 *                   11       state bits, below               11   shortest IP packet   12  longest
 *               double 6     first packet, either way        13   least TTL | greatest TTL << 8 | fragments seen << 16
 *                      7     last packet, either way         14   flow label | customer VLAN id << 20
 *                                                            15   IPv6 extension headers seen (IE 64)
 *
 * In the table A is the endpoint with the smaller (address, port), so that both directions compare equal to one key,
 * and STATE_INITIATOR_IS_B tells which of them sent the first packet. In a **record** A is always the initiator:
 * "forward" is from A to B. A record goes on behind these 48 words with
 *
 *     words 48 … 51          link details of the first packet: source MAC (48, high half of 49), destination MAC
 *                            (low half of 49, 50), ethertype << 16 | has-MACs << 8 | 802.1Q priority (51)
 *     words 52 … 55          ifIndex by which each direction came in and left (export/interface-numbers.ts)
 *     words 56 … 59          autonomous systems of A (56) and B (57), countries (58) and prefix lengths (59) of both
 *                            (networks/enrichment.ts); 0 is unknown
 *     words 60 … 81          its encapsulation (`ENCAPSULATION_WORDS` of records/decoded-batch.ts), where that is kept
 *
 * Times are nanoseconds since the source's `timeBaseSeconds`. An ICMP flow keeps type << 8 | code as the destination
 * port of the first packet's direction.
 *
 * Nothing but numbers stands here, so that the engine (engine/assembly) is compiled from the same ones.
 */

export const ENTRY_WORDS = 48;
/** Doubles in an entry: the same memory seen as Float64Array. */
export const ENTRY_DOUBLES = ENTRY_WORDS / 2;

// Words of line 0.
export const ADDRESS_A = 0;
export const ADDRESS_B = 4;
export const FLOW_PORTS = 8;
export const FLOW_PROTOCOL = 9;
export const FLOW_OBSERVATION_POINT = 10;
export const FLOW_STATE = 11;
// Doubles of line 0: both directions together, so that a packet's timeout checks touch no third line.
export const FLOW_FIRST_NS = 6;
export const FLOW_LAST_NS = 7;

// Bits of the state word.
export const STATE_IN_USE = 1 << 0;
export const STATE_INITIATOR_IS_B = 1 << 1;
/** FIN seen forward, reverse. */
export const STATE_FIN_FORWARD = 1 << 2;
export const STATE_FIN_REVERSE = 1 << 3;
/** FIN seen both ways, or RST. */
export const STATE_TCP_ENDED = 1 << 4;
/** Packets with payload that are still to be looked into, if none of them says anything known; 0: no more are. */
export const STATE_LOOKS_SHIFT = 5;
export const STATE_LOOKS_MASK = 7 << STATE_LOOKS_SHIFT;
/** So many at first. */
export const STATE_LOOKS_FIRST = 3 << STATE_LOOKS_SHIFT;
/** Set with them while payload of the flow was found that may say something: each packet is looked into. */
export const STATE_LOOKS_LISTED = 4 << STATE_LOOKS_SHIFT;
/** Nothing more is to be found out about the flow, but names are learned from its packets: all of them are looked into. */
export const STATE_LOOKS_NAMES = STATE_LOOKS_LISTED;
/** flowEndReason (IE 136), set when the entry is exported. */
export const STATE_END_REASON_SHIFT = 8;
/** PPPoE session id, if it is in the flow key; the state word's upper half, which is a part of the key. */
export const STATE_PPPOE_SHIFT = 16;

// A direction's line, in words and in doubles from the start of the entry.
export const FORWARD_WORD = 16;
export const REVERSE_WORD = 32;
export const FORWARD_DOUBLE = 8;
export const REVERSE_DOUBLE = 16;
// Offsets within a direction's line: doubles …
export const OCTETS = 0;
export const PACKETS = 1;
export const LAYER2_OCTETS = 2;
export const FIRST_NS = 3;
export const LAST_NS = 4;
// … and words.
export const TCP_FLAGS_TOS = 10;
export const LENGTH_MIN = 11;
export const LENGTH_MAX = 12;
export const TTL_FRAGMENTS = 13;
export const LABEL_CUSTOMER_VLAN = 14;
export const EXTENSION_HEADERS_SEEN = 15;

// The parts of a record behind the entry.
export const LINK_WORD = ENTRY_WORDS;
export const LINK_WORDS = 4;
/** Bit of the last link word: the MAC addresses are there. */
export const LINK_HAS_MACS = 1 << 8;
/** Bits of the last link word: what the initiator, or the other side, sent went out (flowDirection 1). */
export const OUTWARD_FORWARD = 1 << 4;
export const OUTWARD_REVERSE = 1 << 5;
/** ifIndex by which each direction came in and left; 0 is unknown. */
export const INGRESS_FORWARD = LINK_WORD + LINK_WORDS;
export const EGRESS_FORWARD = INGRESS_FORWARD + 1;
export const INGRESS_REVERSE = INGRESS_FORWARD + 2;
export const EGRESS_REVERSE = INGRESS_FORWARD + 3;
export const INTERFACE_WORDS = 4;
/** Autonomous systems of A and of B. */
export const AS_A = INGRESS_FORWARD + INTERFACE_WORDS;
export const AS_B = AS_A + 1;
/** Countries: two letters of A, the first of them the lowest octet, and of B above them. */
export const COUNTRIES = AS_A + 2;
/** Lengths of the prefixes that the addresses are of: A's | B's << 8. */
export const PREFIX_LENGTHS = AS_A + 3;
export const NETWORK_WORDS = 4;
export const ENCAPSULATION_WORD = AS_A + NETWORK_WORDS;
