/**
 * Reads a message of DNS (RFC 1035 §4), and of those that share its layout: multicast DNS (RFC 6762), LLMNR (RFC 4795),
 * NetBIOS name service (RFC 1002). Only the first question, the code of the response and the first addresses are taken.
 * Every length is compared with what is left before it is used; a pointer leads only to what stands before the piece of a
 * name that it ends, so that no chain of them comes to no end.
 */

import { putIPv4, putIPv6 } from '../ie/text-octets.ts';
import type { DnsAnswer } from './facts.ts';
import { asciiAt, doubleWordAt, wordAt } from './text.ts';

export const HEADER_OCTETS = 12;
const QUESTION_OCTETS_MIN = 5;
const RECORD_OCTETS_MIN = 11;
/** Wire octets of a name (RFC 1035 §2.3.4). */
const NAME_OCTETS_MAX = 255;
const POINTERS_MAX = 127;
const ANSWERS_MAX = 8;
/** Octets of a message that are read. */
export const DNS_OCTETS_MAX = 4096;

export const TYPE_A = 1;
export const TYPE_CNAME = 5;
export const TYPE_AAAA = 28;
const TYPE_OPT = 41;
export const TYPE_SVCB = 64;
export const TYPE_HTTPS = 65;
/** Parameters of SVCB and HTTPS that are addresses (RFC 9460 §7.3). */
const PARAMETER_IPV4_HINT = 4;
const PARAMETER_IPV6_HINT = 6;

const FLAG_RESPONSE = 0x8000;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const DIGIT_ZERO = 0x30;

const addressWords = new Int32Array(4);
const addressText = new Uint8Array(48);

/** Fields of one message; filled anew for each. */
export class DnsMessage {
  id = 0;
  flags = 0;
  questionCount = 0;
  answerCount = 0;
  /** The first question, or the owner of the first record where there is none (RFC 6762 §6). */
  name: string | undefined;
  type = 0;
  class = 0;
  responseCode = 0;
  answers: DnsAnswer[] = [];
  /** Seconds; undefined without answers. */
  minimumTtl: number | undefined;
  /** All that the counts announce was there. */
  isWhole = false;
  /** Behind the last record that was read. */
  end = 0;

  get isResponse(): boolean {
    return (this.flags & FLAG_RESPONSE) !== 0;
  }

  get opcode(): number {
    return (this.flags >>> 11) & 0xf;
  }
}

/** Behind the name that `readName` read. */
let nameEnd = 0;

/** Name at hand, as text: every octet of it may be escaped. */
const nameText = new Uint8Array(4 * NAME_OCTETS_MAX);

/** Octets of names in lower case; 0 for those that are escaped. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (octet <= 0x20 || octet >= 0x7f || octet === DOT || octet === BACKSLASH) return 0;
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
});

/** Puts an octet of a name into `nameText`, escaped. @returns behind it */
function putEscaped(octet: number, at: number): number {
  if (octet === DOT || octet === BACKSLASH) {
    nameText[at] = BACKSLASH;
    nameText[at + 1] = octet;
    return at + 2;
  }
  nameText[at] = BACKSLASH;
  nameText[at + 1] = DIGIT_ZERO + Math.floor(octet / 100);
  nameText[at + 2] = DIGIT_ZERO + (Math.floor(octet / 10) % 10);
  nameText[at + 3] = DIGIT_ZERO + (octet % 10);
  return at + 4;
}

/**
 * The name at `from`, in lower case with the escapes of RFC 4343 §2.1; sets `nameEnd`.
 * @returns undefined for what is no name
 */
export function readName(octets: Uint8Array, start: number, end: number, from: number): string | undefined {
  let used = 0;
  let at = from;
  let pieceStart = from;
  let wireOctets = 1;
  let pointers = 0;
  nameEnd = -1;
  while (at < end) {
    const length = octets[at]!;
    if (length === 0) {
      if (nameEnd < 0) nameEnd = at + 1;
      return used === 0 ? '.' : asciiAt(nameText, 0, used);
    }
    if (length >= 0xc0) {
      if (at + 1 >= end) return undefined;
      const target = start + (((length & 0x3f) << 8) | octets[at + 1]!);
      if (nameEnd < 0) nameEnd = at + 2;
      if (target >= pieceStart || target < start + HEADER_OCTETS || ++pointers > POINTERS_MAX)
        return undefined;
      at = target;
      pieceStart = target;
      continue;
    }
    wireOctets += length + 1;
    if (length > 63 || at + length >= end || wireOctets > NAME_OCTETS_MAX) return undefined;
    if (used > 0) nameText[used++] = DOT;
    for (let i = at + 1; i <= at + length; i++) {
      const plain = PLAIN[octets[i]!]!;
      if (plain === 0) used = putEscaped(octets[i]!, used);
      else nameText[used++] = plain;
    }
    at += length + 1;
  }
  return undefined;
}

/** Behind the name at `from`, which is not followed; -1 where it has no end. */
export function skipName(octets: Uint8Array, end: number, from: number): number {
  for (let at = from; at < end; at += octets[at]! + 1) {
    const length = octets[at]!;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= end ? at + 2 : -1;
    if (length > 63 || at - from > NAME_OCTETS_MAX) return -1;
  }
  return -1;
}

/** The address of 4 or 16 octets at `at`, as text. */
function addressAt(octets: Uint8Array, at: number, length: number): string {
  for (let i = 0; i < length / 4; i++) addressWords[i] = doubleWordAt(octets, at + 4 * i);
  const end =
    length === 4 ? putIPv4(addressText, 0, addressWords[0]!) : putIPv6(addressText, 0, addressWords, 0);
  return asciiAt(addressText, 0, end);
}

