/**
 * How the arrays of a batch lie in memory, for both sides: a batch is passed as the place of its first octet and its
 * capacity. Times come first, so that they are aligned.
 *
 *     packet batch    time (f64) × capacity │ frame offset (i32) │ captured length (i32) │ wire length (u32)
 *                     │ interface index (u16)
 *     decoded batch   time (f64) × capacity │ DECODED_WORDS × capacity
 *
 * Nothing but numbers stands here: the engine is compiled from it, and the arrays are laid out by it.
 */

/** Octets for each packet of a packet batch, and of a decoded one. */
export const FRAME_OCTETS_EACH = 22;
export const TIME_OCTETS = 8;

/**
 * Doubles of what `countFrames`, `takeRecords` and `takeRing` count: octets on the wire, frames stored in part, first and last time.
 */
export const DIRECT_OCTETS = 0;
export const DIRECT_SNAPPED = 1;
export const DIRECT_FIRST_NS = 2;
export const DIRECT_LAST_NS = 3;
/** Not of `countFrames`: the record behind the last one that was taken, in octets from where the view begins. */
export const DIRECT_PLACE = 4;
/** Of `takeRecords` only: not 0 where it stopped at a record that is earlier than one before it. */
export const DIRECT_IS_LATE = 5;
/**
 * Not of `countFrames`: records that were taken, and octets on the wire of those that are in the batch. Fewer are in it
 * than were taken where `takeRecords` takes a share, or `takeRing` selects by hash.
 */
export const DIRECT_RECORDS = 6;
export const DIRECT_KEPT_OCTETS = 7;
/** Of `takeRing` only: super-packets in the batch, and packets that they stand for. */
export const DIRECT_SUPER_PACKETS = 8;
export const DIRECT_SEGMENTS = 9;
/** Of `takeRecords` only: the time of the record that was taken last. */
export const DIRECT_END_NS = 10;
/** Not of `countFrames`: records that were taken and refused, since what they hold is not metered. */
export const DIRECT_REFUSED = 11;
export const DIRECT_DOUBLES = 12;

/**
 * Words of what uncommon frames are decoded with (decode/uncommon-frames.ts): places of the kinds of EtherTypes and of the reasons by
 * service access point, an octet each, and of the kinds of IP protocols, a word each (HEADER_…).
 */
export const UNCOMMON_ETHER_KINDS = 0;
export const UNCOMMON_SAP_REASONS = 1;
export const UNCOMMON_PROTOCOLS = 2;
/** What of the PPPoE session id belongs to the key. */
export const UNCOMMON_PPPOE_MASK = 3;
/** 1: what is around packets is kept, as the engine does not: it leaves labels and sessions. */
export const UNCOMMON_KEEPS_AROUND = 4;
/** What the engine sets: not 0 once something was counted, and once one of the packets is a fragment. */
export const UNCOMMON_IS_COUNTED = 5;
export const UNCOMMON_HAS_FRAGMENTS = 6;
/** Doubles behind them: frames that are not metered and their octets on the wire by reason, packets by notice. */
export const UNCOMMON_REASONS_MAX = 64;
export const UNCOMMON_PACKETS_DOUBLE = 4;
export const UNCOMMON_OCTETS_DOUBLE = 68;
export const UNCOMMON_NOTICES_DOUBLE = 132;
export const UNCOMMON_DOUBLES = 164;

/** Kinds of EtherTypes: 0 is none of these, numbers up to the first are reasons (reason-codes.ts). */
export const ETHER_REASON_MAX = 0x3f;
/** A tag between this EtherType and the next, or a whole Ethernet frame; the lower bits are its octets. */
export const ETHER_TAG = 0x40;
export const ETHER_FRAME = 0xc0;
export const ETHER_TAG_OCTETS_MASK = 0x1f;
export const ETHER_IPV4 = 0x81;
export const ETHER_IPV6 = 0x82;
export const ETHER_VLAN = 0x83;
export const ETHER_MPLS = 0x84;
export const ETHER_PPPOE = 0x85;
/** Of a destination service access point: with the same source it leads on to something else than its reason. */
export const SAP_LEADS_ON = 0x80;

/** Kinds of transport headers: the lower octet is how many octets it has at least, 0 where it is not read. */
export const HEADER_OCTETS_MASK = 0xff;
export const HEADER_KIND_MASK = 0xf00;
/** Two ports, and nothing else that is read. */
export const HEADER_PORTS = 0x100;
/** Type and code, and type alone. */
export const HEADER_TYPE_CODE = 0x200;
export const HEADER_TYPE = 0x300;
export const HEADER_TCP = 0x400;
export const HEADER_UDP = 0x500;
/** A tunnel that is to be looked into, as the engine does not. */
export const HEADER_LEFT = 0x600;

/** Words of a selection by hash: one packet in so many, the hash's initial value, and room for what is hashed. */
export const SELECTOR_INTERVAL = 0;
export const SELECTOR_INITIAL = 1;
export const SELECTOR_INPUT = 2;
export const SELECTOR_WORDS = 10;

/**
 * What `takeRing` counts of the interfaces of a group, where a ring is that of one: so many words, the number of each in
 * this system and the number that each had before, 0 for none; behind them a double for the packets of each of these
 * numbers, then one for their octets on the wire.
 */
export const MEMBER_NUMBERS = 16;
export const MEMBER_PACKETS_DOUBLE = 8;
export const MEMBER_OCTETS_DOUBLE = 24;
export const MEMBER_DOUBLES = 40;

