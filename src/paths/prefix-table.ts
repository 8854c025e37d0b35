/**
 * Longest-prefix match of addresses. The prefixes of an IP version are cut into ranges that do not overlap, each with the
 * longest prefix that holds it; a match is a binary search among their beginnings. Nothing is allocated by it.
 */
import type { NetworkWords } from '../records/network.ts';

/** No prefix. */
export const NO_PREFIX = -1;

const ADDRESS_WORDS = 4;
const WORD_BITS = 32n;

/** An address range, set-up only. */
interface Range {
  readonly first: bigint;
  /** Behind the last address. */
  readonly end: bigint;
  readonly prefix: number;
}

function createRange({ isIPv6, words, bits }: NetworkWords, prefix: number): Range {
  let first = 0n;
  for (let w = 0; w < (isIPv6 ? ADDRESS_WORDS : 1); w++)
    first = (first << WORD_BITS) | BigInt(words[w]! >>> 0);
  const size = 1n << BigInt((isIPv6 ? 128 : 32) - bits);
  return { first, end: first + size, prefix };
}

/** Ranges of one IP version. */
class Ranges {
  readonly #count: number;
  /** Words of each beginning, 4 of IPv6 and 1 of IPv4. */
  readonly #starts: Uint32Array;
  readonly #prefixes: Int32Array;
  readonly #stride: number;

  /**
   * Cuts prefixes into ranges.
   * @param parents gets the longest prefix that holds another, by that one's number
   */
  constructor(ranges: readonly Range[], stride: number, parents: Int32Array) {
    // Of those that begin together, the wider one first: it is the parent.
    const sorted = [...ranges].sort((a, b) =>
      a.first === b.first ? (a.end > b.end ? -1 : 1) : a.first < b.first ? -1 : 1,
    );
    const starts: bigint[] = [0n];
    const prefixes: number[] = [NO_PREFIX];
    const open: Range[] = [];
    const begin = (at: bigint, prefix: number) => {
      if (starts.at(-1) === at) {
        starts.pop();
        prefixes.pop();
      }
      starts.push(at);
      prefixes.push(prefix);
    };
    const closeUntil = (at: bigint | undefined) => {
      for (
        let top = open.at(-1);
        top !== undefined && (at === undefined || top.end <= at);
        top = open.at(-1)
      ) {
        open.pop();
        begin(top.end, open.at(-1)?.prefix ?? NO_PREFIX);
      }
    };
    for (const range of sorted) {
      closeUntil(range.first);
      parents[range.prefix] = open.at(-1)?.prefix ?? NO_PREFIX;
      open.push(range);
      begin(range.first, range.prefix);
    }
    closeUntil(undefined);
    // What begins behind the last address holds none.
    if (starts.at(-1)! >> (WORD_BITS * BigInt(stride)) > 0n) {
      starts.pop();
      prefixes.pop();
    }
    this.#count = starts.length;
    this.#stride = stride;
    this.#prefixes = Int32Array.from(prefixes);
    this.#starts = Uint32Array.from({ length: starts.length * stride }, (_, i) => {
      const word = BigInt(stride - 1 - (i % stride));
      return Number((starts[Math.floor(i / stride)]! >> (WORD_BITS * word)) & 0xffffffffn);
    });
  }

  /** The longest prefix that holds the address at word `at`, or NO_PREFIX. */
  match(words: Int32Array, at: number): number {
    let low = 0;
    let high = this.#count;
    // The first range begins with the first address.
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(words, at, middle)) high = middle;
      else low = middle;
    }
    return this.#prefixes[low]!;
  }

  /** Whether an address lies before the beginning of a range. */
  #isBefore(words: Int32Array, at: number, range: number): boolean {
    const start = range * this.#stride;
    for (let w = 0; w < this.#stride; w++) {
      const address = words[at + w]! >>> 0;
      const first = this.#starts[start + w]!;
      if (address !== first) return address < first;
    }
    return false;
  }
}

export class PrefixTable {
  /** The longest prefix that holds prefix i and is not the same, or NO_PREFIX. */
  readonly parents: Int32Array;
  readonly #ipv4: Ranges;
  readonly #ipv6: Ranges;

  /** @param networks each once; their places are the prefixes' numbers */
  constructor(networks: readonly NetworkWords[]) {
    this.parents = new Int32Array(networks.length).fill(NO_PREFIX);
    const ranges = networks.map((network, i) => ({ ...createRange(network, i), isIPv6: network.isIPv6 }));
    this.#ipv4 = new Ranges(
      ranges.filter(({ isIPv6 }) => !isIPv6),
      1,
      this.parents,
    );
    this.#ipv6 = new Ranges(
      ranges.filter(({ isIPv6 }) => isIPv6),
      ADDRESS_WORDS,
      this.parents,
    );
  }

  /** The longest prefix that holds the address at word `at`, or NO_PREFIX. */
  match(words: Int32Array, at: number, isIPv6: boolean): number {
    return isIPv6 ? this.#ipv6.match(words, at) : this.#ipv4.match(words, at);
  }
}
