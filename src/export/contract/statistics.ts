/** Adds up counters of exporters. */
import type { CollectorStatistics } from './record-sink.ts';

export function emptyStatistics(url: string): CollectorStatistics {
  return {
    url,
    messages: 0,
    octets: 0,
    recordsOffered: 0,
    dataRecords: 0,
    recordsFailed: 0,
    recordsPending: 0,
    notExportable: { ipv6: 0, time: 0 },
    templateRecords: 0,
    optionsRecords: 0,
    errors: {},
    collectorDrops: null,
  };
}

/** Sum of counts under the same names. */
export function addCounts<Name extends string>(
  a: Readonly<Partial<Record<Name, number>>>,
  b: Readonly<Partial<Record<Name, number>>>,
): Partial<Record<Name, number>> {
  const sum: Partial<Record<Name, number>> = { ...a };
  for (const name of Object.keys(b) as Name[]) sum[name] = (sum[name] ?? 0) + (b[name] ?? 0);
  return sum;
}

function sumOfCounts(
  a: Readonly<Record<string, number>> = {},
  b: Readonly<Record<string, number>> = {},
): Record<string, number> {
  return addCounts(a, b) as Record<string, number>;
}

/** Counters that not every sink has: they are missing from a sum where neither side has them. */
const OPTIONAL_COUNTERS = [
  'recordsQueued',
  'recordsSpooled',
  'recordsRecovered',
  'recordsRepeated',
  'recordsRefused',
  'sessions',
] as const;

/**
 * Counters of a collector over two sessions, or sinks, that followed each other. Values that are no counters are the
 * later one's.
 */
export function addStatistics(past: CollectorStatistics, present: CollectorStatistics): CollectorStatistics {
  const drops = [past.collectorDrops, present.collectorDrops].filter((count) => count !== null);
  const optional: Partial<Record<(typeof OPTIONAL_COUNTERS)[number], number>> = {};
  for (const name of OPTIONAL_COUNTERS) {
    if (past[name] !== undefined || present[name] !== undefined) {
      optional[name] = (past[name] ?? 0) + (present[name] ?? 0);
    }
  }
  const hasDropped = past.recordsDropped !== undefined || present.recordsDropped !== undefined;
  return {
    ...past,
    ...present,
    ...optional,
    ...(hasDropped ? { recordsDropped: sumOfCounts(past.recordsDropped, present.recordsDropped) } : {}),
    messages: past.messages + present.messages,
    octets: past.octets + present.octets,
    recordsOffered: past.recordsOffered + present.recordsOffered,
    dataRecords: past.dataRecords + present.dataRecords,
    recordsFailed: past.recordsFailed + present.recordsFailed,
    recordsPending: past.recordsPending + present.recordsPending,
    notExportable: {
      ipv6: past.notExportable.ipv6 + present.notExportable.ipv6,
      time: past.notExportable.time + present.notExportable.time,
    },
    templateRecords: past.templateRecords + present.templateRecords,
    optionsRecords: past.optionsRecords + present.optionsRecords,
    errors: addCounts<keyof CollectorStatistics['errors']>(past.errors, present.errors),
    collectorDrops: drops.length === 0 ? null : drops.reduce((sum, count) => sum + count, 0),
  };
}
