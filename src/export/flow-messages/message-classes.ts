/**
 * The columns of flow messages for every record class of row-selection.ts (kind of flow × side), compiled from a schema
 * and the fields that are filled. Loads the schema; all that can be wrong with it and with the fields is found here.
 */

import { ConfigError, type ConfigFault } from '../../base/errors.ts';
import { sectionsRead } from '../../ie/element.ts';
import { compileTemplate } from '../../ie/templates.ts';
import { TEXT } from '../../ie/value-column.ts';
import { joinSections, type RecordSections } from '../../records/record-sections.ts';
import {
  DIRECTION_BOTH,
  DIRECTION_REVERSE,
  DIRECTIONS,
  KIND_IPV6,
  RECORD_CLASSES,
} from '../contract/row-selection.ts';
import { type CompiledColumns, compileColumns } from './compile-columns.ts';
import { type FilledField, fillByNames, fillWanted, wantedFields } from './field-map.ts';
import { FIXED, type MessageColumn, OTHER } from './message-column.ts';
import type { FlowMessageOptions } from './message-options.ts';
import { messageValues } from './message-values.ts';
import { loadMessageSchema, type MessageSchema, SchemaFault } from './schema.ts';

/** The longest values: in JSON an IPv6 address, in protobuf that as text, and its 16 octets behind key and length. */
const JSON_VALUE_OCTETS_MAX = 52;
const OTHER_OCTETS_MAX = 60;
const DIRECT_OCTETS_MAX = 24;
/** Room for the time of export, which changes. */
const EXPORT_TIME_OCTETS_MAX = 300;
/** The length of a message has two octets. */
const MESSAGE_OCTETS_MAX = 16_383;

export interface MessageClass extends CompiledColumns {
  /** More octets than any of its messages has. */
  readonly messageOctetsMax: number;
}

export interface MessageClasses {
  readonly recordClasses: readonly MessageClass[];
  /** Optional parts of records that messages read. */
  readonly needs: RecordSections;
}

/** Longest octets of a column. */
function octetsMax(column: MessageColumn, isJson: boolean): number {
  const { write, octets, names } = column;
  // In JSON each octet may need an escape.
  const textOctets = column.value.kind === TEXT ? (isJson ? 2 : 1) * column.value.octets : 0;
  if (write === FIXED) return octets.length === 0 ? EXPORT_TIME_OCTETS_MAX : octets.length;
  if (!isJson) return textOctets + (write === OTHER ? OTHER_OCTETS_MAX : DIRECT_OCTETS_MAX);
  const longestName = Math.max(0, ...(names?.values() ?? []).map((name) => name.length));
  return octets.length + textOctets + Math.max(JSON_VALUE_OCTETS_MAX, longestName + 1);
}

/** @throws ConfigError for a schema that cannot be used, and fields or a template that do not fit it */
export function compileMessageClasses(options: FlowMessageOptions): MessageClasses {
  const { url, origin } = options;
  try {
    return compileWith(loadMessageSchema(options.schema, options.message), options);
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    throw new ConfigError(origin, [
      { path: `${url} ${error.option}`, found: error.found, allowed: error.allowed },
    ]);
  }
}

function compileWith(schema: MessageSchema, options: FlowMessageOptions): MessageClasses {
  const { isBiflow, values, url, origin, format } = options;
  const isJson = format === 'json';
  const known = messageValues(values.samplerAddress);
  const faults = new Map<string, ConfigFault>();
  const add = (fault: ConfigFault) => {
    faults.set(`${fault.path} ${fault.found}`, { ...fault, path: `${url} ${fault.path}` });
  };
  const wanted = options.fields && fillWanted(schema, wantedFields(options.fields), known, isBiflow, add);
  const filled = Array.from({ length: RECORD_CLASSES }, (_, recordClass) => {
    return wanted ?? fillByNames(schema, classTemplate(options, recordClass), known, add);
  });
  checkFilled(filled, schema, add);
  if (faults.size > 0) throw new ConfigError(origin, [...faults.values()]);
  const recordClasses = filled.map((fields, recordClass): MessageClass => {
    const side = recordClass % DIRECTIONS;
    const compiled = compileColumns(fields, {
      schema,
      isJson,
      ipVersion: ipVersionOf(recordClass),
      isReverse: side === DIRECTION_REVERSE,
      isBoth: isBiflow && side === DIRECTION_BOTH,
      values,
      messageValues: known,
    });
    const octets = compiled.columns.reduce((sum, column) => sum + octetsMax(column, isJson), 16);
    if (!isJson && octets > MESSAGE_OCTETS_MAX) {
      const found = `fields of up to ${octets} octets in a message`;
      throw new SchemaFault('fields', found, `at most ${MESSAGE_OCTETS_MAX} octets: fewer fields`);
    }
    return { ...compiled, messageOctetsMax: octets };
  });
  return { recordClasses, needs: partsRead(filled) };
}

const ipVersionOf = (recordClass: number) => (recordClass >= KIND_IPV6 * DIRECTIONS ? 6 : 4);

function classTemplate({ template, isBiflow, origin }: FlowMessageOptions, recordClass: number) {
  const ipVersion = ipVersionOf(recordClass);
  return compileTemplate(ipVersion === 4 ? template.ipv4 : template.ipv6, {
    protocol: 'text',
    ipVersion,
    withReverse: isBiflow && recordClass % DIRECTIONS === DIRECTION_BOTH,
    path: `template.ipv${ipVersion}`,
    origin,
  });
}

/** A message that nothing fills is a fault, and one that lacks what it must have. */
function checkFilled(
  filled: readonly (readonly FilledField[])[],
  schema: MessageSchema,
  add: (fault: ConfigFault) => void,
): void {
  if (filled.every((fields) => fields.length === 0)) {
    const allowed = 'fields: a map from fields to elements, or fields that are called after elements';
    add({ path: 'message', found: `${schema.name}, of which no field is called after an element`, allowed });
  }
}

/** What the elements of all fields read. */
function partsRead(filled: readonly (readonly FilledField[])[]): RecordSections {
  const elements = filled
    .flat()
    .flatMap(({ sources }) => sources.flatMap(({ from }) => (typeof from === 'string' ? [] : [from])));
  return joinSections(elements.map(({ source }) => sectionsRead(source)));
}
