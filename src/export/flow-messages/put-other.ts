/**
 * Writes the fields of flow messages that are not plain varints or octets: signed and fixed numbers, floats, text, items
 * of lists, and fields that tell 0 from none. goflow2's messages have hardly any of them, so they may cost a little more.
 * put-protobuf.ts has the others.
 */
import { NS_PER_S } from '../../base/clock.ts';
import * as kinds from '../../ie/compiled-source.ts';
import { extensionHeadersComplete, extensionHeadersFull } from '../../ie/extension-bits.ts';
import * as layout from '../../records/flow-layout.ts';
import type { MessageColumn } from './message-column.ts';
import * as columns from './message-column.ts';
import { durationOf, putJsonValue } from './put-json.ts';
import { putVarint, putVarint32, putVarint64, putWord, splitNs } from './put-varint.ts';

const { LINK_WORD } = layout;
const { WORD, WIDE_WORD, HEX_WORD, COUNTER, NANOSECONDS, TIME, DURATION, ADDRESS_IPV4, ADDRESS_IPV6 } = kinds;
const { MAC_SOURCE, MAC_DESTINATION, CONSTANT, RECORD_NUMBER } = kinds;
const { DIVIDED, EXTENSIONS_FULL, EXTENSIONS_COMPLETE } = kinds;
const { SEQUENCE, TIMESTAMP, ZIGZAG, FIXED_32, FIXED_64, FLOAT, DOUBLE, BOOL, TEXT, OCTETS } = columns;
/** Keys of google.protobuf.Timestamp's fields. */
const TIMESTAMP_SECONDS = 0x08;
const TIMESTAMP_NANOS = 0x10;
const TWO_32 = 4294967296;
const NS_IN_S = NS_PER_S;

/** The value that was read last: its high word and its low one. */
const pair = new Uint32Array(2);
const real = new DataView(new ArrayBuffer(8));

function setNumber(value: number): void {
  const high = Math.floor(value / TWO_32);
  pair[0] = high;
  pair[1] = value - high * TWO_32;
}

/** Reads a value into `pair`. */
function read(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
): void {
  const { kind, at, constant } = column;
  const double = (row >>> 1) + at;
  const word = ((words[row + at]! >>> column.shift) & column.mask) >>> 0;
  let value = 0;
  switch (kind) {
    case WORD:
    case HEX_WORD:
      value = word;
      break;
    case DIVIDED:
      value = Math.round(word / constant);
      break;
    case WIDE_WORD:
      pair[0] = constant;
      pair[1] = word;
      return;
    case ADDRESS_IPV4:
      value = words[row + at]! >>> 0;
      break;
    case COUNTER:
      value = doubles[double]!;
      break;
    case TIME:
      value = Math.max(epochSeconds * constant + Math.floor(doubles[double]! / (NS_IN_S / constant)), 0);
      break;
    case NANOSECONDS:
      splitNs(pair, epochSeconds, doubles[double]!);
      return;
    case DURATION:
      value = durationOf(doubles[double]!, doubles[double + 1]!, constant);
      break;
    case EXTENSIONS_FULL:
      value = extensionHeadersFull(words[row + at]!);
      break;
    case EXTENSIONS_COMPLETE:
      value = extensionHeadersComplete(words[row + at]!);
      break;
    case MAC_SOURCE:
    case MAC_DESTINATION:
      readMac(words, row + LINK_WORD, kind === MAC_SOURCE);
      return;
    case CONSTANT:
      value = constant;
      break;
    case RECORD_NUMBER:
      value = recordNumber + 1;
      break;
    case SEQUENCE:
      value = recordNumber % TWO_32;
  }
  setNumber(value);
}

/** Reads one of the link's addresses into `pair`. */
function readMac(words: Int32Array, link: number, isSource: boolean): void {
  const middle = words[link + 1]!;
  pair[0] = isSource ? words[link]! >>> 16 : middle & 0xffff;
  pair[1] = isSource ? (words[link]! << 16) | (middle >>> 16) : words[link + 2]!;
}

/** Four octets, the lowest first. */
function putLittle(out: Uint8Array, at: number, word: number): number {
  out[at] = word;
  out[at + 1] = word >>> 8;
  out[at + 2] = word >>> 16;
  out[at + 3] = word >>> 24;
  return at + 4;
}

