/**
 * Compiles a template to the columns of a flow message: for each field and direction a plain `MessageColumn` that tells
 * where in a flow record its value stands and how it is announced, in protobuf (the key in front of it) and in JSON (its
 * name). Derived from the same rows as the wire's columns, so all can only say the same. Set-up only; put-protobuf.ts and
 * put-json.ts write.
 */

import { configuredInterface } from '../../ie/configured-interface.ts';
import { type Condition, conditionFor, type InformationElement, type WordPlace } from '../../ie/element.ts';
import { type FilledField, fieldsOf, goflowField } from '../../ie/flow-message.ts';
import type { Template, TemplateField } from '../../ie/templates.ts';

/** What the exporter knows and records do not. */
export interface MessageValues {
  readonly observationDomainId: number;
  readonly ingressInterface: number | 'auto';
  readonly egressInterface: number;
  readonly samplingInterval?: number;
}

// Kinds of values.
export const WORD = 0;
export const WIDE_WORD = 1;
export const OCTETS_OF_WORD = 2;
export const COUNTER = 3;
export const TIME_NS = 4;
export const TIME = 5;
export const DURATION = 6;
export const ADDRESS_IPV4 = 7;
export const ADDRESS_IPV6 = 8;
export const MAC_SOURCE = 9;
export const MAC_DESTINATION = 10;
export const CONSTANT = 11;
export const RECORD_NUMBER = 12;
export const DIVIDED = 13;
export const EXTENSIONS_FULL = 14;
export const EXTENSIONS_COMPLETE = 15;

/** protobuf's wire types of the fields that occur. */
const WIRE_VARINT = 0;
const WIRE_OCTETS = 2;

/** A value of a message. Every column has every property, so that all have one shape. */
export interface MessageColumn {
  readonly kind: number;
  /** protobuf: field number << 3 | wire type. */
  readonly key: number;
  /** JSON: `,"name":`. */
  readonly label: Uint8Array;
  /** JSON has the protocol's name instead of its number. */
  readonly isProtocol: boolean;
  /** Word or double of the record. */
  readonly at: number;
  readonly shift: number;
  readonly mask: number;
  readonly conditionAt: number;
  readonly conditionShift: number;
  readonly conditionMask: number;
  readonly conditionEquals: number;
  /** High word, nanoseconds in a unit, units in a second, octets, or the value itself. */
  readonly constant: number;
}

interface Compiled {
  readonly kind: number;
  readonly at?: number;
  readonly place?: WordPlace;
  readonly mask?: number;
  readonly when?: Condition | undefined;
  readonly constant?: number;
}

const UNITS_PER_SECOND: Readonly<Record<string, number>> = {
  dateTimeSeconds: 1,
  dateTimeMilliseconds: 1e3,
  dateTimeMicroseconds: 1e6,
};
/** Fields that hold nanoseconds, whatever the unit of the element. */
const NANOSECOND_FIELDS: ReadonlySet<string> = new Set(['time_flow_start_ns', 'time_flow_end_ns']);

