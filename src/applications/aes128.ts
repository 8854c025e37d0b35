/**
 * AES-128 (FIPS 197), encryption alone: a block for QUIC's header protection, and counter mode, which is GCM without its tag
 * (NIST SP 800-38D §6.5). Protects nothing: keys of QUIC's Initial packets are known to all who see them.
 */

const BLOCK_OCTETS = 16;
const KEY_WORDS = 44;
const ROUNDS = 10;

const box = new Uint8Array(256);
/** SubBytes, ShiftRows' column and MixColumns of one octet; the other three columns are rotations of it. */
const table = new Int32Array(256);

function createTables(): void {
  let p = 1;
  let q = 1;
  do {
    p = (p ^ (p << 1) ^ ((p & 0x80) === 0 ? 0 : 0x11b)) & 0xff;
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if ((q & 0x80) !== 0) q ^= 0x09;
    const mixed = q ^ (q << 1) ^ (q << 2) ^ (q << 3) ^ (q << 4);
    box[p] = ((mixed ^ (mixed >>> 8)) & 0xff) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  for (let i = 0; i < 256; i++) {
    const once = box[i]!;
    const twice = ((once << 1) ^ ((once & 0x80) === 0 ? 0 : 0x11b)) & 0xff;
    table[i] = (twice << 24) | (once << 16) | (once << 8) | (twice ^ once);
  }
}
createTables();

function subWord(word: number): number {
  return (
    (box[word >>> 24]! << 24) |
    (box[(word >>> 16) & 0xff]! << 16) |
    (box[(word >>> 8) & 0xff]! << 8) |
    box[word & 0xff]!
  );
}

function column(w0: number, w1: number, w2: number, w3: number): number {
  const a = table[w0 >>> 24]!;
  const b = table[(w1 >>> 16) & 0xff]!;
  const c = table[(w2 >>> 8) & 0xff]!;
  const d = table[w3 & 0xff]!;
  return a ^ ((b >>> 8) | (b << 24)) ^ ((c >>> 16) | (c << 16)) ^ ((d >>> 24) | (d << 8));
}

function lastColumn(w0: number, w1: number, w2: number, w3: number): number {
  return (
    (box[w0 >>> 24]! << 24) |
    (box[(w1 >>> 16) & 0xff]! << 16) |
    (box[(w2 >>> 8) & 0xff]! << 8) |
    box[w3 & 0xff]!
  );
}

export class Aes128 {
  readonly #keys = new Int32Array(KEY_WORDS);
  /** The block at hand: set by the caller, replaced by its encryption. */
  readonly words = new Int32Array(4);

  /** @param key 16 octets at its beginning */
  setKey(key: Uint8Array): void {
    const keys = this.#keys;
    for (let i = 0; i < 4; i++)
      keys[i] = (key[4 * i]! << 24) | (key[4 * i + 1]! << 16) | (key[4 * i + 2]! << 8) | key[4 * i + 3]!;
    let constant = 1;
    for (let i = 4; i < KEY_WORDS; i++) {
      let word = keys[i - 1]!;
      if (i % 4 === 0) {
        word = subWord((word << 8) | (word >>> 24)) ^ (constant << 24);
        constant = ((constant << 1) ^ ((constant & 0x80) === 0 ? 0 : 0x11b)) & 0xff;
      }
      keys[i] = keys[i - 4]! ^ word;
    }
  }

  /** Encrypts `words` in place. */
  encrypt(): void {
    const keys = this.#keys;
    const words = this.words;
    let w0 = words[0]! ^ keys[0]!;
    let w1 = words[1]! ^ keys[1]!;
    let w2 = words[2]! ^ keys[2]!;
    let w3 = words[3]! ^ keys[3]!;
    for (let round = 1; round < ROUNDS; round++) {
      const at = 4 * round;
      const n0 = column(w0, w1, w2, w3) ^ keys[at]!;
      const n1 = column(w1, w2, w3, w0) ^ keys[at + 1]!;
      const n2 = column(w2, w3, w0, w1) ^ keys[at + 2]!;
      const n3 = column(w3, w0, w1, w2) ^ keys[at + 3]!;
      w0 = n0;
      w1 = n1;
      w2 = n2;
      w3 = n3;
    }
    const at = 4 * ROUNDS;
    words[0] = lastColumn(w0, w1, w2, w3) ^ keys[at]!;
    words[1] = lastColumn(w1, w2, w3, w0) ^ keys[at + 1]!;
    words[2] = lastColumn(w2, w3, w0, w1) ^ keys[at + 2]!;
    words[3] = lastColumn(w3, w0, w1, w2) ^ keys[at + 3]!;
  }

  /**
   * Decrypts what GCM encrypted, and does not look at its tag.
   * @param nonce 12 octets
   * @param out receives `to` - `from` octets from its beginning on
   */
  decrypt(nonce: Uint8Array, octets: Uint8Array, from: number, to: number, out: Uint8Array): void {
    const words = this.words;
    const n0 = (nonce[0]! << 24) | (nonce[1]! << 16) | (nonce[2]! << 8) | nonce[3]!;
    const n1 = (nonce[4]! << 24) | (nonce[5]! << 16) | (nonce[6]! << 8) | nonce[7]!;
    const n2 = (nonce[8]! << 24) | (nonce[9]! << 16) | (nonce[10]! << 8) | nonce[11]!;
    // Counter 1 is that of the tag.
    let counter = 2;
    for (let at = from; at < to; at += BLOCK_OCTETS) {
      words[0] = n0;
      words[1] = n1;
      words[2] = n2;
      words[3] = counter++;
      this.encrypt();
      const count = Math.min(to - at, BLOCK_OCTETS);
      for (let i = 0; i < count; i++)
        out[at - from + i] = octets[at + i]! ^ (words[i >>> 2]! >>> (24 - 8 * (i & 3)));
    }
  }
}
