/**
 * Counts the rest of a super-packet: the metering process counted its first segment as a packet like any other, and
 * each further one is a packet of the same length, but the last, which may be shorter (capture/live/super-packets.ts).
 */
import * as decoded from '../records/decoded-batch.ts';
import * as layout from '../records/flow-layout.ts';
import * as counting from './table/counters.ts';

/**
 * @param lineAt the line of the packet's direction, in words
 * @param packets work records; that of the super-packet starts at `at`
 * @param counters the metering process's
 */
export function addFurtherSegments(
  words: Int32Array,
  doubles: Float64Array,
  lineAt: number,
  packets: Int32Array,
  at: number,
  counters: Float64Array,
): void {
  const line = lineAt >>> 1;
  const segments = packets[at + decoded.FRAGMENT_ID]! >>> 16;
  const shorter = packets[at + decoded.FRAGMENT_ID]! & 0xffff;
  const length = packets[at + decoded.IP_OCTETS]! >>> 0;
  const further = segments - 1;
  const octets = further * length - shorter;
  const frameOctets = further * (packets[at + decoded.FRAME_OCTETS]! >>> 0) - shorter;
  doubles[line + layout.PACKETS] = doubles[line + layout.PACKETS]! + further;
  doubles[line + layout.OCTETS] = doubles[line + layout.OCTETS]! + octets;
  doubles[line + layout.LAYER2_OCTETS] = doubles[line + layout.LAYER2_OCTETS]! + frameOctets;
  if (length - shorter < words[lineAt + layout.LENGTH_MIN]! >>> 0)
    words[lineAt + layout.LENGTH_MIN] = length - shorter;
  counters[counting.METERED_PACKETS] = counters[counting.METERED_PACKETS]! + further;
  counters[counting.METERED_OCTETS] = counters[counting.METERED_OCTETS]! + octets;
  counters[counting.METERED_FRAME_OCTETS] = counters[counting.METERED_FRAME_OCTETS]! + frameOctets;
}
