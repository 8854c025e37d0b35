/**
 * The values of flow records as JavaScript values, for writers that take values and bring their own encoding, such as
 * Parquet: numbers, bigint for what can exceed 2^53, text for addresses and truth, octets for octet arrays. They come
 * from the reader of all writers (read-value.ts).
 */

import { TEXT_OCTETS_MAX } from '../records/application-layout.ts';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { INTERVALS_MAX } from '../records/path-health-layout.ts';
import { createValue, readValue, type Value } from './read-value.ts';
import type { TemplateField } from './templates.ts';
import { VALUE_OCTETS_MAX } from './text-octets.ts';
import { putValue } from './text-values.ts';
import {
  ABSENT,
  compileSource,
  INSTANT,
  INTERVALS,
  NUMBER,
  OCTETS,
  orZero,
  type RecordValues,
  saysNothing,
  TEXT,
  WIDE,
  WORD,
} from './value-column.ts';

export type FlowValue = number | bigint | string | Uint8Array;

/**
 * Reads a value.
 * @param row first word of the record
 * @param recordNumber from 1
 * @returns undefined where there is none
 */
export type ReadValue = (batch: FlowRecordBatch, row: number, recordNumber: number) => FlowValue | undefined;

export interface FlowValueOptions {
  /** Whether the record is about the reverse direction. */
  readonly isReverse: boolean;
  /** Nothing instead of 0 where the element does not apply. */
  readonly isOptional: boolean;
  readonly values: RecordValues;
}

const value = createValue();
const textScratch = Buffer.alloc(TEXT_OCTETS_MAX);
const scratch = Buffer.alloc(VALUE_OCTETS_MAX);

/** Up to eight octets of two words, the most significant one first. */
function octetsOf({ high, low, count }: Value): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => {
    const shift = 8 * (count - 1 - i);
    return shift >= 32 ? (high >>> (shift - 32)) & 0xff : (low >>> shift) & 0xff;
  });
}

/** The intervals of a direction, as on the wire: numbers of 8 octets, 0 behind the last one. */
function intervalOctets({ intervals, count }: Value): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * INTERVALS_MAX));
  for (let i = 0; i < count; i++) view.setBigUint64(8 * i, BigInt(intervals[i]!));
  return new Uint8Array(view.buffer);
}

/** A value that was read. */
function flowValueOf(kind: number): FlowValue | undefined {
  switch (kind) {
    case ABSENT:
      return undefined;
    case WORD:
      return value.low >>> 0;
    case NUMBER:
      return value.number;
    case WIDE:
      return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
    case INSTANT:
      return BigInt(value.number) * 1_000_000_000n + BigInt(value.low);
    case OCTETS:
      return octetsOf(value);
    case INTERVALS:
      return intervalOctets(value);
    case TEXT:
      return textScratch.toString('utf8', 0, putValue(textScratch, 0, kind, value));
    default:
      return scratch.toString('latin1', 0, putValue(scratch, 0, kind, value));
  }
}

/**
 * The reader of a field.
 * @returns undefined where the value is never there
 */
export function flowValue(field: TemplateField, options: FlowValueOptions): ReadValue | undefined {
  const { element } = field;
  const { values } = options;
  const isReverse = field.isReverse !== options.isReverse;
  // No intervals are no octets, not those of a number.
  const isOptional = options.isOptional || element.source.kind === 'intervals';
  const known = compileSource(element, { isReverse, isSaturated: true, values });
  const column = isOptional ? known : orZero(element, known);
  if (column === undefined || saysNothing(column)) return undefined;
  return (batch, row, recordNumber) => flowValueOf(readValue(column, batch, row, recordNumber, value));
}
