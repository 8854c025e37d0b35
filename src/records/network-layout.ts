/**
 * Names of networks: what a flow record carries of them behind the applications. Layout only: src/networks fills it. The
 * numbers of autonomous systems, countries and prefix lengths are in every record (flow-words.ts).
 *
 * A record has NETWORK_WORDS more words from NETWORK_WORD on while names of networks are wanted, and none otherwise
 * (record-sections.ts).
 *
 *     words  0 …  7   the names, in the order of NETWORK_FIELDS, first those of A, then those of B: the first octet of a
 *                     name within the texts | its length << 16; 0: it is not known
 *            8 … 135  texts in UTF-8: NAME_OCTETS_MAX octets for each, four a word, the first of them the lowest
 */
import { APPLICATION_WORD, APPLICATION_WORDS } from './application-layout.ts';

export interface NetworkField {
  /** Of the information elements: `source…` and `destination…`. */
  readonly name: string;
  /** The user's own word, or a place that is near: anonymization drops it unless told otherwise. */
  readonly isName?: true;
}

/** The names of an end of a flow, a row for each. */
export const NETWORK_FIELDS = [
  { name: 'AsName' },
  { name: 'NetworkName', isName: true },
  { name: 'SiteName', isName: true },
  { name: 'CityName', isName: true },
] as const satisfies readonly NetworkField[];

export type NetworkFieldName = (typeof NETWORK_FIELDS)[number]['name'];

/** Octets of the longest name; longer ones are cut at the end of a character. */
export const NAME_OCTETS_MAX = 64;
export const NAME_WORDS_MAX = NAME_OCTETS_MAX / 4;

export const NETWORK_WORD = APPLICATION_WORD + APPLICATION_WORDS;
/** Names of a record. */
export const NETWORK_NAMES = 2 * NETWORK_FIELDS.length;
/** Texts, in words from NETWORK_WORD on. */
export const NETWORK_TEXTS = NETWORK_NAMES;
export const NETWORK_WORDS = NETWORK_TEXTS + NETWORK_NAMES * NAME_WORDS_MAX;

/** The word of a name of A, from NETWORK_WORD on; B's is NETWORK_FIELDS.length words behind it. */
export function networkPlace(name: NetworkFieldName): number {
  return NETWORK_FIELDS.findIndex((field) => field.name === name);
}
