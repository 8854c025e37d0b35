/**
 * The further segments of a super-packet: the first one was added to its flow as a packet like any other, and each of these
 * is a packet of the same length, but the last, which may be shorter (segments.ts marks its record).
 */
import * as packet from '../../records/decoded-words';
import { SUMS_FRAME_OCTETS, SUMS_FURTHER, SUMS_OCTETS } from '../../records/engine-words';
import * as flow from '../../records/flow-words';

/** Segments that a super-packet stands for. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function segmentsOf(record: usize): u32 {
  return load<u32>(record, packet.FRAGMENT_ID * 4) >>> 16;
}

/** By how many octets the last segment is shorter than the others. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function shortfallOf(record: usize): u32 {
  return load<u32>(record, packet.FRAGMENT_ID * 4) & 0xffff;
}

/** Payload of all segments. @param each  of every one but the last */
export function superPayload(record: usize, each: i32): i32 {
  return <i32>(segmentsOf(record) * <u32>each - shortfallOf(record));
}

function addTo(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** Adds the further segments to the line of their direction, and to `sums`. */
export function addFurtherSegments(line: usize, record: usize, sums: usize): void {
  const further = <f64>(segmentsOf(record) - 1);
  const shortfall = shortfallOf(record);
  const length = load<u32>(record, packet.IP_OCTETS * 4);
  const octets = further * <f64>length - <f64>shortfall;
  const frameOctets = further * <f64>load<u32>(record, packet.FRAME_OCTETS * 4) - <f64>shortfall;
  addTo(line + flow.PACKETS * 8, further);
  addTo(line + flow.OCTETS * 8, octets);
  addTo(line + flow.LAYER2_OCTETS * 8, frameOctets);
  const shortest = length - shortfall;
  if (shortest < load<u32>(line, flow.LENGTH_MIN * 4)) store<u32>(line, shortest, flow.LENGTH_MIN * 4);
  addTo(sums + SUMS_FURTHER * 8, further);
  addTo(sums + SUMS_OCTETS * 8, octets);
  addTo(sums + SUMS_FRAME_OCTETS * 8, frameOctets);
}
