/**
 * Writes a flow message as JSON in goflow2's way: snake_case names, addresses and MAC addresses as text, `etype` and
 * `proto` by name, everything else a number. A value that does not apply is 0, as in goflow2. Framing and keys are
 * flow-encoder.ts's.
 */
import { NS_PER_S } from '../../base/clock.ts';
import * as kinds from '../../ie/compiled-source.ts';
import { extensionHeadersComplete, extensionHeadersFull } from '../../ie/extension-bits.ts';
import * as text from '../../ie/text-octets.ts';
import * as layout from '../../records/flow-layout.ts';
import type { MessageColumn } from './message-columns.ts';

import { PROTOCOL_NAMES } from './protocol-names.ts';

const { LINK_WORD } = layout;
const { putBillions, putHex, putIPv4, putIPv6, putMac, putNumber, putOctets, putQuote } = text;
const { WORD, WIDE_WORD, HEX_WORD, COUNTER, NANOSECONDS, TIME, DURATION, ADDRESS_IPV4, ADDRESS_IPV6 } = kinds;
const { MAC_SOURCE, MAC_DESTINATION, CONSTANT, RECORD_NUMBER } = kinds;
const { DIVIDED, EXTENSIONS_FULL, EXTENSIONS_COMPLETE } = kinds;
const NS_IN_S = NS_PER_S;
const UNSPECIFIED = new Int32Array(4);

/**
 * Writes name and value of a column for one record, with a comma in front.
 * @param row first word of the record
 * @param epochSeconds Unix time that its times count from
 */
export function putJson(
  column: MessageColumn,
  words: Int32Array,
  doubles: Float64Array,
  row: number,
  epochSeconds: number,
  recordNumber: number,
  out: Uint8Array,
  at: number,
): number {
  const { kind, constant } = column;
  const condition = (words[row + column.conditionAt]! >>> column.conditionShift) & column.conditionMask;
  const holds = condition === column.conditionEquals;
  const value = holds ? ((words[row + column.at]! >>> column.shift) & column.mask) >>> 0 : 0;
  const double = (row >>> 1) + column.at;
  const end = putOctets(out, at, column.label);
  switch (kind) {
    case WORD:
      if (column.isProtocol) return putOctets(out, end, PROTOCOL_NAMES[value & 0xff]!);
      return putNumber(out, end, value);
    case DIVIDED:
      return putNumber(out, end, Math.round(value / constant));
    case EXTENSIONS_FULL:
      return putNumber(out, end, extensionHeadersFull(words[row + column.at]!));
    case EXTENSIONS_COMPLETE:
      return putNumber(out, end, extensionHeadersComplete(words[row + column.at]!));
    case WIDE_WORD:
      return holds ? putWide(out, end, constant, value) : putNumber(out, end, 0);
    case HEX_WORD:
      return putQuote(out, putHex(out, putQuote(out, end), value, constant));
    case COUNTER:
      return putNumber(out, end, holds ? doubles[double]! : 0);
    case NANOSECONDS:
      return putNs(out, end, epochSeconds, doubles[double]!);
    case TIME: {
      const units = epochSeconds * constant + Math.floor(doubles[double]! / (NS_IN_S / constant));
      return putNumber(out, end, Math.max(units, 0));
    }
    case DURATION:
      return putNumber(
        out,
        end,
        Math.floor(doubles[double + 1]! / constant) - Math.floor(doubles[double]! / constant),
      );
    case ADDRESS_IPV4:
      return putQuote(out, putIPv4(out, putQuote(out, end), holds ? words[row + column.at]! : 0));
    case ADDRESS_IPV6: {
      const start = putQuote(out, end);
      if (!holds) return putQuote(out, putIPv6(out, start, UNSPECIFIED, 0));
      return putQuote(out, putIPv6(out, start, words, row + column.at));
    }
    case MAC_SOURCE:
    case MAC_DESTINATION:
      return putMacText(out, end, words, row + LINK_WORD, kind === MAC_SOURCE);
    case CONSTANT:
      return putNumber(out, end, constant);
    case RECORD_NUMBER:
      return putNumber(out, end, recordNumber);
  }
  return end;
}

/** Nanoseconds since 1970, which exceed 2^53, as goflow2 writes them: as a number all the same. */
export function putNs(out: Uint8Array, at: number, epochSeconds: number, ns: number): number {
  const seconds = Math.floor(ns / NS_IN_S);
  const total = epochSeconds + seconds;
  return total < 0 ? putNumber(out, at, 0) : putBillions(out, at, total, ns - seconds * NS_IN_S);
}

/** 64 bits in two words, the upper of them below 2^26. */
function putWide(out: Uint8Array, at: number, high: number, low: number): number {
  const total = high * 4294967296 + low;
  const billions = Math.floor(total / NS_IN_S);
  // Exact in parts: 2^32 is 4 × 10^9 + 294,967,296.
  const rest = high * 294967296 + low - (billions - high * 4) * NS_IN_S;
  const carry = Math.floor(rest / NS_IN_S);
  return putBillions(out, at, billions + carry, rest - carry * NS_IN_S);
}

function putMacText(out: Uint8Array, at: number, words: Int32Array, link: number, isSource: boolean): number {
  const middle = words[link + 1]!;
  const high = isSource ? words[link]! >>> 16 : middle & 0xffff;
  const low = isSource ? (words[link]! << 16) | (middle >>> 16) : words[link + 2]!;
  return putQuote(out, putMac(out, putQuote(out, at), high, low));
}
