/**
 * Builds single columns of flow messages out of a field of the schema and a value, and writes what is the same in every
 * message. Set-up only; compile-columns.ts puts columns together.
 */
import type { ValueRecords } from '../../ie/read-value.ts';
import * as kinds from '../../ie/value-column.ts';
import { type ValueColumn, valueColumn } from '../../ie/value-column.ts';
import type { MessageColumn } from './message-column.ts';
import * as shapes from './message-column.ts';
import { putJson } from './put-json.ts';
import { putProtobuf } from './put-protobuf.ts';
import type { FieldType, SchemaField } from './schema.ts';

/** Where a value stands in a record, or in another place: words that are the same for all messages. */
export interface MessageSource extends ValueColumn {
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
  bytes: shapes.BYTES,
  'google.protobuf.Timestamp': shapes.TIMESTAMP,
};
/** Kinds that put-protobuf.ts writes, by the form of the field. */
const IMPLICIT_KINDS: Readonly<Record<number, readonly number[]>> = {
  [shapes.IMPLICIT]: [kinds.WORD, kinds.NUMBER, kinds.WIDE, kinds.INSTANT, kinds.MAC, kinds.BOOLEAN],
  [shapes.BYTES]: [kinds.IPV4, kinds.IPV6],
};
/** Kinds that are text in JSON, so in quotes. */
const QUOTED_KINDS: readonly number[] = [kinds.IPV4, kinds.IPV6, kinds.MAC, kinds.OCTETS];
const NO_VALUE = valueColumn({});
export const NOTHING = new Uint8Array(0);
const SCRATCH_OCTETS = 1024;

/** protobuf's key of a field. */
export function keyOf({ number, wireType }: SchemaField): number {
  return number * 8 + wireType;
}

/** Whether the form of implicit presence, which leaves out what is 0 or does not apply, writes this value into this field. */
function isPlain(field: SchemaField, form: number, { kind }: ValueColumn): boolean {
  if (field.hasPresence || field.isRequired || field.isRepeated) return false;
  return IMPLICIT_KINDS[form]?.includes(kind) === true;
}

/** The column of a field that is filled by a value. @param lead what stands in front of its name in JSON */
export function buildColumn(
  field: SchemaField,
  value: ValueColumn,
  lead: string,
  names: ReadonlyMap<number, string> | undefined,
): MessageColumn {
  const form = FORMS[field.type] ?? shapes.IMPLICIT;
  const shown = field.type === 'enum' ? field.names : names;
  const isText = form === shapes.TEXT || form === shapes.TIMESTAMP;
  const { hasPresence, isRequired, isRepeated } = field;
  return {
    write: isPlain(field, form, value) ? shapes.VALUE : shapes.OTHER,
    form,
    key: isRepeated && field.isPacked ? 0 : keyOf(field),
    octets: isRepeated ? NOTHING : Buffer.from(`${lead}"${field.name}":`),
    names:
      shown === undefined
        ? undefined
        : new Map([...shown].map(([number, name]) => [number, Buffer.from(JSON.stringify(name))])),
    isQuoted: isText || QUOTED_KINDS.includes(value.kind),
    isItem: isRepeated,
    isZeroWritten:
      hasPresence || isRequired || isRepeated || (form === shapes.TEXT && value.presenceMask === 0),
    isRequired,
    value,
  };
}

/** A column of octets that are there already, or begins or ends something. */
export function mark(write: number, key: number, octets: Uint8Array, isItem = false): MessageColumn {
  const form = shapes.IMPLICIT;
  const [isQuoted, isZeroWritten, isRequired] = [false, false, false];
  const [names, value] = [undefined, NO_VALUE];
  return { write, form, key, octets, names, isQuoted, isItem, isZeroWritten, isRequired, value };
}

const scratch = Buffer.alloc(SCRATCH_OCTETS);

/** What a column writes whose value is the same in every record. @param records the first of which it reads */
export function writeOnce(one: MessageColumn, isJson: boolean, records: ValueRecords): Uint8Array {
  const put = isJson ? putJson : putProtobuf;
  return Uint8Array.from(scratch.subarray(0, put(one, records, 0, 1, scratch, 0)));
}
