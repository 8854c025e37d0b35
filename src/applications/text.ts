/** Texts out of payload: bounded, and never with control characters, whatever the octets are. */

/** Longest text that is kept of a value, octets. */
export const TEXT_OCTETS_MAX = 256;

const OTHER = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu;

/**
 * Octets `from` … `to` as text, cut to `octetsMax`: UTF-8, with `?` for what is no text.
 */
export function textAt(octets: Uint8Array, from: number, to: number, octetsMax = TEXT_OCTETS_MAX): string {
  const end = to - from > octetsMax ? from + octetsMax : to;
  let text = '';
  for (let i = from; i < end; i++) {
    const octet = octets[i]!;
    if (octet < 0x20 || octet > 0x7e) return decoded(octets, from, end);
    text += String.fromCharCode(octet);
  }
  return text;
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
