/**
 * A MaxMind DB file in memory: its metadata, and the search tree that leads from an address to an offset in its data
 * (MaxMind-DB specification 2.0). All that the file says is checked before it is used; a search takes as many steps as an
 * address has bits.
 */
import { MmdbData, MmdbFault, type MmdbMap, type MmdbValue } from './mmdb-data.ts';

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** The metadata lies within so many octets of the end. */
const METADATA_OCTETS_MAX = 128 * 1024;
/** Zeroes between tree and data. */
const SEPARATOR_OCTETS = 16;
const FORMAT_VERSION = 2;
const RECORD_SIZES = [24, 28, 32];
/** The first bits of IPv4 addresses, which an index leads past. */
const IPV4_INDEX_BITS = 16;
/** Octets of that index: a record and its length. */
export const INDEX_OCTETS = 2 ** IPV4_INDEX_BITS * (4 + 1);
/** Bits above an IPv4 address in a tree of IPv6. */
const IPV4_BITS_ABOVE = 96;

/** No address of the database. */
export const NOT_FOUND = -1;

export interface MmdbMetadata {
  /** `GeoLite2-ASN`, `DBIP-Country-Lite` … */
  readonly databaseType: string;
  /** When it was made, Unix time in seconds; 0 where it does not say. */
  readonly buildEpoch: number;
  readonly ipVersion: 4 | 6;
  readonly nodeCount: number;
  /** Bits of a record of a node. */
  readonly recordSize: number;
}

function wholeNumber(map: MmdbMap, key: string, least: number, most: number): number {
  const value = map[key];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new MmdbFault(`${key} ${JSON.stringify(value) ?? 'missing'} in its metadata`);
}

function readMetadata(octets: Buffer): MmdbMetadata {
  const from = Math.max(0, octets.length - METADATA_OCTETS_MAX);
  const marker = octets.subarray(from).lastIndexOf(MARKER);
  if (marker < 0) throw new MmdbFault('no metadata of a MaxMind DB at its end');
  const map: MmdbValue = new MmdbData(octets.subarray(from + marker + MARKER.length)).read(0);
  if (typeof map !== 'object' || Array.isArray(map)) throw new MmdbFault('metadata that is no map');
  const metadata = map as MmdbMap;
  wholeNumber(metadata, 'binary_format_major_version', FORMAT_VERSION, FORMAT_VERSION);
  const recordSize = wholeNumber(metadata, 'record_size', 1, 64);
  if (!RECORD_SIZES.includes(recordSize)) throw new MmdbFault(`records of ${recordSize} bits`);
  const ipVersion = wholeNumber(metadata, 'ip_version', 4, 6);
  if (ipVersion === 5) throw new MmdbFault('ip_version 5 in its metadata');
  const { database_type: type, build_epoch: epoch } = metadata;
  return {
    databaseType: typeof type === 'string' ? type : '',
    buildEpoch: typeof epoch === 'number' ? epoch : 0,
    ipVersion: ipVersion as 4 | 6,
    nodeCount: wholeNumber(metadata, 'node_count', 1, 2 ** 32 - 1),
    recordSize,
  };
}

export class MmdbFile {
  readonly metadata: MmdbMetadata;
  readonly data: MmdbData;
  readonly #octets: Uint8Array;
  readonly #nodeCount: number;
  readonly #recordSize: number;
  readonly #nodeOctets: number;
  readonly #isIPv6: boolean;
  /** Records behind the first bits of IPv4 addresses, and how many of those led there. */
  readonly #ipv4Records = new Uint32Array(2 ** IPV4_INDEX_BITS);
  readonly #ipv4Bits = new Uint8Array(2 ** IPV4_INDEX_BITS);
  #bits = 0;

