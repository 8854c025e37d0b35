/**
 * The one reader of values of flow records for everything but the wire's columns: text, Parquet, flow messages. It knows
 * where a value stands, what it depends on, its units and its absence (`ValueColumn`); it hands on one of few kinds, and
 * those are all that a writer needs to know. It runs for each value of each record, so it makes no objects.
 */

import { LINK_WORD } from '../records/flow-layout.ts';
import * as layout from '../records/path-health-layout.ts';
import { extensionHeadersComplete, extensionHeadersFull } from './extension-bits.ts';
import type { ValueColumn } from './value-column.ts';
import * as columns from './value-column.ts';

const RECORD_INTERVALS = layout.INTERVALS;
const LINK = LINK_WORD;
const NS_PER_S = 1e9;
const TWO_32 = 4294967296;
const NO_WORDS = new Int32Array(0);

/** Records whose values are read, as `FlowRecordBatch`. */
export interface ValueRecords {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Unix time in whole seconds that times count from. */
  readonly timeBaseSeconds: number;
}

/** A value that was read; which of these properties it has, its kind says. The next value overwrites it. */
export interface Value {
  /** NUMBER; INSTANT: seconds since 1970. */
  number: number;
  /** OCTETS, WIDE: the upper 32 bits, the sign a bit as any other; MAC: the upper 16. */
  high: number;
  /**
   * WORD, IPV4, BOOLEAN: 32 bits, the sign a bit as any other. OCTETS (the most significant one first), WIDE, MAC: the
   * lower 32. INSTANT: nanoseconds within the second.
   */
  low: number;
  /** OCTETS, INTERVALS, TEXT: how many. */
  count: number;
  /** TEXT: the first octet within `source`, four a word, the lowest first. */
  at: number;
  source: Int32Array;
  /** IPV6. */
  readonly words: Int32Array;
  readonly intervals: Float64Array;
}

export function createValue(): Value {
  return {
    number: 0,
    high: 0,
    low: 0,
    count: 0,
    at: 0,
    source: NO_WORDS,
    words: new Int32Array(4),
    intervals: new Float64Array(layout.INTERVALS_MAX),
  };
}

/**
 * Reads a value of a record.
 * @param row first word of the record
 * @param recordNumber from 1
 * @param value is overwritten
 * @returns its kind, or ABSENT
 */
export function readValue(
  column: ValueColumn,
  records: ValueRecords,
  row: number,
  recordNumber: number,
  value: Value,
): number {
  const { words } = records;
  const { from, at, presenceMask } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  if (condition !== column.conditionEquals) return readNothing(column, value);
  if (from === columns.FROM_DOUBLE) {
    value.number = records.doubles[(row >>> 1) + at]!;
    return columns.NUMBER;
  }
  const word = words[row + at]!;
  if (presenceMask !== 0 && (word & presenceMask) === 0) return columns.ABSENT;
  if (from !== columns.FROM_WORD) return readOther(column, records, row, recordNumber, value);
  value.low = (word >>> column.shift) & column.mask;
  const { kind } = column;
  if (kind === columns.WORD) return columns.WORD;
  value.count = column.octets;
  value.high = column.constant;
  return kind;
}

/** A value whose condition does not hold: absent, or 0 of its kind. */
function readNothing(column: ValueColumn, value: Value): number {
  if (column.isAbsentWithout) return columns.ABSENT;
  value.number = 0;
  value.high = 0;
  value.low = 0;
  value.count = column.kind === columns.TEXT ? 0 : column.octets;
  const { words } = value;
  for (let w = 0; w < 4; w++) words[w] = 0;
  return column.kind === columns.INTERVALS ? columns.NUMBER : column.kind;
}

