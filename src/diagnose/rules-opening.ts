/**
 * Rules on how a flow began and ended: refused, unanswered, reset (RFC 9293 §3.5 and §3.10; RFC 792, RFC 4443).
 * Both directions of a flow share these verdicts.
 */

import { formatCounted, formatOctets } from '../base/units.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from '../records/protocol-numbers.ts';
import type { Finding } from './finding.ts';
import type { Measures } from './measures.ts';
import { failedOpening, resetBy } from './tcp-outcome.ts';

/** type << 8 | code of an echo request, in ICMP and ICMPv6. */
const ECHO_REQUEST = 8 << 8;
const ECHO_REQUEST_V6 = 128 << 8;

/** UDP ports where a request that gets no answer has failed: DNS, NTP, SNMP, QUIC. Others may speak one way. */
const REQUEST_PORTS: ReadonlySet<number> = new Set([53, 123, 161, 443]);

/** Errors by type << 8 | code. ICMP's types from 0 to 127 and ICMPv6's share no number here but 1 and 3. */
const REFUSALS: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  ipv4: new Map([
    [0x0302, 'protocol unreachable'],
    [0x0303, 'port unreachable'],
    [0x0309, 'network administratively prohibited'],
    [0x030a, 'host administratively prohibited'],
    [0x030d, 'communication administratively prohibited'],
  ]),
  ipv6: new Map([
    [0x0101, 'communication administratively prohibited'],
    [0x0104, 'port unreachable'],
    [0x0105, 'source address failed policy'],
    [0x0106, 'route rejected'],
  ]),
};

function errorText(error: number): string {
  return `an ICMP error of type ${error >>> 8}, code ${error & 0xff}, quotes it`;
}

/** The refusal that an ICMP error states, or undefined. @param icmpError its type << 8 | code */
export function refusalOf({
  icmpError,
  isIPv6,
}: Pick<Measures['flow'], 'icmpError' | 'isIPv6'>): string | undefined {
  return REFUSALS[isIPv6 ? 'ipv6' : 'ipv4']!.get(icmpError);
}

function refused(conclusion: string, reasons: readonly string[]): Finding {
  return { verdict: 'refused', conclusion, reasons };
}

function unanswered(conclusion: string, reasons: readonly string[]): Finding {
  return { verdict: 'unanswered', conclusion, reasons };
}

/** A finding about an error that came back instead of an answer. */
function errorFinding(measures: Measures): Finding | undefined {
  const { flow } = measures;
  if (Number.isNaN(flow.icmpError)) return undefined;
  const refusal = refusalOf(flow);
  const reasons = [errorText(flow.icmpError)];
  return refusal === undefined
    ? unanswered('unanswered, an ICMP error came back', reasons)
    : refused(`refused: ${refusal}`, reasons);
}

function tcpOpening(measures: Measures): Finding | undefined {
  const { flow } = measures;
  const { forward, reverse } = flow;
  const failed = failedOpening(forward.tcpFlags, reverse.tcpFlags);
  if (failed === undefined) return undefined;
  const asked = `${formatCounted(forward.packets, 'packets')} from the initiator, none of which acknowledges anything`;
  if (failed === 'unacknowledged')
    return unanswered('the answer to the SYN was never acknowledged', [
      asked,
      `${formatCounted(reverse.packets, 'packets')} from the responder, SYN/ACK among them`,
    ]);
  if (failed === 'reset')
    return refused('refused, the responder answered the SYN with RST', [
      asked,
      'the responder sent RST and no SYN',
    ]);
  return errorFinding(measures) ?? unanswered('unanswered, nothing came back for the SYN', [asked]);
}

/** A flow that never became a conversation. */
export function openingVerdict(measures: Measures): Finding | undefined {
  const { flow } = measures;
  const { protocol, forward, reverse, responderPort } = flow;
  if (protocol === PROTOCOL_TCP) return tcpOpening(measures);
  if (reverse.packets > 0) return undefined;
  const error = errorFinding(measures);
  if (error !== undefined) return error;
  const isEcho =
    (protocol === PROTOCOL_ICMP && responderPort === ECHO_REQUEST) ||
    (protocol === PROTOCOL_ICMPV6 && responderPort === ECHO_REQUEST_V6);
  const isRequest = protocol === PROTOCOL_UDP && REQUEST_PORTS.has(responderPort);
  if (!isEcho && !isRequest) return undefined;
  return unanswered('unanswered, nothing came back', [
    `${formatCounted(forward.packets, isEcho ? 'echo requests' : 'packets')} out, none in`,
  ]);
}

/** A connection that one side broke off. */
export function resetVerdict({ flow }: Measures): Finding | undefined {
  if (flow.protocol !== PROTOCOL_TCP) return undefined;
  const { forward, reverse } = flow;
  const who = resetBy(forward.tcpFlags, reverse.tcpFlags);
  if (who === undefined) return undefined;
  return {
    verdict: 'reset',
    conclusion: `reset by the ${who}`,
    reasons: [
      `RST from the ${who}, without FIN from both sides`,
      `${formatOctets(forward.octets)} out and ${formatOctets(reverse.octets)} in before it`,
    ],
  };
}
