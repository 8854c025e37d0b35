/**
 * Flows that are in the tables now, as objects: the elements of IANA that JSON lines of records have, both directions of a
 * flow in one (`reverse…`, RFC 5103), its age and rates, and what path health says of it where that is measured.
 */

import { diagnose, mainDirection } from '../diagnose/describe.ts';
import { Transfer } from '../diagnose/transfer.ts';
import { FlowText } from '../ie/flow-text.ts';
import { formatProtocol } from '../ie/protocol-names.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import * as layout from '../records/flow-layout.ts';
import { FLOW_RATE_MS_MIN, type FlowSort } from '../records/flow-query.ts';
import { hasHealth, hasNetworks } from '../records/record-sections.ts';

const NS_PER_MS = 1e6;
const BITS_PER_OCTET = 8;

export interface FlowObject {
  readonly interface: string;
  readonly protocolName: string;
  /** Since the first packet, and since the last one. */
  readonly ageMilliseconds: number;
  readonly idleMilliseconds: number;
  /** Mean since the first packet, of either direction. */
  readonly bitsPerSecond: number;
  readonly reverseBitsPerSecond: number;
  readonly verdict?: string;
  readonly reasons?: readonly string[];
  readonly roundTripTimeMs?: { readonly min: number; readonly mean: number; readonly max: number };
  readonly lostPackets?: number;
  readonly lostShare?: number;
  readonly retransmittedPackets?: number;
  readonly intervalSeconds?: number;
  readonly intervalOctets?: readonly number[];
  /** Information elements by name. */
  readonly [element: string]: unknown;
}

/** The elements of records, with networks where there is a place for their names. */
function templateOf(batch: FlowRecordBatch) {
  const names = [hasNetworks(batch) ? 'networks' : 'default'];
  return { ipv4: names, ipv6: names };
}

function healthOf(batch: FlowRecordBatch, row: number): Partial<FlowObject> {
  const transfer = new Transfer(batch, row);
  transfer.add(batch, row, false);
  if (transfer.forward.packets + transfer.reverse.packets === 0) return {};
  const diagnosed = diagnose(transfer);
  const { verdict, reasons, measures } = mainDirection(diagnosed).judgement;
  const { data, rttMs, lostShare } = measures;
  return {
    verdict,
    reasons,
    roundTripTimeMs: { ...rttMs },
    lostPackets: data.lostPackets,
    lostShare,
    retransmittedPackets: data.retransmittedPackets,
    intervalSeconds: diagnosed.figures.intervalMs / 1e3,
    intervalOctets: data.intervals,
  };
}

/**
 * @param nameOf the name of an observation point, from 1
 * @param nowMs Unix time
 */
export function flowObjects(
  batch: FlowRecordBatch,
  nameOf: (point: number) => string,
  nowMs: number,
  observationDomainId: number,
): FlowObject[] {
  const values = { observationDomainId, ingressInterface: 'auto', egressInterface: 0 } as const;
  const text = new FlowText({ form: 'json', template: templateOf(batch), biflow: true, values });
  const lines = text.batch(batch).toString('utf8').split('\n');
  const isMeasured = hasHealth(batch);
  return Array.from({ length: batch.count }, (_, i): FlowObject => {
    const row = i * batch.stride;
    const at = row / 2;
    const { doubles, words, timeBaseSeconds } = batch;
    const unixMs = (ns: number) => timeBaseSeconds * 1e3 + ns / NS_PER_MS;
    const firstMs = unixMs(doubles[at + layout.FLOW_FIRST_NS]!);
    const lastMs = unixMs(doubles[at + layout.FLOW_LAST_NS]!);
    const seconds = Math.max(FLOW_RATE_MS_MIN, lastMs - firstMs) / 1e3;
    const rate = (line: number) =>
      Math.round((doubles[at + line + layout.OCTETS]! * BITS_PER_OCTET) / seconds);
    const elements = JSON.parse(lines[i]!) as Record<string, unknown>;
    // It has not ended.
    delete elements.flowEndReason;
    return {
      interface: nameOf(words[row + layout.FLOW_OBSERVATION_POINT]! & 0xffff),
      ...elements,
      protocolName: formatProtocol(Number(elements.protocolIdentifier)),
      ageMilliseconds: Math.max(0, Math.round(nowMs - firstMs)),
      idleMilliseconds: Math.max(0, Math.round(nowMs - lastMs)),
      bitsPerSecond: rate(layout.FORWARD_DOUBLE),
      reverseBitsPerSecond: rate(layout.REVERSE_DOUBLE),
      ...(isMeasured ? healthOf(batch, row) : {}),
    };
  });
}

/** The measure that flows of several tables are put in order by, the greatest first. */
function measureOf(flow: FlowObject, sort: FlowSort): number {
  const both = (element: string): number => {
    const reverse = `reverse${element[0]!.toUpperCase()}${element.slice(1)}`;
    return Number(flow[element] ?? 0) + Number(flow[reverse] ?? 0);
  };
  const measures: Readonly<Record<FlowSort, () => number>> = {
    octets: () => both('octetDeltaCount'),
    packets: () => both('packetDeltaCount'),
    rate: () => flow.bitsPerSecond + flow.reverseBitsPerSecond,
    loss: () => flow.lostPackets || 0,
    rtt: () => flow.roundTripTimeMs?.mean || 0,
    start: () => -flow.ageMilliseconds,
  };
  return measures[sort]();
}

/** The `top` greatest flows of several tables by a measure, the greatest first. */
export function greatestFlows(flows: readonly FlowObject[], sort: FlowSort, top: number): FlowObject[] {
  return flows
    .map((flow) => ({ flow, measure: measureOf(flow, sort) }))
    .sort((a, b) => b.measure - a.measure)
    .slice(0, top)
    .map(({ flow }) => flow);
}

/** An end of a flow: address and port. */
export function endOf(flow: FlowObject, side: 'source' | 'destination'): string {
  const v6 = flow[`${side}IPv6Address`];
  const port = flow[`${side}TransportPort`];
  const address = v6 === undefined ? String(flow[`${side}IPv4Address`]) : String(v6);
  const isIcmp = flow.icmpTypeCodeIPv4 !== undefined || flow.icmpTypeCodeIPv6 !== undefined;
  if (port === undefined || port === 0 || isIcmp) return address;
  return v6 === undefined ? `${address}:${port}` : `[${address}]:${port}`;
}
