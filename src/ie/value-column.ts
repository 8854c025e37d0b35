/**
 * Compiles the source of an information element, for one direction, to a `ValueColumn`: a description of where a
 * value of a flow record stands and what it depends on. Set-up only; read-value.ts reads values by it, and text, Parquet
 * and flow messages have no other reader. The wire's columns are compiled in export/messages/columns.ts.
 */
import { configuredInterface } from './configured-interface.ts';
import {
  type Condition,
  conditionFor,
  type InformationElement,
  placeFor,
  type ValueSource,
} from './element.ts';

/** What the exporter knows and records do not; as on the wire. */
export interface RecordValues {
  readonly observationDomainId: number;
  readonly ingressInterface: number | 'auto';
  readonly egressInterface: number;
  /** One packet in so many was metered; missing: every one. */
  readonly samplingInterval?: number;
}

// How a value is read: `from` of a column.
export const FROM_WORD = 0;
export const FROM_DOUBLE = 1;
/** A time in whole units, of which a second has `constant`. */
export const FROM_TIME = 2;
/** A time with its nanoseconds, cut to units of `constant` ns. */
export const FROM_INSTANT = 3;
/** The difference of two times, each cut to units of `constant` ns. */
export const FROM_DURATION = 4;
export const FROM_ADDRESS = 5;
export const FROM_MAC_SOURCE = 6;
export const FROM_MAC_DESTINATION = 7;
/** `constant` itself. */
export const FROM_CONSTANT = 8;
/** The record's number, from 1. */
export const FROM_RECORD_NUMBER = 9;
/** How many records were before, modulo 2^32. */
export const FROM_SEQUENCE = 10;
export const FROM_INTERVALS = 11;
/** Bits of the IPv6 extension headers seen, and whether all were seen. */
export const FROM_EXTENSIONS = 12;
export const FROM_EXTENSIONS_COMPLETE = 13;
/** A word, `constant` times smaller, rounded. */
export const FROM_DIVIDED = 14;
/** A text; `at` is the word that says where it stands among those from `texts` on. */
export const FROM_TEXT = 15;
/** Classification engine and selector; `at` is the word of the engine. */
export const FROM_APPLICATION_ID = 16;
/** Two letters of a word. */
export const FROM_LETTERS = 17;

// Kinds of values: all that writers know.
/** An unsigned number of 32 bits. */
export const WORD = 0;
/** A whole number from 0 to 2^53. */
export const NUMBER = 1;
/** Two words of 32 bits. */
export const WIDE = 2;
export const IPV4 = 3;
export const IPV6 = 4;
export const MAC = 5;
/** Up to eight octets. */
export const OCTETS = 6;
/** RFC 7011 §6.1.5: 1 for true, 2 for false; 0 where it is neither. */
export const BOOLEAN = 7;
/** Seconds and nanoseconds since 1970. */
export const INSTANT = 8;
/** The intervals of a direction: a list of numbers. */
export const INTERVALS = 9;
/** Octets of UTF-8. */
export const TEXT = 10;
/** There is no value. */
export const ABSENT = -1;

/** Where a value stands. Every column has every property, so that all have one shape. */
export interface ValueColumn {
  /** FROM_… */
  readonly from: number;
  /** The kind of a value that is there: WORD, NUMBER, … */
  readonly kind: number;
  /** Word or double of the record. */
  readonly at: number;
  readonly shift: number;
  readonly mask: number;
  /** The first word of the record's texts. */
  readonly texts: number;
  readonly conditionAt: number;
  readonly conditionShift: number;
  readonly conditionMask: number;
  readonly conditionEquals: number;
  /** Absent, not 0, where the condition does not hold. */
  readonly isAbsentWithout: boolean;
  /** Absent where these bits of the word are 0; without bits it never is. */
  readonly presenceMask: number;
  /** MAC addresses and extension headers: absent where there are none. */
  readonly isAbsentWhenZero: boolean;
  /** High word, nanoseconds in a unit, units in a second, or the value itself. */
  readonly constant: number;
  /** OCTETS: how many there are; TEXT: the most. */
  readonly octets: number;
  /** Durations: the most that there can be. */
  readonly limit: number;
}