/** Why `meter` stopped: the lower three bits of what it returns; above them is the packet's number in the batch. */
export const STOP_BITS = 3;
/** All packets have been added. */
export const STOP_END = 0;
/** The clock is to be looked at before this packet (metering/packet-clock.ts). */
export const STOP_LOOK = 1;
/**
 * This packet's flow is not in the table and there is no room for it, or what is to be kept of it lies outside the
 * engine; or the key has an extension, which the engine does not compare.
 */
export const STOP_FIND = 2;
/** This packet's flow may have ended before it; `found` has its slot. */
export const STOP_ENDED = 3;
/** This packet has been added, and something rarer is to be done with it; `found` has its flow's slot. */
export const STOP_ADDED = 4;

/** Words of what `useTable` is given: places of the table's arrays, and what is to be known of it. */
export const TABLE_ENTRIES = 0;
export const TABLE_INDEX = 1;
/** The index has 2 to the power of this many words. */
export const TABLE_INDEX_BITS = 2;
export const TABLE_CAPACITY = 3;
export const TABLE_STATE = 4;
/** SCHEDULE_WORDS of table-words.ts for each slot. */
export const TABLE_SCHEDULE = 5;
/** Link details, for each slot. */
export const TABLE_LINK = 6;
/** Buckets of the timing wheel, which of them are not empty, and its time. */
export const TABLE_WHEEL_HEAD = 7;
export const TABLE_WHEEL_OCCUPIED = 8;
export const TABLE_WHEEL_TICKS = 9;
/** The packet clock, and the sums: SUMS_…. */
export const TABLE_CLOCK = 10;
export const TABLE_SUMS = 11;
/** 1: keys have extensions, which the engine does not see. */
export const TABLE_HAS_EXTENSION = 12;
/** 1: what else is to be kept of a flow lies outside the engine. */
export const TABLE_HAS_MORE = 13;
/** 1: `meter` is to stop at each packet that has been added, unless path health is measured in the engine. */
export const TABLE_STOPS_AT_EACH = 14;
/** Which bits of KEY_OBSERVATION_POINT belong to the key. */
export const TABLE_POINT_MASK = 15;
/** Path health's words, where they lie in the engine, else 0; and the length of its intervals. */
export const TABLE_HEALTH_HOT = 16;
export const TABLE_HEALTH_LINES = 17;
export const TABLE_HEALTH_RARE = 18;
export const TABLE_HEALTH_POOLS = 19;
export const TABLE_HEALTH_INTERVAL_MS = 20;
/** The list of packets whose payload is to be looked into, or 0 where none is: INSPECTION_…. */
export const TABLE_INSPECTION = 21;
/** What the first look at payload goes by, FIRST_LOOK_…, or 0 where there is none. */
export const TABLE_FIRST_LOOK = 22;
/** Path health's wide histograms, as TABLE_HEALTH_HOT. */
export const TABLE_HEALTH_WIDE = 23;
/** Places of path health that the engine keeps while it touches it ahead, a word for each of TOUCHED_AT_ONCE packets. */
export const TABLE_HEALTH_PLACES = 24;
export const TABLE_PLACES = 25;
/** Packets whose entries and path health are touched at once: their 192 octets of entries each stay in the L1 cache until they are added. */
export const TOUCHED_AT_ONCE = 128;

/**
 * Words of that list: how many packets are in it, how many were looked at and left out as they say nothing known, then for
 * each its number in the batch and the slot of its flow. Who has looked at them sets the first two words to 0.
 */
export const INSPECTION_COUNT = 0;
export const INSPECTION_DISMISSED = 1;
export const INSPECTION_HEAD_WORDS = 2;
export const INSPECTION_PAIR_WORDS = 2;

/**
 * Octets that the first look at payload goes by, TCP's before UDP's: the class of each port, and for each class a bit for
 * each first octet by which something may be known. Class 0 is that of signatures without ports, and of ports without a
 * class. FIRST_LOOK_TLS in a port's class: whatever a segment to it begins with may belong to a hello.
 * Behind them a bit for each place of flows that go on from before (metering/applications/continued.ts): one is there.
 */
export const FIRST_LOOK_PORTS = 65_536;
export const FIRST_LOOK_TLS = 0x80;
export const FIRST_LOOK_CLASSES = 2 * FIRST_LOOK_PORTS;
export const FIRST_LOOK_CLASSES_MAX = 128;
export const FIRST_LOOK_CLASS_OCTETS = 32;
const CLASSES_OCTETS = FIRST_LOOK_CLASSES_MAX * FIRST_LOOK_CLASS_OCTETS;
export const FIRST_LOOK_UDP_CLASSES = FIRST_LOOK_CLASSES + CLASSES_OCTETS;
export const FIRST_LOOK_CONTINUED = FIRST_LOOK_UDP_CLASSES + CLASSES_OCTETS;
/** Places of flows that go on are 2 to the power of this many. */
export const FIRST_LOOK_CONTINUED_BITS = 13;
export const FIRST_LOOK_OCTETS = FIRST_LOOK_CONTINUED + ((1 << FIRST_LOOK_CONTINUED_BITS) >>> 3);

/**
 * Doubles of the sums: IP octets and octets of frames are added to the first two; the third means nothing; to the last go
 * the packets that super-packets stand for behind their first ones.
 */
export const SUMS_OCTETS = 0;
export const SUMS_FRAME_OCTETS = 1;
export const SUMS_TOUCHED = 2;
export const SUMS_FURTHER = 3;
export const SUMS_DOUBLES = 4;

/** What `meter` is told of its first packet, instead of the slot that the packet is to be added to. */
export const SLOT_UNKNOWN = -1;
/** The clock has been looked at; the flow is still to be found. */
export const SLOT_CLOCK_SEEN = -2;
