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

/** Why `meter` stopped: the lower three bits of what it returns; above them is the packet's number in the batch. */
export const STOP_BITS = 3;
/** All packets have been added. */
export const STOP_END = 0;
/** The clock is to be looked at before this packet (metering/packet-clock.ts). */
export const STOP_LOOK = 1;
/** This packet's flow is not in the table, or the key has an extension, which the engine does not compare. */
export const STOP_FIND = 2;
/** This packet's flow may have ended before it; `found` has its slot. */
export const STOP_ENDED = 3;
/**
 * This packet has been added, and something rarer is to be done with it; `found` has its flow's slot, and a bit above it
 * (TCP_ENDED_SHIFT) if TCP came to its end with it.
 */
export const STOP_ADDED = 4;
export const TCP_ENDED_SHIFT = 24;

/** What `meter` is told of its first packet, instead of the slot that the packet is to be added to. */
export const SLOT_UNKNOWN = -1;
/** The clock has been looked at; the flow is still to be found. */
export const SLOT_CLOCK_SEEN = -2;
