/**
 * Crypto-PAn (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address Anonymization", ICNP 2002): two addresses that share a
 * prefix of n bits share one of n bits afterwards, and nobody without the key finds the way back. A bit of the result is
 * the bit of the address, turned over or not by the first bit of AES-128 over the bits in front of it. IPv6 is the same
 * with 128 bits, as other implementations have it.
 *
 * Each bit costs a block of AES. The results for the first half of an address and for whole addresses are kept, in
 * memory of a fixed size: where two fall on one place, the later one stays.
 */
import { type Cipheriv, createCipheriv } from 'node:crypto';

/** The first half is the AES key, the second one is encrypted to the padding (as in the reference implementation). */
export const KEY_OCTETS = 32;

const BLOCK_OCTETS = 16;
const BLOCK_WORDS = 4;
/** Addresses kept, a power of two for each IP version: 640 KiB in all. */
const IPV4_PLACES = 1 << 15;
const IPV6_PLACES = 1 << 13;
/** Prefixes kept: all 65,536 of IPv4 and as many places for IPv6's /64. */
const PREFIX_PLACES = 1 << 12;

/** A bounded table from a key of `keyWords` to a value of `valueWords` words. */
class Places {
  readonly #mask: number;
  readonly #words: Int32Array;
  readonly #stride: number;
  readonly #keyWords: number;

  constructor(places: number, keyWords: number, valueWords: number) {
    this.#mask = places - 1;
    this.#keyWords = keyWords;
    // One word more says whether the place is in use.
    this.#stride = keyWords + valueWords + 1;
    this.#words = new Int32Array(places * this.#stride);
  }

  get words(): Int32Array {
    return this.#words;
  }

  /** First word of the place for a key: the key's words, the value's, and 1 where it is in use. */
  placeOf(key: Int32Array, at: number): number {
    let hash = 0x9e3779b9;
    for (let w = 0; w < this.#keyWords; w++) {
      hash = Math.imul(hash ^ key[at + w]!, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return (hash & this.#mask) * this.#stride;
  }

  /** Whether the place holds this key. */
  holds(place: number, key: Int32Array, at: number): boolean {
    const words = this.#words;
    for (let w = 0; w < this.#keyWords; w++) if (words[place + w] !== key[at + w]) return false;
    return words[place + this.#stride - 1] === 1;
  }

  /** Puts the key into its place; the caller writes the value. */
  take(place: number, key: Int32Array, at: number): void {
    const words = this.#words;
    for (let w = 0; w < this.#keyWords; w++) words[place + w] = key[at + w]!;
    words[place + this.#stride - 1] = 1;
  }
}

export class CryptoPan {
  readonly #cipher: Cipheriv;
  /** The padding as four words. */
  readonly #padding = new Int32Array(BLOCK_WORDS);
  readonly #input = Buffer.alloc(64 * BLOCK_OCTETS);
  readonly #view = new DataView(this.#input.buffer, this.#input.byteOffset, this.#input.length);
  readonly #addresses4 = new Places(IPV4_PLACES, 1, 1);
  readonly #addresses6 = new Places(IPV6_PLACES, 4, 4);
  /** What the first 16 bits of an IPv4 address are turned over by; -1 where that is not known yet. */
  readonly #prefixes4 = new Int32Array(1 << 16).fill(-1);
  readonly #prefixes6 = new Places(PREFIX_PLACES, 2, 2);
  readonly #address = new Int32Array(BLOCK_WORDS);
  readonly #flips = new Int32Array(BLOCK_WORDS);

  /**
   * @param key 32 octets
   * @throws RangeError for another size
   */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_OCTETS) throw new RangeError(`a Crypto-PAn key has 32 octets, not ${key.length}`);
    this.#cipher = createCipheriv('aes-128-ecb', key.subarray(0, BLOCK_OCTETS), null).setAutoPadding(false);
    const padding = this.#cipher.update(key.subarray(BLOCK_OCTETS));
    for (let w = 0; w < BLOCK_WORDS; w++) this.#padding[w] = padding.readInt32BE(4 * w);
  }

  /** Replaces the IPv4 address in `words[at]` (host order). */
  ipv4(words: Int32Array, at: number): void {
    const places = this.#addresses4;
    const place = places.placeOf(words, at);
    if (!places.holds(place, words, at)) {
      this.#address[0] = words[at]!;
      const upper = words[at]! >>> 16;
      let flips = this.#prefixes4[upper]!;
      if (flips === -1) {
        this.#encrypt(0, 16);
        flips = this.#flips[0]! >>> 16;
        this.#prefixes4[upper] = flips;
      }
      this.#encrypt(16, 32);
      places.take(place, words, at);
      places.words[place + 1] = words[at]! ^ (flips << 16) ^ this.#flips[0]!;
    }
    words[at] = places.words[place + 1]!;
  }

  /** Replaces the IPv6 address in the four words from `at` on. */
  ipv6(words: Int32Array, at: number): void {
    const places = this.#addresses6;
    const place = places.placeOf(words, at);
    if (!places.holds(place, words, at)) {
      for (let w = 0; w < BLOCK_WORDS; w++) this.#address[w] = words[at + w]!;
      const prefixes = this.#prefixes6;
      const prefix = prefixes.placeOf(words, at);
      if (!prefixes.holds(prefix, words, at)) {
        this.#encrypt(0, 64);
        prefixes.take(prefix, words, at);
        for (let w = 0; w < 2; w++) prefixes.words[prefix + 2 + w] = this.#flips[w]!;
      }
      this.#encrypt(64, 128);
      places.take(place, words, at);
      for (let w = 0; w < BLOCK_WORDS; w++) {
        const flips = w < 2 ? prefixes.words[prefix + 2 + w]! : this.#flips[w]!;
        places.words[place + 4 + w] = words[at + w]! ^ flips;
      }
    }
    for (let w = 0; w < BLOCK_WORDS; w++) words[at + w] = places.words[place + 4 + w]!;
  }

  /** Leaves in `#flips` which of the bits `from` to `to` of `#address` turn over; its other bits are 0. */
  #encrypt(from: number, to: number): void {
    const view = this.#view;
    for (let bit = from; bit < to; bit++) {
      const start = (bit - from) * BLOCK_OCTETS;
      for (let w = 0; w < BLOCK_WORDS; w++) {
        const bits = Math.min(Math.max(bit - 32 * w, 0), 32);
        const mask = bits === 0 ? 0 : -1 << (32 - bits);
        view.setInt32(start + 4 * w, (this.#address[w]! & mask) | (this.#padding[w]! & ~mask));
      }
    }
    const blocks = this.#cipher.update(this.#input.subarray(0, (to - from) * BLOCK_OCTETS));
    this.#flips.fill(0);
    for (let bit = from; bit < to; bit++) {
      const flip = blocks[(bit - from) * BLOCK_OCTETS]! >>> 7;
      this.#flips[bit >>> 5]! |= flip << (31 - (bit & 31));
    }
  }
}
