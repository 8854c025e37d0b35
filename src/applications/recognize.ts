/** Finds the protocol of a flow by the first octets of a datagram or a stream. */

import { DnsInspection, recognizeDns } from './dns.ts';
import type { ApplicationFacts } from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import type { InspectionContext } from './inspection-context.ts';
import type { Inspector } from './inspector.ts';
import type { Piece } from './stream-start.ts';

/** @returns what reads the flow from this piece on, or undefined where the piece says nothing known */
export function recognize(
  piece: Piece,
  packet: InspectedPacket,
  context: InspectionContext,
  facts: ApplicationFacts,
): Inspector | undefined {
  const dns = recognizeDns(piece, packet);
  if (dns !== undefined) return new DnsInspection(context, facts, dns);
  return undefined;
}
