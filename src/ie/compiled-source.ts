/**
 * What a value of a flow record is read by: kind, place, condition and constant, compiled from an element's source for
 * one direction. Text and flow messages write by it (text-columns.ts, export/kafka), so both can only say the same.
 */
import { configuredInterface } from './configured-interface.ts';
import { type Condition, conditionFor, type InformationElement, type WordPlace } from './element.ts';

/** Units of a second in a time element; nanoseconds exceed 2^53 and are printed in two parts. */
const UNITS_PER_SECOND: Readonly<Record<string, number>> = {
  dateTimeSeconds: 1,
  dateTimeMilliseconds: 1e3,
  dateTimeMicroseconds: 1e6,
};

/** What the exporter knows and records do not; as on the wire. */
export interface RecordValues {
  readonly observationDomainId: number;
  readonly ingressInterface: number | 'auto';
  readonly egressInterface: number;
  /** One packet in so many was metered; missing: every one. */
  readonly samplingInterval?: number;
}

// Kinds of values.
export const WORD = 0;
export const WIDE_WORD = 1;
export const HEX_WORD = 2;
export const COUNTER = 3;
export const TIME = 4;
export const NANOSECONDS = 5;
export const DURATION = 6;
export const ADDRESS_IPV4 = 7;
export const ADDRESS_IPV6 = 8;
export const MAC_SOURCE = 9;
export const MAC_DESTINATION = 10;
export const CONSTANT = 11;
export const RECORD_NUMBER = 12;
export const INTERVALS_JSON = 13;
export const INTERVALS_CSV = 14;
export const EXTENSIONS_FULL = 15;
export const EXTENSIONS_COMPLETE = 16;
/** A word, so many times smaller. */
export const DIVIDED = 17;

export interface CompiledSource {
  readonly kind: number;
  readonly at?: number;
  readonly place?: WordPlace;
  readonly mask?: number;
  readonly when?: Condition | undefined;
  readonly constant?: number;
}

/** @returns undefined where the value of this direction is not known */
export function compileSource(
  element: InformationElement,
  isReverse: boolean,
  values: RecordValues,
): CompiledSource | undefined {
  const { source } = element;
  switch (source.kind) {
    case 'word': {
      const constant = configuredInterface(element, values);
      if (constant !== undefined) return { kind: CONSTANT, constant };
      const place = isReverse ? source.reverse : source.forward;
      if (place === undefined) return undefined;
      const { mask, highWord, divisor } = source;
      const when = conditionFor(source, isReverse);
      if (divisor !== undefined) return { kind: DIVIDED, place, mask, when, constant: divisor };
      if (highWord !== undefined) return { kind: WIDE_WORD, place, mask, when, constant: highWord };
      const isHex = element.type === 'octetArray';
      return { kind: isHex ? HEX_WORD : WORD, place, mask, when, constant: element.octets ?? 0 };
    }
    case 'double':
      return {
        kind: COUNTER,
        at: isReverse ? source.reverse : source.forward,
        when: conditionFor(source, isReverse),
      };
    case 'time': {
      const units = UNITS_PER_SECOND[element.type];
      const at = isReverse ? source.reverse : source.forward;
      return units === undefined ? { kind: NANOSECONDS, at } : { kind: TIME, at, constant: units };
    }
    case 'duration':
      return { kind: DURATION, at: isReverse ? source.reverse : source.forward, constant: source.unitNs };
    case 'address': {
      const kind = source.words === 1 ? ADDRESS_IPV4 : ADDRESS_IPV6;
      return { kind, at: isReverse ? source.reverse : source.forward, when: conditionFor(source, isReverse) };
    }
    case 'intervals':
      return { kind: INTERVALS_CSV, at: isReverse ? source.reverse : source.forward, when: source.when };
    case 'extensions': {
      const kind = source.which === 'full' ? EXTENSIONS_FULL : EXTENSIONS_COMPLETE;
      return { kind, at: isReverse ? source.reverse : source.forward };
    }
    case 'mac':
      return { kind: (source.forward === 'source') !== isReverse ? MAC_SOURCE : MAC_DESTINATION };
    case 'constant': {
      // Addresses are constant only as the unspecified one: a condition that never holds makes that.
      const never = { word: 0, shift: 0, mask: 0, equals: 1 };
      if (element.type === 'ipv4Address') return { kind: ADDRESS_IPV4, at: 0, when: never };
      if (element.type === 'ipv6Address') return { kind: ADDRESS_IPV6, at: 0, when: never };
      return { kind: CONSTANT, constant: isReverse ? source.reverse : source.forward };
    }
    case 'exporter': {
      const { observationDomainId, samplingInterval = 1 } = values;
      const known = { observationDomainId, samplingInterval, systemInitTimeMilliseconds: 0 };
      return { kind: CONSTANT, constant: known[source.value] };
    }
    case 'recordNumber':
      return { kind: RECORD_NUMBER };
    case 'padding':
      return undefined;
  }
}
