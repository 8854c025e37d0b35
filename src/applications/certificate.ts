/**
 * Reads a Certificate message of TLS 1.2 and before (RFC 5246 §7.4.2): common name, first DNS name and validity of the first
 * certificate (RFC 5280 §4.1), as far as its octets have come. Nothing is verified.
 */

import { type ApplicationFacts, NAME_FROM_CERTIFICATE } from './facts.ts';
import { textAt, threeOctetsAt } from './text.ts';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const BOOLEAN = 0x01;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const DNS_NAME_TAG = 0x82;
/** Octets of the object identifiers, with tag and length. */
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03];
const SUBJECT_ALTERNATIVE_NAME = [0x06, 0x03, 0x55, 0x1d, 0x11];
const NAME_OCTETS_MAX = 128;

/** Walks through DER elements (X.690 §8.1), one behind the other. */
class Elements {
  tag = 0;
  /** Content of the element at hand. */
  start = 0;
  end = 0;
  readonly #octets: Uint8Array;
  #next: number;
  readonly #limit: number;

  constructor(octets: Uint8Array, start: number, limit: number) {
    this.#octets = octets;
    this.#next = start;
    this.#limit = limit;
  }

  /** @returns false where no whole element header follows */
  next(): boolean {
    const octets = this.#octets;
    let at = this.#next;
    if (at + 2 > this.#limit) return false;
    this.tag = octets[at]!;
    let length = octets[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 3 || at + count > this.#limit) return false;
      length = 0;
      for (let i = 0; i < count; i++) length = (length << 8) | octets[at + i]!;
      at += count;
    }
    this.start = at;
    this.end = at + length;
    this.#next = this.end;
    return true;
  }

  /** @returns whether the next element has this tag */
  is(tag: number): boolean {
    return this.next() && this.tag === tag;
  }

  has(tag: number): boolean {
    return this.tag === tag;
  }

  /** The elements within the one at hand. */
  within(): Elements {
    return new Elements(this.#octets, this.start, Math.min(this.end, this.#limit));
  }
}

function beginsWith(octets: Uint8Array, at: number, end: number, wanted: readonly number[]): boolean {
  return at + wanted.length <= end && wanted.every((octet, i) => octets[at + i] === octet);
}

/** Seconds since 1970 of a UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5). */
function timeOf(octets: Uint8Array, { tag, start, end }: Elements): number | undefined {
  const text = textAt(octets, start, end, 32);
  const isGeneral = tag === GENERALIZED_TIME;
  if (!isGeneral && tag !== UTC_TIME) return undefined;
  const parts = (
    isGeneral ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
  ).exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const full = isGeneral ? year : year < 50 ? 2000 + year : 1900 + year;
  return Date.UTC(full, month - 1, day, hour, minute, second) / 1000;
}

function readValidity(octets: Uint8Array, validity: Elements, facts: ApplicationFacts): void {
  const times = validity.within();
  const before = times.next() ? timeOf(octets, times) : undefined;
  const after = times.next() ? timeOf(octets, times) : undefined;
  if (before !== undefined) facts.tlsCertificateNotBefore = before;
  if (after !== undefined) facts.tlsCertificateNotAfter = after;
}

function commonName(octets: Uint8Array, subject: Elements, end: number): string | undefined {
  const sets = subject.within();
  let name: string | undefined;
  while (sets.is(SET)) {
    const pairs = sets.within();
    if (!pairs.is(SEQUENCE) || !beginsWith(octets, pairs.start, end, COMMON_NAME)) continue;
    const value = pairs.within();
    if (value.next() && value.next() && value.end <= end)
      name = textAt(octets, value.start, value.end, NAME_OCTETS_MAX);
  }
  return name;
}

/** The first dNSName of the extension subjectAltName among those of `extensions`. */
function alternativeName(octets: Uint8Array, extensions: Elements, end: number): string | undefined {
  const list = extensions.within();
  if (!list.is(SEQUENCE)) return undefined;
  const each = list.within();
  while (each.is(SEQUENCE)) {
    if (!beginsWith(octets, each.start, end, SUBJECT_ALTERNATIVE_NAME)) continue;
    const value = each.within();
    value.next();
    if (!value.next() || (value.tag === BOOLEAN && !value.next()) || value.tag !== OCTET_STRING)
      return undefined;
    const names = value.within();
    if (!names.is(SEQUENCE)) return undefined;
    const name = names.within();
    while (name.next())
      if (name.tag === DNS_NAME_TAG && name.end <= end)
        return textAt(octets, name.start, name.end, NAME_OCTETS_MAX);
    return undefined;
  }
  return undefined;
}

/**
 * Reads the body of a Certificate message at `start` … `messageEnd`, as far as `end`.
 * @param facts receives name and validity
 * @returns whether a name was found
 */
export function readCertificate(
  octets: Uint8Array,
  start: number,
  messageEnd: number,
  end: number,
  facts: ApplicationFacts,
): boolean {
  if (start + 6 > end || start + 3 + threeOctetsAt(octets, start) > messageEnd) return false;
  const first = start + 6;
  const firstEnd = Math.min(first + threeOctetsAt(octets, start + 3), messageEnd, end);
  const certificate = new Elements(octets, first, firstEnd);
  if (!certificate.is(SEQUENCE)) return false;
  const body = certificate.within();
  if (!body.is(SEQUENCE)) return false;
  const fields = body.within();
  if (!fields.next() || (fields.tag === VERSION_TAG && !fields.next()) || fields.tag !== INTEGER)
    return false;
  // Algorithm and issuer, which are of no use here.
  if (!fields.is(SEQUENCE) || !fields.is(SEQUENCE) || !fields.is(SEQUENCE)) return false;
  readValidity(octets, fields, facts);
  if (!fields.is(SEQUENCE)) return false;
  let name = fields.end <= firstEnd ? commonName(octets, fields, firstEnd) : undefined;
  if (name === undefined)
    while (fields.next()) if (fields.has(EXTENSIONS_TAG)) name = alternativeName(octets, fields, firstEnd);
  if (name === undefined) return false;
  facts.tlsCertificateName = name;
  if (facts.serverName === undefined && !name.startsWith('*') && !name.includes(' ')) {
    facts.serverName = name.toLowerCase();
    facts.serverNameSource = NAME_FROM_CERTIFICATE;
  }
  return true;
}
