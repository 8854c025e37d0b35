/**
 * Writes numbers as protobuf's varints: seven bits in an octet, the lowest first. Every function takes the octet to write
 * at and returns the one behind; the caller leaves room.
 */
import { NS_PER_S } from '../../base/clock.ts';

const TWO_32 = 4294967296;
const NS_IN_S = NS_PER_S;

/** An unsigned number below 2^32. */
export function putVarint32(out: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  let end = at;
  while (rest > 0x7f) {
    out[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[end++] = rest;
  return end;
}

/** The key of a field: of one octet or two, unless the field's number is large. */
export function putKey(out: Uint8Array, at: number, key: number): number {
  if (key < 0x80) {
    out[at] = key;
    return at + 1;
  }
  if (key >= 0x4000) return putVarint32(out, at, key);
  out[at] = key | 0x80;
  out[at + 1] = key >>> 7;
  return at + 2;
}

/** 64 bits in two words. */
export function putVarint64(out: Uint8Array, at: number, high: number, low: number): number {
  let upper = high >>> 0;
  let lower = low >>> 0;
  let end = at;
  while (upper !== 0) {
    out[end++] = (lower & 0x7f) | 0x80;
    lower = ((lower >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  return putVarint32(out, end, lower);
}

/** A whole number from 0 to 2^53. */
export function putVarint(out: Uint8Array, at: number, value: number): number {
  if (value < TWO_32) return putVarint32(out, at, value);
  const high = Math.floor(value / TWO_32);
  return putVarint64(out, at, high, value - high * TWO_32);
}

/**
 * Joins `seconds` × 10^9 + `ns`, which exceeds 2^53, to 64 bits in two words.
 * @param pair the high word, then the low one
 */
export function joinNs(pair: Uint32Array, seconds: number, ns: number): void {
  // Each product stays below 2^53.
  const high = Math.floor(seconds / 65536);
  const upper = high * NS_IN_S;
  const upperHigh = Math.floor(upper / 65536);
  const low = (upper - upperHigh * 65536) * 65536 + (seconds - high * 65536) * NS_IN_S + ns;
  const carry = Math.floor(low / TWO_32);
  pair[0] = upperHigh + carry;
  pair[1] = low - carry * TWO_32;
}

/** Four octets in network order: not a varint, but what addresses are made of. */
export function putWord(out: Uint8Array, at: number, word: number): number {
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
  return at + 4;
}
