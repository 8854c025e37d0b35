/**
 * Writes a flow message in protobuf's encoding straight into octets. Values that are 0 are left out, as proto3 says. By
 * hand and from a compiled table because it runs for every record (docs/decisions has the measurement); the tests decode
 * every message with protobufjs and protoc. Framing and keys are flow-encoder.ts's.
 *
 * Every function takes the octet to write at and returns the one behind; the caller leaves room.
 */
import { NS_PER_S } from '../../base/clock.ts';
import * as kinds from '../../ie/compiled-source.ts';
import { extensionHeadersComplete, extensionHeadersFull } from '../../ie/extension-bits.ts';
import * as layout from '../../records/flow-layout.ts';
import type { MessageColumn } from './message-columns.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { LINK_WORD } = layout;
const { WORD, WIDE_WORD, HEX_WORD, COUNTER, NANOSECONDS, TIME, DURATION, ADDRESS_IPV4, ADDRESS_IPV6 } = kinds;
const { MAC_SOURCE, MAC_DESTINATION, CONSTANT, RECORD_NUMBER } = kinds;
const { DIVIDED, EXTENSIONS_FULL, EXTENSIONS_COMPLETE } = kinds;
const TWO_32 = 4294967296;
const NS_IN_S = NS_PER_S;

/** Longest value with its key: an address of 16 octets behind its length. */
export const FIELD_OCTETS_MAX = 21;

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

/** `seconds` × 10^9 + `ns`, which exceed 2^53, in 64 bits. */
export function putVarintNs(out: Uint8Array, at: number, seconds: number, ns: number): number {
  const whole = Math.floor(ns / NS_IN_S);
  const total = seconds + whole;
  if (total < 0) return putVarint32(out, at, 0);
  // Each product stays below 2^53.
  const high = Math.floor(total / 65536);
  const upper = high * NS_IN_S;
  const upperHigh = Math.floor(upper / 65536);
  const low = (upper - upperHigh * 65536) * 65536 + (total - high * 65536) * NS_IN_S + (ns - whole * NS_IN_S);
  const carry = Math.floor(low / TWO_32);
  return putVarint64(out, at, upperHigh + carry, low - carry * TWO_32);
}

/** Four octets in network order. */
function putWord(out: Uint8Array, at: number, word: number): number {
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
  return at + 4;
}

/** Key and number; nothing where it is 0. */
function putNumberField(out: Uint8Array, at: number, key: number, value: number): number {
  return value === 0 ? at : putVarint(out, putVarint32(out, at, key), value);
}

/**
 * Writes key and value of a column for one record.
 * @param row first word of the record
 * @param epochSeconds Unix time that its times count from
 */
export function putProtobuf(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { kind, key, constant } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  if (condition !== column.conditionEquals) return at;
  switch (kind) {
    case DIVIDED: {
      const word = ((words[row + column.at]! >>> column.shift) & column.mask) >>> 0;
      return putNumberField(out, at, key, Math.round(word / constant));
    }
    case EXTENSIONS_FULL:
      return putNumberField(out, at, key, extensionHeadersFull(words[row + column.at]!));
    case EXTENSIONS_COMPLETE:
      return putNumberField(out, at, key, extensionHeadersComplete(words[row + column.at]!));
    case WORD: {
      const value = (words[row + column.at]! >>> column.shift) & column.mask;
      return value === 0 ? at : putVarint32(out, putVarint32(out, at, key), value);
    }
    case COUNTER:
      return putNumberField(out, at, key, doubles[(row >>> 1) + column.at]!);
    case NANOSECONDS:
      return putVarintNs(out, putVarint32(out, at, key), epochSeconds, doubles[(row >>> 1) + column.at]!);
    case ADDRESS_IPV4: {
      const end = putVarint32(out, at, key);
      out[end] = 4;
      return putWord(out, end + 1, words[row + column.at]!);
    }
    case ADDRESS_IPV6: {
      let end = putVarint32(out, at, key);
      out[end++] = 16;
      for (let w = 0; w < 4; w++) end = putWord(out, end, words[row + column.at + w]!);
      return end;
    }
    case MAC_SOURCE:
    case MAC_DESTINATION:
      return putMacField(out, at, key, words, row + LINK_WORD, kind === MAC_SOURCE);
    case CONSTANT:
      return putNumberField(out, at, key, constant);
    case TIME: {
      const value =
        epochSeconds * constant + Math.floor(doubles[(row >>> 1) + column.at]! / (NS_IN_S / constant));
      return putNumberField(out, at, key, Math.max(value, 0));
    }
    case DURATION: {
      const double = (row >>> 1) + column.at;
      const last = Math.floor(doubles[double + 1]! / constant);
      return putNumberField(out, at, key, last - Math.floor(doubles[double]! / constant));
    }
    case RECORD_NUMBER:
      return putNumberField(out, at, key, recordNumber);
    case WIDE_WORD:
      return putVarint64(
        out,
        putVarint32(out, at, key),
        constant,
        (words[row + column.at]! >>> column.shift) & column.mask,
      );
    case HEX_WORD:
      return putOctetsField(out, at, key, (words[row + column.at]! >>> column.shift) & column.mask, constant);
  }
  return at;
}

/** The low `octets` octets of a word; nothing where they are 0. */
function putOctetsField(out: Uint8Array, at: number, key: number, word: number, octets: number): number {
  if (word === 0) return at;
  let end = putVarint32(out, at, key);
  out[end++] = octets;
  for (let shift = 8 * octets - 8; shift >= 0; shift -= 8) out[end++] = word >>> shift;
  return end;
}

/** A MAC address as a number of 48 bits; nothing where it is 0. */
function putMacField(
  out: Uint8Array,
  at: number,
  key: number,
  words: Int32Array,
  link: number,
  isSource: boolean,
): number {
  const middle = words[link + 1]!;
  const high = isSource ? words[link]! >>> 16 : middle & 0xffff;
  const low = isSource ? (words[link]! << 16) | (middle >>> 16) : words[link + 2]!;
  if ((high | low) === 0) return at;
  return putVarint64(out, putVarint32(out, at, key), high, low);
}
