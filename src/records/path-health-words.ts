/**
 * The words of path health's state, which lies beside the flow table (metering/table/path-health-table.ts): for each
 * slot
 *
 *     hot      32 words, two cache lines: what nearly every packet needs of both directions
 *     lines    up to eight, each a cache line: of both directions one of what is waited for, one of the handshake, one of
 *              silences, and one of the first LINE_INTERVALS intervals behind the current one; for each direction one of round
 *              trips and of responses to it, and one of timestamps
 *     octets   none, or in place of that last line 2 × INTERVALS_MAX doubles, where there is data in a later interval
 *     rare     none, or a block: 2 × 80 words of order, losses, windows, and counts that few packets change
 *     pdm      2 × 32 words;  icmp  2 × 8 words
 *
 * Nothing but numbers stands here, so that the engine (engine/assembly) is compiled from the same ones.
 */

/** Intervals of the histogram of octets; when a flow lasts longer, each interval doubles. */
export const INTERVALS_MAX = 24;

// Hot words: shared ones, then a block for each direction.
export const HOT_WORDS = 32;
export const HOT_DOUBLES = HOT_WORDS / 2;
/** End of the current interval, ns: a double. -Infinity before the first packet. */
export const INTERVAL_END_NS = 0;
export const FLOW_BITS = 2;
/** Number of the flow's line of silences, from 1; 0: it has none. */
export const HOT_SILENCES = 3;
export const HOT_FORWARD = 4;
export const HOT_REVERSE = 16;
/** Number of the first interval of the histogram, and of the current one. */
export const HOT_FIRST_INTERVAL = 28;
export const HOT_INTERVAL = 29;
/** Numbers of the flow's line of times and of its line of the handshake, from 1; 0: it has none. */
export const HOT_TIMES = 30;
export const HOT_HANDSHAKE = 31;
// A direction's block.
export const BITS = 0;
/** The sequence number behind the last octet it sent. */
export const NEXT = 1;
/** The highest acknowledgement it sent. */
export const ACKED = 2;
/** Window of its last segment as it stands there | shift of its SYN << 16. */
export const WINDOW = 3;
export const SEGMENTS = 4;
export const FLIGHT = 5;
/** IP identification of its last packet | largest segment's payload << 16. */
export const ID_SEGMENT = 6;
/** Least window | greatest << 16, as they stand in segments. */
export const WINDOW_RANGE = 7;
/** New payload octets in the current interval: a double, 4 doubles from the block's start. */
export const NEW_OCTETS = 4;
/** Time of its last new data: a double. */
export const LAST_DATA_NS = 5;

/** Bits of FLOW_BITS. */
export const FLOW_ANY_DATA = 1 << 0;
/** The last data went in reverse. */
export const FLOW_LAST_REVERSE = 1 << 1;
/** The flow's histogram holds intervals of this record; it is a wide one. */
export const FLOW_OCTETS_USED = 1 << 2;
export const FLOW_OCTETS_WIDE = 1 << 11;
export const FLOW_SYN = 1 << 3;
export const FLOW_SYN_ACK = 1 << 4;
export const FLOW_ESTABLISHED = 1 << 5;
export const FLOW_REFUSED = 1 << 6;
export const FLOW_SERVER_TIME = 1 << 7;
export const FLOW_CLIENT_TIME = 1 << 8;
/** The time to the responder, or to the initiator, can no longer be told: something was sent twice. */
export const FLOW_SERVER_VOID = 1 << 9;
export const FLOW_CLIENT_VOID = 1 << 10;
/** From here on, how often intervals were doubled. */
export const FLOW_DOUBLINGS_SHIFT = 16;
export const FLOW_DOUBLINGS_MASK = 0x3f << 16;

