/**
 * Writes a flow message as JSON in goflow2's way: the schema's names, addresses and MAC addresses as text, `etype` and
 * `proto` by name, everything else a number. A value that does not apply is 0, in a list it is left out. Framing and keys
 * are flow-encoder.ts's.
 */
import { NS_PER_S } from '../../base/clock.ts';
import * as kinds from '../../ie/compiled-source.ts';
import { extensionHeadersComplete, extensionHeadersFull } from '../../ie/extension-bits.ts';
import * as text from '../../ie/text-octets.ts';
import { putEndpointMac, putWide } from '../../ie/text-values.ts';
import * as layout from '../../records/flow-layout.ts';
import type { MessageColumn } from './message-column.ts';
import * as columns from './message-column.ts';

const { LINK_WORD } = layout;
const { putBillions, putHex, putIPv4, putIPv6, putNumber, putTimestampText, putOctets, putQuote } = text;
const { WORD, WIDE_WORD, HEX_WORD, COUNTER, NANOSECONDS, TIME, DURATION, ADDRESS_IPV4, ADDRESS_IPV6 } = kinds;
const { MAC_SOURCE, MAC_DESTINATION, CONSTANT, RECORD_NUMBER } = kinds;
const { DIVIDED, EXTENSIONS_FULL, EXTENSIONS_COMPLETE } = kinds;
const { FIXED, SEQUENCE, OPEN, CLOSE, TIMESTAMP, BOOL } = columns;
const NS_IN_S = NS_PER_S;
const UNSPECIFIED = new Int32Array(4);

const COMMA = 0x2c;
const CLOSING_BRACKET = 0x5d;
const CLOSING_BRACE = 0x7d;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * Writes name and value of a column for one record, with what stands in front of the name.
 * @param row first word of the record
 * @param epochSeconds Unix time that its times count from
 */
export function putJson(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { kind, isItem, octets } = column;
  if (kind === CLOSE) return close(column, out, at);
  if (isItem && !isThere(column, words, row)) return at;
  let end = putOctets(out, at, octets);
  if (kind === FIXED || kind === OPEN) return end;
  if (column.isQuoted) end = putQuote(out, end);
  if (column.names !== undefined) end = putName(column, words, row, out, end);
  else if (column.form === BOOL) end = putBoolean(column, words, row, out, end);
  else end = putJsonValue(column, words, doubles, row, epochSeconds, recordNumber, out, end);
  if (column.isQuoted) end = putQuote(out, end);
  if (!isItem) return end;
  out[end] = COMMA;
  return end + 1;
}

/** Ends a message within the message, or a list, behind whose last item stands a comma. */
function close({ isItem }: MessageColumn, out: Uint8Array, at: number): number {
  if (!isItem) {
    out[at] = CLOSING_BRACE;
    return at + 1;
  }
  const end = out[at - 1] === COMMA ? at : at + 1;
  out[end - 1] = CLOSING_BRACKET;
  return end;
}

/** Whether an item's element applies to the record. */
function isThere(column: MessageColumn, words: Int32Array, row: number): boolean {
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  if (condition !== column.conditionEquals) return false;
  return column.presenceMask === 0 || (words[row + column.at]! & column.presenceMask) !== 0;
}

/** A number by its name, or as it is where it has none. */
function putName(column: MessageColumn, words: Int32Array, row: number, out: Uint8Array, at: number): number {
  const isConstant = column.kind === CONSTANT;
  const value = isConstant ? column.constant : wordOf(column, words, row);
  const name = column.names!.get(value);
  return name === undefined ? putNumber(out, at, value) : putOctets(out, at, name);
}

/** RFC 7011 §6.1.5: 1 is true. */
function putBoolean(
  column: MessageColumn,
  words: Int32Array,
  row: number,
  out: Uint8Array,
  at: number,
): number {
  return putOctets(out, at, extensionHeadersComplete(words[row + column.at]!) === 1 ? TRUE : FALSE);
}

/** The word of a record that a column reads; 0 where its condition does not hold. */
function wordOf(column: MessageColumn, words: Int32Array, row: number): number {
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  if (condition !== column.conditionEquals) return 0;
  return ((words[row + column.at]! >>> column.shift) & column.mask) >>> 0;
}

/** Writes the value of a column for one record: a number, or text without quotes. */
export function putJsonValue(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { kind, constant } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  const holds = condition === column.conditionEquals;
  const value = holds ? ((words[row + column.at]! >>> column.shift) & column.mask) >>> 0 : 0;
  const double = (row >>> 1) + column.at;
  switch (kind) {
    case WORD:
      return putNumber(out, at, value);
    case DIVIDED:
      return putNumber(out, at, Math.round(value / constant));
    case EXTENSIONS_FULL:
      return putNumber(out, at, extensionHeadersFull(words[row + column.at]!));
    case EXTENSIONS_COMPLETE:
      return putNumber(out, at, extensionHeadersComplete(words[row + column.at]!));
    case WIDE_WORD:
      return holds ? putWide(out, at, constant, value) : putNumber(out, at, 0);
    case HEX_WORD:
      return putHex(out, at, value, constant);
    case COUNTER:
      return putNumber(out, at, holds ? doubles[double]! : 0);
    case NANOSECONDS:
      return putNs(out, at, epochSeconds, doubles[double]!);
    case TIME: {
      const units = epochSeconds * constant + Math.floor(doubles[double]! / (NS_IN_S / constant));
      return putNumber(out, at, Math.max(units, 0));
    }
    case TIMESTAMP:
      return putTimestampText(out, at, epochSeconds, doubles[double]!, constant);
    case DURATION:
      return putNumber(out, at, durationOf(doubles[double]!, doubles[double + 1]!, constant));
    case ADDRESS_IPV4:
      return putIPv4(out, at, holds ? words[row + column.at]! : 0);
    case ADDRESS_IPV6:
      return holds ? putIPv6(out, at, words, row + column.at) : putIPv6(out, at, UNSPECIFIED, 0);
    case MAC_SOURCE:
    case MAC_DESTINATION:
      return putEndpointMac(out, at, words, row + LINK_WORD, kind === MAC_SOURCE);
    case CONSTANT:
      return putNumber(out, at, constant);
    case RECORD_NUMBER:
      return putNumber(out, at, recordNumber + 1);
    case SEQUENCE:
      return putNumber(out, at, recordNumber % 4294967296);
  }
  return at;
}

/** Units of `unitNs` between two times; what the 32 bits of such an element cannot hold is the most that they can. */
export function durationOf(firstNs: number, lastNs: number, unitNs: number): number {
  const units = Math.floor(lastNs / unitNs) - Math.floor(firstNs / unitNs);
  return Math.min(Math.max(units, 0), 0xffffffff);
}

/** Nanoseconds since 1970, which exceed 2^53, as goflow2 writes them: as a number all the same. */
function putNs(out: Uint8Array, at: number, epochSeconds: number, ns: number): number {
  const seconds = Math.floor(ns / NS_IN_S);
  const total = epochSeconds + seconds;
  return total < 0 ? putNumber(out, at, 0) : putBillions(out, at, total, ns - seconds * NS_IN_S);
}
