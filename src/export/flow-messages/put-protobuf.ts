/**
 * Writes a flow message in protobuf's encoding straight into octets, from columns that were compiled out of the schema
 * (compile-columns.ts). Values that are 0 are left out, as proto3 says. It runs for every record, so protobufjs' own
 * encoder, which takes objects, is too slow (docs/decisions has the measurement); a test holds that both write the same
 * octets. flow-encoder.ts adds framing and keys.
 *
 * Every function takes the octet to write at and returns the one behind; the caller leaves room.
 */
import { createValue, readValue, type ValueRecords } from '../../ie/read-value.ts';
import * as kinds from '../../ie/value-column.ts';
import type { MessageColumn } from './message-column.ts';
import * as columns from './message-column.ts';
import { putOther } from './put-other.ts';
import { joinNs, putKey, putVarint, putVarint32, putVarint64, putWord } from './put-varint.ts';

/** Messages and lists within each other, at most. */
export const DEPTH_MAX = 16;

const value = createValue();
const pair = new Uint32Array(2);
/** Where the contents of what is open begin. */
const starts = new Int32Array(DEPTH_MAX);
let depth = 0;
/** To see how many octets a number has. */
const scratch = new Uint8Array(5);

/**
 * Writes key and value of a column for one record.
 * @param row first word of the record
 * @param recordNumber of the message, from 1
 */
export function putProtobuf(
  column: MessageColumn,
  records: ValueRecords,
  row: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  switch (column.write) {
    case columns.VALUE: {
      const kind = readValue(column.value, records, row, recordNumber, value);
      // Most are words.
      if (kind !== kinds.WORD) return putPlain(kind, column.key, out, at);
      return value.low === 0 ? at : putVarint32(out, putKey(out, at, column.key), value.low);
    }
    case columns.FIXED: {
      const { octets } = column;
      for (let i = 0; i < octets.length; i++) out[at + i] = octets[i]!;
      return at + octets.length;
    }
    case columns.OPEN:
      starts[depth++] = putKey(out, at, column.key) + 1;
      return starts[depth - 1]!;
    case columns.CLOSE:
      return close(out, at, column.key);
    case columns.OTHER:
      return putOther(column, records, row, recordNumber, out, at);
  }
  return at;
}

/**
 * The value that was read and is no word, as a varint or the octets of an IP address; nothing where it is 0 or absent.
 */
function putPlain(kind: number, key: number, out: Uint8Array, at: number): number {
  // The most frequent first: cases are compared one after the other.
  switch (kind) {
    case kinds.NUMBER:
      return value.number === 0 ? at : putVarint(out, putKey(out, at, key), value.number);
    case kinds.INSTANT:
      joinNs(pair, value.number, value.low);
      if ((pair[0]! | pair[1]!) === 0) return at;
      return putVarint64(out, putKey(out, at, key), pair[0]!, pair[1]!);
    case kinds.IPV4: {
      const end = putKey(out, at, key);
      out[end] = 4;
      return putWord(out, end + 1, value.low);
    }
    case kinds.BOOLEAN:
      return value.low === 0 ? at : putVarint32(out, putKey(out, at, key), value.low);
    case kinds.MAC:
    case kinds.WIDE:
      if ((value.high | value.low) === 0) return at;
      return putVarint64(out, putKey(out, at, key), value.high, value.low);
    case kinds.IPV6: {
      let end = putKey(out, at, key);
      out[end++] = 16;
      for (let w = 0; w < 4; w++) end = putWord(out, end, value.words[w]!);
      return end;
    }
  }
  return at;
}

/** Puts the length in front of what was opened last; of nothing, not even the key stays. @param key of what is closed */
function close(out: Uint8Array, at: number, key: number): number {
  const start = starts[--depth]!;
  const octets = at - start;
  if (octets === 0) return start - 1 - putVarint32(scratch, 0, key);
  if (octets < 0x80) {
    out[start - 1] = octets;
    return at;
  }
  const shift = putVarint32(scratch, 0, octets) - 1;
  out.copyWithin(start + shift, start, at);
  putVarint32(out, start - 1, octets);
  return at + shift;
}
