/**
 * Looks an address up in all that is configured: networks of the user's own first, then each database, of which the first
 * that knows something counts. The answer goes into an entry of a table of addresses (enrichment.ts).
 */
import type { EncodedName } from './encoded-name.ts';
import { NO_NAME } from './encoded-name.ts';
import type { NetworkDatabase } from './network-database.ts';
import type { OwnNetworkTable } from './own-network-table.ts';

// Words of an entry.
export const ENTRY_ADDRESS = 0;
/** 0: empty. */
export const ENTRY_STATE = 4;
export const ENTRY_AS = 5;
export const ENTRY_COUNTRY = 6;
/** Length of the prefix. */
export const ENTRY_BITS = 7;
export const ENTRY_WORDS = 8;
export const STATE_IPV4 = 1;
export const STATE_IPV6 = 2;

// Names of an entry, in the order of NETWORK_FIELDS.
const AS_NAME = 0;
const NETWORK_NAME = 1;
const SITE_NAME = 2;
const CITY_NAME = 3;
export const ENTRY_NAMES = 4;

/** Answers of one place for each address, of which there are many. */
export interface AddressTable {
  /** ENTRY_WORDS for each entry. */
  readonly words: Int32Array;
  /** ENTRY_NAMES for each entry. */
  readonly names: EncodedName[];
}

export class NetworkLookup {
  readonly #own: OwnNetworkTable | undefined;
  readonly #databases: readonly NetworkDatabase[];
  readonly #hasPrefixLengths: boolean;

  constructor(
    own: OwnNetworkTable | undefined,
    databases: readonly NetworkDatabase[],
    hasPrefixLengths: boolean,
  ) {
    this.#own = own;
    this.#databases = databases;
    this.#hasPrefixLengths = hasPrefixLengths;
  }

  /**
   * Fills an entry.
   * @param words,at the address
   * @param number of the entry
   */
  find(words: Int32Array, at: number, isIPv6: boolean, table: AddressTable, number: number): void {
    const own = this.#own?.find(words, at, isIPv6);
    let as = own === undefined ? 0 : own.as;
    let bits = own === undefined ? 0 : own.bits;
    let country = 0;
    let asName = NO_NAME;
    let city = NO_NAME;
    for (let i = 0; i < this.#databases.length; i++) {
      const database = this.#databases[i]!;
      const facts = database.find(words, at, isIPv6);
      // The name is that of the number, whoever has told it.
      if (asName === NO_NAME && (as === 0 || as === facts.as)) asName = facts.asName;
      if (as === 0 && facts.as !== 0) {
        as = facts.as;
        if (own === undefined) bits = database.bits;
      }
      if (country === 0) country = facts.country;
      if (city === NO_NAME) city = facts.city;
    }
    const entry = number * ENTRY_WORDS;
    const { words: answer, names } = table;
    for (let w = 0; w < 4; w++) answer[entry + ENTRY_ADDRESS + w] = isIPv6 || w === 0 ? words[at + w]! : 0;
    answer[entry + ENTRY_STATE] = isIPv6 ? STATE_IPV6 : STATE_IPV4;
    answer[entry + ENTRY_AS] = as;
    answer[entry + ENTRY_COUNTRY] = country;
    answer[entry + ENTRY_BITS] = this.#hasPrefixLengths ? bits : 0;
    const name = number * ENTRY_NAMES;
    names[name + AS_NAME] = asName;
    names[name + NETWORK_NAME] = own === undefined ? NO_NAME : own.name;
    names[name + SITE_NAME] = own === undefined ? NO_NAME : own.site;
    names[name + CITY_NAME] = city;
  }
}
