/**
 * Path health of a flow: what a flow record carries of it behind the encapsulation words. Layout only:
 * path-health.ts measures, path-health-figures.ts has the same as numbers with names, and docs/path-health.md says what
 * every figure means.
 *
 * A record has HEALTH_WORDS more words from HEALTH_WORD on while path health is measured, and none otherwise: then the
 * record's stride ends before them. First come words that both directions share, then a block for each direction, by
 * who sent the packets: forward is from the record's A to B.
 *
 * A word is only valid where its bit is set in the block's (or the shared) bits word. Whatever has no bit was not
 * measured, may hold anything, and is unknown: not 0.
 */
import { ENCAPSULATION_WORDS } from './decoded-batch.ts';
import { ENCAPSULATION_WORD } from './flow-layout.ts';

export { INTERVALS_MAX } from './path-health-words.ts';

/** Behind the place of the encapsulation words, which are there, as zeroes, even where encapsulation is not kept. */
export const HEALTH_WORD = ENCAPSULATION_WORD + ENCAPSULATION_WORDS;

/** Length of an interval at first. */
export const INTERVAL_MS = 5000;

// Words that both directions share, from HEALTH_WORD on.
export const HEALTH_BITS = 0;
/** SYN → SYN/ACK, µs: the probe's round trip to the responder. */
export const HANDSHAKE_SERVER_US = 1;
/** SYN/ACK → ACK, µs: the probe's round trip to the initiator. */
export const HANDSHAKE_CLIENT_US = 2;
/** Length of an interval, INTERVAL_MS × 2^k. */
export const INTERVAL_LENGTH_MS = 3;
/** Number of the first interval: times [n × length, (n + 1) × length) since the time base. */
export const FIRST_INTERVAL = 4;
/** Intervals from the first one to that of the last packet. */
export const INTERVALS = 5;
const SHARED_WORDS = 8;

/** Bits of HEALTH_BITS. */
/** The flow's packets were selected from many: nothing that needs all of them is measured. */
export const BIT_SAMPLED = 1 << 0;
export const BIT_HANDSHAKE_SERVER = 1 << 1;
export const BIT_HANDSHAKE_CLIENT = 1 << 2;
/** Any SYN of the initiator, any SYN/ACK of the responder, and the ACK behind it were seen. */
export const BIT_SYN = 1 << 3;
export const BIT_SYN_ACK = 1 << 4;
export const BIT_ESTABLISHED = 1 << 5;
/** The responder answered a SYN with RST. */
export const BIT_REFUSED = 1 << 6;
/** The histogram of octets is there. */
export const BIT_INTERVALS = 1 << 7;
/** TCP in whichever direction was measured. */
export const BIT_TCP = 1 << 8;

// A direction's block, from HEALTH_WORD + FORWARD_HEALTH or REVERSE_HEALTH on.
export const FORWARD_HEALTH = SHARED_WORDS;
export const DIRECTION_WORDS = 104;
export const REVERSE_HEALTH = FORWARD_HEALTH + DIRECTION_WORDS;
export const HEALTH_WORDS = REVERSE_HEALTH + DIRECTION_WORDS;

