/**
 * Names in memory of a fixed size, each once however often it is used: a name is kept as long as somebody refers to it.
 * Texts are of octets (ASCII, as names of DNS are written), in chunks that are linked, so that room is never in pieces.
 */

/** Octets of a chunk. */
const CHUNK_OCTETS = 28;
/** Octets of the longest name; what is longer is cut. */
export const NAME_OCTETS_MAX = 255;
const HASH_PRIME = 0x01000193;
const HASH_BASIS = 0x811c9dc5 | 0;
const NONE = -1;

/** Octets of memory that a pool takes. */
export function namePoolOctets(names: number): number {
  const chunks = 2 * names;
  return 4 * (4 * names + 2 ** Math.ceil(Math.log2(names)) + chunks) + chunks * CHUNK_OCTETS;
}

function hashOf(text: string): number {
  let hash = HASH_BASIS;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), HASH_PRIME);
  return hash ^ (hash >>> 15);
}

export class NamePool {
  readonly #heads: Int32Array;
  /** The next name of the same head; of a free name the next free one. */
  readonly #next: Int32Array;
  readonly #firstChunk: Int32Array;
  readonly #lengths: Int32Array;
  readonly #references: Int32Array;
  readonly #nextChunk: Int32Array;
  readonly #octets: Uint8Array;
  #freeName = NONE;
  #namesTouched = 0;
  #freeChunk = NONE;
  #chunksTouched = 0;
  #chunksFree: number;

  /** @param names that are kept at a time, with 56 octets each on average */
  constructor(names: number) {
    const chunks = 2 * names;
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(names))).fill(NONE);
    this.#next = new Int32Array(names);
    this.#firstChunk = new Int32Array(names);
    this.#lengths = new Int32Array(names);
    this.#references = new Int32Array(names);
    this.#nextChunk = new Int32Array(chunks);
    this.#octets = new Uint8Array(chunks * CHUNK_OCTETS);
    this.#chunksFree = chunks;
  }

  /** Refers to a name. @returns its number, or -1 where there is no room for another name */
  take(name: string): number {
    const text = name.length > NAME_OCTETS_MAX ? name.slice(0, NAME_OCTETS_MAX) : name;
    const head = hashOf(text) & (this.#heads.length - 1);
    for (let number = this.#heads[head]!; number !== NONE; number = this.#next[number]!) {
      if (!this.#is(number, text)) continue;
      this.#references[number]!++;
      return number;
    }
    const number = this.#takeName(Math.ceil(text.length / CHUNK_OCTETS));
    if (number === NONE) return NONE;
    this.#put(number, text);
    this.#references[number] = 1;
    this.#next[number] = this.#heads[head]!;
    this.#heads[head] = number;
    return number;
  }

  /** Refers to a name once more. */
  refer(number: number): void {
    this.#references[number]!++;
  }

  /** Refers to a name once less: one that nobody refers to is forgotten. */
  release(number: number): void {
    if (--this.#references[number]! > 0) return;
    const head = hashOf(this.text(number)) & (this.#heads.length - 1);
    if (this.#heads[head] === number) this.#heads[head] = this.#next[number]!;
    else {
      let before = this.#heads[head]!;
      while (this.#next[before] !== number) before = this.#next[before]!;
      this.#next[before] = this.#next[number]!;
    }
    this.#forget(number);
  }

  text(number: number): string {
    let text = '';
    let chunk = this.#firstChunk[number]!;
    for (let left = this.#lengths[number]!; left > 0; left -= CHUNK_OCTETS) {
      const at = chunk * CHUNK_OCTETS;
      const end = at + Math.min(left, CHUNK_OCTETS);
      for (let i = at; i < end; i++) text += String.fromCharCode(this.#octets[i]!);
      chunk = this.#nextChunk[chunk]!;
    }
    return text;
  }

  #is(number: number, text: string): boolean {
    if (this.#lengths[number] !== text.length) return false;
    let chunk = this.#firstChunk[number]!;
    for (let i = 0; i < text.length; i++) {
      if (i > 0 && i % CHUNK_OCTETS === 0) chunk = this.#nextChunk[chunk]!;
      if (this.#octets[chunk * CHUNK_OCTETS + (i % CHUNK_OCTETS)] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** A free name, if there are so many chunks for it. */
  #takeName(chunks: number): number {
    if (this.#chunksFree < chunks) return NONE;
    const number = this.#freeName;
    if (number !== NONE) {
      this.#freeName = this.#next[number]!;
      return number;
    }
    return this.#namesTouched === this.#next.length ? NONE : this.#namesTouched++;
  }

  #takeChunk(): number {
    this.#chunksFree--;
    const chunk = this.#freeChunk;
    if (chunk === NONE) return this.#chunksTouched++;
    this.#freeChunk = this.#nextChunk[chunk]!;
    return chunk;
  }

  #put(number: number, text: string): void {
    this.#lengths[number] = text.length;
    let chunk = NONE;
    for (let i = 0; i < text.length; i++) {
      const place = i % CHUNK_OCTETS;
      if (place === 0) {
        const next = this.#takeChunk();
        if (chunk === NONE) this.#firstChunk[number] = next;
        else this.#nextChunk[chunk] = next;
        chunk = next;
      }
      this.#octets[chunk * CHUNK_OCTETS + place] = text.charCodeAt(i);
    }
  }

  /** Gives a name and its chunks back, and overwrites its text. */
  #forget(number: number): void {
    let chunk = this.#firstChunk[number]!;
    for (let left = this.#lengths[number]!; left > 0; left -= CHUNK_OCTETS) {
      const next = this.#nextChunk[chunk]!;
      this.#octets.fill(0, chunk * CHUNK_OCTETS, (chunk + 1) * CHUNK_OCTETS);
      this.#nextChunk[chunk] = this.#freeChunk;
      this.#freeChunk = chunk;
      this.#chunksFree++;
      chunk = next;
    }
    this.#next[number] = this.#freeName;
    this.#freeName = number;
  }
}
