/**
 * Writes the fields of flow messages that are no varints or octets of implicit presence: signed and fixed numbers, floats, text, items
 * of lists, and fields that tell 0 from none. goflow2's messages have hardly any of them, so they may cost a little more.
 * put-protobuf.ts has the others.
 */
import { createValue, readValue, type ValueRecords } from '../../ie/read-value.ts';
import { putValue } from '../../ie/text-values.ts';
import * as kinds from '../../ie/value-column.ts';
import type { MessageColumn } from './message-column.ts';
import * as columns from './message-column.ts';
import { putText } from './put-json.ts';
import { joinNs, putVarint, putVarint32, putVarint64, putWord } from './put-varint.ts';

/** Keys of google.protobuf.Timestamp's fields. */
const TIMESTAMP_SECONDS = 0x08;
const TIMESTAMP_NANOS = 0x10;
const TWO_32 = 4294967296;

const value = createValue();
/** The value that was read last as 64 bits: its high word and its low one. */
const pair = new Uint32Array(2);
const real = new DataView(new ArrayBuffer(8));

function setNumber(number: number): void {
  const high = Math.floor(number / TWO_32);
  pair[0] = high;
  pair[1] = number - high * TWO_32;
}

/** Brings the value that was read into `pair`. IPv6 addresses have no number. */
function setPair(kind: number): void {
  if (kind === kinds.INSTANT) joinNs(pair, value.number, value.low);
  else if (kind === kinds.NUMBER) setNumber(value.number);
  else {
    pair[0] = kind === kinds.WIDE || kind === kinds.MAC || kind === kinds.OCTETS ? value.high : 0;
    pair[1] = value.low;
  }
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
    case columns.ZIGZAG:
      return putVarint64(out, at, (high << 1) | (low >>> 31), low << 1);
    case columns.FIXED_32:
      return putLittle(out, at, low);
    case columns.FIXED_64:
      return putLittle(out, putLittle(out, at, low), high);
    case columns.FLOAT:
      real.setFloat32(0, high * TWO_32 + low);
      return putLittle(out, at, real.getInt32(0));
    case columns.DOUBLE:
      real.setFloat64(0, high * TWO_32 + low);
      return putLittle(out, putLittle(out, at, real.getInt32(4)), real.getInt32(0));
    case columns.BOOL:
      // RFC 7011 §6.1.5: 1 is true, 2 is false.
      out[at] = high === 0 && low === 1 ? 1 : 0;
      return at + 1;
  }
  return putVarint64(out, at, high, low);
}

/** The value as octets behind their length; its number is in `pair`. */
function putBytes(kind: number, out: Uint8Array, at: number): number {
  const high = pair[0]!;
  const low = pair[1]!;
  let end = at + 1;
  if (kind === kinds.IPV6) {
    for (let w = 0; w < 4; w++) end = putWord(out, end, value.words[w]!);
  } else if (kind === kinds.OCTETS) {
    for (let shift = 8 * value.count - 8; shift >= 0; shift -= 8)
      out[end++] = shift >= 32 ? high >>> (shift - 32) : low >>> shift;
  } else {
    if (kind === kinds.MAC) {
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
  if (form === columns.BYTES || form === columns.TEXT || form === columns.TIMESTAMP)
    return putVarint32(out, end, 0);
  setNumber(0);
  return putNumberForm(out, end, form);
}

/** Whether the value is an address that is written as octets, which 0 has as well. */
function hasOctets(kind: number, form: number): boolean {
  return kind === kinds.IPV6 || (kind === kinds.IPV4 && form === columns.BYTES);
}

/** Whether what was read is protobuf's default of the form. */
function isZero(kind: number, form: number): boolean {
  if (kind === kinds.TEXT) return value.count === 0;
  const isTrue = pair[0] === 0 && pair[1] === 1;
  return form === columns.BOOL ? !isTrue : (pair[0]! | pair[1]!) === 0;
}

/** An instant as google.protobuf.Timestamp. */
function putTimestamp(key: number, out: Uint8Array, at: number): number {
  const start = key === 0 ? at : putVarint32(out, at, key);
  let end = start + 1;
  if (value.number !== 0) {
    out[end++] = TIMESTAMP_SECONDS;
    end = putVarint(out, end, value.number);
  }
  if (value.low !== 0) {
    out[end++] = TIMESTAMP_NANOS;
    end = putVarint32(out, end, value.low);
  }
  out[start] = end - start - 1;
  return end;
}

/**
 * Writes key and value of a column for one record.
 * @param row first word of the record
 * @param recordNumber of the message, from 1
 */
export function putOther(
  column: MessageColumn,
  records: ValueRecords,
  row: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { form, key } = column;
  const kind = readValue(column.value, records, row, recordNumber, value);
  if (kind === kinds.ABSENT) return column.isRequired ? putNothing(column, out, at) : at;
  if (form === columns.TIMESTAMP) return putTimestamp(key, out, at);
  setPair(kind);
  if (!column.isZeroWritten && !hasOctets(kind, form) && isZero(kind, form)) return at;
  const start = key === 0 ? at : putVarint32(out, at, key);
  if (kind === kinds.TEXT) return putValue(out, putVarint32(out, start, value.count), kind, value);
  if (form === columns.TEXT) {
    const end = putText(column, kind, value, out, start + 1);
    out[start] = end - start - 1;
    return end;
  }
  return form === columns.BYTES ? putBytes(kind, out, start) : putNumberForm(out, start, form);
}
