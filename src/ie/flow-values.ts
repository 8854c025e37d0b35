/**
 * The values of flow records as JavaScript values, one function for each field, derived from the same rows as wire and
 * text: numbers, bigint for what can exceed 2^53, text for addresses, octets for octet arrays. For writers that take
 * values and bring their own encoding, such as Parquet.
 */
import { type FlowRecordBatch, LINK_WORD } from '../records/flow-layout.ts';
import {
  HEALTH_WORD,
  INTERVAL_OCTETS,
  INTERVAL_SHIFT,
  INTERVALS,
  INTERVALS_MAX,
} from '../records/health-layout.ts';
import { configuredInterface } from './configured-interface.ts';
import { type Condition, conditionFor, type WordPlace } from './element.ts';
import { extensionHeadersComplete, extensionHeadersFull } from './extension-bits.ts';
import type { TemplateField } from './templates.ts';
import type { TextValues } from './text-columns.ts';
import { putIPv4, putIPv6, putMac, VALUE_OCTETS_MAX } from './text-octets.ts';

export type FlowValue = number | bigint | string | Uint8Array;

/**
 * Reads a value.
 * @param row first word of the record
 * @param recordNumber from 1
 * @returns undefined where there is none
 */
export type ReadValue = (batch: FlowRecordBatch, row: number, recordNumber: number) => FlowValue | undefined;

export interface FlowValueOptions {
  /** Whether the record is about the reverse direction. */
  readonly isReverse: boolean;
  /** Nothing instead of 0 where the element does not apply. */
  readonly isOptional: boolean;
  readonly values: TextValues;
}

const NS_PER_S = 1e9;
/** Units of a second in a time element; nanoseconds are a bigint. */
const UNITS_PER_SECOND: Readonly<Record<string, number>> = {
  dateTimeSeconds: 1,
  dateTimeMilliseconds: 1e3,
  dateTimeMicroseconds: 1e6,
};

const scratch = Buffer.alloc(VALUE_OCTETS_MAX);
const textTo = (end: number) => scratch.toString('latin1', 0, end);

const holds = (words: Int32Array, row: number, when: Condition) =>
  ((words[row + when.word]! >>> when.shift) & when.mask) === when.equals;

function wordReader(place: WordPlace, mask: number, when: Condition | undefined, absent: 0 | undefined) {
  const { word, shift } = place;
  return ({ words }: FlowRecordBatch, row: number): number | undefined => {
    if (when !== undefined && !holds(words, row, when)) return absent;
    return ((words[row + word]! >>> shift) & mask) >>> 0;
  };
}

function timeReader(type: string, at: number): ReadValue {
  const units = UNITS_PER_SECOND[type];
  if (units === undefined) {
    return ({ doubles, timeBaseSeconds }, row) =>
      BigInt(timeBaseSeconds) * 1_000_000_000n + BigInt(Math.floor(doubles[(row >>> 1) + at]!));
  }
  return ({ doubles, timeBaseSeconds }, row) =>
    Math.max(0, timeBaseSeconds * units + Math.floor(doubles[(row >>> 1) + at]! / (NS_PER_S / units)));
}

function addressReader(
  at: number,
  words: 1 | 4,
  when: Condition | undefined,
  absent: string | undefined,
): ReadValue {
  return (batch, row) => {
    if (when !== undefined && !holds(batch.words, row, when)) return absent;
    return textTo(
      words === 1 ? putIPv4(scratch, 0, batch.words[row + at]!) : putIPv6(scratch, 0, batch.words, row + at),
    );
  };
}

/** Link details: source in word 0 and the high half of 1, destination in the low half of 1 and word 2. */
function macReader(isSource: boolean, isAbsentWhenZero: boolean): ReadValue {
  return ({ words }, row) => {
    const link = row + LINK_WORD;
    const middle = words[link + 1]!;
    if (isAbsentWhenZero && (words[link]! | middle | words[link + 2]!) === 0) return undefined;
    const end = isSource
      ? putMac(scratch, 0, words[link]! >>> 16, (words[link]! << 16) | (middle >>> 16))
      : putMac(scratch, 0, middle & 0xffff, words[link + 2]!);
    return textTo(end);
  };
}

/** A word, so many times smaller. */
function divided(read: ReadValue, divisor: number): ReadValue {
  return (batch, row, recordNumber) => {
    const word = read(batch, row, recordNumber);
    return word === undefined ? undefined : Math.round((word as number) / divisor);
  };
}

/** The intervals of a direction, as on the wire: numbers of 8 octets, 0 behind the last one. */
function intervalsReader(at: number, when: Condition): ReadValue {
  return ({ words }, row) => {
    if (!holds(words, row, when)) return undefined;
    const view = new DataView(new ArrayBuffer(8 * INTERVALS_MAX));
    const intervals = words[row + HEALTH_WORD + INTERVALS]!;
    const unit = 2 ** words[row + at + INTERVAL_SHIFT]!;
    for (let i = 0; i < intervals; i++) {
      view.setBigUint64(8 * i, BigInt((words[row + at + INTERVAL_OCTETS + i]! >>> 0) * unit));
    }
    return new Uint8Array(view.buffer);
  };
}

