/**
 * Round-trip time and lost segments of a flow record, out of its words (path-health-layout.ts): for what looks at every
 * record and makes no object of it. read-path-health.ts reads all of path health, and says the same.
 */
import {
  ACK_RTT,
  BIT_HANDSHAKE_CLIENT,
  BIT_HANDSHAKE_SERVER,
  DIRECTION_BITS,
  FORWARD_HEALTH,
  HANDSHAKE_CLIENT_US,
  HANDSHAKE_SERVER_US,
  HEALTH_BITS,
  HEALTH_WORD,
  LOST_DOWNSTREAM,
  LOST_UPSTREAM,
  REVERSE_HEALTH,
  TIMESTAMP_RTT,
  VALID_ACK_RTT,
  VALID_SEQUENCE,
  VALID_TIMESTAMP_RTT,
} from './path-health-layout.ts';

/** Of the words of one kind of round trip, the mean; the first has the samples. */
const MEAN = 2;

/** From the probe to one end and back: by timestamps or acknowledgements, whichever are more, else by the handshake. */
function segmentMeanUs(words: Int32Array, at: number, handshakeUs: number): number {
  const bits = words[at + DIRECTION_BITS]!;
  const acks = (bits & VALID_ACK_RTT) === 0 ? 0 : words[at + ACK_RTT]! >>> 0;
  const timestamps = (bits & VALID_TIMESTAMP_RTT) === 0 ? 0 : words[at + TIMESTAMP_RTT]! >>> 0;
  if (timestamps > acks) return words[at + TIMESTAMP_RTT + MEAN]! >>> 0;
  return acks > 0 ? words[at + ACK_RTT + MEAN]! >>> 0 : handshakeUs;
}

/**
 * Mean round trip between both ends, microseconds; NaN where one side of it is not known.
 * @param row first word of a record that carries path health
 */
export function roundTripMeanUs(words: Int32Array, row: number): number {
  const at = row + HEALTH_WORD;
  const bits = words[at + HEALTH_BITS]!;
  const server = (bits & BIT_HANDSHAKE_SERVER) === 0 ? Number.NaN : words[at + HANDSHAKE_SERVER_US]! >>> 0;
  const client = (bits & BIT_HANDSHAKE_CLIENT) === 0 ? Number.NaN : words[at + HANDSHAKE_CLIENT_US]! >>> 0;
  return (
    segmentMeanUs(words, at + FORWARD_HEALTH, server) + segmentMeanUs(words, at + REVERSE_HEALTH, client)
  );
}

/** Segments of a direction that the network lost. @param at first word of the direction's part of the record */
function lostOf(words: Int32Array, at: number): number {
  if ((words[at + DIRECTION_BITS]! & VALID_SEQUENCE) === 0) return Number.NaN;
  return (words[at + LOST_UPSTREAM]! >>> 0) + (words[at + LOST_DOWNSTREAM]! >>> 0);
}

/**
 * TCP segments that the network lost, of both directions; NaN where neither's sequence numbers are known.
 * @param row first word of a record that carries path health
 */
export function lostSegments(words: Int32Array, row: number): number {
  const forward = lostOf(words, row + HEALTH_WORD + FORWARD_HEALTH);
  const reverse = lostOf(words, row + HEALTH_WORD + REVERSE_HEALTH);
  if (Number.isNaN(forward)) return reverse;
  return Number.isNaN(reverse) ? forward : forward + reverse;
}
