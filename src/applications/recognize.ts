/** Finds the protocol of a flow by the first octets of a datagram or a stream. */

import { DnsInspection, recognizeDns } from './dns.ts';
import { DtlsInspection, isDtls } from './dtls.ts';
import { type ApplicationFacts, CONFIDENCE_SIGNATURE, nameApplication } from './facts.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import type { InspectionContext } from './inspection-context.ts';
import type { Inspector } from './inspector.ts';
import { isQuic, QuicInspection } from './quic.ts';
import type { Piece } from './stream-start.ts';
import { isTlsHello, isTlsRecords, isVersion2Hello, TlsInspection } from './tls.ts';

const PROTOCOL_TCP = 6;

/** @returns what reads the flow from this piece on, or undefined where the piece says nothing known */
export function recognize(
  piece: Piece,
  packet: InspectedPacket,
  context: InspectionContext,
  facts: ApplicationFacts,
): Inspector | undefined {
  const dns = recognizeDns(piece, packet);
  if (dns !== undefined) return new DnsInspection(context, facts, dns);
  return packet.protocol === PROTOCOL_TCP
    ? recognizeStream(piece, context, facts)
    : recognizeDatagram(piece, packet, context, facts);
}

function recognizeStream(
  piece: Piece,
  context: InspectionContext,
  facts: ApplicationFacts,
): Inspector | undefined {
  if (isTlsHello(piece)) return new TlsInspection(context, facts);
  if (isTlsRecords(piece) || isVersion2Hello(piece)) nameApplication(facts, 'tls', CONFIDENCE_SIGNATURE);
  return undefined;
}

function recognizeDatagram(
  piece: Piece,
  packet: InspectedPacket,
  context: InspectionContext,
  facts: ApplicationFacts,
): Inspector | undefined {
  if (isQuic(piece)) return new QuicInspection(context, facts);
  return isDtls(piece, packet.cut) ? new DtlsInspection(context, facts) : undefined;
}
