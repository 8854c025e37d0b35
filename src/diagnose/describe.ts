/** A transfer and the verdicts on its directions together, and its ends as text. */

import { formatProtocol } from '../ie/protocol-names.ts';
import { formatIPv4, formatIPv6 } from '../output/addresses.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from '../records/protocol-numbers.ts';
import type { FlowFigures } from './figures.ts';
import type { Transfer } from './transfer.ts';
import { type Judgement, judge } from './verdict.ts';

export interface Diagnosed {
  readonly transfer: Transfer;
  readonly figures: FlowFigures;
  readonly forward: Judgement | undefined;
  readonly reverse: Judgement | undefined;
}

/** Judges both directions of a transfer. */
export function diagnose(transfer: Transfer): Diagnosed {
  const figures = transfer.figures();
  return { transfer, figures, forward: judge(figures, false), reverse: judge(figures, true) };
}

/** The direction that carried more, which a flow is reported by; `isReverse` tells which it is. */
export function mainDirection({ transfer, forward, reverse }: Diagnosed): {
  judgement: Judgement;
  isReverse: boolean;
} {
  const isReverse = forward === undefined || transfer.reverse.octets > transfer.forward.octets;
  return { judgement: (isReverse ? reverse : forward)!, isReverse };
}

/** An end's address: of the initiator, or of the responder. */
export function addressText(transfer: Transfer, isResponder: boolean): string {
  const words = isResponder ? transfer.responder : transfer.initiator;
  return transfer.isIPv6 ? formatIPv6(words, 0) : formatIPv4(words[0]!);
}

function endText(transfer: Transfer, isResponder: boolean): string {
  const address = addressText(transfer, isResponder);
  const { protocol, initiatorPort, responderPort } = transfer;
  const hasPorts =
    protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6 && (initiatorPort | responderPort) !== 0;
  if (!hasPorts) return address;
  return `${transfer.isIPv6 ? `[${address}]` : address}:${isResponder ? responderPort : initiatorPort}`;
}

/** `192.0.2.1:40000 → 198.51.100.2:443 TCP`, in the direction of the packets. */
export function flowText(transfer: Transfer, isReverse: boolean): string {
  const from = endText(transfer, isReverse);
  return `${from} → ${endText(transfer, !isReverse)} ${formatProtocol(transfer.protocol)}`;
}
