/**
 * The values of flow records as text: for each field of a template and each direction a plain `TextColumn`, derived from
 * the same rows as the column encoders of the wire, and read by the reader of all writers (read-value.ts). flow-text.ts
 * makes lines of them.
 */
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { ABSTRACT_TYPES, type AbstractType } from './abstract-types.ts';
import type { InformationElement } from './element.ts';
import { createValue, readValue } from './read-value.ts';
import type { TemplateField } from './templates.ts';
import { putOctets, putQuote } from './text-octets.ts';
import { putCsvText, putIntervals, putJsonString, putValue } from './text-values.ts';
import * as columns from './value-column.ts';
import { compileSource, orZero, type RecordValues, saysNothing, type ValueColumn } from './value-column.ts';

/** Nothing was written. */
export const ABSENT = columns.ABSENT;

/** What the exporter knows and records do not; as on the wire. */
export type TextValues = RecordValues;

/** A value of a line. */
export interface TextColumn {
  /** `"name":` in JSON, nothing in CSV. */
  readonly label: Uint8Array;
  readonly isQuoted: boolean;
  readonly isJson: boolean;
  /** A text that is a list in JSON. */
  readonly isList: boolean;
  readonly value: ValueColumn;
}

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
  const { isJson, values } = options;
  const isReverse = field.isReverse !== options.isReverse;
  // CSV has no list of no intervals.
  const isOptional = options.isOptional || (!isJson && element.source.kind === 'intervals');
  const known = compileSource(element, { isReverse, isSaturated: false, values });
  const value = isOptional ? known : orZero(element, known);
  if (value === undefined || saysNothing(value)) return undefined;
  const label = Buffer.from(isJson ? `"${nameOf(field)}":` : '');
  const isList = element.isList === true;
  return { label, isQuoted: isJson && isString(element), isJson, isList, value };
}

const value = createValue();

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
  const kind = readValue(column.value, batch, row, recordNumber, value);
  if (kind === ABSENT) return ABSENT;
  let end = putOctets(out, start, column.label);
  if (kind === columns.TEXT) {
    if (!column.isJson) return putCsvText(out, end, value);
    return putJsonString(out, end, value, column.isList);
  }
  if (kind === columns.INTERVALS) return putIntervals(out, end, value, column.isJson);
  if (!column.isQuoted) return putValue(out, end, kind, value);
  end = putQuote(out, end);
  return putQuote(out, putValue(out, end, kind, value));
}
