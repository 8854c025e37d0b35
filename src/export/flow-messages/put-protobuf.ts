/**
 * Writes a flow message in protobuf's encoding straight into octets, from columns that were compiled out of the schema
 * (compile-columns.ts). Values that are 0 are left out, as proto3 says. It runs for every record, so protobufjs' own
 * encoder, which takes objects, is too slow (docs/decisions has the measurement); a test holds that both write the same
 * octets. Framing and keys are flow-encoder.ts's.
 *
 * Every function takes the octet to write at and returns the one behind; the caller leaves room.
 */
import * as kinds from '../../ie/compiled-source.ts';
import * as layout from '../../records/flow-layout.ts';
import type { MessageColumn } from './message-column.ts';
import * as columns from './message-column.ts';
import { putOther } from './put-other.ts';
import { putKey, putVarint, putVarint32, putVarint64, putWord, splitNs } from './put-varint.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { LINK_WORD } = layout;
const { WORD, COUNTER, NANOSECONDS, ADDRESS_IPV4, ADDRESS_IPV6, MAC_SOURCE, MAC_DESTINATION } = kinds;
const { FIXED, SEQUENCE, OPEN, CLOSE, OTHER } = columns;
const TWO_32 = 4294967296;
/** Messages and lists within each other, at most. */
export const DEPTH_MAX = 16;

const pair = new Uint32Array(2);
/** Where the contents of what is open begin. */
const starts = new Int32Array(DEPTH_MAX);
let depth = 0;
/** To see how many octets a number has. */
const scratch = new Uint8Array(5);

/**
 * Writes key and value of a column for one record.
 * @param row first word of the record
 * @param epochSeconds Unix time that its times count from
 */
export function putProtobuf(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { write, key } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  if (condition !== column.conditionEquals && write !== OTHER) return at;
  // The most frequent first: cases are compared one after the other.
  switch (write) {
    case WORD: {
      const value = (words[row + column.at]! >>> column.shift) & column.mask;
      return value === 0 ? at : putVarint32(out, putKey(out, at, key), value);
    }
    case COUNTER: {
      const value = doubles[(row >>> 1) + column.at]!;
      return value === 0 ? at : putVarint(out, putKey(out, at, key), value);
    }
    case FIXED: {
      const { octets } = column;
      for (let i = 0; i < octets.length; i++) out[at + i] = octets[i]!;
      return at + octets.length;
    }
    case NANOSECONDS: {
      splitNs(pair, epochSeconds, doubles[(row >>> 1) + column.at]!);
      if ((pair[0]! | pair[1]!) === 0) return at;
      return putVarint64(out, putKey(out, at, key), pair[0]!, pair[1]!);
    }
    case ADDRESS_IPV4: {
      const end = putKey(out, at, key);
      out[end] = 4;
      return putWord(out, end + 1, words[row + column.at]!);
    }
    case MAC_SOURCE:
    case MAC_DESTINATION:
      return putMacField(out, at, key, words, row + LINK_WORD, write === MAC_SOURCE);
    case SEQUENCE: {
      const value = recordNumber % TWO_32;
      return value === 0 ? at : putVarint32(out, putKey(out, at, key), value);
    }
    case ADDRESS_IPV6: {
      let end = putKey(out, at, key);
      out[end++] = 16;
      for (let w = 0; w < 4; w++) end = putWord(out, end, words[row + column.at + w]!);
      return end;
    }
    case OPEN:
      starts[depth++] = putKey(out, at, key) + 1;
      return starts[depth - 1]!;
    case CLOSE:
      return close(out, at, key);
    case OTHER:
      return putOther(column, words, doubles, row, epochSeconds, recordNumber, out, at);
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

/** A MAC address as a number of 48 bits; nothing where it is 0. */
function putMacField(
  out: Uint8Array,
  at: number,
  key: number,
  words: Int32Array,
  link: number,
  isSource: boolean,
): number {
  const middle = words[link + 1]!;
  const high = isSource ? words[link]! >>> 16 : middle & 0xffff;
  const low = isSource ? (words[link]! << 16) | (middle >>> 16) : words[link + 2]!;
  if ((high | low) === 0) return at;
  return putVarint64(out, putKey(out, at, key), high, low);
}
