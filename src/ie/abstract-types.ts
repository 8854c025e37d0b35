/**
 * The abstract data types of RFC 7012 §3.1 that flowtap uses: their size, whether RFC 7011 §6.2 allows a smaller one,
 * and their code in type information records (RFC 5610 §3.1). Encoding is in export/messages/columns.ts, text in
 * text-values.ts.
 */

export interface AbstractType {
  /** Octets of the natural size. */
  readonly octets: number;
  /** Whether fewer octets may be sent (RFC 7011 §6.2: integers of more than one octet). */
  readonly isReducible: boolean;
  /** informationElementDataType (RFC 5610 §3.1). */
  readonly code: number;
  /** JSON has it as a string: it is no number, or one that can exceed 2^53. */
  readonly isText?: true;
}

export const ABSTRACT_TYPES = {
  octetArray: { octets: 0, isReducible: false, code: 0, isText: true },
  unsigned8: { octets: 1, isReducible: false, code: 1 },
  unsigned16: { octets: 2, isReducible: true, code: 2 },
  unsigned32: { octets: 4, isReducible: true, code: 3 },
  unsigned64: { octets: 8, isReducible: true, code: 4 },
  /** RFC 9740. */
  unsigned256: { octets: 32, isReducible: true, code: 23 },
  /** RFC 7011 §6.1.5: 1 is true, 2 is false. */
  boolean: { octets: 1, isReducible: false, code: 11 },
  /** UTF-8 (RFC 7011 §6.1.6); as long as the value is, or of a fixed length with zeroes behind it. */
  string: { octets: 0, isReducible: false, code: 13, isText: true },
  macAddress: { octets: 6, isReducible: false, code: 12, isText: true },
  dateTimeSeconds: { octets: 4, isReducible: false, code: 14 },
  dateTimeMilliseconds: { octets: 8, isReducible: false, code: 15 },
  dateTimeMicroseconds: { octets: 8, isReducible: false, code: 16 },
  dateTimeNanoseconds: { octets: 8, isReducible: false, code: 17, isText: true },
  ipv4Address: { octets: 4, isReducible: false, code: 18, isText: true },
  ipv6Address: { octets: 16, isReducible: false, code: 19, isText: true },
} as const satisfies Record<string, AbstractType>;

export type AbstractTypeName = keyof typeof ABSTRACT_TYPES;

/** informationElementSemantics (RFC 5610 §3.6). */
export const SEMANTICS = {
  default: 0,
  quantity: 1,
  totalCounter: 2,
  deltaCounter: 3,
  identifier: 4,
  flags: 5,
} as const;

export type SemanticsName = keyof typeof SEMANTICS;

/** informationElementUnits (RFC 5610 §3.7), as far as they occur. */
export const UNITS = {
  none: 0,
  octets: 2,
  packets: 3,
  flows: 4,
  seconds: 5,
  milliseconds: 6,
  microseconds: 7,
  nanoseconds: 8,
  hops: 12,
  entries: 13,
} as const;

export type UnitName = keyof typeof UNITS;
