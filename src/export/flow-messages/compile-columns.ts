/**
 * Compiles fields and what fills them to the columns of a message, in the order of protobuf: by field number. Keys,
 * forms, lists and presence follow from the schema's fields, places in flow records from the same rows as the wire's
 * columns. Set-up only; put-protobuf.ts, put-other.ts and put-json.ts write.
 */
import type { InformationElement } from '../../ie/element.ts';
import {
  asInstant,
  compileSource,
  FROM_CONSTANT,
  FROM_TIME,
  OCTETS,
  orZero,
  unitNsOf,
  WORD,
} from '../../ie/value-column.ts';
import { buildColumn, keyOf, type MessageSource, mark, NOTHING, writeOnce } from './build-column.ts';
import type { FilledField, MessageValues } from './field-map.ts';
import type { FieldSource } from './goflow-fields.ts';
import type { MessageColumn } from './message-column.ts';
import * as shapes from './message-column.ts';
import type { ProbeValues } from './message-values.ts';
import { type MessageSchema, SchemaFault, type SchemaField, WIRE_LENGTH } from './schema.ts';

/** What columns are compiled for. */
export interface ColumnScope {
  readonly schema: MessageSchema;
  readonly isJson: boolean;
  readonly ipVersion: 4 | 6;
  /** Whether the messages are about the direction from B to A. */
  readonly isReverse: boolean;
  /** Whether they are about both directions. */
  readonly isBoth: boolean;
  readonly values: ProbeValues;
  readonly messageValues: MessageValues;
}

/** The time of export: `time` writes it into `column`, which holds it for a batch. */
export interface ExportTime {
  readonly column: MessageColumn;
  readonly time: MessageColumn;
}

export interface CompiledColumns {
  readonly columns: readonly MessageColumn[];
  readonly exportTimes: readonly ExportTime[];
}

/** A field, or a message within the message with the fields that are filled in it. */
interface Node {
  readonly field: SchemaField;
  sources: readonly FieldSource[];
  readonly children: Map<number, Node>;
}

/** One record, for values that are the same in every record. */
const constantRecord = (words: Int32Array = new Int32Array(3)) => ({
  words,
  doubles: new Float64Array(1),
  timeBaseSeconds: 0,
});

/** An address that is always the unspecified one says nothing. */
function isUnspecifiedAddress({ type, source }: InformationElement): boolean {
  return source.kind === 'constant' && (type === 'ipv4Address' || type === 'ipv6Address');
}

/** How a source is read in these messages; undefined where it says nothing about them. */
function sourceFor(source: FieldSource, field: SchemaField, scope: ColumnScope): MessageSource | undefined {
  const { from, isReverse, part, isNanoseconds } = source;
  const { values, ipVersion, isJson } = scope;
  if (typeof from === 'string') {
    const { compile, isExportTime } = scope.messageValues[from];
    const value = compile(values, ipVersion);
    return isExportTime ? { ...value, isExportTime } : value;
  }
  if (from.ipVersion !== undefined && from.ipVersion !== ipVersion) return undefined;
  if (isUnspecifiedAddress(from) || (isReverse && !scope.isBoth)) return undefined;
  const isTurned = isReverse !== scope.isReverse;
  const found = compileSource(from, { isReverse: isTurned, isSaturated: true, values });
  if (found === undefined) return undefined;
  // A message has a MAC address, and bits of extension headers, that are 0: only words tell that there is none.
  const known = { ...found, isAbsentWhenZero: false };
  // JSON has every field but those of lists.
  const compiled = isJson && !field.isRepeated ? orZero(from, known) : known;
  if (field.type === 'google.protobuf.Timestamp') return asInstant(compiled, unitNsOf(from));
  if (isNanoseconds && compiled.from === FROM_TIME) return asInstant(compiled, 1);
  if (part === undefined) return compiled;
  // A part of an octet array is a number.
  const kind = compiled.kind === OCTETS ? WORD : compiled.kind;
  return { ...compiled, kind, shift: compiled.shift + part.shift, mask: part.mask };
}

class Compiler {
  readonly columns: MessageColumn[] = [];
  readonly exportTimes: ExportTime[] = [];
  readonly #scope: ColumnScope;

  constructor(scope: ColumnScope) {
    this.#scope = scope;
  }

