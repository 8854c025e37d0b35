/**
 * The values of flow records as text: for each field of a template and each direction a plain `TextColumn`, derived from
 * the same rows as the column encoders of the wire, so that both can only say the same. Lines are flow-text.ts's.
 */
import { type FlowRecordBatch, LINK_WORD } from '../records/flow-layout.ts';
import { ABSTRACT_TYPES, type AbstractType } from './abstract-types.ts';
import * as sources from './compiled-source.ts';
import { type CompiledSource, compileSource, type RecordValues } from './compiled-source.ts';
import type { InformationElement } from './element.ts';
import { extensionHeadersComplete, extensionHeadersFull } from './extension-bits.ts';
import type { TemplateField } from './templates.ts';
import { putBillions, putHex, putIPv4, putIPv6, putNumber, putOctets, putQuote } from './text-octets.ts';
import { hasNoMac, putBoolean, putEndpointMac, putIntervals, putWide } from './text-values.ts';

const NS_PER_S = 1e9;
// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const {
  WORD,
  WIDE_WORD,
  HEX_WORD,
  COUNTER,
  TIME,
  NANOSECONDS,
  DURATION,
  ADDRESS_IPV4,
  ADDRESS_IPV6,
  MAC_SOURCE,
  MAC_DESTINATION,
  CONSTANT,
  RECORD_NUMBER,
  INTERVALS_JSON,
  INTERVALS_CSV,
  EXTENSIONS_FULL,
  EXTENSIONS_COMPLETE,
  DIVIDED,
} = sources;

/** What the exporter knows and records do not; as on the wire. */
export type TextValues = RecordValues;

/** A value of a line. Every column has every property, so that all have one shape. */
export interface TextColumn {
  /** `"name":` in JSON, nothing in CSV. */
  readonly label: Uint8Array;
  readonly isQuoted: boolean;
  readonly kind: number;
  /** Word or double of the record. */
  readonly at: number;
  readonly shift: number;
  readonly mask: number;
  readonly conditionAt: number;
  readonly conditionShift: number;
  readonly conditionMask: number;
  readonly conditionEquals: number;
  /** Absent, not 0, where the condition does not hold. */
  readonly isAbsentWithout: boolean;
  /** Absent where it is 0. */
  readonly isAbsentWhenZero: boolean;
  /** High word, nanoseconds in a unit, units in a second, octets, or the value itself. */
  readonly constant: number;
}

export const ABSENT = -1;

/** The name of a field as a key: `reverseOctetDeltaCount` for a reverse one (RFC 5103). */
export function nameOf({ element, isReverse }: Pick<TemplateField, 'element' | 'isReverse'>): string {
  const { name } = element;
  return isReverse ? `reverse${name[0]!.toUpperCase()}${name.slice(1)}` : name;
}

/** Whether text has this element: system up times and times before the export belong to messages. */
export function isPrintable({ source }: InformationElement): boolean {
  if (source.kind === 'padding') return false;
  if (source.kind === 'time') return source.since === 'epoch';
  return source.kind !== 'exporter' || source.value !== 'systemInitTimeMilliseconds';
}

/** Whether JSON has the value as a string: no number, or one that can exceed 2^53. */
function isString({ type, source }: InformationElement): boolean {
  if (source.kind === 'intervals') return false;
  const { isText }: AbstractType = ABSTRACT_TYPES[type];
  if (isText) return true;
  return source.kind === 'word' && source.highWord !== undefined;
}

/**
 * @param isReverse whether the line is about the reverse direction
 * @param isOptional leave the value out where there is nothing to tell; otherwise it is 0, as on the wire
 * @returns undefined where the value is never there
 */
export function textColumn(
  field: TemplateField,
  options: { isReverse: boolean; isOptional: boolean; isJson: boolean; values: TextValues },
): TextColumn | undefined {
  const { element } = field;
  const { isOptional, isJson } = options;
  const source = compileSource(element, field.isReverse !== options.isReverse, options.values);
  if (source === undefined && isOptional) return undefined;
  const unknown: CompiledSource =
    element.type === 'octetArray' ? { kind: HEX_WORD, constant: element.octets ?? 0 } : { kind: CONSTANT };
  const { kind, at = 0, place, mask = 0, when, constant = 0 } = source ?? unknown;
  const isAbsentWhenZero = isOptional && element.isAbsentWhenZero === true;
  if (kind === CONSTANT && constant === 0 && isAbsentWhenZero) return undefined;
  return {
    label: Buffer.from(isJson ? `"${nameOf(field)}":` : ''),
    isQuoted: isJson && isString(element),
    kind: kind === INTERVALS_CSV && isJson ? INTERVALS_JSON : kind,
    at: place?.word ?? at,
    shift: place?.shift ?? 0,
    mask,
    conditionAt: when?.word ?? 0,
    conditionShift: when?.shift ?? 0,
    conditionMask: when?.mask ?? 0,
    conditionEquals: when?.equals ?? 0,
    isAbsentWithout: isOptional,
    isAbsentWhenZero,
    constant,
  };
}