export interface SourceOptions {
  readonly isReverse: boolean;
  /** Whether a value above what the element's type holds is the most that it holds (RFC 7011 §6.2), not exact. */
  readonly isSaturated: boolean;
  readonly values: RecordValues;
}

/** Units of a second in a time element; those of nanoseconds exceed 2^53. */
const UNITS_PER_SECOND: Readonly<Record<string, number>> = {
  dateTimeSeconds: 1,
  dateTimeMilliseconds: 1e3,
  dateTimeMicroseconds: 1e6,
};
const NS_PER_S = 1e9;
const UINT32_MAX = 0xffffffff;
/** Never holds: a value that is always 0, or always absent. */
const NEVER: Condition = { word: 0, shift: 0, mask: 0, equals: 1 };

const EMPTY: ValueColumn = {
  from: FROM_CONSTANT,
  kind: NUMBER,
  at: 0,
  shift: 0,
  mask: 0,
  texts: 0,
  conditionAt: 0,
  conditionShift: 0,
  conditionMask: 0,
  conditionEquals: 0,
  isAbsentWithout: false,
  presenceMask: 0,
  isAbsentWhenZero: false,
  constant: 0,
  octets: 0,
  limit: Number.MAX_SAFE_INTEGER,
};

/** Whether a value is always 0 where that says that there is none. */
export function saysNothing({ from, constant, isAbsentWhenZero }: ValueColumn): boolean {
  return from === FROM_CONSTANT && constant === 0 && isAbsentWhenZero;
}

/** A column of some properties; the others say nothing. */
export function valueColumn(some: Partial<ValueColumn>): ValueColumn {
  return { ...EMPTY, ...some };
}

/** The same time with its nanoseconds, cut to units of `unitNs`. */
export function asInstant(time: ValueColumn, unitNs: number): ValueColumn {
  return { ...time, from: FROM_INSTANT, kind: INSTANT, constant: unitNs };
}

/** Nanoseconds in the unit of a time element. */
export function unitNsOf({ type }: InformationElement): number {
  return NS_PER_S / (UNITS_PER_SECOND[type] ?? NS_PER_S);
}

function conditionOf(when: Condition | undefined): Partial<ValueColumn> {
  if (when === undefined) return {};
  const { word, shift, mask, equals } = when;
  return { conditionAt: word, conditionShift: shift, conditionMask: mask, conditionEquals: equals };
}

/** The kind of a word or a constant of this element. @param number the kind of numbers */
function kindOf({ type }: InformationElement, number: typeof WORD | typeof NUMBER): number {
  if (type === 'octetArray') return OCTETS;
  if (type === 'ipv4Address') return IPV4;
  return type === 'ipv6Address' ? IPV6 : number;
}

/**
 * The column of an element's values, absent where there is nothing to tell.
 * @returns undefined where the value of this direction is not known
 */
export function compileSource(element: InformationElement, options: SourceOptions): ValueColumn | undefined {
  const { source } = element;
  const some = propertiesOf(element, source, options);
  if (some === undefined) return undefined;
  const isAbsentWhenZero = element.isAbsentWhenZero === true;
  const { from, mask = 0, shift = 0 } = some;
  const when =
    'when' in source && from !== FROM_CONSTANT ? conditionFor(source, options.isReverse) : undefined;
  return {
    ...EMPTY,
    ...conditionOf(when),
    ...some,
    isAbsentWithout: true,
    isAbsentWhenZero,
    // With a high word the value is not 0 where its word is: layer2SegmentId of VNI 0.
    presenceMask: isAbsentWhenZero && some.kind !== WIDE ? mask << shift : 0,
    octets: element.octets ?? element.octetsMax ?? 0,
  };
}

/** The same column, 0 instead of absent where there is nothing to tell, as on the wire. */
export function orZero(element: InformationElement, column: ValueColumn | undefined): ValueColumn {
  const known = column ?? {
    ...EMPTY,
    ...conditionOf(NEVER),
    kind: kindOf(element, NUMBER),
    octets: element.octets ?? 0,
  };
  return { ...known, isAbsentWithout: false, isAbsentWhenZero: false, presenceMask: 0 };
}

