/**
 * Encodes data records a column at a time: the outer loop goes over the fields of a template, the inner one over the
 * flow records. Each kind of value has one encoder, told by a plain `Column` where its value stands and where it goes;
 * numbers go out in network order, and a size too small for a value saturates (RFC 7011 §6.2), except for flags, which
 * lose their upper bits. Message headers and sets are in message-builder.ts.
 */

import { ABSTRACT_TYPES } from '../../ie/abstract-types.ts';
import { configuredInterface } from '../../ie/configured-interface.ts';
import { conditionFor, type InformationElement, placeFor, type ValueSource } from '../../ie/element.ts';
import { type Template, type TemplateField, VARIABLE_OCTETS } from '../../ie/templates.ts';
import { encodeApplicationId, encodeLetters, encodeText } from './columns-applications.ts';
import {
  encodeConstant,
  encodeDuration,
  encodeMac,
  encodeRecordNumber,
  encodeZero,
} from './columns-other.ts';
import {
  encodeDivided,
  encodeDoubleWhen,
  encodeExtensionsComplete,
  encodeExtensionsFull,
  encodeIntervals,
} from './columns-path-health.ts';
import { timeEncoder } from './columns-time.ts';
import {
  encodeAddress,
  encodeFitting,
  encodeWord,
  encodeWord8,
  encodeWord8When,
  encodeWord16,
  encodeWord16When,
  encodeWord32,
  encodeWord32When,
} from './columns-words.ts';
import { writeUnsigned } from './write-unsigned.ts';

/** The records to encode, and where. One object a protocol, overwritten for each run of records. */
export interface ColumnRun {
  words: Int32Array;
  doubles: Float64Array;
  /** First word of each record. */
  readonly rows: Int32Array;
  /** Octet in `view` that each record goes to. */
  readonly positions: Int32Array;
  /** Records `from` to `to` of rows and positions. */
  from: number;
  to: number;
  readonly view: DataView;
  /** Unix time, in whole seconds, that the records' times are exported relative to. */
  epochSeconds: number;
  /** Unix time that system up times count from, in ms. */
  systemInitMs: number;
  /** Export time in the header of the message that the records go to, in whole seconds. */
  exportSeconds: number;
  /** Records encoded before this run. */
  recordNumber: number;
}

/** A field in one direction, ready to be encoded. Every column has every property, so that all have one shape. */
export interface Column {
  readonly encode: (column: Column, run: ColumnRun) => void;
  /** Within the data record. */
  readonly offset: number;
  readonly octets: number;
  /** Word or double of the flow record. */
  readonly at: number;
  readonly shift: number;
  readonly mask: number;
  /** The first word of the record's texts. */
  readonly texts: number;
  /** Value counts only where this holds; `conditionMask` 0 for always. */
  readonly conditionAt: number;
  readonly conditionShift: number;
  readonly conditionMask: number;
  readonly conditionEquals: number;
  /** Most that fits, or -1 where whatever does not fit is cut off (flags) or nothing can be too large. */
  readonly limit: number;
  /** A constant, the high word of a value, nanoseconds in a unit, or what is sent in the place of too large a value. */
  readonly constant: number;
}

/** What the exporter knows and records do not. */
export interface ExporterValues {
  readonly observationDomainId: number;
  /** Numbers instead of the record's own; undefined and 0 for those. */
  readonly ingressInterface: number | undefined;
  readonly egressInterface: number;
  readonly samplingInterval: number;
}

function encodeDouble64(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, at } = column;
  for (let i = run.from; i < to; i++) {
    const value = doubles[(rows[i]! >>> 1) + at]!;
    const position = positions[i]! + offset;
    if (value < 4294967296) {
      view.setInt32(position, 0);
      view.setUint32(position + 4, value);
    } else {
      view.setUint32(position, Math.floor(value / 4294967296));
      view.setUint32(position + 4, value % 4294967296);
    }
  }
}

function encodeDouble(column: Column, run: ColumnRun): void {
  const { doubles, rows, positions, view, to } = run;
  const { offset, octets, at, limit } = column;
  for (let i = run.from; i < to; i++) {
    const value = doubles[(rows[i]! >>> 1) + at]!;
    writeUnsigned(view, positions[i]! + offset, octets, limit >= 0 && value > limit ? limit : value);
  }
}

const NO_CONDITION = { conditionAt: 0, conditionShift: 0, conditionMask: 0, conditionEquals: 0 };
const EMPTY = { at: 0, shift: 0, mask: 0, texts: 0, ...NO_CONDITION, limit: -1, constant: 0 };

/** Most that an element can hold in so many octets; -1 where nothing can exceed it or it is cut off. */
function limitOf(element: InformationElement, octets: number): number {
  if (element.semantics === 'flags' || octets >= 7) return -1;
  return 2 ** (8 * octets) - 1;
}

function conditionOf(when: { word: number; shift: number; mask: number; equals: number } | undefined) {
  if (when === undefined) return {};
  const { word, shift, mask, equals } = when;
  return { conditionAt: word, conditionShift: shift, conditionMask: mask, conditionEquals: equals };
}

/**
 * @param isPlain whether the value fits, or may be cut off, and has no high word
 * @param isAlways whether it is one in any flow
 */
