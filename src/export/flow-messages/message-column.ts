/**
 * A column of flow messages: which value of a flow record, and how a message has it. Compiled once from the schema
 * (compile-columns.ts), written for every record by put-protobuf.ts, put-other.ts and put-json.ts.
 */
import type { ValueColumn } from '../../ie/value-column.ts';

// What a column writes.
/** A value, in protobuf with implicit presence, as proto3 calls it: a varint or octets, and nothing where it is 0. */
export const VALUE = 0;
/** protobuf: a value that is written in another form (put-other.ts). */
export const OTHER = 1;
/** Octets that are the same in all messages of a batch, as they stand in `octets`. */
export const FIXED = 2;
/** Begins a message within the message or a list, which CLOSE ends. */
export const OPEN = 3;
export const CLOSE = 4;

// Forms of a value in protobuf.
/** A varint. */
export const IMPLICIT = 0;
export const ZIGZAG = 1;
export const FIXED_32 = 2;
export const FIXED_64 = 3;
export const FLOAT = 4;
export const DOUBLE = 5;
export const BOOL = 6;
/** Text as JSON has it, without quotes. */
export const TEXT = 7;
/** The octets of an address, a MAC address or an octet array. */
export const BYTES = 8;
/** An instant as google.protobuf.Timestamp, in JSON as text by RFC 3339. */
export const TIMESTAMP = 9;

/** Every column has every property, so that all have one shape. */
export interface MessageColumn {
  /** VALUE, OTHER, FIXED, OPEN or CLOSE. */
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
  /** Where the value stands in a record. */
  readonly value: ValueColumn;
}
