/**
 * Which fields of a message are filled by what: by the names of the fields (goflow-fields.ts) and the elements of a
 * template, or by the `fields` that the user gave. Checked against the schema: what is not there or does not fit is a
 * fault that says what would.
 */
import type { ConfigFault } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import { ABSTRACT_TYPES, type AbstractTypeName } from '../../ie/abstract-types.ts';
import { findElement, INFORMATION_ELEMENTS } from '../../ie/elements.ts';
import type { Template } from '../../ie/templates.ts';
import { nameOf } from '../../ie/text-columns.ts';
import { fittingAbstractTypes, fittingTypes } from './field-types.ts';
import {
  type FieldSource,
  GOFLOW_ALWAYS,
  isMessageElement,
  type NamedSource,
  sourcesOf,
} from './goflow-fields.ts';
import type { MessageValue, MessageValueName } from './message-values.ts';
import { type MessageSchema, SchemaFault, type SchemaField } from './schema.ts';

/** A field, behind those of the messages that it stands in, and what fills it, the first that applies first. */
export interface FilledField {
  readonly chain: readonly SchemaField[];
  readonly sources: readonly FieldSource[];
}

/** A row of `fields`: `name:element|element`. */
export interface WantedField {
  readonly path: string;
  readonly elements: readonly string[];
}

export type MessageValues = Readonly<Record<MessageValueName, MessageValue>>;

/** Reads the rows of `fields`, which config/types/option-types.ts has brought into this form. */
export function wantedFields(fields: readonly string[]): WantedField[] {
  return fields.map((row) => {
    const colon = row.indexOf(':');
    return { path: row.slice(0, colon), elements: row.slice(colon + 1).split('|') };
  });
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

/** Every name that may stand in `fields`. */
function knownNames(values: MessageValues): string[] {
  const elements = INFORMATION_ELEMENTS.filter(isMessageElement).flatMap((element) => [
    element.name,
    ...(element.isReversible ? [nameOf({ element, isReverse: true })] : []),
  ]);
  return [...elements, ...Object.keys(values)];
}

/** What a name of `fields` stands for; undefined where it stands for nothing. */
function sourceNamed(name: string, values: MessageValues): FieldSource | undefined {
  const element = findElement(name);
  if (element !== undefined)
    return isMessageElement(element) ? { from: element, isReverse: false } : undefined;
  if (Object.hasOwn(values, name)) return { from: name as MessageValueName, isReverse: false };
  if (!/^reverse[A-Z]/.test(name)) return undefined;
  const turned = findElement(lowerFirst(name.slice('reverse'.length)));
  return turned?.isReversible === true && isMessageElement(turned)
    ? { from: turned, isReverse: true }
    : undefined;
}

/** The abstract type of what a field takes; a part of a value is a number. */
function abstractTypeOf({ from, part, isNanoseconds }: FieldSource, values: MessageValues): AbstractTypeName {
  if (part !== undefined) return 'unsigned32';
  if (isNanoseconds) return 'dateTimeNanoseconds';
  return typeof from === 'string' ? values[from].type : from.type;
}

/** What keeps a field from holding a value; undefined: nothing. */
function typeFault(
  field: SchemaField,
  source: FieldSource,
  values: MessageValues,
): Omit<ConfigFault, 'path'> | undefined {
  const type = abstractTypeOf(source, values);
  if (fittingTypes(type).includes(field.type)) return undefined;
  const name =
    typeof source.from === 'string'
      ? source.from
      : nameOf({ element: source.from, isReverse: source.isReverse });
  const found = `${name} (${type}) for a field of the type ${field.typeName}`;
  const types = `a field of the type ${fittingTypes(type).join(', ')} for ${name}`;
  if (field.type === 'message') {
    return { found, allowed: `${types}, or a field of that message, as in ${field.name}.NAME` };
  }
  const abstract = fittingAbstractTypes(field).filter((known) => known in ABSTRACT_TYPES);
  if (abstract.length === 0) return { found, allowed: types };
  return { found, allowed: `${types}, or an element of the type ${abstract.join(', ')} for ${field.name}` };
}

/** The fault of a chain of fields, whatever is to fill it. */
function chainFault(chain: readonly SchemaField[]): Omit<ConfigFault, 'path'> | undefined {
  const within = chain.slice(0, -1).find(({ isRepeated, type }) => isRepeated || type !== 'message');
  if (within === undefined) return undefined;
  const found = `a field of ${within.name}, which is a ${within.typeName}`;
  return { found, allowed: 'fields of messages that are there once' };
}

function oneField(
  schema: MessageSchema,
  { path, elements }: WantedField,
  values: MessageValues,
  isBiflow: boolean,
  add: (fault: ConfigFault) => void,
): FilledField | undefined {
  let chain: readonly SchemaField[];
  try {
    chain = schema.find(path);
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    add({ path: error.option, found: error.found, allowed: error.allowed });
    return undefined;
  }
  const at = `fields.${path}`;
  const misplaced = chainFault(chain);
  if (misplaced !== undefined) add({ path: at, ...misplaced });
  const sources: FieldSource[] = [];
  for (const name of elements) {
    const source = sourceNamed(name, values);
    if (source === undefined) {
      const near = nearest(name, knownNames(values));
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      add({ path: at, found: name, allowed: `a name that \`flowtap elements\` lists${hint}` });
      continue;
    }
    if (source.isReverse && !isBiflow) {
      add({
        path: at,
        found: `${name} without biflow`,
        allowed: 'biflow: true, as messages are about one direction else',
      });
    }
    const fault = typeFault(chain.at(-1)!, source, values);
    if (fault !== undefined) add({ path: at, ...fault });
    sources.push(source);
  }
  return { chain, sources };
}

/**
 * The fields that the user has named.
 * @param isBiflow whether there are messages about both directions of a flow
 * @param add takes what is wrong
 */
export function fillWanted(
  schema: MessageSchema,
  wanted: readonly WantedField[],
  values: MessageValues,
  isBiflow: boolean,
  add: (fault: ConfigFault) => void,
): FilledField[] {
  return wanted.flatMap((row) => oneField(schema, row, values, isBiflow, add) ?? []);
}

/**
 * The fields that a template fills by their names, and those that every message has. A field that the schema does not
 * have is left out.
 * @param add takes what does not fit
 */
export function fillByNames(
  schema: MessageSchema,
  template: Pick<Template, 'fields'>,
  values: MessageValues,
  add: (fault: ConfigFault) => void,
): FilledField[] {
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  const filled = new Map<string, FieldSource[]>();
  const fill = ({ name, source }: NamedSource) => {
    const field = fields.get(name);
    if (field === undefined) return;
    const fault = typeFault(field, source, values);
    if (fault !== undefined) add({ path: `fields.${name}`, ...fault });
    filled.set(name, [...(filled.get(name) ?? []), source]);
  };
  for (const row of GOFLOW_ALWAYS) fill(row);
  for (const { element, isReverse } of template.fields)
    for (const row of sourcesOf(element, isReverse)) fill(row);
  return [...filled].map(([name, sources]) => ({ chain: [fields.get(name)!], sources }));
}
