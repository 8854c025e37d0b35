/**
 * Writes into flow records whose their addresses are: autonomous systems, countries and prefix lengths, and the names of
 * networks where records have a place for them. It runs once for each record, on the true addresses; what was found of an
 * address is kept in a table that each address has one place in, so that the next record costs a comparison.
 */
import {
  ADDRESS_A,
  ADDRESS_B,
  AS_A,
  AS_B,
  COUNTRIES,
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  PREFIX_LENGTHS,
} from '../records/flow-layout.ts';
import {
  NAME_OCTETS_MAX,
  NAME_WORDS_MAX,
  NETWORK_FIELDS,
  NETWORK_TEXTS,
  NETWORK_WORD,
} from '../records/network-layout.ts';
import { hasNetworks } from '../records/record-sections.ts';
import { NO_NAME } from './encoded-name.ts';
import {
  type AddressTable,
  ENTRY_ADDRESS,
  ENTRY_AS,
  ENTRY_BITS,
  ENTRY_COUNTRY,
  ENTRY_NAMES,
  ENTRY_STATE,
  ENTRY_WORDS,
  type NetworkLookup,
  STATE_IPV4,
  STATE_IPV6,
} from './network-lookup.ts';

/** Places of the table: 4 MiB with the references to names. */
const ENTRIES = 65_536;
/** A reference takes 8 octets. */
export const ENRICHMENT_OCTETS = ENTRIES * (ENTRY_WORDS * 4 + ENTRY_NAMES * 8);
const FIELDS = NETWORK_FIELDS.length;
/** Knuth's multiplicative hash. */
const HASH_FACTOR = 0x9e3779b1 | 0;

export class Enrichment {
  /** Addresses asked for, and those of them that had to be looked up. */
  addresses = 0;
  lookups = 0;
  readonly #table: AddressTable;
  #lookup: NetworkLookup;

  constructor(lookup: NetworkLookup) {
    this.#table = {
      words: new Int32Array(ENTRIES * ENTRY_WORDS),
      names: new Array(ENTRIES * ENTRY_NAMES).fill(NO_NAME),
    };
    this.#lookup = lookup;
  }

  /** Goes over to other networks: nothing that is known counts any longer. */
  replace(lookup: NetworkLookup): void {
    this.#lookup = lookup;
    this.#table.words.fill(0);
    this.#table.names.fill(NO_NAME);
  }

  /** Writes into all records of a batch, whose addresses are the true ones. */
  apply(batch: FlowRecordBatch): void {
    const { words, stride, count } = batch;
    const withNames = hasNetworks(batch);
    const table = this.#table.words;
    for (let i = 0; i < count; i++) {
      const row = i * stride;
      const isIPv6 = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6;
      // Both may have one place in the table: the answer for A is written before B is asked for.
      const a = this.#find(words, row + ADDRESS_A, isIPv6);
      const atA = a * ENTRY_WORDS;
      const country = table[atA + ENTRY_COUNTRY]!;
      const bits = table[atA + ENTRY_BITS]!;
      words[row + AS_A] = table[atA + ENTRY_AS]!;
      if (withNames) this.#writeNames(words, row + NETWORK_WORD, 0, a);
      const b = this.#find(words, row + ADDRESS_B, isIPv6);
      const atB = b * ENTRY_WORDS;
      words[row + AS_B] = table[atB + ENTRY_AS]!;
      words[row + COUNTRIES] = country | (table[atB + ENTRY_COUNTRY]! << 16);
      words[row + PREFIX_LENGTHS] = bits | (table[atB + ENTRY_BITS]! << 8);
      if (withNames) this.#writeNames(words, row + NETWORK_WORD, FIELDS, b);
    }
    this.addresses += 2 * count;
  }

  /** The number of the entry of an address, filled. */
  #find(words: Int32Array, at: number, isIPv6: boolean): number {
    const table = this.#table.words;
    const first = words[at]!;
    if (!isIPv6) {
      const number = Math.imul(first, HASH_FACTOR) >>> 16;
      const entry = number * ENTRY_WORDS;
      if (table[entry + ENTRY_STATE] === STATE_IPV4 && table[entry + ENTRY_ADDRESS] === first) return number;
      return this.#fill(number, words, at, false);
    }
    const second = words[at + 1]!;
    const third = words[at + 2]!;
    const fourth = words[at + 3]!;
    let hash = Math.imul(first, HASH_FACTOR) ^ second;
    hash = Math.imul(hash ^ (hash >>> 15), HASH_FACTOR) ^ third;
    hash = Math.imul(hash ^ (hash >>> 15), HASH_FACTOR) ^ fourth;
    const number = Math.imul(hash ^ (hash >>> 15), HASH_FACTOR) >>> 16;
    const entry = number * ENTRY_WORDS;
    const isThere =
      table[entry + ENTRY_STATE] === STATE_IPV6 &&
      table[entry + ENTRY_ADDRESS] === first &&
      table[entry + ENTRY_ADDRESS + 1] === second &&
      table[entry + ENTRY_ADDRESS + 2] === third &&
      table[entry + ENTRY_ADDRESS + 3] === fourth;
    return isThere ? number : this.#fill(number, words, at, true);
  }

  #fill(number: number, words: Int32Array, at: number, isIPv6: boolean): number {
    this.lookups++;
    this.#lookup.find(words, at, isIPv6, this.#table, number);
    return number;
  }

  /** @param section first word of the names of a record @param place the first name of this end */
  #writeNames(words: Int32Array, section: number, place: number, number: number): void {
    const { names } = this.#table;
    for (let f = 0; f < FIELDS; f++) {
      const { octets, words: text } = names[number * ENTRY_NAMES + f]!;
      const name = place + f;
      words[section + name] = octets === 0 ? 0 : (name * NAME_OCTETS_MAX) | (octets << 16);
      const to = section + NETWORK_TEXTS + name * NAME_WORDS_MAX;
      for (let w = 0; w < text.length; w++) words[to + w] = text[w]!;
    }
  }
}
