/**
 * The decoder's counters: plain arrays of doubles (exact to 2^53), in memory that other threads may read at any time.
 * They only grow; readers take differences.
 */
import { NOTICES } from './notices.ts';
import { REASONS } from './reasons.ts';

/** Counters of one decoder. Every frame is in `packetsByReason` exactly once. */
export interface DecodeCounters {
  /** Frames by reason code; index 0 counts the accepted ones. */
  readonly packetsByReason: Float64Array;
  /** Their octets on the wire. */
  readonly octetsByReason: Float64Array;
  /** Metered packets by notice code, each packet at most once per notice. */
  readonly packetsByNotice: Float64Array;
  /** Frames refused as otherEtherType, by EtherType. */
  readonly packetsByEtherType: Float64Array;
  /** Frames refused as unsupportedLinkType, by LINKTYPE_ number. */
  readonly packetsByLinkType: Float64Array;
}

/** EtherTypes and link types have 16 bits. Memory of numbers that never occur is never touched. */
const NUMBERS = 0x10000;

/** Octets of memory that a DecodeCounters takes. */
export const DECODE_COUNTERS_SIZE =
  (2 * REASONS.length + NOTICES.length + 2 * NUMBERS) * Float64Array.BYTES_PER_ELEMENT;

/**
 * Counters over given memory, or over their own.
 * @param buffer  at least `byteOffset` + DECODE_COUNTERS_SIZE octets; not cleared
 * @param byteOffset  a multiple of 8
 * @throws RangeError when the memory does not suffice or is not aligned
 */
export function createDecodeCounters(
  buffer: ArrayBufferLike = new ArrayBuffer(DECODE_COUNTERS_SIZE),
  byteOffset = 0,
): DecodeCounters {
  const reasonOctets = REASONS.length * Float64Array.BYTES_PER_ELEMENT;
  const noticesEnd = byteOffset + 2 * reasonOctets + NOTICES.length * Float64Array.BYTES_PER_ELEMENT;
  const numberOctets = NUMBERS * Float64Array.BYTES_PER_ELEMENT;
  return {
    packetsByReason: new Float64Array(buffer, byteOffset, REASONS.length),
    octetsByReason: new Float64Array(buffer, byteOffset + reasonOctets, REASONS.length),
    packetsByNotice: new Float64Array(buffer, byteOffset + 2 * reasonOctets, NOTICES.length),
    packetsByEtherType: new Float64Array(buffer, noticesEnd, NUMBERS),
    packetsByLinkType: new Float64Array(buffer, noticesEnd + numberOctets, NUMBERS),
  };
}