const UNSPECIFIED = new Int32Array(4);

/**
 * Writes label and value of a column.
 * @param row first word of the record
 * @param recordNumber of this line, from 1
 * @returns the octet behind them, or ABSENT
 */
export function putColumn(
  column: TextColumn,
  batch: FlowRecordBatch,
  row: number,
  recordNumber: number,
  out: Uint8Array,
  start: number,
): number {
  const { words, doubles } = batch;
  const { kind, at, conditionMask, constant, isQuoted } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & conditionMask;
  const holds = condition === column.conditionEquals;
  if (!holds && column.isAbsentWithout) return ABSENT;
  let value = 0;
  if (kind <= HEX_WORD || kind === DIVIDED) {
    value = holds ? ((words[row + at]! >>> column.shift) & column.mask) >>> 0 : 0;
    if (value === 0 && column.isAbsentWhenZero) return ABSENT;
  } else if (kind >= EXTENSIONS_FULL) {
    const seen = words[row + at]!;
    value = kind === EXTENSIONS_FULL ? extensionHeadersFull(seen) : extensionHeadersComplete(seen);
    if (value === 0 && column.isAbsentWhenZero) return ABSENT;
  } else if (kind === MAC_SOURCE || kind === MAC_DESTINATION) {
    if (column.isAbsentWhenZero && hasNoMac(words, row + LINK_WORD)) return ABSENT;
  }
  let end = putOctets(out, start, column.label);
  if (isQuoted) end = putQuote(out, end);
  switch (kind) {
    case WORD:
      end = putNumber(out, end, value);
      break;
    case WIDE_WORD:
      end = putWide(out, end, holds ? constant : 0, value);
      break;
    case HEX_WORD:
      end = putHex(out, end, value, constant);
      break;
    case COUNTER:
      end = putNumber(out, end, holds ? doubles[(row >>> 1) + at]! : 0);
      break;
    case TIME: {
      const units = Math.floor(doubles[(row >>> 1) + at]! / (NS_PER_S / constant));
      end = putNumber(out, end, Math.max(0, batch.timeBaseSeconds * constant + units));
      break;
    }
    case NANOSECONDS: {
      const ns = doubles[(row >>> 1) + at]!;
      const seconds = Math.floor(ns / NS_PER_S);
      end = putBillions(out, end, Math.max(0, batch.timeBaseSeconds + seconds), ns - seconds * NS_PER_S);
      break;
    }
    case DURATION: {
      const double = (row >>> 1) + at;
      const last = Math.floor(doubles[double + 1]! / constant);
      end = putNumber(out, end, last - Math.floor(doubles[double]! / constant));
      break;
    }
    case ADDRESS_IPV4:
      end = putIPv4(out, end, holds ? words[row + at]! : 0);
      break;
    case ADDRESS_IPV6:
      end = holds ? putIPv6(out, end, words, row + at) : putIPv6(out, end, UNSPECIFIED, 0);
      break;
    case MAC_SOURCE:
    case MAC_DESTINATION:
      end = putEndpointMac(out, end, words, row + LINK_WORD, kind === MAC_SOURCE);
      break;
    case CONSTANT:
      end = putNumber(out, end, constant);
      break;
    case RECORD_NUMBER:
      end = putNumber(out, end, recordNumber);
      break;
    case DIVIDED:
      end = putNumber(out, end, Math.round(value / constant));
      break;
    case INTERVALS_JSON:
    case INTERVALS_CSV:
      if (holds) end = putIntervals(out, end, batch, row, at, kind === INTERVALS_JSON);
      else if (kind === INTERVALS_JSON) end = putNumber(out, end, 0);
      break;
    case EXTENSIONS_FULL:
      end = putNumber(out, end, value);
      break;
    case EXTENSIONS_COMPLETE:
      end = putBoolean(out, end, value);
      break;
  }
  return isQuoted ? putQuote(out, end) : end;
}
