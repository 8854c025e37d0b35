/**
 * By which first octets of payload, and at which ports, a packet may begin something known: for looks at packets that come
 * before recognize.ts, in the engine and in the kernel. Made of the signatures' own rows.
 */
import { DATAGRAM_BEGINNINGS, STREAM_BEGINNINGS } from './recognize.ts';
import { ALL_OCTETS, type SignatureIndex } from './signature.ts';
import { DATAGRAM_SIGNATURES } from './signatures-datagram.ts';
import { STREAM_SIGNATURES } from './signatures-stream.ts';

/** By what the protocols of one transport are recognised. */
export interface TransportBeginnings {
  readonly signatures: SignatureIndex;
  /** First octets, of what signatures do not name, that may begin at any port. */
  readonly octets: readonly number[];
  /** Ports at which any octet may begin something. */
  readonly ports: readonly number[];
}

export const STREAMS: TransportBeginnings = { signatures: STREAM_SIGNATURES, ...STREAM_BEGINNINGS };
export const DATAGRAMS: TransportBeginnings = { signatures: DATAGRAM_SIGNATURES, ...DATAGRAM_BEGINNINGS };

/**
 * The first octets by which something may be known, in order. Rows that are told by later octets (isToldLater) have none.
 * @param port one of `specialPorts`: those that count there alone; undefined: those that count at any port
 */
export function firstOctets(
  { signatures, octets, ports }: TransportBeginnings,
  port: number | undefined,
): number[] {
  const isAny = port !== undefined && ports.includes(port);
  const found = new Set(isAny ? ALL_OCTETS : port === undefined ? octets : []);
  for (const row of signatures.rows) {
    const isPlain = row.ports === undefined && row.isToldLater !== true;
    if (port === undefined ? !isPlain : row.ports?.includes(port) !== true) continue;
    for (const octet of row.first ?? ALL_OCTETS) found.add(octet);
  }
  return [...found].sort((a, b) => a - b);
}

/** The ports at which other first octets count beside those that count at any. */
export function specialPorts({ signatures, ports }: TransportBeginnings): number[] {
  return [...new Set([...signatures.ports, ...ports])].sort((a, b) => a - b);
}
