/**
 * What meters tell the exporting process for options data (RFC 7011 §4.2): their counters, read when options data is
 * sent. What a source cannot know stays unknown.
 */
import { sum } from '../base/sum.ts';
import type { MeteringStatistics } from '../export/contract/metering-statistics.ts';
import {
  FLOWS_CREATED,
  METERED_PACKETS,
  RECORDS_DROPPED_OCTETS,
  RECORDS_DROPPED_PACKETS,
} from '../metering/table/counters.ts';
import {
  PACKETS_LEFT_OUT,
  PACKETS_PAUSED,
  PACKETS_READ,
  PACKETS_UNSELECTED,
  RING_DROPS,
  RING_FAULTS,
  type RunCounters,
  SUPER_PACKET_SEGMENTS,
  SUPER_PACKETS,
} from './counters.ts';

/**
 * Packets that the rings of live meters have seen, super-packets as their segments: read, left out by the kernel's
 * systematic sampling, or lost in the ring. NaN where a source does not know its drops.
 */
export function packetsSeen(meters: readonly RunCounters[]): number {
  return sum(
    meters.map(({ capture }) => {
      const segments = capture[SUPER_PACKET_SEGMENTS]! - capture[SUPER_PACKETS]!;
      const lost = capture[RING_DROPS]! + capture[RING_FAULTS]!;
      return capture[PACKETS_READ]! + segments + capture[PACKETS_LEFT_OUT]! + lost;
    }),
  );
}

/**
 * A reader of the counters of all meters together. Times of losses are those of the look that found them.
 * @param nowMs Unix time
 */
export function meteringStatistics(
  meters: () => readonly RunCounters[],
  nowMs: () => number = Date.now,
): () => MeteringStatistics {
  let seen = 0;
  let firstIgnoredMs = Number.NaN;
  let lastIgnoredMs = Number.NaN;
  return () => {
    const all = meters();
    const of = (read: (counters: RunCounters) => number) => sum(all.map(read));
    const ringDrops = of(({ capture }) => capture[RING_DROPS]!);
    const refused = of(({ decode }) => sum(decode.packetsByReason.subarray(1)));
    const refusedOctets = of(({ decode }) => sum(decode.octetsByReason.subarray(1)));
    const ignoredPackets = ringDrops + refused + of(({ metering }) => metering[RECORDS_DROPPED_PACKETS]!);
    // Nobody knows how long the packets were that the kernel dropped.
    const ringOctets = ringDrops === 0 ? 0 : Number.NaN;
    const ignoredOctets =
      ringOctets + refusedOctets + of(({ metering }) => metering[RECORDS_DROPPED_OCTETS]!);
    if (ignoredPackets > seen) {
      seen = ignoredPackets;
      lastIgnoredMs = nowMs();
      if (Number.isNaN(firstIgnoredMs)) firstIgnoredMs = lastIgnoredMs;
    }
    const unselected = of(({ capture }) => capture[PACKETS_UNSELECTED]!);
    // Selection does not see packets of a pause. Selected packets are counted with the segments of super-packets, and so are those that they were selected from.
    const observed = of(({ capture }) => {
      const segments = capture[SUPER_PACKET_SEGMENTS]! - capture[SUPER_PACKETS]!;
      return capture[PACKETS_READ]! - capture[PACKETS_PAUSED]! + segments + capture[PACKETS_LEFT_OUT]!;
    });
    const leftOut = of(({ capture }) => capture[PACKETS_LEFT_OUT]!);
    const isSelecting = unselected + leftOut > 0;
    return {
      ignoredPackets,
      ignoredOctets,
      firstIgnoredMs,
      lastIgnoredMs,
      observedPackets: isSelecting ? observed : Number.NaN,
      selectedPackets: isSelecting ? of(({ metering }) => metering[METERED_PACKETS]!) : Number.NaN,
      observedFlows: of(({ metering }) => metering[FLOWS_CREATED]!),
    };
  };
}
