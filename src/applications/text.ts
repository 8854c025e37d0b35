/** Texts out of payload: bounded, and never with control characters, whatever the octets are. */

/** Longest text that is kept of a value, octets. */
export const TEXT_OCTETS_MAX = 256;

const OTHER = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu;

/** Texts that came before, by a hash of their octets: hosts and programs are the same again and again. A power of two. */
const KNOWN_TEXTS = 4096;
const known: string[] = new Array(KNOWN_TEXTS).fill('');
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;
/** Octets on their way to a text. */
export const TEXT_SCRATCH = Buffer.alloc(1024);

function isText(text: string, octets: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = from; i < to; i++) if (text.charCodeAt(i - from) !== octets[i]) return false;
  return true;
}

/** Octets `from` … `to`, which are ASCII, as text: at most as many as TEXT_SCRATCH has. */
export function asciiAt(octets: Uint8Array, from: number, to: number): string {
  let hash = FNV_OFFSET;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ octets[i]!, FNV_PRIME);
  const place = (hash ^ (hash >>> 15)) & (KNOWN_TEXTS - 1);
  const before = known[place]!;
  if (isText(before, octets, from, to)) return before;
  // A copy: octets of shared memory cannot be decoded.
  for (let i = from; i < to; i++) TEXT_SCRATCH[i - from] = octets[i]!;
  const text = TEXT_SCRATCH.toString('latin1', 0, to - from);
  known[place] = text;
  return text;
}

/** Octets `from` … `to` as text, cut to `octetsMax`: UTF-8, with `?` for what is no text. */
export function textAt(octets: Uint8Array, from: number, to: number, octetsMax = TEXT_OCTETS_MAX): string {
  const end = to - from > octetsMax ? from + octetsMax : to;
  for (let i = from; i < end; i++) {
    const octet = octets[i]!;
    if (octet < 0x20 || octet > 0x7e) return decoded(octets, from, end);
  }
  return end - from > TEXT_SCRATCH.length ? decoded(octets, from, end) : asciiAt(octets, from, end);
}

/** As `textAt`, in lower case. */
export function lowerTextAt(octets: Uint8Array, from: number, to: number, octetsMax: number): string {
  const end = to - from > octetsMax ? from + octetsMax : to;
  for (let i = from; i < end; i++) {
    const octet = octets[i]!;
    if (octet < 0x20 || octet > 0x7e) return decoded(octets, from, end).toLowerCase();
    if (octet >= 0x41 && octet <= 0x5a) return asciiAt(octets, from, end).toLowerCase();
  }
  return asciiAt(octets, from, end);
}

function decoded(octets: Uint8Array, from: number, end: number): string {
  // A copy: octets of shared memory cannot be decoded.
  return Buffer.from(octets.slice(from, end)).toString('utf8').replace(OTHER, '?');
}

/** 16 bits in network order. */
export function wordAt(octets: Uint8Array, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!;
}

/** 24 bits in network order. */
export function threeOctetsAt(octets: Uint8Array, at: number): number {
  return (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!;
}

/** 32 bits in network order, without a sign. */
export function doubleWordAt(octets: Uint8Array, at: number): number {
  return ((wordAt(octets, at) << 16) | wordAt(octets, at + 2)) >>> 0;
}

/**
 * As many of the first parts of a list as have room; of a list whose first part alone is too long, all of it.
 * @param octetsMax of UTF-8
 */
export function wholeParts(list: string, separator: string, octetsMax: number): string {
  // A character has three octets at most.
  if (3 * list.length <= octetsMax || Buffer.byteLength(list) <= octetsMax) return list;
  let end = list.lastIndexOf(separator, octetsMax);
  while (end > 0 && Buffer.byteLength(list.slice(0, end)) > octetsMax)
    end = list.lastIndexOf(separator, end - 1);
  return end > 0 ? list.slice(0, end) : list;
}
