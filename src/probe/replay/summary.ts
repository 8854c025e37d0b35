/** Adds up the workers' counters and the exporters' statistics to the summary of a replay. */

import type { FileLinkTypes } from '../../capture/source.ts';
import { UNSUPPORTED_LINK_TYPE } from '../../decode/reasons.ts';
import { refusedNumbers } from '../../decode/refused-numbers.ts';
import type { CollectorStatistics } from '../../export/contract/record-sink.ts';
import { dropCounts, errorCounts } from '../../export/faults.ts';
import { METERED_FRAME_OCTETS } from '../../metering/table/counters.ts';
import type { HealthSummary } from '../../output/health-section.ts';
import type { ExporterSummary, ReplaySummary } from '../../output/summary.ts';
import {
  FIRST_PACKET_NS,
  LAST_PACKET_NS,
  OCTETS_READ,
  OCTETS_UNTIMED,
  PACKETS_READ,
  PACKETS_SNAPPED,
  PACKETS_UNTIMED,
  RECORDED_DROPS,
  RECORDS_OUT_OF_ORDER,
  RECORDS_TOO_LATE,
  type RunCounters,
  TIME_BASE_SECONDS,
} from '../counters.ts';
import { meterState } from '../meter-state.ts';
import { meterSummary } from '../meter-summary.ts';

export interface SummaryInput {
  /** Captures that were read. */
  readonly files: readonly string[];
  /** Link types of those that were read to their end. */
  readonly linkTypes: readonly FileLinkTypes[];
  /** One of each worker. */
  readonly counters: readonly RunCounters[];
  /** Flows that all tables together hold. */
  readonly capacity: number;
  /** What takes memory beside the flow tables, in words. */
  readonly memory: readonly string[];
  readonly statistics: readonly CollectorStatistics[];
  readonly health: HealthSummary | undefined;
  readonly output: { readonly isClosed: boolean; readonly error: string | undefined };
  readonly errors: readonly string[];
  readonly elapsedMs: number;
}

function exporterSummary(one: CollectorStatistics): ExporterSummary {
  const { url, messages, octets, dataRecords, recordsFailed, notExportable, collectorDrops } = one;
  return {
    url,
    messages,
    octets,
    dataRecords,
    recordsFailed,
    notExportable: [
      { reason: 'IPv6 does not fit into NetFlow v5', records: notExportable.ipv6 },
      { reason: 'they last longer than their times can say', records: notExportable.time },
    ],
    errors: errorCounts(one),
    dropped: dropCounts(one),
    recordsSpooled: one.recordsSpooled ?? 0,
    recordsRepeated: one.recordsRepeated ?? 0,
    recordsRefused: one.recordsRefused ?? 0,
    collectorDrops,
  };
}

/** Link types that are not decoded, and the files that have them. */
function undecodedOf({ counters, linkTypes }: SummaryInput): ReplaySummary['undecoded'] {
  const decoders = counters.map(({ decode }) => decode);
  return refusedNumbers(UNSUPPORTED_LINK_TYPE, decoders, Number.POSITIVE_INFINITY).map((one) => ({
    name: one.name,
    packets: one.packets,
    files: linkTypes.filter(({ linkTypes: of }) => of.includes(one.number)).map(({ file }) => file),
  }));
}

/** @returns the totals over all workers */
export function summarize(input: SummaryInput): ReplaySummary {
  const { counters } = input;
  const sum = (of: (one: RunCounters) => number) => counters.reduce((total, one) => total + of(one), 0);
  const metering = (index: number) => sum((one) => one.metering[index]!);
  const times = counters.filter(({ capture }) => !Number.isNaN(capture[FIRST_PACKET_NS]!));
  const unixNs = (index: number) =>
    times.map(({ capture }) => capture[TIME_BASE_SECONDS]! * 1e9 + capture[index]!);
  const untimed = {
    name: 'timeOutOfRange',
    kind: 'undecodable',
    help: 'Time before 1970 or after 2106, which no format of flow records can say.',
    packets: sum(({ capture }) => capture[PACKETS_UNTIMED]!),
    octets: sum(({ capture }) => capture[OCTETS_UNTIMED]!),
    numbers: [],
  };
  const decoders = counters.map(({ decode }) => decode);
  const state = meterState({
    decoders,
    metering,
    numbersOf: (reason) => refusedNumbers(reason, decoders),
    capacity: input.capacity,
  });
  const meters = meterSummary([state]);
  return {
    files: input.files,
    packets: sum(({ capture }) => capture[PACKETS_READ]! + capture[PACKETS_UNTIMED]!),
    octets: sum(({ capture }) => capture[OCTETS_READ]! + capture[OCTETS_UNTIMED]!),
    outOfOrder: sum(({ capture }) => capture[RECORDS_OUT_OF_ORDER]!),
    tooLate: sum(({ capture }) => capture[RECORDS_TOO_LATE]!),
    snapped: sum(({ capture }) => capture[PACKETS_SNAPPED]!),
    recordedDrops: Math.max(...counters.map(({ capture }) => capture[RECORDED_DROPS]!)),
    firstTimeNs: times.length === 0 ? undefined : Math.min(...unixNs(FIRST_PACKET_NS)),
    lastTimeNs: times.length === 0 ? undefined : Math.max(...unixNs(LAST_PACKET_NS)),
    ...meters,
    metered: { ...meters.metered, frameOctets: metering(METERED_FRAME_OCTETS) },
    refused: [...meters.refused, untimed],
    undecoded: undecodedOf(input),
    health: input.health,
    exporters: input.statistics.map(exporterSummary),
    memory: input.memory,
    output: input.output,
    elapsedMs: input.elapsedMs,
    errors: input.errors,
  };
}
