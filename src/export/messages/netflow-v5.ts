/**
 * NetFlow version 5 messages: fixed records, IPv4 only. What does not fit is never wrapped: IPv6 flows are counted as
 * not exportable, interface numbers above 65,535 become 0, and a flow with counters of 2^32 or more becomes several
 * records. A record is the same list of elements as in a template, with padding where the format has some.
 */
import { compileTemplate, type Template } from '../../ie/templates.ts';
import {
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  OCTETS,
  PACKETS,
  REVERSE_DOUBLE,
} from '../../records/flow-layout.ts';
import { systemUpTimeMs } from '../contract/export-clock.ts';
import type { SamplingDescription } from '../contract/metering-statistics.ts';
import type { MessageContents, MessageFormat, MessageTotals } from './message-builder.ts';

const VERSION = 5;
const HEADER_OCTETS = 24;
const FLOW_RECORDS_MAX = 30;
/** Largest sampling interval that the header can say. */
const SAMPLING_INTERVAL_MAX = 0x3fff;
/** Largest value of a counter. */
const COUNTER_MAX = 0xffffffff;

// The octets of a record in order; the last two words are AS numbers, masks and padding.
const RECORD = [
  'sourceIPv4Address',
  'destinationIPv4Address',
  'ipNextHopIPv4Address',
  'ingressInterface:2',
  'egressInterface:2',
  'packetDeltaCount:4',
  'octetDeltaCount:4',
  'flowStartSysUpTime',
  'flowEndSysUpTime',
  'sourceTransportPort',
  'destinationTransportPort',
  'paddingOctets:1',
  'tcpControlBits:1',
  'protocolIdentifier',
  'ipClassOfService',
  'bgpSourceAsNumber:2',
  'bgpDestinationAsNumber:2',
  'sourceIPv4PrefixLength',
  'destinationIPv4PrefixLength',
  'paddingOctets:2',
];

/** Mode (1 deterministic, 2 random) in two bits, the interval in fourteen; 0 without sampling. */
function netflow5Sampling(sampling: SamplingDescription | undefined): number {
  if (sampling === undefined || sampling.interval <= 1) return 0;
  const mode = sampling.method === 'systematic' ? 1 : 2;
  return (mode << 14) | Math.min(sampling.interval, SAMPLING_INTERVAL_MAX);
}

/** @param engineId of the header: the lower octet of the observation domain */
export function netflow5Format(
  engineId: number,
  clock: { readonly systemInitMs: number },
  sampling?: SamplingDescription,
): MessageFormat {
  const samplingWord = netflow5Sampling(sampling);
  return {
    headerOctets: HEADER_OCTETS,
    setHeaderOctets: 0,
    setAlignment: 1,
    flowRecordsMax: FLOW_RECORDS_MAX,
    writeHeader(view: DataView, at: number, contents: MessageContents, before: MessageTotals): void {
      const ms = contents.exportMs % 1000;
      view.setUint16(at, VERSION);
      view.setUint16(at + 2, contents.flowRecords);
      view.setUint32(at + 4, systemUpTimeMs(contents.exportMs, clock.systemInitMs));
      view.setUint32(at + 8, (contents.exportMs - ms) / 1000);
      view.setUint32(at + 12, ms * 1e6);
      view.setUint32(at + 16, before.flowRecords);
      view.setUint8(at + 20, 0);
      view.setUint8(at + 21, engineId & 0xff);
      view.setUint16(at + 22, samplingWord);
    },
  };
}

/** The fixed record, as a template. */
export function netflow5Record(): Template {
  return compileTemplate(RECORD, { protocol: 'netflow5', ipVersion: 4 });
}

/** Interface numbers that do not fit 16 bits are sent as 0, unknown. */
export function netflow5Interface(ifIndex: number): number {
  return ifIndex > 0xffff ? 0 : ifIndex;
}

/** Records that one direction of a flow takes, so that no counter of theirs is too large. */
function partsOf(octets: number, packets: number): number {
  const parts = Math.max(Math.ceil(octets / COUNTER_MAX), Math.ceil(packets / COUNTER_MAX));
  // A part without a packet would be no record.
  return Math.min(parts, packets);
}

/**
 * Replaces each record with a counter that is too large by several, over which its octets and packets are shared out.
 * @returns the batch itself where no record is too large, which is nearly always
 */
export function splitLargeFlows(batch: FlowRecordBatch): FlowRecordBatch {
  const { words, doubles, stride } = batch;
  const parts: number[] = [];
  let total = 0;
  for (let i = 0; i < batch.count; i++) {
    let records = 1;
    const isIPv4 = ((words[i * stride + FLOW_PROTOCOL]! >>> 8) & 0xf) === 4;
    for (let line = FORWARD_DOUBLE; line <= REVERSE_DOUBLE; line += REVERSE_DOUBLE - FORWARD_DOUBLE) {
      const at = (i * stride) / 2 + line;
      if (isIPv4 && Math.max(doubles[at + OCTETS]!, doubles[at + PACKETS]!) > COUNTER_MAX) {
        records = Math.max(records, partsOf(doubles[at + OCTETS]!, doubles[at + PACKETS]!));
      }
    }
    parts.push(records);
    total += records;
  }
  if (total === batch.count) return batch;
  const copy = new Int32Array(total * stride);
  const split = { ...batch, count: total, words: copy, doubles: new Float64Array(copy.buffer) };
  let to = 0;
  parts.forEach((records, i) => {
    for (let part = 0; part < records; part++, to++) {
      copy.set(words.subarray(i * stride, (i + 1) * stride), to * stride);
      if (records > 1) shareOut(batch, i, part, split.doubles, (to * stride) / 2);
    }
  });
  return split;
}

/** Writes the share of part number `part` of record `i`, for each direction by its own number of parts. */
function shareOut(batch: FlowRecordBatch, i: number, part: number, out: Float64Array, to: number): void {
  const { doubles, stride } = batch;
  for (const line of [FORWARD_DOUBLE, REVERSE_DOUBLE]) {
    const at = (i * stride) / 2 + line;
    const parts = partsOf(doubles[at + OCTETS]!, doubles[at + PACKETS]!);
    for (const counter of [OCTETS, PACKETS]) {
      const whole = doubles[at + counter]!;
      const share = Math.floor((whole * (part + 1)) / parts) - Math.floor((whole * part) / parts);
      out[to + line + counter] = part < parts ? share : 0;
    }
  }
}