/** Bits of a direction. */
export const SEEN = 1 << 0;
export const NEXT_KNOWN = 1 << 1;
export const ACK_KNOWN = 1 << 2;
export const SEQUENCE_USED = 1 << 4;
/** Segments whose acknowledgement is waited for, 0 … 3. */
export const PENDING_ONE = 1 << 5;
export const PENDING_MASK = 3 << 5;
/** Sequence numbers are missing, or the next acknowledgement must be looked at for another reason. */
export const HAS_HOLES = 1 << 7;
export const ZERO_WINDOW = 1 << 8;
export const WINDOW_SEEN = 1 << 9;
export const MSS_KNOWN = 1 << 10;
/** Its SYN had the window scale option. */
export const SCALE_OPTION = 1 << 11;
/** Its SYN was seen with all of its options. */
export const SYN_OPTIONS = 1 << 12;
export const INITIAL_KNOWN = 1 << 13;
/** The other side sent a keep-alive or window probe: the answer repeats an ACK without meaning a loss. */
export const PROBED = 1 << 14;
/** A timestamp waits for its echo. */
export const TIMESTAMP_PENDING = 1 << 15;
/** Its segments came in fragments: sequence numbers cannot be followed. */
export const FRAGMENTED = 1 << 16;
export const PDM_USED = 1 << 17;
export const ICMP_USED = 1 << 18;
/** Since its last new data it retransmitted, or the other side's window was closed. */
export const TROUBLED = 1 << 19;
/** Its IP identifications differ from packet to packet. */
export const ID_VARIES = 1 << 20;
export const TIMESTAMP_SEEN = 1 << 21;
/** They go up a little from packet to packet, so that they tell in which order packets were sent. */
export const ID_ORDERED = 1 << 25;
/** It sent data at some time; in this record. */
export const DATA_SEEN = 1 << 22;
export const DATA_IN_RECORD = 1 << 23;
/** In this record it sent TCP segments. */
export const SEEN_IN_RECORD = 1 << 24;

// Lines, of which a free one begins with the number of the next. Line 0 belongs to nobody and stays empty: it is what is
// read of a line that a flow does not have. Words hold float32 where a name ends in NS, unless it is called a double.
export const LINE_WORDS = 16;
/** Most lines that a flow has. */
export const LINES_MAX = 8;
// The line of times of a flow: what is waited for, forward words before reverse ones. A direction waits for two segments here.
export const TIMES_WORDS = 8;
/** Two ends of segments, and their times: doubles 1 and 2. */
export const PENDING_END = 0;
export const PENDING_NS = 1;
/** As many stand there. */
export const PENDING_HERE = 2;
/** Numbers of the direction's lines of samples and of timestamps, or 0. */
export const TIMES_SAMPLES = 6;
export const TIMES_STAMPS = 7;
// The line of the handshake of a flow, forward words before reverse ones, with the third segment that is waited for.
export const HANDSHAKE_WORDS = 8;
/** The number of its SYN. */
export const HANDSHAKE_INITIAL = 0;
/** Segments with SYN | with FIN << 16, at most 65,535 each. */
export const HANDSHAKE_SYN_FIN = 1;
/** Segments with RST, at most 65,535 | the MSS that its SYN announced << 16. */
export const HANDSHAKE_RST_MSS = 2;
/** End of the third segment, and its time, a double. */
export const THIRD_END = 3;
export const THIRD_NS = 3;
/** A double: when its SYN or SYN/ACK was sent, or how long that leg of the handshake took. */
export const SYN_NS = 2;
/** An accumulator: samples, least, greatest, last, jitter, then a double with the sum. */
export const SAMPLES = 0;
export const LEAST_NS = 1;
export const GREATEST_NS = 2;
export const LAST_NS = 3;
export const JITTER_NS = 4;
export const SUM_NS = 6;
export const ACCUMULATOR_WORDS = 8;
// The line of samples of a direction: an accumulator of its round trips, and one of the other side's responses to its data, since
// a packet that answers changes both.
export const ACK_TIMES = 0;
export const RESPONSE_TIMES = 8;
// The line of timestamps of a direction: an accumulator, then what is waited for.
export const TIMESTAMP_TIMES = 0;
export const TIMESTAMP_LAST = 8;
export const TIMESTAMP_PENDING_VALUE = 9;
/** A double: when the pending timestamp was sent. */
export const TIMESTAMP_PENDING_NS = 5;
// The line of silences of a flow: these words of the forward direction, then of the reverse one.
export const SILENCE_WORDS = 8;
export const SILENCE_STALLS = 0;
/** Of the forward direction: number of the flow's rare block, from 1; 0: it has none. */
export const SILENCE_RARE = 1;
/** Of the line, not of a direction: number of the line or of the wide histogram that holds intervals; 0: the flow has none. */
export const SILENCE_HISTOGRAM = SILENCE_WORDS + 1;
/** Doubles. */
export const SILENCE_STALLED_NS = 1;
export const SILENCE_LONGEST_STALL_NS = 2;
export const SILENCE_LONGEST_IDLE_NS = 3;

