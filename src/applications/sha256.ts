/**
 * SHA-256 (FIPS 180-4), HMAC (RFC 2104) and the one step of HKDF-Expand (RFC 5869) that QUIC's keys need, over typed arrays:
 * inputs of tens of octets, for which a call of Node's crypto takes ten times as long as the arithmetic.
 */

const BLOCK_OCTETS = 64;
export const DIGEST_OCTETS = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** First 32 bits of the fractional part of a root of each of the first primes (FIPS 180-4 §4.2.2, §5.3.3). */
function createConstants(count: number, root: (prime: number) => number): Int32Array {
  const constants = new Int32Array(count);
  let found = 0;
  for (let candidate = 2; found < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) isPrime &&= candidate % divisor !== 0;
    if (isPrime) constants[found++] = ((root(candidate) % 1) * 0x1_0000_0000) | 0;
  }
  return constants;
}

const ROUND = createConstants(64, Math.cbrt);
const START = createConstants(8, Math.sqrt);
const schedule = new Int32Array(64);
const block = new Uint8Array(BLOCK_OCTETS);

function rotate(word: number, count: number): number {
  return (word >>> count) | (word << (32 - count));
}

/** Takes the block at `at` into the state. */
function compress(state: Int32Array, octets: Uint8Array, at: number): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) {
    const from = at + 4 * i;
    w[i] = (octets[from]! << 24) | (octets[from + 1]! << 16) | (octets[from + 2]! << 8) | octets[from + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const early = w[i - 15]!;
    const late = w[i - 2]!;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/**
 * Takes the rest of a message, and puts the digest at the beginning of `out`.
 * @param before octets that the state has taken, whole blocks
 */
function finish(
  state: Int32Array,
  octets: Uint8Array,
  length: number,
  before: number,
  out: Uint8Array,
): void {
  let at = 0;
  for (; length - at >= BLOCK_OCTETS; at += BLOCK_OCTETS) compress(state, octets, at);
  block.fill(0);
  for (let i = at; i < length; i++) block[i - at] = octets[i]!;
  block[length - at] = 0x80;
  if (length - at > BLOCK_OCTETS - 9) {
    compress(state, block, 0);
    block.fill(0);
  }
  const bits = 8 * (before + length);
  for (let i = 0; i < 4; i++) block[BLOCK_OCTETS - 1 - i] = bits >>> (8 * i);
  compress(state, block, 0);
  for (let i = 0; i < DIGEST_OCTETS; i++) out[i] = state[i >>> 2]! >>> (24 - 8 * (i & 3));
}

const state = new Int32Array(8);

/** The digest of `length` octets. @param out 32 octets at least */
export function sha256(octets: Uint8Array, length: number, out: Uint8Array): void {
  state.set(START);
  finish(state, octets, length, 0, out);
}

/** HMAC-SHA-256 with a key of at most 64 octets, whose two blocks are taken once. */
export class Hmac {
  readonly #inner = new Int32Array(8);
  readonly #outer = new Int32Array(8);
  readonly #pad = new Uint8Array(BLOCK_OCTETS);
  readonly #digest = new Uint8Array(DIGEST_OCTETS);

  setKey(key: Uint8Array, length: number): void {
    this.#inner.set(START);
    this.#outer.set(START);
    for (let i = 0; i < BLOCK_OCTETS; i++) this.#pad[i] = (i < length ? key[i]! : 0) ^ INNER_PAD;
    compress(this.#inner, this.#pad, 0);
    for (let i = 0; i < BLOCK_OCTETS; i++) this.#pad[i] = this.#pad[i]! ^ INNER_PAD ^ OUTER_PAD;
    compress(this.#outer, this.#pad, 0);
  }

  /** @param out 32 octets at least; may be that of the message */
  sign(message: Uint8Array, length: number, out: Uint8Array): void {
    state.set(this.#inner);
    finish(state, message, length, BLOCK_OCTETS, this.#digest);
    state.set(this.#outer);
    finish(state, this.#digest, DIGEST_OCTETS, BLOCK_OCTETS, out);
  }
}