export const DIRECTION_BITS = 0;
export const DATA_SEGMENTS = 1;
/** A double. */
export const PAYLOAD_OCTETS = 2;
export const RETRANSMITTED_SEGMENTS = 4;
export const LOSS_EVENTS = 5;
/** A double. */
export const RETRANSMITTED_OCTETS = 6;
export const LOST_UPSTREAM = 8;
export const LOST_DOWNSTREAM = 9;
export const SPURIOUS_RETRANSMISSIONS = 10;
export const OUT_OF_ORDER = 11;
export const MIRROR_DUPLICATES = 12;
export const CAPTURE_LOST_SEGMENTS = 13;
/** A double. */
export const CAPTURE_LOST_OCTETS = 14;
export const DUPLICATE_ACKS = 16;
export const SACK_BLOCKS = 17;
export const DUPLICATE_SACKS = 18;
export const ZERO_WINDOWS = 19;
export const ZERO_WINDOW_MS = 20;
export const WINDOW_FULL = 21;
export const WINDOW_MIN = 22;
export const WINDOW_MAX = 23;
/** MSS | window scale << 16. */
export const MSS_SCALE = 24;
export const IN_FLIGHT_MAX = 25;
export const INITIAL_SEQUENCE = 26;
/** SYN | FIN << 16. */
export const SYN_FIN_COUNT = 27;
/** RST | keep-alives << 16. */
export const RST_KEEP_ALIVES = 28;
export const ECT_PACKETS = 29;
export const CE_PACKETS = 30;
/** Segments with ECE | with CWR << 16, SYNs left out. */
export const ECE_CWR = 31;
/** Samples, then least, mean, greatest and jitter in µs: by data and its acknowledgement. */
export const ACK_RTT = 32;
/** The same by TCP timestamps. */
export const TIMESTAMP_RTT = 37;
/** Responses, then least, mean and greatest time in µs. */
export const RESPONSE = 42;
export const STALLS = 46;
export const STALLED_MS = 47;
export const LONGEST_STALL_MS = 48;
export const LONGEST_IDLE_MS = 49;
/** Largest payload of one segment. */
export const SEGMENT_MAX = 50;
export const INTERVAL_SHIFT = 51;
export const PDM_PACKETS = 52;
export const PDM_LOST = 53;
export const PDM_REORDERED = 54;
export const PDM_DUPLICATED = 55;
/** Samples, then least, mean and greatest in µs. */
export const PDM_RTT = 56;
export const PDM_SERVER_DELAY = 60;
export const PDM_PROBE_RTT = 64;
export const ICMP_ERRORS = 68;
/** type << 8 | code | hop limit left in the quoted packet << 16 | hop limit left in the error << 24. */
export const ICMP_TYPE_CODE_HOPS = 69;
/** 4 words, in the form of a flow's addresses. */
export const ICMP_ROUTER = 70;
/** IPv6 extension headers of the quoted packet, as in IE 64 | 1 << 31 where PDM was among their options. */
export const ICMP_QUOTED_HEADERS = 74;
/** Doubles: bits a second from the first packet to the last, and in the busiest interval. */
export const MEAN_RATE = 100;
export const PEAK_RATE = 102;
/** INTERVALS_MAX words: octets >>> INTERVAL_SHIFT. */
export const INTERVAL_OCTETS = 76;

/** Bits of DIRECTION_BITS: which groups of words are valid. */
/** TCP segments of this direction were measured: counts from DATA_SEGMENTS to ECE_CWR that have no bit of their own. */
export const VALID_TCP = 1 << 0;
/** Its sequence numbers could be followed: retransmissions, losses, order. */
export const VALID_SEQUENCE = 1 << 1;
export const VALID_ACK_RTT = 1 << 2;
export const VALID_TIMESTAMP_RTT = 1 << 3;
export const VALID_RESPONSE = 1 << 4;
export const VALID_MSS = 1 << 5;
export const VALID_SCALE = 1 << 6;
/** The window it advertised, in octets. */
export const VALID_WINDOW = 1 << 7;
/** Its SYN was seen, so the first sequence number is known. */
export const VALID_INITIAL = 1 << 8;
/** Both directions were seen, so what it had in flight is known. */
export const VALID_FLIGHT = 1 << 9;
export const VALID_PDM = 1 << 10;
export const VALID_PDM_RTT = 1 << 11;
export const VALID_PDM_SERVER_DELAY = 1 << 12;
export const VALID_PDM_PROBE_RTT = 1 << 13;
/** An ICMP error quoted a packet of this direction. */
export const VALID_ICMP_ERROR = 1 << 14;
/** Stalls and silences were looked for: data was seen. */
export const VALID_STALLS = 1 << 15;
/** Rates: the flow lasted longer than no time. */
export const VALID_RATE = 1 << 17;
/** ECN of the IP header was looked at. */
export const VALID_ECN = 1 << 16;