  /** @param octets a whole file, which is kept. @throws MmdbFault */
  constructor(octets: Uint8Array) {
    const file = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    this.metadata = readMetadata(file);
    const { nodeCount, recordSize, ipVersion } = this.metadata;
    this.#octets = octets;
    this.#nodeCount = nodeCount;
    this.#recordSize = recordSize;
    this.#nodeOctets = recordSize / 4;
    this.#isIPv6 = ipVersion === 6;
    const treeOctets = nodeCount * this.#nodeOctets;
    const end = file.lastIndexOf(MARKER);
    if (treeOctets + SEPARATOR_OCTETS > end)
      throw new MmdbFault(
        `${nodeCount} nodes of ${this.#nodeOctets} octets in a file of ${file.length} octets`,
      );
    if (file.subarray(treeOctets, treeOctets + SEPARATOR_OCTETS).some((octet) => octet !== 0))
      throw new MmdbFault('no zeroes between its tree and its data');
    this.data = new MmdbData(file.subarray(treeOctets + SEPARATOR_OCTETS, end));
    this.#indexIPv4();
  }

  /** The bits that led to what was found last: of an IPv4 address, those of its own. */
  get bits(): number {
    return this.#bits;
  }

  /**
   * Looks an address up.
   * @param words,at its words, IPv4 in the first
   * @returns the offset of its data, or NOT_FOUND; a record that leads out of the data is not found
   */
  find(words: Int32Array, at: number, isIPv6: boolean): number {
    this.#bits = 0;
    if (isIPv6 && !this.#isIPv6) return NOT_FOUND;
    const count = this.#nodeCount;
    const addressBits = isIPv6 ? 128 : 32;
    const index = words[at]! >>> (32 - IPV4_INDEX_BITS);
    let record = isIPv6 ? 0 : this.#ipv4Records[index]!;
    let bit = isIPv6 ? 0 : this.#ipv4Bits[index]!;
    while (record < count && bit < addressBits) {
      record = this.#record(record, (words[at + (bit >>> 5)]! >>> (31 - (bit & 31))) & 1);
      bit++;
    }
    this.#bits = bit;
    if (record <= count) return NOT_FOUND;
    const offset = record - count - SEPARATOR_OCTETS;
    return offset >= 0 && offset < this.data.length ? offset : NOT_FOUND;
  }

  /**
   * Offsets in the data that the tree leads to, from the first address on.
   * @param most of them, and of nodes to look at for each
   */
  someOffsets(most: number): number[] {
    const found = new Set<number>();
    const nodes = [0];
    for (let looked = 0; nodes.length > 0 && found.size < most && looked < 64 * most + 256; looked++) {
      const node = nodes.pop()!;
      for (const side of [1, 0]) {
        const record = this.#record(node, side);
        if (record < this.#nodeCount) nodes.push(record);
        else if (record > this.#nodeCount) found.add(record - this.#nodeCount - SEPARATOR_OCTETS);
      }
    }
    return [...found];
  }

  /** The left record of a node (side 0) or the right one. */
  #record(node: number, side: number): number {
    const octets = this.#octets;
    const size = this.#recordSize;
    const from = node * this.#nodeOctets;
    if (size === 24) {
      const at = from + 3 * side;
      return (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!;
    }
    if (size === 28) {
      const at = from + 4 * side;
      const middle = octets[from + 3]!;
      // The upper four bits of both stand in the octet between them.
      const high = side === 0 ? middle >>> 4 : middle & 0xf;
      return (high << 24) | (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!;
    }
    const at = from + 4 * side;
    return ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
  }

  /** Finds the records that the first bits of IPv4 addresses lead to. */
  #indexIPv4(): void {
    let root = 0;
    for (let bits = this.#isIPv6 ? IPV4_BITS_ABOVE : 0; bits > 0 && root < this.#nodeCount; bits--)
      root = this.#record(root, 0);
    this.#index(root, 0, 0);
  }

  /** @param first of the index that these bits are the beginning of */
  #index(record: number, bits: number, first: number): void {
    if (record < this.#nodeCount && bits < IPV4_INDEX_BITS) {
      this.#index(this.#record(record, 0), bits + 1, first);
      this.#index(this.#record(record, 1), bits + 1, first + 2 ** (IPV4_INDEX_BITS - 1 - bits));
      return;
    }
    const end = first + 2 ** (IPV4_INDEX_BITS - bits);
    this.#ipv4Records.fill(record, first, end);
    this.#ipv4Bits.fill(bits, first, end);
  }
}
