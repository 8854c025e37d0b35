/**
 * Names that clients asked for, by client and address: so that a flow to the address gets the name by which its own client
 * had asked for it. Memory is fixed. Expiry is that of the answer, within bounds; where there is no room, the address whose
 * time is over first has to go.
 *
 * An address keeps its name, and the name before it: a flow that is looked up has the name that was the newest when its
 * first packet came, although another answer has come since.
 */
import {
  COUNT_EVICTED,
  COUNT_FOUND,
  COUNT_LOOKUPS,
  COUNT_REFUSED,
  COUNT_REMEMBERED,
} from './dns-name-counts.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { NamePool, namePoolOctets } from './name-pool.ts';

/** Browsers and stubs use an answer beyond its time to live; nobody is believed for longer than a day. */
const TTL_MIN_S = 60;
const TTL_MAX_S = 86_400;
/** RFC 2181 §8: a time to live with the first bit set is none. */
const TTL_SIGN = 0x8000_0000;
const NS_PER_S = 1e9;
/** An entry stays for so long behind its end, for flows that began before it. */
const KEPT_NS = 60e9;
/** Entries that are looked at for their end, for each that is remembered. */
const SWEEP = 2;
/** Addresses that have to go for one name, at most. */
const EVICTED_MAX = 8;

/** Words of an entry: client and address as IPv6 (IPv4 as mapped, RFC 4291 §2.5.5.2), the names, the next of the same head. */
const KEY_WORDS = 8;
const NAME = 8;
const PREVIOUS_NAME = 9;
const NEXT = 10;
/** Bits: the name was told beside another one that still held. */
const BITS = 11;
const ENTRY_WORDS = 12;
const IS_AMBIGUOUS = 1;
const WAS_AMBIGUOUS = 2;
/** Doubles of an entry: since when the names are the newest, and until when the one before held. */
const SINCE_NS = 0;
const PREVIOUS_SINCE_NS = 1;
const PREVIOUS_UNTIL_NS = 2;
const ENTRY_DOUBLES = 3;

const NONE = -1;
const ANYBODY = new Int32Array(4);

/** Whose answers count: the flow's own client's, anybody's, or anybody's where its own client had none. */
export type DnsNameScope = 'client' | 'any' | 'clientThenAny';

/** Bits of what `lookUp` returns, above the number of the name. */
export const FOUND_OF_ANYBODY = 1 << 30;
export const FOUND_AMBIGUOUS = 1 << 29;
export const FOUND_NAME_MASK = FOUND_AMBIGUOUS - 1;

/** Octets of memory for so many entries. */
export function dnsNamesOctets(entries: number): number {
  const heads = 2 ** Math.ceil(Math.log2(entries));
  return entries * (ENTRY_WORDS * 4 + ENTRY_DOUBLES * 8 + 8 + 8) + heads * 4 + namePoolOctets(entries);
}

export class DnsNames {
  readonly pool: NamePool;
  /** By the places of dns-name-counts.ts; another array where somebody else counts the same. */
  counts: Float64Array;
  readonly #scope: DnsNameScope;
  readonly #heads: Int32Array;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #heap: ExpiryHeap;

