/**
 * Diagnoses as JSON, one object a line and direction, with the flow key in IANA's names. An unknown value is null.
 * Names and units are a contract: docs/diagnose.md lists them.
 */
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../records/protocol-numbers.ts';
import { addressText, type Diagnosed } from './describe.ts';
import type { Judgement } from './verdict.ts';

/** Rounded to six significant digits, null for unknown. */
function number(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}

function count(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function flowKey({ transfer }: Diagnosed, isReverse: boolean): Record<string, unknown> {
  const { isIPv6, protocol, initiatorPort, responderPort } = transfer;
  const version = isIPv6 ? 'IPv6' : 'IPv4';
  const key: Record<string, unknown> = {
    [`source${version}Address`]: addressText(transfer, isReverse),
    [`destination${version}Address`]: addressText(transfer, !isReverse),
    protocolIdentifier: protocol,
  };
  if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6)
    key[`icmpTypeCode${version}`] = responderPort;
  else {
    key.sourceTransportPort = isReverse ? responderPort : initiatorPort;
    key.destinationTransportPort = isReverse ? initiatorPort : responderPort;
  }
  if (transfer.vlanId !== 0) key.vlanId = transfer.vlanId;
  key.ingressInterface = transfer.observationPoint;
  return key;
}

function line(diagnosed: Diagnosed, judgement: Judgement, isReverse: boolean): string {
  const { transfer, figures } = diagnosed;
  const { measures, verdict, reasons } = judgement;
  const { data, rttMs } = measures;
  const unixMs = (ns: number) => Math.floor(transfer.timeBaseSeconds * 1e3 + ns / 1e6);
  const object = {
    ...flowKey(diagnosed, isReverse),
    flowStartMilliseconds: unixMs(data.firstNs),
    flowEndMilliseconds: unixMs(data.lastNs),
    verdict,
    roundTripTimeMs: { min: number(rttMs.min), mean: number(rttMs.mean), max: number(rttMs.max) },
    packets: data.packets,
    retransmittedPackets: count(data.retransmittedPackets),
    lostShare: number(measures.lostShare),
    throughputBitsPerSecond: number(measures.throughputBitsPerSecond),
    intervalSeconds: count(figures.intervalMs / 1e3),
    intervalOctets: data.intervals,
    stalledIntervals: measures.stalledIntervals,
    lossBoundBitsPerSecond: number(measures.lossBound),
    windowBoundBitsPerSecond: number(
      verdict === 'window-limited' ? measures.windowBound : measures.receiverBound,
    ),
    reasons,
  };
  return `${JSON.stringify(object)}\n`;
}

/** The lines of a transfer: one for each direction in which packets came. */
export function jsonLines(diagnosed: Diagnosed): string {
  const { forward, reverse } = diagnosed;
  const there = forward === undefined ? '' : line(diagnosed, forward, false);
  return there + (reverse === undefined ? '' : line(diagnosed, reverse, true));
}
