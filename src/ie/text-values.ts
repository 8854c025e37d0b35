/** Values of text columns that are more than one number; see text-columns.ts. */
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import {
  HEALTH_WORD,
  INTERVAL_OCTETS,
  INTERVAL_SHIFT,
  INTERVALS,
  INTERVALS_MAX,
} from '../records/health-layout.ts';
import { putBillions, putMac, putNumber } from './text-octets.ts';

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
/** Longest list of intervals: numbers of at most 16 digits, each with something behind it. */
export const INTERVALS_TEXT_OCTETS_MAX = INTERVALS_MAX * 17 + 2;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** A 64-bit number of two words. Rare: only elements with a code in their first octet. */
export function putWide(out: Uint8Array, at: number, high: number, low: number): number {
  const value = (BigInt(high >>> 0) << 32n) | BigInt(low);
  return putBillions(out, at, Number(value / 1_000_000_000n), Number(value % 1_000_000_000n));
}

export function hasNoMac(words: Int32Array, link: number): boolean {
  return (words[link]! | words[link + 1]! | words[link + 2]!) === 0;
}

/** The link details: source address in word 0 and the high half of 1, destination in the low half of 1 and word 2. */
export function putEndpointMac(
  out: Uint8Array,
  at: number,
  words: Int32Array,
  link: number,
  isSource: boolean,
): number {
  const middle = words[link + 1]!;
  if (!isSource) return putMac(out, at, middle & 0xffff, words[link + 2]!);
  return putMac(out, at, words[link]! >>> 16, (words[link]! << 16) | (middle >>> 16));
}

/** True or false by RFC 7011 §6.1.5. */
export function putBoolean(out: Uint8Array, at: number, value: number): number {
  const text = value === 1 ? TRUE : FALSE;
  out.set(text, at);
  return at + text.length;
}

/**
 * Intervals of path health: in JSON a list of numbers, in CSV numbers with semicolons between them.
 * @param row first word of the record
 * @param block word of the direction's block within the record
 */
export function putIntervals(
  out: Uint8Array,
  at: number,
  batch: FlowRecordBatch,
  row: number,
  block: number,
  isJson: boolean,
): number {
  const { words } = batch;
  const intervals = words[row + HEALTH_WORD + INTERVALS]!;
  const unit = 2 ** words[row + block + INTERVAL_SHIFT]!;
  let end = at;
  if (isJson) out[end++] = OPENING_BRACKET;
  for (let i = 0; i < intervals; i++) {
    if (i > 0) out[end++] = isJson ? COMMA : SEMICOLON;
    end = putNumber(out, end, (words[row + block + INTERVAL_OCTETS + i]! >>> 0) * unit);
  }
  if (isJson) out[end++] = CLOSING_BRACKET;
  return end;
}
