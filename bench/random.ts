/**
 * Repeatable randomness for the benchmark workloads: a seeded generator, and draws from a Zipf distribution in constant
 * time. Not for security, and not for anything that runs in production.
 */

/** A source of 32-bit unsigned integers. */
export type Random32 = () => number;

/**
 * sfc32 (Chris Doty-Humphrey's "small fast counting" generator), seeded with one number.
 * @param seed any 32-bit integer; equal seeds give equal sequences
 */
export function createRandom(seed: number): Random32 {
  let a = 0;
  let b = seed | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** Scrambles a 32-bit integer so that neighbours look unrelated (the finalizer of MurmurHash3). */
export function scramble(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Draws ranks 0 … count − 1 with probability proportional to 1 / (rank + 1)^exponent, by Vose's alias method: two
 * table look-ups a draw, whatever the count.
 */
export function createZipf(count: number, exponent: number, random: Random32): () => number {
  const weight = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sum += weight[rank] = (rank + 1) ** -exponent;
  const threshold = new Uint32Array(count).fill(0xffffffff);
  const alias = new Uint32Array(count);
  const small: number[] = [];
  const large: number[] = [];
  for (let rank = 0; rank < count; rank++) {
    alias[rank] = rank;
    const scaled = (weight[rank]! * count) / sum;
    weight[rank] = scaled;
    (scaled < 1 ? small : large).push(rank);
  }
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large[large.length - 1]!;
    threshold[less] = weight[less]! * 0xffffffff;
    alias[less] = more;
    const left = weight[more]! + weight[less]! - 1;
    weight[more] = left;
    if (left < 1) small.push(large.pop()!);
  }
  return () => {
    const rank = Math.floor((random() / 0x1_0000_0000) * count);
    return random() <= threshold[rank]! ? rank : alias[rank]!;
  };
}