/** Of the IPv6 extension headers seen: their bits, or whether they were all seen. */
function extensionsReader(at: number, which: 'full' | 'complete', isOptional: boolean): ReadValue {
  return ({ words }, row) => {
    const seen = words[row + at]!;
    if (which === 'full') return extensionHeadersFull(seen);
    const isComplete = extensionHeadersComplete(seen);
    return isComplete === 0 && isOptional ? undefined : String(isComplete === 1);
  };
}

/** The low octets of a word, the most significant one first. */
function octetsOf(word: number, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => (word >>> (8 * (octets - 1 - i))) & 0xff);
}

function without(read: ReadValue, value: number): ReadValue {
  return (batch, row, recordNumber) => {
    const found = read(batch, row, recordNumber);
    return found === value ? undefined : found;
  };
}

/**
 * The reader of a field.
 * @returns undefined where the value is never there
 */
export function flowValue(field: TemplateField, options: FlowValueOptions): ReadValue | undefined {
  const { element } = field;
  const { isOptional } = options;
  const read = readerOf(field, options);
  if (read === undefined) return isOptional ? undefined : () => 0;
  const isNumber = element.source.kind !== 'mac' && element.source.kind !== 'address';
  return isNumber && isOptional && element.isAbsentWhenZero === true ? without(read, 0) : read;
}

function readerOf(
  field: TemplateField,
  { isReverse, isOptional, values }: FlowValueOptions,
): ReadValue | undefined {
  const { element } = field;
  const { source } = element;
  const isBackward = field.isReverse !== isReverse;
  const constant =
    (value: number): ReadValue =>
    () =>
      value;
  switch (source.kind) {
    case 'word': {
      const configured = configuredInterface(element, values);
      if (configured !== undefined) return constant(configured);
      const place = isBackward ? source.reverse : source.forward;
      if (place === undefined) return undefined;
      const { highWord, divisor } = source;
      const when = conditionFor(source, isBackward);
      const read = wordReader(place, source.mask, when, isOptional ? undefined : 0);
      if (divisor !== undefined) return divided(read, divisor);
      if (highWord !== undefined) {
        return (batch, row) => {
          const low = read(batch, row);
          if (low === undefined) return undefined;
          const isThere = when === undefined || holds(batch.words, row, when);
          return isThere ? (BigInt(highWord >>> 0) << 32n) | BigInt(low) : 0n;
        };
      }
      if (element.type !== 'octetArray') return read;
      return (batch, row) => {
        const word = read(batch, row);
        return word === undefined || (isOptional && word === 0)
          ? undefined
          : octetsOf(word, element.octets ?? 0);
      };
    }
    case 'double': {
      const at = isBackward ? source.reverse : source.forward;
      const when = conditionFor(source, isBackward);
      const unknown = isOptional ? undefined : 0;
      return ({ words, doubles }, row) =>
        when === undefined || holds(words, row, when) ? doubles[(row >>> 1) + at]! : unknown;
    }
    case 'time':
      return timeReader(element.type, isBackward ? source.reverse : source.forward);
    case 'duration': {
      const at = isBackward ? source.reverse : source.forward;
      const { unitNs } = source;
      return ({ doubles }, row) => {
        const double = (row >>> 1) + at;
        return Math.floor(doubles[double + 1]! / unitNs) - Math.floor(doubles[double]! / unitNs);
      };
    }
    case 'address': {
      const at = isBackward ? source.reverse : source.forward;
      const unspecified = source.words === 1 ? '0.0.0.0' : '::';
      return addressReader(
        at,
        source.words,
        conditionFor(source, isBackward),
        isOptional ? undefined : unspecified,
      );
    }
    case 'intervals': {
      const at = isBackward ? source.reverse : source.forward;
      return intervalsReader(at, source.when);
    }
    case 'extensions': {
      const at = isBackward ? source.reverse : source.forward;
      return extensionsReader(at, source.which, isOptional);
    }
    case 'mac':
      return macReader((source.forward === 'source') !== isBackward, isOptional);
    case 'constant': {
      if (element.type === 'ipv4Address') return isOptional ? undefined : () => '0.0.0.0';
      if (element.type === 'ipv6Address') return isOptional ? undefined : () => '::';
      return constant(isBackward ? source.reverse : source.forward);
    }
    case 'exporter':
      if (source.value === 'systemInitTimeMilliseconds') return undefined;
      return constant(
        source.value === 'samplingInterval' ? (values.samplingInterval ?? 1) : values[source.value],
      );
    case 'recordNumber':
      return (_batch, _row, recordNumber) => recordNumber;
    case 'padding':
      return undefined;
  }
}
