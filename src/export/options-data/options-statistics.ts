/**
 * Statistics as options data (RFC 7011 §4.1 to §4.3, RFC 5477 §8.1.3): what the exporting process sent and lost, what
 * never reached it, and what packet selection really selected. A value that is not known is left out, not sent as 0.
 */
import type { FlowVolume } from '../contract/lost-flows.ts';
import type { MeteringStatistics } from '../contract/metering-statistics.ts';
import { type Field, knownFields, type OptionsContent } from './options-records.ts';
import { SELECTOR } from './options-sampling.ts';

/** What one exporter has counted for one collector. */
export interface ExportStatistics {
  /** Sent so far, without the message that says so. */
  readonly messages: number;
  readonly octets: number;
  readonly flowRecords: number;
  /** Flow records that were not sent, and when (Unix ms, NaN before the first). */
  readonly notSent: FlowVolume;
  readonly firstNotSentMs: number;
  readonly lastNotSentMs: number;
}

const uint64 = (id: number): Field => ({ id, octets: 8 });
const OBSERVATION_DOMAIN_ID = { id: 149, octets: 4 };
const EXPORTING_PROCESS_ID = { id: 144, octets: 4 };
const EXPORTED_OCTETS = uint64(40);
const EXPORTED_MESSAGES = uint64(41);
const EXPORTED_FLOW_RECORDS = uint64(42);
const OBSERVED_FLOWS = uint64(163);
const IGNORED_PACKETS = uint64(164);
const IGNORED_OCTETS = uint64(165);
const NOT_SENT_FLOWS = uint64(166);
const NOT_SENT_PACKETS = uint64(167);
const NOT_SENT_OCTETS = uint64(168);
const OBSERVATION_TIME_MS = uint64(323);
const SELECTION_SEQUENCE_ID = uint64(301);
const SELECTOR_ID = uint64(302);
const SELECTOR_OBSERVED = uint64(318);
const SELECTOR_SELECTED = uint64(319);
const EXPORTING_PROCESS = 1;

/** Both times, or none: the first of two equal elements is the first event (RFC 7011 §4.2). */
function times(firstMs: number, lastMs: number): (readonly [Field, number])[] {
  const whole = (ms: number) => (Number.isNaN(firstMs) || Number.isNaN(lastMs) ? Number.NaN : Math.floor(ms));
  return [
    [OBSERVATION_TIME_MS, whole(firstMs)],
    [OBSERVATION_TIME_MS, whole(lastMs)],
  ];
}

function content(
  scope: Field,
  scopeValue: number,
  pairs: readonly (readonly [Field, number])[],
): OptionsContent[] {
  const [fields, values] = knownFields(pairs);
  if (fields.length === 0) return [];
  return [{ kind: 'statistics', scope: [scope], fields, rows: [[scopeValue, ...values]] }];
}

/** @param metering undefined where nobody told */
export function ipfixStatistics(
  domainId: number,
  sent: ExportStatistics,
  metering: MeteringStatistics | undefined,
): OptionsContent[] {
  const unknown = Number.NaN;
  const { ignoredPackets = unknown, ignoredOctets = unknown } = metering ?? {};
  const { firstIgnoredMs = unknown, lastIgnoredMs = unknown } = metering ?? {};
  const { observedPackets = unknown, selectedPackets = unknown, observedFlows = unknown } = metering ?? {};
  return [
    // §4.1
    ...content(OBSERVATION_DOMAIN_ID, domainId, [
      [EXPORTED_MESSAGES, sent.messages],
      [EXPORTED_FLOW_RECORDS, sent.flowRecords],
      [EXPORTED_OCTETS, sent.octets],
      [OBSERVED_FLOWS, observedFlows],
    ]),
    // §4.2
    ...content(OBSERVATION_DOMAIN_ID, domainId, [
      [IGNORED_PACKETS, ignoredPackets],
      [IGNORED_OCTETS, ignoredOctets],
      ...times(firstIgnoredMs, lastIgnoredMs),
    ]),
    // §4.3
    ...content(EXPORTING_PROCESS_ID, EXPORTING_PROCESS, [
      [NOT_SENT_FLOWS, sent.notSent.records],
      [NOT_SENT_PACKETS, sent.notSent.packets],
      [NOT_SENT_OCTETS, sent.notSent.octets],
      ...times(sent.firstNotSentMs, sent.lastNotSentMs),
    ]),
    ...(Number.isNaN(observedPackets + selectedPackets)
      ? []
      : content(SELECTION_SEQUENCE_ID, SELECTOR, [
          [SELECTOR_ID, SELECTOR],
          [SELECTOR_OBSERVED, observedPackets],
          [SELECTOR_SELECTED, selectedPackets],
        ])),
  ];
}

/** NetFlow v9 has the first three alone (RFC 3954 §8: TOTAL_PKTS_EXP, TOTAL_FLOWS_EXP, TOTAL_BYTES_EXP). */
export function netflow9Statistics(
  scope: Field,
  scopeValue: number,
  sent: ExportStatistics,
): OptionsContent[] {
  return content(scope, scopeValue, [
    [EXPORTED_MESSAGES, sent.messages],
    [EXPORTED_FLOW_RECORDS, sent.flowRecords],
    [EXPORTED_OCTETS, sent.octets],
  ]);
}
