/**
 * A database of networks: a MaxMind DB file that tells autonomous systems, countries or cities, with the facts of its data
 * decoded once. Data that is broken is counted, and its addresses are unknown.
 */
import { NO_NAME } from './encoded-name.ts';
import { MmdbFault } from './mmdb-data.ts';
import { MmdbFile, type MmdbMetadata, NOT_FOUND } from './mmdb-file.ts';
import { type NetworkFacts, NO_FACTS, readFacts } from './network-facts.ts';

/** Places for facts that are kept decoded: each offset has one, which it may share. */
const PLACES = 262_144;
/** Octets of these places: an offset, and a reference to the facts, which are not counted. */
export const FACTS_OCTETS = PLACES * (4 + 8);
/** Knuth's multiplicative hash. */
const HASH_FACTOR = 0x9e3779b1 | 0;
const PLACE_SHIFT = 14;
/** Of so many addresses one must tell something. */
const SAMPLES = 256;

export class NetworkDatabase {
  readonly metadata: MmdbMetadata;
  /** Of the file. */
  readonly octets: number;
  /** Data of addresses that break the rules of the format, found so far. */
  faults = 0;
  readonly #file: MmdbFile;
  /** Of which offset the facts at a place are; NOT_FOUND: none. */
  readonly #offsets = new Int32Array(PLACES).fill(NOT_FOUND);
  readonly #facts: NetworkFacts[] = new Array(PLACES).fill(NO_FACTS);

  /**
   * @param octets the whole file, which is kept
   * @throws MmdbFault for what is no MaxMind DB, is broken, or tells nothing of networks
   */
  constructor(octets: Uint8Array) {
    this.#file = new MmdbFile(octets);
    this.metadata = this.#file.metadata;
    this.octets = octets.length;
    const samples = this.#file.someOffsets(SAMPLES).map((offset) => readFacts(this.#file.data, offset));
    const isTelling = ({ as, country, asName, city }: NetworkFacts) =>
      as !== 0 || country !== 0 || asName !== NO_NAME || city !== NO_NAME;
    if (samples.length > 0 && !samples.some(isTelling))
      throw new MmdbFault(
        `${this.metadata.databaseType || 'a database'}, which tells no autonomous systems, countries or cities`,
      );
  }

  /** All that the database knows of an address; `bits` says of how long a prefix. */
  find(words: Int32Array, at: number, isIPv6: boolean): NetworkFacts {
    const offset = this.#file.find(words, at, isIPv6);
    if (offset === NOT_FOUND) return NO_FACTS;
    const place = Math.imul(offset, HASH_FACTOR) >>> PLACE_SHIFT;
    return this.#offsets[place] === offset ? this.#facts[place]! : this.#read(offset, place);
  }

  /** The length of the prefix that the address which was looked up last has its data by. */
  get bits(): number {
    return this.#file.bits;
  }

  #read(offset: number, place: number): NetworkFacts {
    let facts = NO_FACTS;
    try {
      facts = readFacts(this.#file.data, offset);
    } catch (error) {
      if (!(error instanceof MmdbFault)) throw error;
      this.faults++;
    }
    this.#offsets[place] = offset;
    this.#facts[place] = facts;
    return facts;
  }
}