  /** The fields of a message, by number. @param chain of the message itself */
  message(nodes: ReadonlyMap<number, Node>, chain: readonly SchemaField[], lead: string): void {
    let comma = lead;
    const oneofs = new Map<string, string>();
    for (const field of this.#scope.schema.fieldsWithin(chain)) {
      const node = nodes.get(field.number);
      const before = this.columns.length;
      if (node !== undefined && node.children.size > 0) this.#inner(node, [...chain, field], comma);
      else if (field.isRepeated) this.#list(field, node?.sources ?? [], comma);
      else this.#single(field, node?.sources ?? [], comma);
      if (this.columns.length === before) continue;
      comma = ',';
      if (field.oneof === undefined) continue;
      const other = oneofs.get(field.oneof);
      if (other !== undefined) {
        const found = `${other} and ${field.name} of the oneof ${field.oneof} in the same message`;
        throw new SchemaFault(
          `fields.${field.name}`,
          found,
          'one of them, or elements of different IP versions',
        );
      }
      oneofs.set(field.oneof, field.name);
    }
  }

  #inner(node: Node, chain: readonly SchemaField[], lead: string): void {
    const key = keyOf(node.field);
    this.columns.push(mark(shapes.OPEN, key, Buffer.from(`${lead}"${node.field.name}":{`)));
    const before = this.columns.length;
    this.message(node.children, chain, '');
    // Nothing of it is known about these flows.
    if (this.columns.length === before) this.columns.pop();
    else this.columns.push(mark(shapes.CLOSE, key, NOTHING));
  }

  #list(field: SchemaField, sources: readonly FieldSource[], lead: string): void {
    const { isJson } = this.#scope;
    const items = sources.flatMap((source) => this.#column(field, source, '') ?? []);
    if (items.length === 0) return;
    const isOpened = isJson || field.isPacked;
    const key = field.number * 8 + WIRE_LENGTH;
    if (isOpened) this.columns.push(mark(shapes.OPEN, key, Buffer.from(`${lead}"${field.name}":[`)));
    this.columns.push(...items);
    if (isOpened) this.columns.push(mark(shapes.CLOSE, key, NOTHING, true));
  }

  /** Of several, the first that flows of this IP version have. */
  #single(field: SchemaField, sources: readonly FieldSource[], lead: string): void {
    for (const source of sources) {
      const compiled = this.#column(field, source, lead);
      if (compiled === undefined) continue;
      this.columns.push(compiled);
      return;
    }
    if (!field.isRequired || this.#scope.isJson) return;
    // Nobody could read the message without it.
    const octets = field.wireType === 1 ? 8 : field.wireType === 5 ? 4 : 1;
    const empty = { ...mark(shapes.OTHER, keyOf(field), NOTHING), isZeroWritten: true };
    const key = writeOnce(empty, false, constantRecord()).subarray(0, -1);
    this.columns.push(mark(shapes.FIXED, 0, Buffer.concat([key, new Uint8Array(octets)])));
  }

  /** The column of one source; what does not change is written now. */
  #column(field: SchemaField, source: FieldSource, lead: string): MessageColumn | undefined {
    const value = sourceFor(source, field, this.#scope);
    if (value === undefined) return undefined;
    const { words, isExportTime, ...column } = value;
    const compiled = buildColumn(field, column, lead, source.names);
    if (isExportTime === true) {
      const held = mark(shapes.FIXED, 0, NOTHING);
      this.exportTimes.push({ column: held, time: compiled });
      return held;
    }
    if (value.from !== FROM_CONSTANT && words === undefined) return compiled;
    return mark(shapes.FIXED, 0, writeOnce(compiled, this.#scope.isJson, constantRecord(words)));
  }
}

/** Neighbours that do not change are written as one. */
function joinFixed(columns: readonly MessageColumn[], apart: ReadonlySet<MessageColumn>): MessageColumn[] {
  const joined: MessageColumn[] = [];
  for (const next of columns) {
    const last = joined.at(-1);
    const isFixed = (one: MessageColumn) => one.write === shapes.FIXED && !apart.has(one);
    if (last !== undefined && isFixed(last) && isFixed(next)) {
      joined[joined.length - 1] = { ...last, octets: Buffer.concat([last.octets, next.octets]) };
    } else joined.push(next);
  }
  return joined.filter((one) => one.write !== shapes.FIXED || one.octets.length > 0 || apart.has(one));
}

/** The columns of messages with these fields. */
export function compileColumns(fields: readonly FilledField[], scope: ColumnScope): CompiledColumns {
  const root = new Map<number, Node>();
  for (const { chain, sources } of fields) {
    let nodes = root;
    let node: Node | undefined;
    for (const field of chain) {
      node = nodes.get(field.number) ?? { field, sources: [], children: new Map() };
      nodes.set(field.number, node);
      nodes = node.children;
    }
    node!.sources = [...node!.sources, ...sources];
  }
  const compiler = new Compiler(scope);
  compiler.message(root, [], '{');
  const { exportTimes } = compiler;
  const columns = joinFixed(compiler.columns, new Set(exportTimes.map(({ column: held }) => held)));
  return { columns, exportTimes };
}
