/**
 * Counts the rest of a super-packet: the metering process counted its first segment as a packet like any other, and
 * each further one is a packet of the same length, but the last, which may be shorter (capture/live/super-packets.ts).
 */
import * as decoded from '../records/decoded-batch.ts';
import * as layout from '../records/flow-layout.ts';
import * as counting from './table/counters.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { FRAGMENT_ID, FRAME_OCTETS, IP_OCTETS } = decoded;
const { METERED_FRAME_OCTETS, METERED_OCTETS, METERED_PACKETS } = counting;
const { LAYER2_OCTETS, LENGTH_MIN, OCTETS, PACKETS } = layout;

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
  const segments = packets[at + FRAGMENT_ID]! >>> 16;
  const shorter = packets[at + FRAGMENT_ID]! & 0xffff;
  const length = packets[at + IP_OCTETS]! >>> 0;
  const further = segments - 1;
  const octets = further * length - shorter;
  const frameOctets = further * (packets[at + FRAME_OCTETS]! >>> 0) - shorter;
  doubles[line + PACKETS] = doubles[line + PACKETS]! + further;
  doubles[line + OCTETS] = doubles[line + OCTETS]! + octets;
  doubles[line + LAYER2_OCTETS] = doubles[line + LAYER2_OCTETS]! + frameOctets;
  if (length - shorter < words[lineAt + LENGTH_MIN]! >>> 0) words[lineAt + LENGTH_MIN] = length - shorter;
  counters[METERED_PACKETS] = counters[METERED_PACKETS]! + further;
  counters[METERED_OCTETS] = counters[METERED_OCTETS]! + octets;
  counters[METERED_FRAME_OCTETS] = counters[METERED_FRAME_OCTETS]! + frameOctets;
}
