/**
 * How much of an engine's memory a live capture needs, so that the engine reads its packets where they are: the ring
 * itself, or a window that packets are copied to.
 */
import type { LiveCaptureOptions } from '../live-options.ts';
import { SNAP_LENGTH_MAX } from '../selection/bpf.ts';

/** Memory that packets lie in, or are copied to. */
export interface CaptureMemory {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  readonly octets: number;
}

/** A record's header, as in a capture file: seconds, nanoseconds, octets captured, octets on the wire. */
export const RECORD_HEADER_OCTETS = 16;
const LIBPCAP_OCTETS_MAX = 8 * 2 ** 20;
const LIBPCAP_PACKETS_MAX = 512;
const CAP_OCTETS = 8 * 2 ** 20;

/** Packets that libpcap copies at a time: so many that they have room whatever their lengths are. */
export function libpcapPackets(snapLength: number): number {
  const recordOctets = RECORD_HEADER_OCTETS + (snapLength === 0 ? SNAP_LENGTH_MAX : snapLength);
  return Math.min(LIBPCAP_PACKETS_MAX, Math.floor(LIBPCAP_OCTETS_MAX / recordOctets));
}

/** Octets of the memory that a capture copies its packets to; of a ring, where it cannot be mapped there: a block. */
export function windowOctets({
  capture,
  blockOctets,
  snapLength,
}: Pick<LiveCaptureOptions, 'capture' | 'blockOctets' | 'snapLength'>): number {
  switch (capture) {
    case 'ring':
      return blockOctets;
    case 'libpcap': {
      const recordOctets = RECORD_HEADER_OCTETS + (snapLength === 0 ? SNAP_LENGTH_MAX : snapLength);
      // The stream that libpcap writes to ends what was written with a zero.
      return libpcapPackets(snapLength) * recordOctets + 1;
    }
    case 'cap':
      return CAP_OCTETS;
  }
}
