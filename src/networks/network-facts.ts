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

/** Where makers have each of them, the first that is there and makes sense counts: MaxMind and DB-IP, IPinfo, ip-location-db. */
const PLACES: Readonly<Record<keyof NetworkFacts, readonly (readonly string[])[]>> = {
  as: [['autonomous_system_number'], ['asn'], ['traits', 'autonomous_system_number'], ['as', 'number']],
  asName: [
    ['autonomous_system_organization'],
    ['as_name'],
    ['traits', 'autonomous_system_organization'],
    ['as', 'organization'],
  ],
  country: [['country', 'iso_code'], ['registered_country', 'iso_code'], ['country_code'], ['country']],
  city: [['city', 'names', 'en'], ['city']],
};

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
const textOf = (value: Scalar): string =>
  typeof value === 'string' ? value.replace(CONTROLS, ' ').trim() : '';

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
  return {
    as: first(data, offset, PLACES.as, 0, asNumber),
    country: first(data, offset, PLACES.country, 0, countryLetters),
    asName: encodeName(first(data, offset, PLACES.asName, '', textOf)),
    city: encodeName(first(data, offset, PLACES.city, '', textOf)),
  };
}
