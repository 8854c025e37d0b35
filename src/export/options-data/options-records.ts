/**
 * Options templates and their data records, encoded: numbers in network order, texts behind their length or padded. options-data.ts
 * and its neighbours decide what they say.
 */
import { writeFieldSpecifier } from '../messages/ipfix.ts';

export const VARIABLE_LENGTH = 0xffff; // RFC 7011 §7
/** Longest text in an options record; a few of them must fit a message. */
const TEXT_OCTETS_MAX = 200;

/** An options template and its records. */
export interface OptionsSet {
  /**
   * Descriptions change rarely. Interfaces are descriptions that come and go, and the system start one that moves.
   * Statistics are worth nothing unless they are repeated.
   */
  readonly kind: 'description' | 'sampling' | 'start' | 'interfaces' | 'statistics';
  /** The template record behind its id, which the announcer chooses and puts in front. */
  readonly template: Uint8Array;
  readonly records: readonly Uint8Array[];
}

/** A field: element or v9 scope, and its size (VARIABLE_LENGTH for texts). */
export interface Field {
  readonly id: number;
  readonly octets: number;
}

/** `float64` values are given as such; all other numbers are unsigned. */
export type Value = number | bigint | string | Uint8Array | { readonly float64: number };

/** A template with its rows. */
export interface OptionsContent {
  readonly kind?: OptionsSet['kind'];
  readonly scope: readonly Field[];
  readonly fields: readonly Field[];
  /** Values of scope and fields. */
  readonly rows: readonly (readonly Value[])[];
}

/** UTF-8 of a text, cut to whole characters, without zero octets: they would end it early. */
function encodeText(text: string, octetsMax: number): Uint8Array {
  const out = new Uint8Array(octetsMax);
  const { written } = new TextEncoder().encodeInto(text.toWellFormed().replaceAll('\0', ''), out);
  return out.subarray(0, written);
}

function encodeNumber(value: number | bigint, octets: number): number[] {
  const number = BigInt(value);
  return Array.from({ length: octets }, (_, i) => Number((number >> BigInt(8 * (octets - 1 - i))) & 0xffn));
}

function encodeValue({ octets }: Field, value: Value): Iterable<number> {
  if (typeof value === 'number' || typeof value === 'bigint') return encodeNumber(value, octets);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'object') {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value.float64);
    return new Uint8Array(view.buffer);
  }
  if (octets === VARIABLE_LENGTH) {
    const text = encodeText(value, TEXT_OCTETS_MAX);
    return [text.length, ...text];
  }
  const text = encodeText(value, octets);
  return [...text, ...new Uint8Array(octets - text.length)];
}

/** @param counts the two numbers in front of the field specifiers */
function encodeOptions(content: OptionsContent, counts: readonly [number, number]): OptionsSet {
  const fields = [...content.scope, ...content.fields];
  const template = new Uint8Array(4 + 4 * fields.length);
  const view = new DataView(template.buffer);
  view.setUint16(0, counts[0]);
  view.setUint16(2, counts[1]);
  let at = 4;
  for (const field of fields) at = writeFieldSpecifier(view, at, field.id, field.octets, undefined);
  const records = content.rows.map((row) =>
    Uint8Array.from(fields.flatMap((field, i) => [...encodeValue(field, row[i]!)])),
  );
  return { kind: content.kind ?? 'description', template, records };
}

/** RFC 7011 §3.4.2.2: field count, scope field count. */
export function ipfixOptions(content: OptionsContent): OptionsSet {
  const { scope, fields } = content;
  return encodeOptions(content, [scope.length + fields.length, scope.length]);
}

/** RFC 3954 §6.1: octets of the scope field specifiers, octets of the others. */
export function netflow9Options(content: OptionsContent): OptionsSet {
  const { scope, fields } = content;
  return encodeOptions(content, [4 * scope.length, 4 * fields.length]);
}

/** Fields with their values, without those whose value is not known (NaN). */
export function knownFields(pairs: readonly (readonly [Field, number])[]): [Field[], number[]] {
  const known = pairs.filter(([, value]) => !Number.isNaN(value));
  return [known.map(([field]) => field), known.map(([, value]) => value)];
}