function wordEncoder(octets: number, isPlain: boolean, isAlways: boolean): Column['encode'] {
  if (!isPlain) return encodeWord;
  if (octets === 1) return isAlways ? encodeWord8 : encodeWord8When;
  if (octets === 2) return isAlways ? encodeWord16 : encodeWord16When;
  if (octets === 4) return isAlways ? encodeWord32 : encodeWord32When;
  return encodeWord;
}

/**
 * The columns of a template for records of one direction; fields of variable length are no columns (columns-text.ts).
 * @param isReverse whether the records are about the direction from B to A
 */
export function compileColumns(
  template: Pick<Template, 'fields'>,
  isReverse: boolean,
  values: ExporterValues,
): Column[] {
  return template.fields
    .filter(({ octets }) => octets !== VARIABLE_OCTETS)
    .map((field) => compileColumn(field, field.isReverse !== isReverse, values));
}

/** @param base the column without what its source decides */
function compileConstant(base: Column, value: number): Column {
  const limited = base.limit >= 0 ? Math.min(value, base.limit) : value;
  return { ...base, encode: encodeConstant, constant: limited };
}

/** The column of a field that is bits of a word. @param base the column without what its source decides */
function compileWord(
  { element, octets }: TemplateField,
  source: Extract<ValueSource, { kind: 'word' }>,
  isReverse: boolean,
  values: ExporterValues,
  base: Column,
): Column {
  const configured = configuredInterface(element, values);
  if (configured !== undefined) return compileConstant(base, configured);
  const place = isReverse ? source.reverse : source.forward;
  if (place === undefined) return base;
  const fits = 32 - Math.clz32(source.mask) <= 8 * octets || base.limit < 0;
  const when = conditionFor(source, isReverse);
  const condition = conditionOf(when);
  if (source.divisor !== undefined) {
    const { word: at, shift } = place;
    const { mask, divisor: divided } = source;
    return { ...base, encode: encodeDivided, at, shift, mask, ...condition, constant: divided };
  }
  const isPlain = fits && source.highWord === undefined;
  const encode =
    element.whenTooLarge !== undefined && !fits
      ? encodeFitting
      : wordEncoder(octets, isPlain, when === undefined);
  const isWide = octets === ABSTRACT_TYPES[element.type].octets;
  const constant = isWide ? (source.highWord ?? 0) : (element.whenTooLarge ?? 0);
  const { mask } = source;
  return { ...base, encode, at: place.word, shift: place.shift, mask, ...condition, constant };
}

function compileColumn(field: TemplateField, isReverse: boolean, values: ExporterValues): Column {
  const { element, offset, octets } = field;
  const { source } = element;
  const base = { ...EMPTY, encode: encodeZero, offset, octets, limit: limitOf(element, octets) };
  switch (source.kind) {
    case 'word':
      return compileWord(field, source, isReverse, values, base);
    case 'double':
      return {
        ...base,
        encode: source.when !== undefined ? encodeDoubleWhen : octets === 8 ? encodeDouble64 : encodeDouble,
        at: placeFor(source, isReverse),
        ...conditionOf(conditionFor(source, isReverse)),
      };
    case 'time': {
      const encode = timeEncoder(element.type, source.since);
      return { ...base, encode, at: placeFor(source, isReverse) };
    }
    case 'duration': {
      const at = placeFor(source, isReverse);
      return { ...base, encode: encodeDuration, at, constant: source.unitNs };
    }
    case 'address': {
      const at = placeFor(source, isReverse);
      return { ...base, encode: encodeAddress, at, ...conditionOf(conditionFor(source, isReverse)) };
    }
    case 'intervals': {
      const at = placeFor(source, isReverse);
      return { ...base, encode: encodeIntervals, at, ...conditionOf(source.when) };
    }
    case 'extensions': {
      const encode = source.which === 'full' ? encodeExtensionsFull : encodeExtensionsComplete;
      return { ...base, encode, at: placeFor(source, isReverse) };
    }
    case 'text': {
      const at = placeFor(source, isReverse);
      return { ...base, encode: encodeText, at, texts: source.texts, ...conditionOf(source.when) };
    }
    case 'letters': {
      const { word: at, shift } = placeFor(source, isReverse);
      return { ...base, encode: encodeLetters, at, shift };
    }
    case 'applicationId':
      return { ...base, encode: encodeApplicationId, at: source.forward };
    case 'mac':
      // Word 0 of the link details for the source, 1 for the destination.
      return { ...base, encode: encodeMac, at: (source.forward === 'source') !== isReverse ? 0 : 1 };
    case 'constant':
      return compileConstant(base, isReverse ? source.reverse : source.forward);
    case 'exporter':
      return source.value === 'systemInitTimeMilliseconds'
        ? { ...base, encode: timeEncoder(element.type, 'systemInit') }
        : compileConstant(base, values[source.value]);
    case 'recordNumber':
      return { ...base, encode: encodeRecordNumber };
    case 'padding':
      return base;
  }
}

/** Encodes the records of a run. */
export function encodeColumns(columns: readonly Column[], run: ColumnRun): void {
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c]!;
    column.encode(column, run);
  }
}
