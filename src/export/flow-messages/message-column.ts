/**
 * A column of flow messages: where in a flow record a value stands, and how a message has it. Compiled once from the
 * schema (compile-columns.ts), read for every record by put-protobuf.ts, put-other.ts and put-json.ts.
 */

// What a column writes, besides the kinds of ie/compiled-source.ts.
/** Octets that are the same in all messages of a batch, as they stand in `octets`. */
export const FIXED = 32;
/** The number of the message, modulo 2^32. */
export const SEQUENCE = 33;
/** Begins a message within the message or a list, which CLOSE ends. */
export const OPEN = 34;
export const CLOSE = 35;
/** A time as google.protobuf.Timestamp; `constant` has the nanoseconds in a unit of the element. */
export const TIMESTAMP = 36;
/** protobuf: a field that is not written the plain way: put-other.ts. */
export const OTHER = 37;

// Forms of a value in protobuf.
/** A varint, or octets behind their length: what `kind` says. */
export const PLAIN = 0;
export const ZIGZAG = 1;
export const FIXED_32 = 2;
export const FIXED_64 = 3;
export const FLOAT = 4;
export const DOUBLE = 5;
export const BOOL = 6;
/** Text as JSON has it, without quotes. */
export const TEXT = 7;
/** The octets of an address, a MAC address or an octet array. */
export const OCTETS = 8;

/** Every column has every property, so that all have one shape. */
export interface MessageColumn {
  /** How the value is read. */
  readonly kind: number;
  /** protobuf: `kind`, or OTHER. */
  readonly write: number;
  readonly form: number;
  /** protobuf: field number × 8 + wire type; 0 within a packed list. */
  readonly key: number;
  /** FIXED: what is written. JSON: what stands in front of the value. Replaced for each batch by the time of export. */
  octets: Uint8Array;
  /** JSON: the value in quotes, by number, where it has a name. */
  readonly names: ReadonlyMap<number, Uint8Array> | undefined;
  /** JSON: in quotes. */
  readonly isQuoted: boolean;
  /** One of a list: left out where the element does not apply, 0 or not. */
  readonly isItem: boolean;
  /** OTHER: a value of 0 is written, and `isRequired` one that does not apply, as 0. */
  readonly isZeroWritten: boolean;
  readonly isRequired: boolean;
  /** Word or double of the record. */
  readonly at: number;
  readonly shift: number;
  readonly mask: number;
  readonly conditionAt: number;
  readonly conditionShift: number;
  readonly conditionMask: number;
  readonly conditionEquals: number;
  /** There is no value where these bits of the word are 0; without bits there always is. */
  readonly presenceMask: number;
  /** High word, nanoseconds in a unit, units in a second, octets, or the value itself. */
  readonly constant: number;
}