/** The value that was read, in a form of numbers. */
function putNumberForm(out: Uint8Array, at: number, form: number): number {
  const high = pair[0]!;
  const low = pair[1]!;
  switch (form) {
    case ZIGZAG:
      return putVarint64(out, at, (high << 1) | (low >>> 31), low << 1);
    case FIXED_32:
      return putLittle(out, at, low);
    case FIXED_64:
      return putLittle(out, putLittle(out, at, low), high);
    case FLOAT:
      real.setFloat32(0, high * TWO_32 + low);
      return putLittle(out, at, real.getInt32(0));
    case DOUBLE:
      real.setFloat64(0, high * TWO_32 + low);
      return putLittle(out, putLittle(out, at, real.getInt32(4)), real.getInt32(0));
    case BOOL:
      // RFC 7011 §6.1.5: 1 is true, 2 is false.
      out[at] = high === 0 && low === 1 ? 1 : 0;
      return at + 1;
  }
  return putVarint64(out, at, high, low);
}

/** The value as octets behind their length; its number has been read. */
function putOctetsForm(
  column: MessageColumn,
  words: Int32Array,
  row: number,
  out: Uint8Array,
  at: number,
): number {
  const { kind, constant } = column;
  const high = pair[0]!;
  const low = pair[1]!;
  let end = at + 1;
  if (kind === ADDRESS_IPV6) {
    for (let w = 0; w < 4; w++) end = putWord(out, end, words[row + column.at + w]!);
  } else if (kind === HEX_WORD) {
    for (let shift = 8 * constant - 8; shift >= 0; shift -= 8) out[end++] = low >>> shift;
  } else {
    if (kind !== ADDRESS_IPV4) {
      out[end++] = high >>> 8;
      out[end++] = high;
    }
    end = putWord(out, end, low);
  }
  out[at] = end - at - 1;
  return end;
}

/** A value of 0, or of no octets. */
function putNothing(column: MessageColumn, out: Uint8Array, at: number): number {
  const { form, key } = column;
  const end = putVarint32(out, at, key);
  if (form === OCTETS || form === TEXT) return putVarint32(out, end, 0);
  setNumber(0);
  return putNumberForm(out, end, form);
}

/** Whether the value is an address that is written as octets, which 0 has as well. */
function hasOctets({ kind, form }: MessageColumn): boolean {
  return kind === ADDRESS_IPV6 || (kind === ADDRESS_IPV4 && form === OCTETS);
}

/** Whether what was read is protobuf's default of the form. */
function isZero(form: number): boolean {
  const isTrue = pair[0] === 0 && pair[1] === 1;
  return form === BOOL ? !isTrue : (pair[0]! | pair[1]!) === 0;
}

/** A time as google.protobuf.Timestamp: seconds and nanoseconds, as far as the element has them. */
function putTimestamp(
  column: MessageColumn,
  ns: number,
  epochSeconds: number,
  out: Uint8Array,
  at: number,
): number {
  const { key, constant } = column;
  const whole = Math.floor(ns / NS_IN_S);
  const seconds = Math.max(epochSeconds + whole, 0);
  const nanos = epochSeconds + whole < 0 ? 0 : ns - whole * NS_IN_S;
  const start = putVarint32(out, at, key);
  let end = start + 1;
  if (seconds !== 0) {
    out[end++] = TIMESTAMP_SECONDS;
    end = putVarint(out, end, seconds);
  }
  const shown = Math.floor(nanos / constant) * constant;
  if (shown !== 0) {
    out[end++] = TIMESTAMP_NANOS;
    end = putVarint32(out, end, shown);
  }
  out[start] = end - start - 1;
  return end;
}

/**
 * Writes key and value of a column for one record.
 * @param row first word of the record
 * @param epochSeconds Unix time that its times count from
 */
export function putOther(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { form, key, presenceMask, isZeroWritten, isRequired } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  const isThere = presenceMask === 0 || (words[row + column.at]! & presenceMask) !== 0;
  if (condition !== column.conditionEquals || !isThere) return isRequired ? putNothing(column, out, at) : at;
  if (column.kind === TIMESTAMP) {
    return putTimestamp(column, doubles[(row >>> 1) + column.at]!, epochSeconds, out, at);
  }
  if (column.kind !== ADDRESS_IPV6) read(column, words, doubles, row, epochSeconds, recordNumber);
  if (!isZeroWritten && !hasOctets(column) && isZero(form)) return at;
  const start = key === 0 ? at : putVarint32(out, at, key);
  if (form === TEXT) {
    const end = putJsonValue(column, words, doubles, row, epochSeconds, recordNumber, out, start + 1);
    out[start] = end - start - 1;
    return end;
  }
  if (form === OCTETS) return putOctetsForm(column, words, row, out, start);
  return putNumberForm(out, start, form);
}
