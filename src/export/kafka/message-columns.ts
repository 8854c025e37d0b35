/**
 * Compiles a template to the columns of a flow message: for each field and direction a plain `MessageColumn` that tells
 * where in a flow record its value stands and how it is announced, in protobuf (the key in front of it) and in JSON (its
 * name). Derived from the same rows as the wire's columns, so all can only say the same. Set-up only; put-protobuf.ts and
 * put-json.ts write.
 */

import {
  type CompiledSource,
  compileSource,
  HEX_WORD,
  NANOSECONDS,
  type RecordValues,
  TIME,
  WORD,
} from '../../ie/compiled-source.ts';
import type { InformationElement } from '../../ie/element.ts';
import { type FilledField, fieldsOf, goflowField } from '../../ie/flow-message.ts';
import type { Template, TemplateField } from '../../ie/templates.ts';

/** What the exporter knows and records do not. */
export type MessageValues = RecordValues;

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

/** Fields that hold nanoseconds, whatever the unit of the element. */
const NANOSECOND_FIELDS: ReadonlySet<string> = new Set(['time_flow_start_ns', 'time_flow_end_ns']);

/** An address that is always the unspecified one says nothing. */
function isUnspecifiedAddress({ type, source }: InformationElement): boolean {
  return source.kind === 'constant' && (type === 'ipv4Address' || type === 'ipv6Address');
}

function column({ field, part }: FilledField, compiled: CompiledSource): MessageColumn {
  const { at = 0, place, mask = 0, when, constant = 0 } = compiled;
  const isPart = part !== undefined;
  // A part of an octet array is a number.
  const isNumber = isPart && compiled.kind === HEX_WORD;
  const isTimeNs = compiled.kind === TIME && NANOSECOND_FIELDS.has(field.name);
  return {
    kind: isNumber ? WORD : isTimeNs ? NANOSECONDS : compiled.kind,
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
  if (isUnspecifiedAddress(field.element)) return [];
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
