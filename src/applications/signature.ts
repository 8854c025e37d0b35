/**
 * Shape of a signature: how the first octets of a datagram or of a stream name an application. Rows are in
 * signatures-stream.ts and signatures-datagram.ts. A row with ports counts at these alone, as its octets are not enough.
 */

import type { ApplicationName } from './applications.ts';
import type { Piece } from './stream-start.ts';

export interface Signature {
  readonly name: ApplicationName;
  /** The first octet is one of these; absent: it may be any. */
  readonly first?: readonly number[];
  /** Octets that it takes at least; absent: LEAST_OCTETS. */
  readonly least?: number;
  /** One end has one of these ports. */
  readonly ports?: readonly number[];
  /** It begins with any octet, and the first look knows it by a later one (engine/assembly/first-look.ts). */
  readonly isToldLater?: true;
  /** Another protocol may follow in the same flow: TLS behind STARTTLS, DTLS or RTP behind STUN. */
  readonly isOuter?: boolean;
  /** @param length octets from `at` to the end of the piece */
  readonly matches: (octets: Uint8Array, at: number, length: number) => boolean;
}

const LEAST_OCTETS = 8;
const OCTETS = 256;
const NUMBERS_MAX = 255;
/** What a row may begin with that does not say so. */
export const ALL_OCTETS: readonly number[] = Array.from({ length: OCTETS }, (_, octet) => octet);

/** A row with all its properties: a search through rows of one shape takes half the time. */
type Row = Signature & Required<Pick<Signature, 'least' | 'isOuter'>>;

/** Rows of one protocol, to be found quickly. */
export interface SignatureIndex {
  readonly rows: readonly Row[];
  /** By first octet, in the order of the table. */
  readonly byOctet: readonly (readonly Row[])[];
  /** Ports at which a row counts that counts at these alone, and the number of each from 1 on; 0 of all others. */
  readonly ports: readonly number[];
  readonly numbers: Uint8Array;
  /** Rows that count at a port, by its number and the first octet; made when they are first asked for. */
  readonly atPort: (readonly Row[] | undefined)[];
}

/** @throws RangeError where rows have more ports than numbers */
export function createIndex(signatures: readonly Signature[]): SignatureIndex {
  const rows: Row[] = signatures.map(
    ({ name, first, least = LEAST_OCTETS, ports, isToldLater, isOuter = false, matches }) =>
      ({ name, first, least, ports, isToldLater, isOuter, matches }) as Row,
  );
  const byOctet: Row[][] = Array.from({ length: OCTETS }, () => []);
  for (const row of rows) for (const octet of new Set(row.first ?? ALL_OCTETS)) byOctet[octet]!.push(row);
  const ports = [...new Set(rows.flatMap((row) => row.ports ?? []))];
  if (ports.length > NUMBERS_MAX) throw new RangeError(`${ports.length} ports of signatures`);
  const numbers = new Uint8Array(65_536);
  ports.forEach((port, i) => {
    numbers[port] = i + 1;
  });
  return { rows, byOctet, ports, numbers, atPort: new Array((ports.length + 1) * OCTETS) };
}

/** Rows that count at one of two ports, by their numbers. */
function rowsOf({ byOctet, ports, atPort }: SignatureIndex, octet: number, from: number, to: number) {
  const isOne = from === 0 || to === 0 || from === to;
  const place = (from | to) * OCTETS + octet;
  const before = isOne ? atPort[place] : undefined;
  if (before !== undefined) return before;
  const found = byOctet[octet]!.filter(
    (row) => row.ports?.some((port) => port === ports[from - 1] || port === ports[to - 1]) ?? true,
  );
  if (isOne) atPort[place] = found;
  return found;
}

/** The first row that matches. */
export function findSignature(
  index: SignatureIndex,
  { octets, start, end }: Piece,
  sourcePort: number,
  destinationPort: number,
): Row | undefined {
  const { numbers } = index;
  const rows = rowsOf(index, octets[start]!, numbers[sourcePort]!, numbers[destinationPort]!);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (end - start >= row.least && row.matches(octets, start, end - start)) return row;
  }
  return undefined;
}

/** Octets of ASCII text, for `isAt`. */
export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function isAt(octets: Uint8Array, at: number, length: number, wanted: Uint8Array): boolean {
  if (length < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (octets[at + i] !== wanted[i]) return false;
  return true;
}

/** A row's function for texts of which one stands at the beginning. */
export function begins(...texts: readonly string[]): Signature['matches'] {
  const all = texts.map(octetsOf);
  return (octets, at, length) => {
    for (const text of all) if (isAt(octets, at, length, text)) return true;
    return false;
  };
}

/** First octets of texts. */
export const firstOf = (...texts: readonly string[]) => [...new Set(texts.map((text) => text.charCodeAt(0)))];

/** All numbers from one to another: octets, ports. */
export const numbersFrom = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Whether a text stands in the first `limit` octets. */
export function contains(
  octets: Uint8Array,
  at: number,
  length: number,
  wanted: Uint8Array,
  limit = 256,
): boolean {
  const within = Math.min(length, limit);
  for (let i = 0; i + wanted.length <= within; i++) if (isAt(octets, at + i, within - i, wanted)) return true;
  return false;
}

/**
 * The content of a BER element (X.690 §8.1) whose tag is at `at`.
 * @returns where it begins behind `at`, if it ends with the piece; 0 else
 */
export function berContent(octets: Uint8Array, at: number, length: number): number {
  if (length < 2) return 0;
  const count = octets[at + 1]! & 0x7f;
  if (octets[at + 1]! < 0x80) return 2 + count === length ? 2 : 0;
  if (count === 0 || count > 4 || 2 + count > length) return 0;
  let content = 0;
  for (let i = 0; i < count; i++) content = content * 256 + octets[at + 2 + i]!;
  return 2 + count + content === length ? 2 + count : 0;
}

/** 16 and 32 bits with the least significant octet first. */
export function littleWord(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8);
}

export function littleDoubleWord(octets: Uint8Array, at: number): number {
  return (littleWord(octets, at) | (littleWord(octets, at + 2) << 16)) >>> 0;
}
