/** Columns of a Parquet file: the fields of the templates of both IP versions, with types from the abstract ones. */

import type { SchemaElement } from 'hyparquet-writer';
import type { InformationElement } from '../../ie/element.ts';
import { flowValue, type ReadValue } from '../../ie/flow-values.ts';
import { isProfile, type TemplateField } from '../../ie/templates.ts';
import { nameOf, type TextValues } from '../../ie/text-columns.ts';
import { compileTextTemplates, mergeNames, type TextTemplates } from '../../ie/text-templates.ts';
import { joinSections, type RecordSections } from '../../records/record-sections.ts';

export interface ParquetColumnsOptions {
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly biflow: boolean;
  readonly values: TextValues;
  readonly origin?: string;
}

/** Readers of a kind of record, one for each column; undefined where it never has a value. */
export type RowReaders = readonly (ReadValue | undefined)[];

export interface ParquetColumns {
  readonly names: readonly string[];
  readonly schema: SchemaElement[];
  /** By IP version, then for records of the forward, the reverse, or both directions. */
  readonly ipv4: RowKinds;
  readonly ipv6: RowKinds;
  readonly needs: RecordSections;
}

export interface RowKinds {
  readonly forward: RowReaders;
  readonly reverse: RowReaders;
  readonly both: RowReaders;
}

export type ColumnType = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>;

/** A point of time, whole units since 1970. */
export const time = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): ColumnType => ({
  type: 'INT64',
  ...(unit === 'NANOS' ? {} : { converted_type: `TIMESTAMP_${unit}` as const }),
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit },
});

export const TEXT: ColumnType = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
};
export const UNSIGNED64: ColumnType = { type: 'INT64', converted_type: 'UINT_64' };

/** The type of a column. Addresses are text, as everywhere else in flowtap's output. */
function columnType({ type }: InformationElement): ColumnType {
  switch (type) {
    case 'unsigned8':
      return { type: 'INT32', converted_type: 'UINT_8' };
    case 'unsigned16':
      return { type: 'INT32', converted_type: 'UINT_16' };
    case 'unsigned32':
      return { type: 'INT32', converted_type: 'UINT_32' };
    case 'unsigned64':
    // Bits of IPv6 extension headers, of which RFC 9740 has assigned a few.
    case 'unsigned256':
      return UNSIGNED64;
    case 'dateTimeSeconds':
    case 'dateTimeMilliseconds':
      return time('MILLIS');
    case 'dateTimeMicroseconds':
      return time('MICROS');
    case 'dateTimeNanoseconds':
      return time('NANOS');
    case 'octetArray':
      return { type: 'BYTE_ARRAY' };
    default:
      return TEXT;
  }
}

function reader(
  field: TemplateField | undefined,
  isReverse: boolean,
  isOptional: boolean,
  values: TextValues,
): ReadValue | undefined {
  if (field === undefined) return undefined;
  const read = flowValue(field, { isReverse, isOptional, values });
  if (read === undefined || columnType(field.element).type !== 'INT64') return read;
  // Parquet has no seconds.
  const factor = field.element.type === 'dateTimeSeconds' ? 1000n : 1n;
  return (batch, row, number) => {
    const value = read(batch, row, number);
    return value === undefined ? undefined : BigInt(value as number | bigint) * factor;
  };
}

/** @throws ConfigError for faults in the templates */
export function compileParquetColumns(options: ParquetColumnsOptions): ParquetColumns {
  const ipv4 = compileTextTemplates(options, 4);
  const ipv6 = compileTextTemplates(options, 6);
  const names = mergeNames(ipv6.both.fields.map(nameOf), ipv4.both.fields.map(nameOf));
  const kinds = ({ single, both }: TextTemplates, template: readonly string[]): RowKinds => {
    const isOptional = isProfile(template);
    const compile = (fields: readonly TemplateField[], isReverse: boolean): RowReaders =>
      names.map((name) => {
        const field = fields.find((candidate) => nameOf(candidate) === name);
        return reader(field, isReverse, isOptional, options.values);
      });
    return {
      forward: compile(single.fields, false),
      reverse: compile(single.fields, true),
      both: compile(both.fields, false),
    };
  };
  const fields = [...ipv6.both.fields, ...ipv4.both.fields];
  const columns = names.map((name): SchemaElement => {
    const { element } = fields.find((candidate) => nameOf(candidate) === name)!;
    return { name, repetition_type: 'OPTIONAL', ...columnType(element) };
  });
  return {
    names,
    schema: [{ name: 'flow', num_children: names.length }, ...columns],
    ipv4: kinds(ipv4, options.template.ipv4),
    ipv6: kinds(ipv6, options.template.ipv6),
    needs: joinSections([ipv4.single.needs, ipv6.single.needs]),
  };
}
