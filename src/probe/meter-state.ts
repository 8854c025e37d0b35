/**
 * What meters have decided and metered, as plain named numbers: from this the account of a replay is made, and the state
 * of a live worker. Adds up what several meters, or several lives of one, have counted.
 */
import { DNS_NAME_COUNTS } from '../applications/dns-name-counts.ts';
import { COUNT_PACKETS, INSPECTION_COUNTS } from '../applications/inspection-context.ts';
import type { DecodeCounters } from '../decode/counters.ts';
import { NOTICES } from '../decode/notices.ts';
import { REASONS } from '../decode/reasons.ts';
import { countByEndReason } from '../ie/end-reasons.ts';
import * as metering from '../metering/table/counters.ts';
import type { InspectionState, MeterState, OutcomeState } from '../metrics/state.ts';

export interface MeterCounts {
  /** All of these are added up. */
  readonly decoders: readonly DecodeCounters[];
  /** A counter of `metering/table/counters.ts`, added up where that makes sense. */
  readonly metering: (index: number) => number;
  /** EtherTypes or link types to tell of for a reason (decode/reasons.ts). */
  readonly numbersOf: (reason: number) => OutcomeState['numbers'];
  /** Entries of all flow tables. */
  readonly capacity: number;
}

function inspectionOf(count: MeterCounts['metering']): InspectionState {
  const incomplete = INSPECTION_COUNTS.flatMap(({ name }, i): [string, number][] =>
    i === COUNT_PACKETS ? [] : [[name, count(metering.INSPECTION + i)]],
  );
  return {
    packets: count(metering.INSPECTION + COUNT_PACKETS),
    active: count(metering.INSPECTIONS_ACTIVE),
    refused: {
      no_inspection: count(metering.INSPECTIONS_REFUSED),
      no_room: count(metering.FACTS_REFUSED),
    },
    incomplete: Object.fromEntries(incomplete),
  };
}

/** @returns every outcome, accepted first, and every notice, in the order of their tables */
export function meterState(counts: MeterCounts): MeterState {
  const { decoders, metering: count, numbersOf, capacity } = counts;
  const sum = (of: (one: DecodeCounters) => number) => decoders.reduce((total, one) => total + of(one), 0);
  return {
    outcomes: REASONS.map(({ code, name, kind }) => ({
      name,
      kind,
      packets: sum(({ packetsByReason }) => packetsByReason[code]!),
      octets: sum(({ octetsByReason }) => octetsByReason[code]!),
      // Found when somebody reads them: there are 65,536 to look through, and most readers of a state do not ask.
      get numbers() {
        return numbersOf(code);
      },
    })),
    notices: NOTICES.map(({ code, name }) => ({
      name,
      packets: sum(({ packetsByNotice }) => packetsByNotice[code]!),
    })),
    metered: { packets: count(metering.METERED_PACKETS), octets: count(metering.METERED_OCTETS) },
    flows: {
      created: count(metering.FLOWS_CREATED),
      active: count(metering.FLOWS_ACTIVE),
      peak: count(metering.FLOWS_PEAK),
      capacity,
      healthOctets: count(metering.HEALTH_OCTETS),
      expired: countByEndReason((reason) => count(metering.FLOWS_EXPIRED + reason)),
    },
    inspection: inspectionOf(count),
    fragments: {
      matched: count(metering.FRAGMENTS_MATCHED),
      unmatched: count(metering.FRAGMENTS_UNMATCHED),
      forgotten: count(metering.FRAGMENTS_FORGOTTEN),
    },
    dnsNames: {
      size: count(metering.DNS_NAMES_SIZE),
      counts: Object.fromEntries(
        DNS_NAME_COUNTS.map(({ name }, place) => [name, count(metering.DNS_NAMES + place)]),
      ),
    },
  };
}
