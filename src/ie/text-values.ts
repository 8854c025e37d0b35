/**
 * Writes values that were read from a flow record (read-value.ts) as text: of JSON, CSV and flow messages. The callers
 * add quotes, names and labels.
 */
import { INTERVALS_MAX } from '../records/path-health-layout.ts';
import type { Value } from './read-value.ts';
import {
  putBillions,
  putHex,
  putIPv4,
  putIPv6,
  putMac,
  putNumber,
  putOctets,
  putQuote,
} from './text-octets.ts';
import * as columns from './value-column.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
/** Longest list of intervals: numbers of at most 16 digits, each with something behind it. */
export const INTERVALS_TEXT_OCTETS_MAX = INTERVALS_MAX * 17 + 2;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * Writes a value that is one text: any but a list of intervals. An instant is its nanoseconds since 1970.
 * @param kind as readValue returned it
 * @returns the octet behind it
 */
export function putValue(out: Uint8Array, at: number, kind: number, value: Value): number {
  switch (kind) {
    case columns.WORD:
      return putNumber(out, at, value.low >>> 0);
    case columns.NUMBER:
      return putNumber(out, at, value.number);
    case columns.IPV4:
      return putIPv4(out, at, value.low);
    case columns.IPV6:
      return putIPv6(out, at, value.words, 0);
    case columns.INSTANT:
      return putBillions(out, at, value.number, value.low);
    case columns.MAC:
      return putMac(out, at, value.high, value.low);
    case columns.OCTETS:
      return putOctetArray(out, at, value);
    case columns.TEXT:
      return putUtf8(out, at, value);
    case columns.BOOLEAN:
      return putOctets(out, at, value.low === 1 ? TRUE : FALSE);
    case columns.WIDE:
      return putWide(out, at, value.high, value.low);
  }
  return at;
}

/** Up to eight octets, the most significant one first. */
function putOctetArray(out: Uint8Array, at: number, { high, low, count }: Value): number {
  if (count <= 4) return putHex(out, at, low, count);
  return putHex(out, putHex(out, at, high, count - 4), low, 4);
}

/** A text as it is. */
function putUtf8(out: Uint8Array, at: number, value: Value): number {
  const { source, count } = value;
  const from = value.at;
  for (let i = 0; i < count; i++) out[at + i] = octetOf(source, from + i);
  return at + count;
}

/** An octet of words that hold four each, the lowest first. */
function octetOf(words: Int32Array, at: number): number {
  return (words[at >>> 2]! >>> (8 * (at & 3))) & 0xff;
}

/**
 * A text within a string of JSON (RFC 8259 §7); control characters it has none.
 * @param from,to its octets
 */
function putJsonText(out: Uint8Array, at: number, source: Int32Array, from: number, to: number): number {
  let end = at;
  for (let i = from; i < to; i++) {
    const octet = octetOf(source, i);
    if (octet === QUOTE || octet === BACKSLASH) out[end++] = BACKSLASH;
    out[end++] = octet;
  }
  return end;
}

/** A text as a string of JSON, or as a list of strings where semicolons part it. */
export function putJsonString(out: Uint8Array, at: number, value: Value, isList: boolean): number {
  const { source, count } = value;
  const from = value.at;
  const to = from + count;
  if (isList && count === 0) return putMark(out, putMark(out, at, OPENING_BRACKET), CLOSING_BRACKET);
  let end = putQuote(out, isList ? putMark(out, at, OPENING_BRACKET) : at);
  let start = from;
  for (let i = from; isList && i < to; i++) {
    if (octetOf(source, i) !== SEMICOLON) continue;
    end = putQuote(out, putJsonText(out, end, source, start, i));
    end = putQuote(out, putMark(out, end, COMMA));
    start = i + 1;
  }
  end = putQuote(out, putJsonText(out, end, source, start, to));
  return isList ? putMark(out, end, CLOSING_BRACKET) : end;
}

/** A text as a field of CSV (RFC 4180): in quotes where it has a comma or a quote. */
export function putCsvText(out: Uint8Array, at: number, value: Value): number {
  const { source, count } = value;
  const from = value.at;
  let isPlain = true;
  for (let i = from; i < from + count; i++) {
    const octet = octetOf(source, i);
    if (octet === COMMA || octet === QUOTE) isPlain = false;
  }
  if (isPlain) return putUtf8(out, at, value);
  let end = putQuote(out, at);
  for (let i = from; i < from + count; i++) {
    const octet = octetOf(source, i);
    if (octet === QUOTE) out[end++] = QUOTE;
    out[end++] = octet;
  }
  return putQuote(out, end);
}

function putMark(out: Uint8Array, at: number, octet: number): number {
  out[at] = octet;
  return at + 1;
}

/** A 64-bit number of two words. Rare: only elements with a code in their first octet. */
function putWide(out: Uint8Array, at: number, high: number, low: number): number {
  const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return putBillions(out, at, Number(value / 1_000_000_000n), Number(value % 1_000_000_000n));
}

/** Intervals of path health: in JSON a list of numbers, in CSV numbers with semicolons between them. */
export function putIntervals(out: Uint8Array, at: number, value: Value, isJson: boolean): number {
  const { intervals, count } = value;
  let end = at;
  if (isJson) out[end++] = OPENING_BRACKET;
  for (let i = 0; i < count; i++) {
    if (i > 0) out[end++] = isJson ? COMMA : SEMICOLON;
    end = putNumber(out, end, intervals[i]!);
  }
  if (isJson) out[end++] = CLOSING_BRACKET;
  return end;
}
