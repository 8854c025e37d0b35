/**
 * Writes a flow message as JSON in goflow2's way: the schema's names, addresses and MAC addresses as text, `etype` and
 * `proto` by name, everything else a number. A value that does not apply is 0, in a list it is left out. flow-encoder.ts
 * adds framing and keys.
 */
import { createValue, readValue, type Value, type ValueRecords } from '../../ie/read-value.ts';
import { putNumber, putOctets, putQuote, putTimestampText } from '../../ie/text-octets.ts';
import { putJsonString, putValue } from '../../ie/text-values.ts';
import * as kinds from '../../ie/value-column.ts';
import type { MessageColumn } from './message-column.ts';
import * as columns from './message-column.ts';

const COMMA = 0x2c;
const CLOSING_BRACKET = 0x5d;
const CLOSING_BRACE = 0x7d;

const value = createValue();

/**
 * Writes name and value of a column for one record, with what stands in front of the name.
 * @param row first word of the record
 * @param recordNumber of the message, from 1
 */
export function putJson(
  column: MessageColumn,
  records: ValueRecords,
  row: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { write, octets } = column;
  if (write === columns.CLOSE) return close(column, out, at);
  if (write === columns.FIXED || write === columns.OPEN) return putOctets(out, at, octets);
  const kind = readValue(column.value, records, row, recordNumber, value);
  // Only items of lists are: others are 0 then.
  if (kind === kinds.ABSENT) return at;
  let end = putOctets(out, at, octets);
  if (kind === kinds.TEXT) return putItemEnd(column, out, putJsonString(out, end, value, false));
  if (column.isQuoted) end = putQuote(out, end);
  if (column.names !== undefined) end = putName(column.names, kind, out, end);
  else if (kind === kinds.WORD) end = putNumber(out, end, value.low >>> 0);
  else if (column.form === columns.BOOL) end = putValue(out, end, kinds.BOOLEAN, value);
  else end = putText(column, kind, value, out, end);
  if (column.isQuoted) end = putQuote(out, end);
  return putItemEnd(column, out, end);
}

/** A comma behind an item of a list. */
function putItemEnd({ isItem }: MessageColumn, out: Uint8Array, at: number): number {
  if (!isItem) return at;
  out[at] = COMMA;
  return at + 1;
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

/** The number that was read by its name, or as it is where it has none. */
function putName(names: ReadonlyMap<number, Uint8Array>, kind: number, out: Uint8Array, at: number): number {
  const number = kind === kinds.WORD ? value.low >>> 0 : value.number;
  const name = names.get(number);
  return name === undefined ? putNumber(out, at, number) : putOctets(out, at, name);
}

/** Writes a value that was read as a number or text without quotes; truth is a number in a field that is no bool. */
export function putText(
  { form, value: { constant } }: MessageColumn,
  kind: number,
  read: Value,
  out: Uint8Array,
  at: number,
): number {
  if (form === columns.TIMESTAMP) return putTimestampText(out, at, read.number, read.low, constant);
  return kind === kinds.BOOLEAN ? putNumber(out, at, read.low) : putValue(out, at, kind, read);
}