/**
 * Calls `take` for each address among the parameters of an SVCB or HTTPS record, whose data is `at` … `end` (RFC 9460 §2.2).
 */
export function eachHint(
  octets: Uint8Array,
  at: number,
  end: number,
  take: (at: number, octets: number) => void,
): void {
  let next = skipName(octets, end, at + 2);
  while (next > 0 && next + 4 <= end) {
    const key = wordAt(octets, next);
    const behind = next + 4 + wordAt(octets, next + 2);
    if (behind > end) return;
    const each = key === PARAMETER_IPV4_HINT ? 4 : key === PARAMETER_IPV6_HINT ? 16 : 0;
    for (let hint = next + 4; each > 0 && hint + each <= behind; hint += each) take(hint, each);
    next = behind;
  }
}

/** Takes the addresses among the parameters of an SVCB or HTTPS record, whose data is `at` … `end`. */
function readHints(
  octets: Uint8Array,
  at: number,
  end: number,
  message: DnsMessage,
  type: number,
  timeToLive: number,
): void {
  eachHint(octets, at, end, (hint, length) => {
    if (message.answers.length < ANSWERS_MAX)
      message.answers.push({ type, text: addressAt(octets, hint, length), timeToLive });
  });
}

/** Takes the record of the answer section whose data is `at` … `end`. */
function readAnswer(
  octets: Uint8Array,
  start: number,
  at: number,
  end: number,
  type: number,
  timeToLive: number,
  message: DnsMessage,
): void {
  if (message.minimumTtl === undefined || timeToLive < message.minimumTtl) message.minimumTtl = timeToLive;
  if (message.answers.length >= ANSWERS_MAX) return;
  const length = end - at;
  if ((type === TYPE_A && length === 4) || (type === TYPE_AAAA && length === 16))
    message.answers.push({ type, text: addressAt(octets, at, length), timeToLive });
  else if (type === TYPE_CNAME) {
    const name = readName(octets, start, end, at);
    if (name !== undefined) message.answers.push({ type, text: name, timeToLive });
  } else if (type === TYPE_SVCB || type === TYPE_HTTPS) readHints(octets, at, end, message, type, timeToLive);
}

/** Reads the records of all sections, up to one that is damaged. @returns whether all were there */
function readRecords(
  octets: Uint8Array,
  start: number,
  end: number,
  from: number,
  count: number,
  message: DnsMessage,
): boolean {
  let at = from;
  for (let i = 0; i < count; i++) {
    at = skipName(octets, end, at);
    if (at < 0 || at + 10 > end) return false;
    const type = wordAt(octets, at);
    const timeToLive = doubleWordAt(octets, at + 4);
    const data = at + 10;
    at = data + wordAt(octets, at + 8);
    if (at > end) return false;
    if (i < message.answerCount) readAnswer(octets, start, data, at, type, timeToLive, message);
    else if (type === TYPE_OPT) message.responseCode = ((timeToLive >>> 24) << 4) | (message.flags & 0xf);
    message.end = at;
  }
  return true;
}

/** Takes the first record's name and type in the place of a question. */
function readOwner(octets: Uint8Array, start: number, end: number, message: DnsMessage): boolean {
  message.name = readName(octets, start, end, start + HEADER_OCTETS);
  if (message.name === undefined || nameEnd + 4 > end) return false;
  message.type = wordAt(octets, nameEnd);
  message.class = wordAt(octets, nameEnd + 2);
  return true;
}

/**
 * Reads the message at `start` … `end`.
 * @param isCut the message goes on behind `messageEnd`
 * @param message receives it; valid where true is returned, `isWhole` tells whether all of it was there
 * @returns false for what is no message: counts that cannot fit, a first question that is none
 */
export function readDnsMessage(
  octets: Uint8Array,
  start: number,
  messageEnd: number,
  message: DnsMessage,
  isCut = false,
): boolean {
  const end = messageEnd - start > DNS_OCTETS_MAX ? start + DNS_OCTETS_MAX : messageEnd;
  if (end - start < HEADER_OCTETS) return false;
  message.id = wordAt(octets, start);
  message.flags = wordAt(octets, start + 2);
  message.questionCount = wordAt(octets, start + 4);
  message.answerCount = wordAt(octets, start + 6);
  const records = message.answerCount + wordAt(octets, start + 8) + wordAt(octets, start + 10);
  const least = message.questionCount * QUESTION_OCTETS_MIN + records * RECORD_OCTETS_MIN;
  if (message.questionCount + records === 0) return false;
  if (!isCut && least > messageEnd - start - HEADER_OCTETS) return false;
  message.responseCode = message.flags & 0xf;
  message.name = undefined;
  message.minimumTtl = undefined;
  message.isWhole = false;
  message.answers = [];
  let at = start + HEADER_OCTETS;
  if (message.questionCount === 0 && !readOwner(octets, start, end, message)) return false;
  for (let i = 0; i < message.questionCount; i++) {
    const name = i === 0 ? readName(octets, start, end, at) : undefined;
    at = i === 0 ? (name === undefined ? -1 : nameEnd) : skipName(octets, end, at);
    if (at < 0 || at + 4 > end) return i > 0;
    if (i === 0) {
      message.name = name;
      message.type = wordAt(octets, at);
      message.class = wordAt(octets, at + 2);
    }
    at += 4;
    message.end = at;
  }
  message.isWhole = readRecords(octets, start, end, at, records, message);
  return true;
}