// Loss: counters of a record, then what outlives it.
export const SEQUENCE_WORDS = 80;
export const SEQUENCE_RETRANSMITTED = 0;
export const SEQUENCE_EPISODES = 1;
export const SEQUENCE_UPSTREAM = 2;
export const SEQUENCE_DOWNSTREAM = 3;
export const SEQUENCE_SPURIOUS = 4;
export const SEQUENCE_DISORDERED = 5;
export const SEQUENCE_MIRRORED = 6;
export const SEQUENCE_UNSEEN_SEGMENTS = 7;
export const SEQUENCE_DUPLICATE_ACKS = 8;
export const SEQUENCE_SACK_BLOCKS = 9;
export const SEQUENCE_DSACKS = 10;
export const SEQUENCE_ZERO_WINDOWS = 11;
export const SEQUENCE_WINDOW_FULL = 12;
export const SEQUENCE_KEEP_ALIVES = 16;
export const SEQUENCE_ECT = 17;
export const SEQUENCE_CE = 18;
export const SEQUENCE_ECE = 19;
export const SEQUENCE_CWR = 20;
/** Doubles. */
export const SEQUENCE_RETRANSMITTED_OCTETS = 11;
export const SEQUENCE_UNSEEN_OCTETS = 12;
export const SEQUENCE_ZERO_WINDOW_NS = 13;
/** Words from here on outlive a record. A double: since when the window is closed. */
export const SEQUENCE_COUNTER_WORDS = 28;
export const SEQUENCE_ZERO_SINCE_NS = 14;
/** A retransmission from here on is a new episode. */
export const SEQUENCE_RECOVER = 30;
export const SEQUENCE_HOLES = 31;
/** Each hole: start, end, IP identification and timestamp of the segment behind it, and its time, a double. */
export const SEQUENCE_HOLE = 32;
export const HOLE_START = 0;
export const HOLE_END = 1;
export const HOLE_ID = 2;
export const HOLE_TIMESTAMP = 3;
export const HOLE_NS = 2;
export const HOLE_WORDS = 6;
export const HOLES_MAX = 8;

// Rare blocks: loss words of both directions. A free one begins with the number of the next; block 0 belongs to nobody, as
// line 0 does. Wide histograms likewise.
export const RARE_WORDS = 2 * SEQUENCE_WORDS;
/** Intervals of each direction that a line holds, as doubles: forward ones first. */
export const LINE_INTERVALS = LINE_WORDS / 4;
export const WIDE_WORDS = 4 * INTERVALS_MAX;

/** Three words of all lines, then three of all blocks, then of all wide histograms. */
export const POOL_LINES = 0;
export const POOL_RARE = 3;
export const POOL_WIDE = 6;
/** Number of the first free one, or 0; how many have been in use at a time; how many are now. */
export const POOL_FREE = 0;
export const POOL_MOST = 1;
export const POOL_USED = 2;
export const POOL_WORDS = 9;

// PDM: counters and accumulators of a record, then what outlives it.
export const PDM_WORDS = 32;
export const PDM_COUNT = 0;
export const PDM_MISSING = 1;
export const PDM_LATE = 2;
export const PDM_TWICE = 3;
/** Accumulators of samples, least, greatest, unused; then their sums as doubles. */
export const PDM_RTT_TIMES = 4;
export const PDM_SERVER_TIMES = 7;
export const PDM_PROBE_TIMES = 10;
export const PDM_RTT_SUM = 7;
export const PDM_SERVER_SUM = 8;
export const PDM_PROBE_SUM = 9;
export const PDM_COUNTER_WORDS = 20;
/** PSNTP of the newest packet | its PSNLR << 16, which of the 32 before it were seen, and whether there is one. */
export const PDM_NUMBERS = 20;
export const PDM_WINDOW = 21;
export const PDM_HAS_LAST = 22;
/** IP identification of the newest packet if it is a fragment; PSNLR of the last packet that advanced it. */
export const PDM_FRAGMENT = 23;
export const PDM_ANSWERED = 24;
/** Doubles: time of the newest packet, and its DELTATLR in ns. */
export const PDM_LAST_NS = 13;
export const PDM_DELTA_LAST_RECEIVED = 14;

export const ICMP_WORDS = 8;

/** Bit t: type t of ICMP is an error (destination unreachable, source quench, redirect, time exceeded, parameter). */
export const ICMP_ERROR_TYPES = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 11) | (1 << 12);
/** Of ICMPv6, types below this are errors (RFC 4443 §2.1); 0 is reserved. */
export const ICMPV6_INFORMATION = 128;

/** Identifications further apart than this say nothing about order. */
export const ID_REACH = 1024;
/** A payload up to this is one segment, whatever was announced; anything longer is looked at. */
export const SINGLE_OCTETS = 1460;
/** The shortest time without new data that counts as a silence. */
export const SILENCE_NS = 1e9;
