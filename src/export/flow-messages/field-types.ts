/** Which types of protobuf can hold which abstract types of information elements (RFC 7012 §3.1). */
import type { AbstractTypeName } from '../../ie/abstract-types.ts';
import type { FieldType, SchemaField } from './schema.ts';

const UNSIGNED_32: readonly FieldType[] = ['uint32', 'fixed32'];
const SIGNED_32: readonly FieldType[] = ['int32', 'sint32', 'sfixed32'];
/** Values stay below 2^63. */
const ANY_64: readonly FieldType[] = ['uint64', 'int64', 'fixed64', 'sfixed64', 'sint64'];
const SMALL: readonly FieldType[] = [
  ...UNSIGNED_32,
  ...ANY_64,
  ...SIGNED_32,
  'enum',
  'float',
  'double',
  'string',
];
const TIME: readonly FieldType[] = ['google.protobuf.Timestamp', ...ANY_64, 'string'];

/** The most natural one first. */
const FITTING: Readonly<Record<AbstractTypeName, readonly FieldType[]>> = {
  octetArray: ['bytes', 'string'],
  unsigned8: SMALL,
  unsigned16: SMALL,
  unsigned32: [...UNSIGNED_32, ...ANY_64, 'double', 'string'],
  // Counters stay below 2^53.
  unsigned64: [...ANY_64, 'double', 'string'],
  // Bits of IPv6 extension headers, of which RFC 9740 has assigned a few.
  unsigned256: [...ANY_64, 'double', 'string'],
  boolean: ['bool', 'uint32', 'uint64', 'string'],
  string: ['string'],
  macAddress: ['bytes', ...ANY_64, 'string'],
  dateTimeSeconds: [...TIME, 'uint32', 'fixed32', 'double'],
  dateTimeMilliseconds: [...TIME, 'double'],
  dateTimeMicroseconds: [...TIME, 'double'],
  dateTimeNanoseconds: TIME,
  ipv4Address: ['bytes', 'string', ...UNSIGNED_32, ...ANY_64],
  ipv6Address: ['bytes', 'string'],
};

/** The types that hold every value of an abstract type. */
export function fittingTypes(type: AbstractTypeName): readonly FieldType[] {
  return FITTING[type];
}

/** The abstract types that a field can hold. */
export function fittingAbstractTypes({ type }: SchemaField): AbstractTypeName[] {
  return (Object.keys(FITTING) as AbstractTypeName[]).filter((name) => FITTING[name].includes(type));
}
