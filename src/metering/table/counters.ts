/**
 * What the metering process counts, as indexes of a Float64Array (exact to 2^53). The array may lie in shared memory:
 * one worker writes it, any thread reads it.
 */
export const METERED_PACKETS = 0;
/** IP octets of the metered packets. */
export const METERED_OCTETS = 1;
/** Octets of their frames on the wire. */
export const METERED_FRAME_OCTETS = 2;
export const FLOWS_CREATED = 3;
/** The most flows that there have been in the table. */
export const FLOWS_PEAK = 5;
/** Flows handed to the exporting process by flowEndReason (IE 136): index FLOWS_EXPIRED + reason, reasons 1 … 5. */
export const FLOWS_EXPIRED = 5;
/** Later fragments counted to the flow of their first one. */
export const FRAGMENTS_MATCHED = 11;
/** Later fragments whose first one was not seen, before them or while they were held: counted to ports 0. */
export const FRAGMENTS_UNMATCHED = 12;
/** First fragments that were pushed out of a full cache before their 30 s were over. */
export const FRAGMENTS_FORGOTTEN = 13;
/** Times that packet time went back by more than the idle timeout. */
export const CLOCK_REBASES = 14;
/** Records that were dropped because the exporting process had no credit left; their packets and octets. */
export const RECORDS_DROPPED = 15;
export const RECORDS_DROPPED_PACKETS = 16;
export const RECORDS_DROPPED_OCTETS = 17;
/** ICMP and ICMPv6 errors whose quoted packet has its flow in the table, and those it has none. */
export const ICMP_ERRORS_TIED = 20;
export const ICMP_ERRORS_UNTIED = 21;
/** Payload inspection: counts of src/applications/inspection-context.ts, in its order, from here on. */
export const INSPECTION = 24;
export const INSPECTION_COUNTERS = 8;
/** Flows whose payload was not looked into, since all inspections were at work. */
export const INSPECTIONS_REFUSED = INSPECTION + INSPECTION_COUNTERS;
/** Flows of which something was found out, and no room was left to keep it. */
export const FACTS_REFUSED = INSPECTIONS_REFUSED + 1;

/** Names by DNS: counts of src/applications/dns-name-counts.ts, in its order, from here on. */
export const DNS_NAMES = 40;
export const DNS_NAMES_COUNTERS = 8;

/** Places from here on tell how things are now; all before them count. */
export const FIRST_METERING_GAUGE = 56;
/** Flows now in the table. */
export const FLOWS_ACTIVE = FIRST_METERING_GAUGE;
/** The metering process's clock, nanoseconds since the time base. */
export const CLOCK_NS = FIRST_METERING_GAUGE + 1;
/** Addresses that are remembered with a name now. */
export const DNS_NAMES_SIZE = FIRST_METERING_GAUGE + 2;
/** Octets of memory that path health has taken for flows. */
export const HEALTH_OCTETS = FIRST_METERING_GAUGE + 3;
/** Flows whose payload is looked into now. */
export const INSPECTIONS_ACTIVE = FIRST_METERING_GAUGE + 4;

export const METERING_COUNTERS = 64;
