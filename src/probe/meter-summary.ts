/** Adds up the state of meters to what their summary tells, for a replay as for a live probe. */
import { DNS_NAME_COUNTS } from '../applications/dns-name-counts.ts';
import { sum } from '../base/sum.ts';
import { NOTICES } from '../decode/notices.ts';
import { REASONS } from '../decode/reasons.ts';
import { NUMBERS_TOLD } from '../decode/refused-numbers.ts';
import { type CountsByEndReason, countByEndReason } from '../ie/end-reasons.ts';
import type { MeterState, OutcomeState } from '../metrics/state.ts';
import type { MeterSummary, RefusedReason } from '../output/summary-sections.ts';

/** A reason with what else a summary may ask of it. */
export type RefusedSummary = RefusedReason & { readonly kind: string; readonly octets: number };

/** The most frequent EtherTypes or link types of all. */
function numbersOf(outcomes: readonly OutcomeState[]): OutcomeState['numbers'] {
  const all = new Map<number, OutcomeState['numbers'][number]>();
  for (const one of outcomes.flatMap(({ numbers }) => numbers)) {
    all.set(one.number, { ...one, packets: one.packets + (all.get(one.number)?.packets ?? 0) });
  }
  return [...all.values()].sort((a, b) => b.packets - a.packets).slice(0, NUMBERS_TOLD);
}

/** Every reason to refuse a packet, with what was refused for it. */
function refusedOf(meters: readonly MeterState[]): RefusedSummary[] {
  const all = REASONS.map(({ name, kind, help }) => {
    const outcomes = meters.flatMap((one) => one.outcomes.filter((outcome) => outcome.name === name));
    return {
      name,
      kind,
      help,
      packets: sum(outcomes.map(({ packets }) => packets)),
      octets: sum(outcomes.map(({ octets }) => octets)),
      numbers: numbersOf(outcomes),
    };
  });
  return all.filter(({ kind }) => kind !== 'accepted');
}

/** What decoders noted, and what the metering processes did of fragments. */
function noticesOf(meters: readonly MeterState[]): MeterSummary['notices'] {
  const of = (read: (one: MeterState) => number) => sum(meters.map(read));
  return [
    ...NOTICES.map(({ name, help }) => ({
      name,
      help,
      packets: of(({ notices }) => notices.find((one) => one.name === name)?.packets ?? 0),
    })),
    {
      name: 'fragmentUnmatched',
      help: 'Later fragment whose first one was not seen before: counted to ports 0.',
      packets: of(({ fragments }) => fragments.unmatched),
    },
    {
      name: 'fragmentForgotten',
      help: 'First fragment pushed out of the fragment cache: its later ones may go to ports 0.',
      packets: of(({ fragments }) => fragments.forgotten),
    },
  ];
}

function flowsOf(meters: readonly MeterState[]): MeterSummary['flows'] {
  const of = (read: (flows: MeterState['flows']) => number) => sum(meters.map(({ flows }) => read(flows)));
  const byEndReason: CountsByEndReason = countByEndReason((value) =>
    of(({ expired }) => Object.values(expired)[value - 1]!),
  );
  return {
    created: of(({ created }) => created),
    active: of(({ active }) => active),
    exported: sum(Object.values(byEndReason)),
    byEndReason,
    evicted: byEndReason.lackOfResources,
    peak: of(({ peak }) => peak),
    capacity: of(({ capacity }) => capacity),
  };
}

/** Counts of names by DNS, where there are any. */
function dnsNamesOf(meters: readonly MeterState[]): MeterSummary['dnsNames'] {
  const counts = Object.fromEntries(
    DNS_NAME_COUNTS.map(({ name }) => [name, sum(meters.map(({ dnsNames }) => dnsNames.counts[name] ?? 0))]),
  );
  return Object.values(counts).some((count) => count > 0) ? counts : undefined;
}

/** @returns the totals over all meters */
export function meterSummary(
  meters: readonly MeterState[],
): MeterSummary & { readonly refused: readonly RefusedSummary[] } {
  const of = (read: (one: MeterState) => number) => sum(meters.map(read));
  return {
    metered: { packets: of(({ metered }) => metered.packets), octets: of(({ metered }) => metered.octets) },
    refused: refusedOf(meters),
    notices: noticesOf(meters),
    flows: flowsOf(meters),
    notInspected: {
      noInspection: of(({ inspection }) => inspection.refused.no_inspection),
      noRoom: of(({ inspection }) => inspection.refused.no_room),
    },
    dnsNames: dnsNamesOf(meters),
  };
}