/** @returns undefined where the value of this direction is not known, or is always the unspecified address */
function compileSource(
  element: InformationElement,
  isReverse: boolean,
  values: MessageValues,
): Compiled | undefined {
  const { source } = element;
  switch (source.kind) {
    case 'word': {
      const configured = configuredInterface(element, values);
      if (configured !== undefined) return { kind: CONSTANT, constant: configured };
      const place = isReverse ? source.reverse : source.forward;
      if (place === undefined) return undefined;
      const { mask, highWord, divisor } = source;
      const when = conditionFor(source, isReverse);
      if (divisor !== undefined) return { kind: DIVIDED, place, mask, when, constant: divisor };
      if (highWord !== undefined) return { kind: WIDE_WORD, place, mask, when, constant: highWord };
      const kind = element.type === 'octetArray' ? OCTETS_OF_WORD : WORD;
      return { kind, place, mask, when, constant: element.octets ?? 0 };
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
      return units === undefined ? { kind: TIME_NS, at } : { kind: TIME, at, constant: units };
    }
    case 'duration':
      return { kind: DURATION, at: isReverse ? source.reverse : source.forward, constant: source.unitNs };
    case 'address': {
      const kind = source.words === 1 ? ADDRESS_IPV4 : ADDRESS_IPV6;
      return { kind, at: isReverse ? source.reverse : source.forward, when: conditionFor(source, isReverse) };
    }
    case 'extensions': {
      const kind = source.which === 'full' ? EXTENSIONS_FULL : EXTENSIONS_COMPLETE;
      return { kind, at: isReverse ? source.reverse : source.forward };
    }
    case 'mac':
      return { kind: (source.forward === 'source') !== isReverse ? MAC_SOURCE : MAC_DESTINATION };
    case 'constant': {
      if (element.type === 'ipv4Address' || element.type === 'ipv6Address') return undefined;
      return { kind: CONSTANT, constant: isReverse ? source.reverse : source.forward };
    }
    case 'exporter': {
      const { observationDomainId, samplingInterval = 1 } = values;
      const known = { observationDomainId, samplingInterval, systemInitTimeMilliseconds: 0 };
      return { kind: CONSTANT, constant: known[source.value] };
    }
    case 'recordNumber':
      return { kind: RECORD_NUMBER };
    case 'intervals':
    case 'padding':
      return undefined;
  }
}

function column({ field, part }: FilledField, compiled: Compiled): MessageColumn {
  const { at = 0, place, mask = 0, when, constant = 0 } = compiled;
  const isPart = part !== undefined;
  // A part of an octet array is a number.
  const isNumber = isPart && compiled.kind === OCTETS_OF_WORD;
  const isTimeNs = compiled.kind === TIME && NANOSECOND_FIELDS.has(field.name);
  return {
    kind: isNumber ? WORD : isTimeNs ? TIME_NS : compiled.kind,
    key: (field.number << 3) | (field.type === 'bytes' ? WIRE_OCTETS : WIRE_VARINT),
    label: Buffer.from(`,"${field.name}":`),
    isProtocol: field.rendering === 'protocol',
    at: place?.word ?? at,
    shift: (place?.shift ?? 0) + (part?.shift ?? 0),
    mask: isPart ? part.mask : mask,
    conditionAt: when?.word ?? 0,
    conditionShift: when?.shift ?? 0,
    conditionMask: when?.mask ?? 0,
    conditionEquals: when?.equals ?? 0,
    constant,
  };
}

function columnsOfField(
  field: TemplateField,
  isReverse: boolean,
  values: MessageValues,
): [number, MessageColumn][] {
  const compiled = compileSource(field.element, field.isReverse !== isReverse, values);
  if (compiled === undefined) return [];
  return fieldsOf(field.element, field.isReverse).map((filled) => [
    filled.field.number,
    column(filled, compiled),
  ]);
}

/** The field's `key` of protobuf: number and wire type. */
export function fieldKey(name: string): number {
  const field = goflowField(name);
  return (field.number << 3) | (field.type === 'bytes' ? WIRE_OCTETS : WIRE_VARINT);
}

/** Fields that every message has, whatever the template: message-head.ts writes them. */
const HEAD_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'sampling_rate',
  'sequence_num',
  'sampler_address',
  'etype',
  'observation_domain_id',
  'time_received_ns',
]);

/**
 * The columns of a template for messages about one direction, by field number; a field that two elements fill is there
 * once, and those of the message's head are not.
 * @param isReverse whether the messages are about the direction from B to A
 */
export function compileMessageColumns(
  template: Pick<Template, 'fields'>,
  isReverse: boolean,
  values: MessageValues,
): MessageColumn[] {
  const head = new Set([...HEAD_FIELDS].map((name) => goflowField(name).number));
  const columns = new Map<number, MessageColumn[]>();
  for (const field of template.fields) {
    const repeated = fieldsOf(field.element, field.isReverse).some(({ field: { isRepeated } }) => isRepeated);
    for (const [number, compiled] of columnsOfField(field, isReverse, values)) {
      const known = columns.get(number) ?? [];
      if (known.length > 0 && !repeated) continue;
      if (!head.has(number)) columns.set(number, [...known, compiled]);
    }
  }
  return [...columns].sort(([a], [b]) => a - b).flatMap(([, compiled]) => compiled);
}
