/**
 * The schema of flow messages: a .proto file as protobufjs parses it. Field numbers, wire types, packing and presence of
 * every message come from here, so from the file alone. The package's own is config/flow.proto; users may bring theirs.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { nearest } from '../../base/nearest.ts';
import { packageFile } from '../../package-files.ts';

/** Types of fields; `enum` and `message` stand for any of their kind. */
export type FieldType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'enum'
  | 'google.protobuf.Timestamp'
  | 'message'
  | 'map'
  | 'group';

/** A field of a message, as far as writing it needs to know. */
export interface SchemaField {
  readonly name: string;
  readonly number: number;
  /** protobuf's wire type: 0 varint, 1 and 5 fixed, 2 behind a length. */
  readonly wireType: number;
  readonly type: FieldType;
  /** The type as the schema writes it. */
  readonly typeName: string;
  readonly isRepeated: boolean;
  readonly isPacked: boolean;
  /** A value of 0 is told apart from none. */
  readonly hasPresence: boolean;
  /** proto2: always written. */
  readonly isRequired: boolean;
  /** The oneof that it belongs to. */
  readonly oneof: string | undefined;
  /** Names of an enum's values. */
  readonly names: ReadonlyMap<number, string>;
}

export const WIRE_LENGTH = 2;

/** A fault of a schema, for a ConfigError: the option, what was found, what is allowed. */
export class SchemaFault extends Error {
  readonly option: string;
  readonly found: string;
  readonly allowed: string;

  constructor(option: string, found: string, allowed: string) {
    super(`${option}: ${found}`);
    this.option = option;
    this.found = found;
    this.allowed = allowed;
  }
}

/** A message type. */
export class MessageSchema {
  readonly #type: protobuf.Type;

  constructor(type: protobuf.Type) {
    this.#type = type;
  }

  /** With its package. */
  get name(): string {
    return this.#type.fullName.slice(1);
  }

  /** The message's own fields, by number. */
  get fields(): readonly SchemaField[] {
    return fieldsOf(this.#type);
  }

  /**
   * A field, with the messages that it stands in, the outermost first.
   * @param path a name, or names with dots between them for a field of a message within the message
   * @throws SchemaFault for a field that is not there, with the nearest name
   */
  find(path: string): readonly SchemaField[] {
    const found: SchemaField[] = [];
    let type: protobuf.Type | undefined = this.#type;
    for (const name of path.split('.')) {
      const field: protobuf.Field | undefined = type?.fields[name];
      if (type === undefined || field === undefined) {
        const names = Object.keys(type?.fields ?? {});
        const near = nearest(name, names);
        const hint = near === undefined ? '' : `; did you mean ${near}?`;
        const within =
          type === undefined ? `${found.at(-1)!.name}, which is no message` : type.fullName.slice(1);
        const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
        throw new SchemaFault(
          `fields.${path}`,
          `no field ${name} in ${within}`,
          `${shown || 'a field of a message'}${hint}`,
        );
      }
      const row = schemaField(field);
      found.push(row);
      type = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
    }
    return found;
  }

  /** The fields of the message at the end of a chain of fields, or of this one. */
  fieldsWithin(chain: readonly SchemaField[]): readonly SchemaField[] {
    let type: protobuf.Type = this.#type;
    for (const { name } of chain) type = type.fields[name]!.resolvedType as protobuf.Type;
    return fieldsOf(type);
  }
}

function fieldsOf(type: protobuf.Type): SchemaField[] {
  return type.fieldsArray.map(schemaField).sort((a, b) => a.number - b.number);
}

function fieldType(field: protobuf.Field): FieldType {
  if (field.map) return 'map';
  if (field.resolvedType instanceof protobuf.Enum) return 'enum';
  if (!(field.resolvedType instanceof protobuf.Type)) return field.type as FieldType;
  if (field.resolvedType.fullName === '.google.protobuf.Timestamp') return 'google.protobuf.Timestamp';
  return field.delimited ? 'group' : 'message';
}

function schemaField(field: protobuf.Field): SchemaField {
  field.resolve();
  const type = fieldType(field);
  const { resolvedType } = field;
  const values = resolvedType instanceof protobuf.Enum ? resolvedType.valuesById : {};
  const basic = protobuf.types.basic as Readonly<Record<string, number>>;
  return {
    name: field.name,
    number: field.id,
    wireType: type === 'enum' ? 0 : (basic[type] ?? WIRE_LENGTH),
    type,
    typeName: (field.repeated ? 'repeated ' : '') + field.type,
    isRepeated: field.repeated,
    isPacked: field.packed && (type === 'enum' || type in protobuf.types.packed),
    hasPresence: field.hasPresence,
    isRequired: field.required,
    oneof: field.partOf?.isProto3Optional === false ? field.partOf.name : undefined,
    names: new Map(Object.entries(values).map(([number, name]) => [Number(number), name])),
  };
}

/** Every message type within, but those of protobuf itself. */
function messagesIn(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((nested): protobuf.Type[] => {
    if (nested.fullName === '.google' || !(nested instanceof protobuf.Namespace)) return [];
    return nested instanceof protobuf.Type ? [nested, ...messagesIn(nested)] : messagesIn(nested);
  });
}

/** Parses a file and what it imports. @throws SchemaFault */
function parseSchema(file: string): protobuf.Root {
  const root = new protobuf.Root();
  // Imports stand beside the file that imports them, or are told from the folder of the first one, as for protoc.
  root.resolvePath = (origin, target) => {
    if (origin === '') return target;
    const near = join(dirname(origin), target);
    return existsSync(near) ? near : join(dirname(file), target);
  };
  try {
    return root.loadSync(file, { keepCase: true });
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    if (code === undefined)
      throw new SchemaFault('schema', `${file}: ${message}`, 'a .proto file that protoc takes');
    const from = path === undefined || path === file ? file : `${path}, which ${file} imports`;
    throw new SchemaFault('schema', `${from} (${code})`, 'a .proto file that can be read');
  }
}

/**
 * The type of flow messages.
 * @param file a .proto file; missing: config/flow.proto of the package
 * @param message its name, with the package or without; missing: the only one that the file has
 * @throws SchemaFault for a file that cannot be read or parsed, and a message that is not there
 */
export function loadMessageSchema(file?: string, message?: string): MessageSchema {
  const path = file ?? fileURLToPath(packageFile('config/flow.proto'));
  const root = parseSchema(path);
  const all = messagesIn(root);
  const names = all.map(({ fullName }) => fullName.slice(1));
  if (message === undefined) {
    const top = all.filter(({ parent, filename }) => !(parent instanceof protobuf.Type) && filename === path);
    if (top.length === 1) return new MessageSchema(top[0]!);
    throw new SchemaFault(
      'message',
      'nothing',
      `one of ${names.join(', ') || 'no messages: there is none in the schema'}`,
    );
  }
  const type = root.lookup(message, [protobuf.Type]);
  if (type instanceof protobuf.Type) return new MessageSchema(type);
  const near = nearest(message, names);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new SchemaFault(
    'message',
    message,
    `a message of ${path}: ${names.join(', ') || 'it has none'}${hint}`,
  );
}
