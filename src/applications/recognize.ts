/** Finds the protocol of a flow by the first octets of a datagram or a stream. */

import { DNS_DATAGRAM_PORTS, DNS_STREAM_PORTS, DnsInspection, recognizeDns } from './dns.ts';
import { DtlsInspection, isDtls } from './dtls.ts';
import { type ApplicationFacts, CONFIDENCE_SIGNATURE, nameApplication } from './facts.ts';
import { HTTP_FIRST_OCTETS, HttpInspection, isHttp } from './http.ts';
import type { InspectedPacket } from './inspected-packet.ts';
import type { InspectionContext } from './inspection-context.ts';
import type { Inspector } from './inspector.ts';
import { NamedInspection } from './named.ts';
import { isQuic, QuicInspection } from './quic.ts';
import { findSignature } from './signature.ts';
import { DATAGRAM_SIGNATURES } from './signatures-datagram.ts';
import { STREAM_SIGNATURES } from './signatures-stream.ts';
import { isSsh, SSH_FIRST_OCTET, SshInspection } from './ssh.ts';
import type { Piece } from './stream-start.ts';
import { isTlsHello, isTlsRecords, isVersion2Hello, TlsInspection } from './tls.ts';
import { TLS_RECORDS } from './tls-numbers.ts';
import {
  isOpenvpn,
  isRtp,
  isWireguard,
  OPENVPN_FIRST_OCTETS,
  OpenvpnInspection,
  RTP_FIRST_OCTETS,
  RtpInspection,
  WireguardInspection,
} from './two-way.ts';

const PROTOCOL_TCP = 6;

/**
 * First octets, and ports at which any may come, of what is recognised here beside signatures. Left out are those that
 * the first look tells by later octets (engine/assembly/first-look.ts): hellos in the form of SSL 2.0 and OpenVPN over TCP;
 * DNS at other ports, QUIC and WireGuard over UDP.
 */
export const STREAM_BEGINNINGS = {
  octets: [...HTTP_FIRST_OCTETS, SSH_FIRST_OCTET, ...TLS_RECORDS],
  ports: DNS_STREAM_PORTS,
};
export const DATAGRAM_BEGINNINGS = {
  octets: [...TLS_RECORDS, ...RTP_FIRST_OCTETS, ...OPENVPN_FIRST_OCTETS],
  ports: DNS_DATAGRAM_PORTS,
};

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
    ? recognizeStream(piece, packet, context, facts)
    : recognizeDatagram(piece, packet, context, facts);
}

function recognizeStream(
  piece: Piece,
  packet: InspectedPacket,
  context: InspectionContext,
  facts: ApplicationFacts,
): Inspector | undefined {
  if (isTlsHello(piece)) return new TlsInspection(context, facts);
  if (isHttp(piece)) return new HttpInspection(context, facts);
  if (isSsh(piece)) return new SshInspection(facts);
  const row = findSignature(STREAM_SIGNATURES, piece, packet.sourcePort, packet.destinationPort);
  if (row !== undefined) return new NamedInspection(facts, row.name, row.isOuter);
  if (isOpenvpn(piece, packet)) return new OpenvpnInspection(facts);
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
  if (isDtls(piece, packet.cut)) return new DtlsInspection(context, facts);
  const row = findSignature(DATAGRAM_SIGNATURES, piece, packet.sourcePort, packet.destinationPort);
  if (row !== undefined) return new NamedInspection(facts, row.name, row.isOuter);
  if (isWireguard(piece)) return new WireguardInspection(facts);
  if (isOpenvpn(piece, packet)) return new OpenvpnInspection(facts);
  return isRtp(piece) ? new RtpInspection(facts) : undefined;
}

/**
 * The protocol that begins within another one, which `inspector` reads and which may hold others.
 * @returns undefined where the packet begins none
 */
export function recognizeInner(
  inspector: Inspector,
  packet: InspectedPacket,
  context: InspectionContext,
  facts: ApplicationFacts,
): Inspector | undefined {
  if (packet.protocol === PROTOCOL_TCP)
    return isTlsHello(packet) ? new TlsInspection(context, facts, true) : undefined;
  if (isDtls(packet, packet.cut)) return new DtlsInspection(context, facts);
  const isFirst = inspector instanceof NamedInspection && isRtp(packet);
  return isFirst ? new RtpInspection(facts) : undefined;
}
