/** What the data of a MaxMind DB file says of an address, by the names that makers of such files use. */
import { type EncodedName, encodeName, NO_NAME } from './encoded-name.ts';
import type { MmdbData } from './mmdb-data.ts';

/** All that a database knows of an address; 0 and NO_NAME are unknown. */
export interface NetworkFacts {
  readonly as: number;
  /** Two letters as in a record: the first of them the lower octet. */
  readonly country: number;
  readonly asName: EncodedName;
  readonly city: EncodedName;
}

export const NO_FACTS: NetworkFacts = { as: 0, country: 0, asName: NO_NAME, city: NO_NAME };

type Scalar = string | number | boolean;

/**
 * Where makers have each of them, the first that is there and makes sense counts: MaxMind, DB-IP and IP2Location, IPinfo,
 * ip-location-db.
 */
const PLACES: Readonly<Record<keyof NetworkFacts, readonly (readonly string[])[]>> = {
  as: [
    ['autonomous_system_number'],
    ['asn'],
    ['traits', 'autonomous_system_number'],
    ['as', 'number'],
    ['as', 'asn'],
  ],
  asName: [
    ['autonomous_system_organization'],
    ['as_name'],
    ['traits', 'autonomous_system_organization'],
    ['as', 'organization'],
    ['as', 'name'],
  ],
  country: [
    ['country', 'iso_code'],
    ['registered_country', 'iso_code'],
    ['country_code'],
    ['country'],
    ['geo', 'country_code'],
  ],
  city: [['city', 'names', 'en'], ['city'], ['geo', 'city']],
};
/** The name beside the number of an autonomous system; by itself it may be anything's. */
const NAME_BESIDE_NUMBER = [['name']];
/** Makers of texts write it where nothing is known. */
const UNKNOWN = '-';

const AS_FORM = /^(?:AS)?(\d{1,10})$/i;
const AS_MAX = 2 ** 32 - 1;
const COUNTRY_FORM = /^[A-Za-z]{2}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
const CONTROLS = /[\u0000-\u001f\u007f]+/g;

/** A number of an autonomous system, or 0. */
function asNumber(value: Scalar): number {
  const number = Number(AS_FORM.exec(String(value))?.[1] ?? 0);
  return number <= AS_MAX ? number : 0;
}

function countryLetters(value: Scalar): number {
  if (typeof value !== 'string' || !COUNTRY_FORM.test(value)) return 0;
  const letters = value.toUpperCase();
  return letters.charCodeAt(0) | (letters.charCodeAt(1) << 8);
}

/** A text on one line. */
function textOf(value: Scalar): string {
  const text = typeof value === 'string' ? value.replace(CONTROLS, ' ').trim() : '';
  return text === UNKNOWN ? '' : text;
}

/** The first of the places that has something that makes sense. */
function first<T extends number | string>(
  data: MmdbData,
  offset: number,
  places: readonly (readonly string[])[],
  nothing: T,
  read: (value: Scalar) => T,
): T {
  for (const place of places) {
    const value = data.find(offset, place);
    const known = value === undefined ? nothing : read(value);
    if (known !== nothing) return known;
  }
  return nothing;
}

/** @throws MmdbFault where the data breaks the rules of its format */
export function readFacts(data: MmdbData, offset: number): NetworkFacts {
  const as = first(data, offset, PLACES.as, 0, asNumber);
  const names = as === 0 ? PLACES.asName : [...PLACES.asName, ...NAME_BESIDE_NUMBER];
  return {
    as,
    country: first(data, offset, PLACES.country, 0, countryLetters),
    asName: encodeName(first(data, offset, names, '', textOf)),
    city: encodeName(first(data, offset, PLACES.city, '', textOf)),
  };
}