  /** @param entries addresses that are remembered, each with each client */
  constructor(entries: number, scope: DnsNameScope, counts: Float64Array) {
    this.counts = counts;
    this.#scope = scope;
    this.pool = new NamePool(entries);
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(entries))).fill(NONE);
    this.#words = new Int32Array(entries * ENTRY_WORDS);
    this.#doubles = new Float64Array(entries * ENTRY_DOUBLES);
    this.#heap = new ExpiryHeap(entries);
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#heap.size;
  }

  /**
   * Remembers that a client was told an address for a name.
   * @param addresses has the address, four words from `at`
   * @param timeToLive seconds
   */
  remember(
    client: Int32Array,
    addresses: Int32Array,
    at: number,
    name: string,
    timeToLive: number,
    timeNs: number,
  ): void {
    this.#sweep(timeNs);
    if (this.#scope !== 'any') this.#rememberFor(client, addresses, at, name, timeToLive, timeNs);
    if (this.#scope !== 'client') this.#rememberFor(ANYBODY, addresses, at, name, timeToLive, timeNs);
  }

  /**
   * The name for a flow.
   * @param timeNs of its first packet
   * @param isLast it is not looked up again: then it counts, though nothing is found
   * @returns its number and bits FOUND_…, the name referred to once more, or -1
   */
  lookUp(client: Int32Array, address: Int32Array, timeNs: number, isLast = true): number {
    if (this.#heap.size === 0) return NONE;
    const own = this.#scope === 'any' ? NONE : this.#lookUpFor(client, address, timeNs);
    const found = own === NONE && this.#scope !== 'client' ? this.#lookUpFor(ANYBODY, address, timeNs) : own;
    if (found !== NONE || isLast) this.counts[COUNT_LOOKUPS]!++;
    if (found === NONE) return NONE;
    this.counts[COUNT_FOUND]!++;
    this.pool.refer(found & FOUND_NAME_MASK);
    return own === NONE ? found | FOUND_OF_ANYBODY : found;
  }

  #rememberFor(
    client: Int32Array,
    addresses: Int32Array,
    at: number,
    name: string,
    timeToLive: number,
    timeNs: number,
  ): void {
    const number = this.#takeName(name, timeNs);
    if (number === NONE) {
      this.counts[COUNT_REFUSED]!++;
      return;
    }
    this.counts[COUNT_REMEMBERED]!++;
    const seconds = timeToLive >= TTL_SIGN ? 0 : timeToLive;
    const heldS = seconds < TTL_MIN_S ? TTL_MIN_S : Math.min(seconds, TTL_MAX_S);
    const untilNs = timeNs + heldS * NS_PER_S;
    const head = this.#headOf(client, addresses, at);
    const entry = this.#find(head, client, addresses, at);
    if (entry === NONE) this.#insert(head, client, addresses, at, number, timeNs, untilNs);
    else this.#renew(entry, number, timeNs, untilNs);
  }

  /** Refers to a name; where there is no room for it, addresses have to go. */
  #takeName(name: string, timeNs: number): number {
    let number = this.pool.take(name);
    for (let n = 0; number === NONE && n < EVICTED_MAX && this.#heap.size > 0; n++) {
      this.#evict(timeNs);
      number = this.pool.take(name);
    }
    return number;
  }

  /** Forgets the address whose time is over first. */
  #evict(timeNs: number): void {
    const { first } = this.#heap;
    if (this.#heap.untilNs(first) > timeNs) this.counts[COUNT_EVICTED]!++;
    this.#remove(first);
  }

  #insert(
    head: number,
    client: Int32Array,
    addresses: Int32Array,
    at: number,
    number: number,
    timeNs: number,
    untilNs: number,
  ): void {
    if (this.#heap.isFull) this.#evict(timeNs);
    const entry = this.#heap.add(untilNs);
    const word = entry * ENTRY_WORDS;
    for (let w = 0; w < 4; w++) {
      this.#words[word + w] = client[w]!;
      this.#words[word + 4 + w] = addresses[at + w]!;
    }
    this.#words[word + NAME] = number;
    this.#words[word + PREVIOUS_NAME] = NONE;
    this.#words[word + BITS] = 0;
    this.#words[word + NEXT] = this.#heads[head]!;
    this.#heads[head] = entry;
    this.#doubles[entry * ENTRY_DOUBLES + SINCE_NS] = timeNs;
  }

  /** An address was told again. */
  #renew(entry: number, number: number, timeNs: number, untilNs: number): void {
    const word = entry * ENTRY_WORDS;
    const double = entry * ENTRY_DOUBLES;
    const words = this.#words;
    if (timeNs < this.#doubles[double + SINCE_NS]!) {
      this.#renewBefore(entry, number, timeNs, untilNs);
      return;
    }
    if (words[word + NAME] === number) {
      this.pool.release(number);
    } else {
      if (words[word + PREVIOUS_NAME] !== NONE) this.pool.release(words[word + PREVIOUS_NAME]!);
      words[word + PREVIOUS_NAME] = words[word + NAME]!;
      words[word + NAME] = number;
      const was = words[word + BITS]! & IS_AMBIGUOUS ? WAS_AMBIGUOUS : 0;
      const isBoth = timeNs <= this.#heap.untilNs(entry);
      words[word + BITS] = was | (isBoth ? IS_AMBIGUOUS : 0);
      this.#doubles[double + PREVIOUS_SINCE_NS] = this.#doubles[double + SINCE_NS]!;
      this.#doubles[double + PREVIOUS_UNTIL_NS] = this.#heap.untilNs(entry);
      this.#doubles[double + SINCE_NS] = timeNs;
    }
    this.#heap.move(entry, untilNs);
  }

  /** An answer comes late, from another meter: a newer one is there. */
  #renewBefore(entry: number, number: number, timeNs: number, untilNs: number): void {
    const word = entry * ENTRY_WORDS;
    const double = entry * ENTRY_DOUBLES;
    const words = this.#words;
    const doubles = this.#doubles;
    if (words[word + NAME] === number) {
      doubles[double + SINCE_NS] = timeNs;
      this.pool.release(number);
      return;
    }
    const previous = words[word + PREVIOUS_NAME]!;
    if (previous !== NONE && doubles[double + PREVIOUS_SINCE_NS]! >= timeNs) {
      this.pool.release(number);
      return;
    }
    if (previous !== NONE) this.pool.release(previous);
    words[word + PREVIOUS_NAME] = number;
    doubles[double + PREVIOUS_SINCE_NS] = timeNs;
    doubles[double + PREVIOUS_UNTIL_NS] = untilNs;
    const isBoth = untilNs >= doubles[double + SINCE_NS]!;
    words[word + BITS] =
      (words[word + BITS]! & ~(IS_AMBIGUOUS | WAS_AMBIGUOUS)) | (isBoth ? IS_AMBIGUOUS : 0);
  }

  #lookUpFor(client: Int32Array, address: Int32Array, timeNs: number): number {
    const entry = this.#find(this.#headOf(client, address, 0), client, address, 0);
    if (entry === NONE || timeNs > this.#heap.untilNs(entry)) return NONE;
    const word = entry * ENTRY_WORDS;
    const double = entry * ENTRY_DOUBLES;
    const bits = this.#words[word + BITS]!;
    if (this.#doubles[double + SINCE_NS]! <= timeNs)
      return this.#words[word + NAME]! | (bits & IS_AMBIGUOUS ? FOUND_AMBIGUOUS : 0);
    const previous = this.#words[word + PREVIOUS_NAME]!;
    if (previous === NONE || this.#doubles[double + PREVIOUS_SINCE_NS]! > timeNs) return NONE;
    if (timeNs > this.#doubles[double + PREVIOUS_UNTIL_NS]!) return NONE;
    return previous | (bits & WAS_AMBIGUOUS ? FOUND_AMBIGUOUS : 0);
  }

  /** Forgets what has been over for long. */
  #sweep(timeNs: number): void {
    for (let n = 0; n < SWEEP && this.#heap.size > 0; n++) {
      const first = this.#heap.first;
      if (this.#heap.untilNs(first) + KEPT_NS >= timeNs) return;
      this.#remove(first);
    }
  }

  #remove(entry: number): void {
    const word = entry * ENTRY_WORDS;
    const words = this.#words;
    this.pool.release(words[word + NAME]!);
    if (words[word + PREVIOUS_NAME] !== NONE) this.pool.release(words[word + PREVIOUS_NAME]!);
    const client = words.subarray(word, word + 4);
    const head = this.#headOf(client, words, word + 4);
    if (this.#heads[head] === entry) this.#heads[head] = words[word + NEXT]!;
    else {
      let before = this.#heads[head]! * ENTRY_WORDS;
      while (words[before + NEXT] !== entry) before = words[before + NEXT]! * ENTRY_WORDS;
      words[before + NEXT] = words[word + NEXT]!;
    }
    words.fill(0, word, word + KEY_WORDS);
    this.#heap.remove(entry);
  }

  #headOf(client: Int32Array, addresses: Int32Array, at: number): number {
    let hash = 0;
    for (let w = 0; w < 4; w++) {
      hash = Math.imul(hash ^ client[w]!, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 15) ^ addresses[at + w]!, 0xc2b2ae35);
      hash ^= hash >>> 13;
    }
    return hash & (this.#heads.length - 1);
  }

  #find(head: number, client: Int32Array, addresses: Int32Array, at: number): number {
    const words = this.#words;
    for (let entry = this.#heads[head]!; entry !== NONE; entry = words[entry * ENTRY_WORDS + NEXT]!) {
      const word = entry * ENTRY_WORDS;
      let w = 0;
      while (w < 4 && words[word + w] === client[w] && words[word + 4 + w] === addresses[at + w]) w++;
      if (w === 4) return entry;
    }
    return NONE;
  }
}
