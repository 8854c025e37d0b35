/**
 * Writes values as ASCII text straight into octets: numbers, addresses, times. A million flows of twenty values each are
 * printed, so none of them makes a string of its own.
 *
 * Every function takes the octet to write at and returns the one behind the text. The caller leaves room for
 * `VALUE_OCTETS_MAX`.
 */

/** Longest value: an IPv6 address of 39 characters in quotes. */
export const VALUE_OCTETS_MAX = 48;

const ZERO = 0x30;
const COLON = 0x3a;
const DOT = 0x2e;
const QUOTE = 0x22;
const DASH = 0x2d;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const BILLION = 1e9;

const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** A whole number below 2^31 with at least `width` digits. */
function putSmall(out: Uint8Array, at: number, value: number, width: number): number {
  let digits = 1;
  for (let rest = (value / 10) | 0; rest > 0; rest = (rest / 10) | 0) digits++;
  if (digits < width) digits = width;
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    out[i] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

/** A whole number from 0 to 2^53. */
export function putNumber(out: Uint8Array, at: number, value: number): number {
  if (value < 0x80000000) return putSmall(out, at, value, 1);
  const high = Math.floor(value / BILLION);
  return putSmall(out, putSmall(out, at, high, 1), value - high * BILLION, 9);
}

/** `high` × 10^9 + `low`, which may be above 2^53. */
export function putBillions(out: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0) return putNumber(out, at, low);
  return putSmall(out, putNumber(out, at, high), low, 9);
}

/** A text that was encoded before. */
export function putOctets(out: Uint8Array, at: number, text: Uint8Array): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text[i]!;
  return at + text.length;
}

export function putQuote(out: Uint8Array, at: number): number {
  out[at] = QUOTE;
  return at + 1;
}

/** An IPv4 address in dotted form. */
export function putIPv4(out: Uint8Array, at: number, word: number): number {
  let end = putSmall(out, at, word >>> 24, 1);
  for (let shift = 16; shift >= 0; shift -= 8) {
    out[end] = DOT;
    end = putSmall(out, end + 1, (word >>> shift) & 0xff, 1);
  }
  return end;
}

/** A group of an IPv6 address, without leading zeros. */
function putGroup(out: Uint8Array, at: number, group: number): number {
  let end = at;
  for (let shift = 12; shift >= 0; shift -= 4) {
    if (shift > 0 && group >>> shift === 0) continue;
    out[end++] = HEX[(group >>> shift) & 0xf]!;
  }
  return end;
}

function groupAt(words: Int32Array, at: number, group: number): number {
  return (words[at + (group >>> 1)]! >>> ((group & 1) === 0 ? 16 : 0)) & 0xffff;
}

/**
 * An IPv6 address as RFC 5952 says: lower case, no leading zeros, the first of the longest runs of two or more zero
 * groups as `::`, and IPv4-mapped addresses with their last 32 bits dotted.
 * @param words the address is the four words from `from` on
 */
export function putIPv6(out: Uint8Array, at: number, words: Int32Array, from: number): number {
  let longest = 1;
  let longestStart = -1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groupAt(words, from, start + length) === 0) length++;
    if (length > longest) {
      longest = length;
      longestStart = start;
    }
    start += length;
  }
  const isMapped = words[from] === 0 && words[from + 1] === 0 && words[from + 2] === 0xffff;
  const groups = isMapped ? 6 : 8;
  let end = at;
  for (let group = 0; group < groups; group++) {
    if (group === longestStart) {
      out[end++] = COLON;
      out[end++] = COLON;
      group += longest - 1;
      continue;
    }
    if (group > 0 && out[end - 1] !== COLON) out[end++] = COLON;
    end = putGroup(out, end, groupAt(words, from, group));
  }
  if (!isMapped) return end;
  out[end++] = COLON;
  return putIPv4(out, end, words[from + 3]!);
}

/** Six octets of two numbers, 16 bits and 32, as `aa:bb:cc:dd:ee:ff`. */
export function putMac(out: Uint8Array, at: number, high: number, low: number): number {
  let end = at;
  for (let octet = 5; octet >= 0; octet--) {
    const value = octet >= 4 ? (high >>> (8 * (octet - 4))) & 0xff : (low >>> (8 * octet)) & 0xff;
    out[end++] = HEX[value >>> 4]!;
    out[end++] = HEX[value & 0xf]!;
    if (octet > 0) out[end++] = COLON;
  }
  return end;
}

/** The low `octets` octets of a word in hexadecimal. */
export function putHex(out: Uint8Array, at: number, word: number, octets: number): number {
  let end = at;
  for (let shift = 8 * octets - 4; shift >= 0; shift -= 4) out[end++] = HEX[(word >>> shift) & 0xf]!;
  return end;
}

/**
 * A time as RFC 3339 has it, in UTC: `2023-11-14T22:13:20.001999999Z`, with three, six or nine digits of a second's
 * parts.
 * @param ns nanoseconds behind `epochSeconds`; what lies before 1970 is 1970
 * @param unitNs nanoseconds in the unit that the time is known in
 */
export function putTimestampText(
  out: Uint8Array,
  at: number,
  epochSeconds: number,
  ns: number,
  unitNs: number,
): number {
  const whole = Math.floor(ns / BILLION);
  const isBefore = epochSeconds + whole < 0;
  const seconds = isBefore ? 0 : epochSeconds + whole;
  const parts = isBefore ? 0 : ns - whole * BILLION;
  const days = Math.floor(seconds / 86_400);
  // Years of 400, 100, 4 and 1 that begin in March, so that the leap day is the last one (proleptic Gregorian calendar).
  const day = days + 719_468;
  const era = Math.floor(day / 146_097);
  const dayOfEra = day - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const isNextYear = month >= 10;
  let end = putSmall(out, at, yearOfEra + era * 400 + (isNextYear ? 1 : 0), 4);
  end = putPart(out, end, DASH, isNextYear ? month - 9 : month + 3);
  end = putPart(out, end, DASH, dayOfYear - Math.floor((153 * month + 2) / 5) + 1);
  const time = seconds - days * 86_400;
  end = putPart(out, end, LETTER_T, Math.floor(time / 3600));
  end = putPart(out, end, COLON, Math.floor(time / 60) % 60);
  end = putPart(out, end, COLON, time % 60);
  if (unitNs < BILLION) {
    out[end] = DOT;
    const digits = unitNs >= 1e6 ? 3 : unitNs >= 1e3 ? 6 : 9;
    end = putSmall(out, end + 1, Math.floor(parts / 10 ** (9 - digits)), digits);
  }
  out[end] = LETTER_Z;
  return end + 1;
}

/** Two digits behind a sign. */
function putPart(out: Uint8Array, at: number, sign: number, value: number): number {
  out[at] = sign;
  return putSmall(out, at + 1, value, 2);
}
