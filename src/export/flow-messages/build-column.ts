/**
 * Builds single columns of flow messages out of a field of the schema and a value, and writes what is the same in every
 * message. Set-up only; compile-columns.ts puts columns together.
 */

import type { CompiledSource } from '../../ie/compiled-source.ts';
import * as kinds from '../../ie/compiled-source.ts';
import type { MessageColumn } from './message-column.ts';
import * as shapes from './message-column.ts';
import { putJson } from './put-json.ts';
import { putProtobuf } from './put-protobuf.ts';
import type { FieldType, SchemaField } from './schema.ts';

/** A value of a record, or of another place: a record that is the same for all messages. */
export interface Value extends CompiledSource {
  readonly words?: Int32Array;
  readonly isExportTime?: true;
}

const FORMS: Readonly<Partial<Record<FieldType, number>>> = {
  sint32: shapes.ZIGZAG,
  sint64: shapes.ZIGZAG,
  fixed32: shapes.FIXED_32,
  sfixed32: shapes.FIXED_32,
  fixed64: shapes.FIXED_64,
  sfixed64: shapes.FIXED_64,
  float: shapes.FLOAT,
  double: shapes.DOUBLE,
  bool: shapes.BOOL,
  string: shapes.TEXT,
  bytes: shapes.OCTETS,
};
/** Kinds that put-protobuf.ts writes, by the form of the field. */
const PLAIN_KINDS: Readonly<Record<number, readonly number[]>> = {
  [shapes.PLAIN]: [
    ...[kinds.WORD, kinds.COUNTER, kinds.NANOSECONDS, kinds.MAC_SOURCE, kinds.MAC_DESTINATION],
    shapes.SEQUENCE,
  ],
  [shapes.OCTETS]: [kinds.ADDRESS_IPV4, kinds.ADDRESS_IPV6],
};
export const NOTHING = new Uint8Array(0);
const SCRATCH_OCTETS = 1024;

/** protobuf's key of a field. */
export function keyOf({ number, wireType }: SchemaField): number {
  return number * 8 + wireType;
}

/** Whether the plain way, which leaves out what is 0 or does not apply, writes this value into this field. */
function isPlain(field: SchemaField, form: number, { kind }: Value): boolean {
  if (field.hasPresence || field.isRequired || field.isRepeated) return false;
  return PLAIN_KINDS[form]?.includes(kind) === true;
}

/** The column of a field that is filled by a value. @param lead what stands in front of its name in JSON */
export function buildColumn(
  field: SchemaField,
  value: Value,
  lead: string,
  names: ReadonlyMap<number, string> | undefined,
  presenceMask: number,
): MessageColumn {
  const { kind, at = 0, place, mask = 0, when, constant = 0 } = value;
  const form = FORMS[field.type] ?? shapes.PLAIN;
  const shown = field.type === 'enum' ? field.names : names;
  const isText = form === shapes.TEXT || kind === shapes.TIMESTAMP || kind === kinds.HEX_WORD;
  const isAddress = kind === kinds.ADDRESS_IPV4 || kind === kinds.ADDRESS_IPV6;
  const isMac = kind === kinds.MAC_SOURCE || kind === kinds.MAC_DESTINATION;
  return {
    kind,
    write: isPlain(field, form, value) ? kind : shapes.OTHER,
    form,
    key: field.isRepeated && field.isPacked ? 0 : keyOf(field),
    octets: field.isRepeated ? NOTHING : Buffer.from(`${lead}"${field.name}":`),
    names:
      shown === undefined
        ? undefined
        : new Map([...shown].map(([number, name]) => [number, Buffer.from(JSON.stringify(name))])),
    isQuoted: isText || isAddress || isMac,
    isItem: field.isRepeated,
    isZeroWritten:
      field.hasPresence ||
      field.isRequired ||
      field.isRepeated ||
      (form === shapes.TEXT && presenceMask === 0),
    isRequired: field.isRequired,
    at: place?.word ?? at,
    shift: place?.shift ?? 0,
    mask,
    conditionAt: when?.word ?? 0,
    conditionShift: when?.shift ?? 0,
    conditionMask: when?.mask ?? 0,
    conditionEquals: when?.equals ?? 0,
    presenceMask,
    constant,
  };
}

/** A column of octets that are there already, or begins or ends something. */
export function mark(kind: number, key: number, octets: Uint8Array, isItem = false): MessageColumn {
  return {
    ...{ kind, write: kind, form: shapes.PLAIN, key, octets, names: undefined, isQuoted: false, isItem },
    ...{
      isZeroWritten: false,
      isRequired: false,
      at: 0,
      shift: 0,
      mask: 0,
      conditionAt: 0,
      conditionShift: 0,
    },
    ...{ conditionMask: 0, conditionEquals: 0, presenceMask: 0, constant: 0 },
  };
}

const NO_DOUBLES = new Float64Array(256);
const scratch = Buffer.alloc(SCRATCH_OCTETS);

/** What a column writes whose value is the same in every record. @param words the record that it reads */
export function writeOnce(
  one: MessageColumn,
  isJson: boolean,
  words: Int32Array,
  doubles = NO_DOUBLES,
  epochSeconds = 0,
): Uint8Array {
  const put = isJson ? putJson : putProtobuf;
  return Uint8Array.from(scratch.subarray(0, put(one, words, doubles, 0, epochSeconds, 0, scratch, 0)));
}