/** A value that is not a word or a double as it stands, and whose condition holds. */
function readOther(
  column: ValueColumn,
  records: ValueRecords,
  row: number,
  recordNumber: number,
  value: Value,
): number {
  const { words } = records;
  const { from, at } = column;
  switch (from) {
    case columns.FROM_ADDRESS:
      readAddress(column, words, row + at, value);
      break;
    case columns.FROM_TIME:
    case columns.FROM_INSTANT:
    case columns.FROM_DURATION:
      readTime(column, records, (row >>> 1) + at, value);
      break;
    case columns.FROM_MAC_SOURCE:
    case columns.FROM_MAC_DESTINATION:
      return readMac(column, words, row + LINK, value);
    case columns.FROM_CONSTANT:
      value.number = column.constant;
      break;
    case columns.FROM_RECORD_NUMBER:
      value.number = recordNumber;
      break;
    case columns.FROM_SEQUENCE:
      value.number = (recordNumber - 1) % TWO_32;
      break;
    case columns.FROM_DIVIDED: {
      const word = ((words[row + at]! >>> column.shift) & column.mask) >>> 0;
      value.number = Math.round(word / column.constant);
      break;
    }
    case columns.FROM_INTERVALS:
      readIntervals(words, row, row + at, value);
      break;
    case columns.FROM_TEXT:
      readText(words, row + column.texts, words[row + at]!, value);
      break;
    case columns.FROM_LETTERS:
      readLetters(column, words, row + at, value);
      break;
    case columns.FROM_APPLICATION_ID:
      value.high = words[row + at]!;
      value.low = words[row + at + 1]!;
      value.count = 5;
      if (value.high === 0 && column.isAbsentWithout) return columns.ABSENT;
      break;
    case columns.FROM_EXTENSIONS:
    case columns.FROM_EXTENSIONS_COMPLETE: {
      const seen = words[row + at]!;
      const isFull = from === columns.FROM_EXTENSIONS;
      value.low = isFull ? extensionHeadersFull(seen) : extensionHeadersComplete(seen);
      if (value.low === 0 && column.isAbsentWhenZero) return columns.ABSENT;
    }
  }
  return column.kind;
}

function readAddress(column: ValueColumn, words: Int32Array, at: number, value: Value): void {
  if (column.kind !== columns.IPV6) {
    value.low = words[at]!;
    return;
  }
  const { words: address } = value;
  for (let w = 0; w < 4; w++) address[w] = words[at + w]!;
}

/** Times are cut to the element's unit, never rounded up; what lies before 1970 is 1970. */
function readTime(column: ValueColumn, records: ValueRecords, at: number, value: Value): void {
  const { doubles, timeBaseSeconds } = records;
  const { from, constant } = column;
  const ns = doubles[at]!;
  if (from === columns.FROM_TIME) {
    const units = timeBaseSeconds * constant + Math.floor(ns / (NS_PER_S / constant));
    value.number = Math.max(units, 0);
    return;
  }
  if (from === columns.FROM_DURATION) {
    const units = Math.floor(doubles[at + 1]! / constant) - Math.floor(ns / constant);
    value.number = Math.min(Math.max(units, 0), column.limit);
    return;
  }
  const seconds = Math.floor(ns / NS_PER_S);
  const isBefore = timeBaseSeconds + seconds < 0;
  const rest = isBefore ? 0 : ns - seconds * NS_PER_S;
  value.number = isBefore ? 0 : timeBaseSeconds + seconds;
  value.low = constant === 1 ? Math.floor(rest) : Math.floor(rest / constant) * constant;
}

/** The link details: source address in word 0 and the high half of 1, destination in the low half of 1 and word 2. */
function readMac(column: ValueColumn, words: Int32Array, link: number, value: Value): number {
  const first = words[link]!;
  const middle = words[link + 1]!;
  const last = words[link + 2]!;
  if (column.isAbsentWhenZero && (first | middle | last) === 0) return columns.ABSENT;
  const isSource = column.from === columns.FROM_MAC_SOURCE;
  value.high = isSource ? first >>> 16 : middle & 0xffff;
  value.low = isSource ? (first << 16) | (middle >>> 16) : last;
  return column.kind;
}

/** Two letters of a word, or none. */
function readLetters(column: ValueColumn, words: Int32Array, at: number, value: Value): void {
  value.at = 4 * at + (column.shift >>> 3);
  value.count = ((words[at]! >>> column.shift) & column.mask) === 0 ? 0 : 2;
  value.source = words;
}

/**
 * @param texts first word of the record's texts
 * @param place where the text stands within them | its length << 16
 */
function readText(words: Int32Array, texts: number, place: number, value: Value): void {
  value.at = 4 * texts + (place & 0xffff);
  value.count = place >>> 16;
  value.source = words;
}

/** @param block the direction's block of path health */
function readIntervals(words: Int32Array, row: number, block: number, value: Value): void {
  const count = words[row + layout.HEALTH_WORD + RECORD_INTERVALS]!;
  const unit = 2 ** words[block + layout.INTERVAL_SHIFT]!;
  const { intervals } = value;
  for (let i = 0; i < count; i++) intervals[i] = (words[block + layout.INTERVAL_OCTETS + i]! >>> 0) * unit;
  value.count = count;
}
