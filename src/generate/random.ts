/** A seeded source of 32-bit numbers, so that a random order can be had again. Not for anything that must be secret. */

/** Gives unsigned 32-bit integers, evenly spread. */
export interface Random32 {
  next(): number;
}

/** sfc32, Chris Doty-Humphrey's "small fast counting" generator. */
class Sfc32 implements Random32 {
  #a = 0;
  #b: number;
  #c = 0x9e3779b9 | 0;
  #counter = 1;

  constructor(seed: number) {
    this.#b = seed | 0;
    for (let round = 0; round < 15; round++) this.next();
  }

  next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}

/** @param seed any 32-bit integer; equal seeds give equal sequences */
export function createRandom(seed: number): Random32 {
  return new Sfc32(seed);
}