/** What a source says of its column; undefined where the value of this direction is not known. */
function propertiesOf(
  element: InformationElement,
  source: ValueSource,
  { isReverse, isSaturated, values }: SourceOptions,
): Partial<ValueColumn> | undefined {
  switch (source.kind) {
    case 'word': {
      const constant = configuredInterface(element, values);
      if (constant !== undefined) return { from: FROM_CONSTANT, constant };
      return wordProperties(element, source, isReverse);
    }
    case 'double':
      return { from: FROM_DOUBLE, at: placeFor(source, isReverse) };
    case 'time':
      return timeProperties(element, placeFor(source, isReverse));
    case 'duration': {
      const limit = isSaturated ? UINT32_MAX : EMPTY.limit;
      return { from: FROM_DURATION, at: placeFor(source, isReverse), constant: source.unitNs, limit };
    }
    case 'address': {
      const kind = source.words === 1 ? IPV4 : IPV6;
      return { from: FROM_ADDRESS, kind, at: placeFor(source, isReverse) };
    }
    case 'intervals':
      return { from: FROM_INTERVALS, kind: INTERVALS, at: placeFor(source, isReverse) };
    case 'extensions': {
      const at = placeFor(source, isReverse);
      if (source.which === 'full') return { from: FROM_EXTENSIONS, kind: WORD, at };
      return { from: FROM_EXTENSIONS_COMPLETE, kind: BOOLEAN, at };
    }
    case 'text': {
      // Without a condition, the word itself says whether there is a text.
      const mask = source.when === undefined ? -1 : 0;
      return { from: FROM_TEXT, kind: TEXT, at: placeFor(source, isReverse), texts: source.texts, mask };
    }
    case 'letters': {
      const { word: at, shift } = placeFor(source, isReverse);
      return { from: FROM_LETTERS, kind: TEXT, at, shift, mask: 0xffff };
    }
    case 'applicationId':
      return { from: FROM_APPLICATION_ID, kind: OCTETS, at: source.forward };
    case 'mac': {
      const isSource = (source.forward === 'source') !== isReverse;
      return { from: isSource ? FROM_MAC_SOURCE : FROM_MAC_DESTINATION, kind: MAC };
    }
    case 'constant': {
      const kind = kindOf(element, NUMBER);
      // Addresses are constant only as the unspecified one.
      const never = kind === NUMBER ? {} : conditionOf(NEVER);
      return { kind, ...never, from: FROM_CONSTANT, constant: isReverse ? source.reverse : source.forward };
    }
    case 'exporter':
      return { from: FROM_CONSTANT, constant: exporterValue(source.value, values) };
    case 'recordNumber':
      return { from: FROM_RECORD_NUMBER };
    case 'padding':
      return undefined;
  }
}

function timeProperties(element: InformationElement, at: number): Partial<ValueColumn> {
  const constant = UNITS_PER_SECOND[element.type];
  if (constant === undefined) return { from: FROM_INSTANT, kind: INSTANT, at, constant: 1 };
  return { from: FROM_TIME, at, constant };
}

function wordProperties(
  element: InformationElement,
  source: Extract<ValueSource, { kind: 'word' }>,
  isReverse: boolean,
): Partial<ValueColumn> | undefined {
  const place = isReverse ? source.reverse : source.forward;
  if (place === undefined) return undefined;
  const { mask, highWord, divisor } = source;
  const word = { from: FROM_WORD, kind: kindOf(element, WORD), at: place.word, shift: place.shift, mask };
  if (divisor !== undefined) return { ...word, from: FROM_DIVIDED, kind: NUMBER, constant: divisor };
  return highWord === undefined ? word : { ...word, kind: WIDE, constant: highWord };
}

/** A value that the exporter knows. The system's start belongs to messages of NetFlow: elsewhere it is 0. */
function exporterValue(
  name: Extract<ValueSource, { kind: 'exporter' }>['value'],
  { observationDomainId, samplingInterval = 1 }: RecordValues,
): number {
  return { observationDomainId, samplingInterval, systemInitTimeMilliseconds: 0 }[name];
}
