/** Long headers of QUIC (RFC 9000 §17.2, RFC 8999), and the removal of an Initial packet's protection (RFC 9001 §5.4). */

import { QUIC_V2, type QuicKeys, saltOf } from './quic-keys.ts';
import { doubleWordAt } from './text.ts';

export const CONNECTION_ID_OCTETS_MAX = 20;
const LONG_HEADER = 0x80;
const SAMPLE_OCTETS = 16;
const TAG_OCTETS = 16;
const NONCE_OCTETS = 12;
/** Octets of a packet's payload that are decrypted. */
export const PAYLOAD_OCTETS_MAX = 4096;

export const TYPE_INITIAL = 0;
export const TYPE_RETRY = 3;
export const TYPE_NEGOTIATION = 4;

/** Behind the number that `readVarint` read; -1 where it goes beyond the end. */
export let varintEnd = 0;

/** A number of 1, 2, 4 or 8 octets (RFC 9000 §16); those above 2^32 are told as 2^32. */
export function readVarint(octets: Uint8Array, at: number, end: number): number {
  varintEnd = -1;
  if (at >= end) return 0;
  const count = 1 << (octets[at]! >>> 6);
  if (at + count > end) return 0;
  varintEnd = at + count;
  let value = octets[at]! & 0x3f;
  for (let i = 1; i < count; i++) value = value * 256 + octets[at + i]!;
  return Math.min(value, 0x1_0000_0000);
}

/** Long header of one packet; filled anew for each. */
export class LongHeader {
  version = 0;
  /** Type by the numbers of version 1, whichever version it is. */
  type = 0;
  /** Where the connection ids begin, and their octets. */
  destinationId = 0;
  destinationIdLength = 0;
  sourceId = 0;
  sourceIdLength = 0;
  /** Initial: where the protected packet number is. */
  packetNumber = 0;
  /** Behind the packet, which may be behind what was captured; another may follow. */
  end = 0;
}

/** Whether a version is negotiated by force: 0x?a?a?a?a (RFC 9000 §15). */
export function isForcing(version: number): boolean {
  return (version & 0x0f0f0f0f) === 0x0a0a0a0a;
}

/** Whether a version is QUIC's, as far as known: with keys, forcing negotiation, or Google's Q0xx and T05x. */
export function isKnownVersion(version: number): boolean {
  if (version === 0 || saltOf(version) !== undefined || isForcing(version)) return true;
  const letter = version >>> 24;
  return (
    (letter === 0x51 || letter === 0x54) && ((version >>> 16) & 0xff) === 0x30 && isDigits(version & 0xffff)
  );
}

function isDigits(pair: number): boolean {
  const [high, low] = [pair >>> 8, pair & 0xff];
  return high >= 0x30 && high <= 0x39 && low >= 0x30 && low <= 0x39;
}

/** Reads the long header at `at`, whose fixed bit may be greased (RFC 9287). @returns false for what is none */
export function readLongHeader(octets: Uint8Array, at: number, end: number, header: LongHeader): boolean {
  if (at + 7 > end || (octets[at]! & LONG_HEADER) === 0) return false;
  header.version = doubleWordAt(octets, at + 1);
  header.destinationIdLength = octets[at + 5]!;
  header.destinationId = at + 6;
  const source = at + 6 + header.destinationIdLength;
  if (header.destinationIdLength > CONNECTION_ID_OCTETS_MAX || source >= end) return false;
  header.sourceIdLength = octets[source]!;
  header.sourceId = source + 1;
  const next = source + 1 + header.sourceIdLength;
  if (header.sourceIdLength > CONNECTION_ID_OCTETS_MAX || next > end) return false;
  header.end = end;
  if (header.version === 0) {
    header.type = TYPE_NEGOTIATION;
    return (end - next) % 4 === 0 && end > next;
  }
  const type = (octets[at]! >>> 4) & 3;
  header.type = header.version === QUIC_V2 ? (type + 3) & 3 : type;
  return (
    header.type === TYPE_RETRY ||
    saltOf(header.version) === undefined ||
    readLengths(octets, next, end, header)
  );
}

/** Token and length of a packet. */
function readLengths(octets: Uint8Array, from: number, end: number, header: LongHeader): boolean {
  let at = from;
  if (header.type === TYPE_INITIAL) {
    const tokenLength = readVarint(octets, at, end);
    at = varintEnd + tokenLength;
    if (varintEnd < 0 || at >= end) return false;
  }
  const length = readVarint(octets, at, end);
  if (varintEnd < 0) return false;
  header.packetNumber = varintEnd;
  header.end = varintEnd + length;
  return length > 0;
}

const nonce = new Uint8Array(NONCE_OCTETS);

/**
 * Removes the protection of an Initial packet, without a look at its tag.
 * @param at the packet's first octet
 * @param end behind what was captured of the datagram
 * @param out receives the payload, PAYLOAD_OCTETS_MAX at most
 * @returns octets in `out`; -1 where keys do not fit, or nothing is there
 */
export function decryptInitial(
  octets: Uint8Array,
  at: number,
  end: number,
  header: LongHeader,
  keys: QuicKeys,
  out: Uint8Array,
): number {
  const { packetNumber } = header;
  const sample = packetNumber + 4;
  if (sample + SAMPLE_OCTETS > end || sample + SAMPLE_OCTETS > header.end) return -1;
  const { words } = keys.header;
  for (let i = 0; i < 4; i++) words[i] = doubleWordAt(octets, sample + 4 * i);
  keys.header.encrypt();
  const mask = words[0]!;
  const first = octets[at]! ^ ((mask >>> 24) & 0x0f);
  // Reserved bits are zero (RFC 9000 §17.2).
  if ((first & 0x0c) !== 0) return -1;
  const numberLength = (first & 3) + 1;
  for (let i = 0; i < NONCE_OCTETS; i++) nonce[i] = keys.iv[i]!;
  for (let i = 0; i < numberLength; i++) {
    const octet = octets[packetNumber + i]! ^ (i < 3 ? mask >>> (16 - 8 * i) : words[1]! >>> 24);
    const place = NONCE_OCTETS - numberLength + i;
    nonce[place] = nonce[place]! ^ octet;
  }
  const from = packetNumber + numberLength;
  let to = Math.min(header.end - TAG_OCTETS, end);
  if (to - from > PAYLOAD_OCTETS_MAX) to = from + PAYLOAD_OCTETS_MAX;
  if (to <= from) return -1;
  keys.packet.decrypt(nonce, octets, from, to, out);
  return to - from;
}
