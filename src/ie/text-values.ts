/**
 * Writes values that were read from a flow record (read-value.ts) as text: of JSON, CSV and flow messages. The callers
 * add quotes, names and labels.
 */
import { INTERVALS_MAX } from '../records/path-health-layout.ts';
import type { Value } from './read-value.ts';
import { putBillions, putHex, putIPv4, putIPv6, putMac, putNumber, putOctets } from './text-octets.ts';
import * as columns from './value-column.ts';

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
      return putHex(out, at, value.low, value.count);
    case columns.BOOLEAN:
      return putOctets(out, at, value.low === 1 ? TRUE : FALSE);
    case columns.WIDE:
      return putWide(out, at, value.high, value.low);
  }
  return at;
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
