/**
 * Reads values out of the data section of a MaxMind DB file (MaxMind-DB specification 2.0, "Data Field Format"). Whatever
 * the file says, a value lies within the section, a pointer is followed once, and the steps of a reading are bounded: a
 * file that breaks a rule is an `MmdbFault`, never a crash or a loop.
 */

/** A rule of the format that a file breaks, in words. */
export class MmdbFault extends Error {}

export type MmdbValue = string | number | boolean | MmdbMap | readonly MmdbValue[];
/** A plain object without a prototype. */
export interface MmdbMap {
  readonly [key: string]: MmdbValue;
}

// Types of values, by the control octet; extended ones from 8 on.
const EXTENDED = 0;
const POINTER = 1;
const UTF8 = 2;
const DOUBLE = 3;
const OCTETS = 4;
const UNSIGNED_16 = 5;
const UNSIGNED_32 = 6;
const MAP = 7;
const SIGNED_32 = 8;
const UNSIGNED_64 = 9;
const UNSIGNED_128 = 10;
const ARRAY = 11;
const BOOLEAN = 14;
const FLOAT = 15;
/** Octets of numbers of one size. */
const FIXED_OCTETS: Readonly<Record<number, number>> = { [DOUBLE]: 8, [FLOAT]: 4 };
const OCTETS_MAX: Readonly<Record<number, number>> = {
  [UNSIGNED_16]: 2,
  [UNSIGNED_32]: 4,
  [SIGNED_32]: 4,
  [UNSIGNED_64]: 8,
  [UNSIGNED_128]: 16,
};

/** Added to values of 11, 19, 27 and 32 bits. */
const POINTER_BASE = [0, 2048, 526_336, 0] as const;
/** Sizes above these have more octets: 29, 30, 31. */
const SIZE_BASE = [29, 285, 65_821] as const;
const DEPTH_MAX = 16;
/** Values of one reading: a record of a database has a few hundred at most. */
const VALUES_MAX = 10_000;

/** A value's head: its type, its size, and where its content begins. */
interface Head {
  type: number;
  size: number;
  at: number;
}

/** Values of one section. Nothing is decoded before it is asked for. */
export class MmdbData {
  readonly #octets: Buffer;
  #values = 0;

  /** @param octets the section alone: pointers count from its beginning */
  constructor(octets: Uint8Array) {
    this.#octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  }

  get length(): number {
    return this.#octets.length;
  }

  /** The value at an offset, whole. @throws MmdbFault */
  read(offset: number): MmdbValue {
    this.#values = 0;
    return this.#value(this.#resolved(offset), 0);
  }

  /**
   * The text, number or truth behind keys, one map within the other.
   * @returns undefined where a key is not there, or the value is no such thing
   * @throws MmdbFault
   */
  find(offset: number, keys: readonly string[]): string | number | boolean | undefined {
    this.#values = 0;
    let head = this.#resolved(offset);
    for (const key of keys) {
      if (head.type !== MAP) return undefined;
      const found = this.#entry(head, key);
      if (found === undefined) return undefined;
      head = this.#resolved(found);
    }
    if (head.type === MAP || head.type === ARRAY || head.type === OCTETS) return undefined;
    return this.#value(head, 0) as string | number | boolean;
  }

  /** Where the value of a key of a map begins. */
  #entry({ size, at }: Head, key: string): number | undefined {
    let next = at;
    for (let i = 0; i < size; i++) {
      const name = this.#resolved(next);
      if (name.type !== UTF8) throw new MmdbFault(`a key of type ${name.type} at ${next}`);
      const value = this.#behind(next);
      if (name.size === key.length && this.#text(name) === key) return value;
      next = this.#behind(value);
    }
    return undefined;
  }

  /** The octet behind a value, whose pointers are not followed. */
  #behind(offset: number): number {
    // So many values are still to be passed.
    let left = 1;
    let at = offset;
    while (left > 0) {
      const head = this.#head(at);
      left--;
      if (head.type === MAP) left += 2 * head.size;
      else if (head.type === ARRAY) left += head.size;
      at = head.at;
      // Of a pointer and of a truth the size is no length.
      if (!isWithoutContent(head.type)) at += head.size;
    }
    return at;
  }

  /** The head of a value, or of the one that a pointer stands for. */
  #resolved(offset: number): Head {
    const head = this.#head(offset);
    if (head.type !== POINTER) return head;
    const pointed = this.#head(head.size);
    if (pointed.type === POINTER) throw new MmdbFault(`a pointer to a pointer at ${offset}`);
    return pointed;
  }

  /** Of a pointer, the size is the offset that it says. */
  #head(offset: number): Head {
    if (++this.#values > VALUES_MAX) throw new MmdbFault(`more than ${VALUES_MAX} values in a record`);
    const control = this.#octet(offset);
    let at = offset + 1;
    let type = control >>> 5;
    if (type === POINTER) return this.#pointer(control, at);
    if (type === EXTENDED) type = this.#octet(at++) + 7;
    let size = control & 0x1f;
    if (size >= 29) {
      const more = size - 28;
      size = SIZE_BASE[more - 1]! + this.#unsigned(at, more);
      at += more;
    }
    if (!isWithoutContent(type) && type !== MAP && type !== ARRAY && at + size > this.length)
      throw new MmdbFault(`a value at ${offset} ends behind the data`);
    return { type, size, at };
  }

  #pointer(control: number, at: number): Head {
    const more = ((control >>> 3) & 3) + 1;
    const high = more === 4 ? 0 : control & 7;
    const size = high * 2 ** (8 * more) + this.#unsigned(at, more) + POINTER_BASE[more - 1]!;
    return { type: POINTER, size, at: at + more };
  }

  #octet(at: number): number {
    if (!(at >= 0 && at < this.length))
      throw new MmdbFault(`an offset of ${at} in ${this.length} octets of data`);
    return this.#octets[at]!;
  }

  #unsigned(at: number, octets: number): number {
    let value = 0;
    for (let i = 0; i < octets; i++) value = value * 256 + this.#octet(at + i);
    return value;
  }

  #text({ size, at }: Head): string {
    return this.#octets.toString('utf8', at, at + size);
  }

  #value(head: Head, depth: number): MmdbValue {
    if (depth > DEPTH_MAX) throw new MmdbFault(`more than ${DEPTH_MAX} maps within each other`);
    const { type, size, at } = head;
    if (type === MAP) return this.#map(head, depth);
    if (type === ARRAY) return this.#array(head, depth);
    if (type === BOOLEAN) return size === 1;
    if (type === UTF8) return this.#text(head);
    return type === OCTETS ? this.#octets.toString('hex', at, at + size) : this.#number(head);
  }

  #number({ type, size, at }: Head): number {
    const fixed = FIXED_OCTETS[type];
    const most = fixed ?? OCTETS_MAX[type];
    if (most === undefined) throw new MmdbFault(`a value of type ${type} at ${at}`);
    if (size > most || (fixed !== undefined && size !== fixed))
      throw new MmdbFault(`a number of ${size} octets at ${at}`);
    if (type === DOUBLE) return this.#octets.readDoubleBE(at);
    if (type === FLOAT) return this.#octets.readFloatBE(at);
    const value = this.#unsigned(at, size);
    return type === SIGNED_32 ? value | 0 : value;
  }

  #map({ size, at }: Head, depth: number): MmdbMap {
    const map: Record<string, MmdbValue> = Object.create(null);
    let next = at;
    for (let i = 0; i < size; i++) {
      const key = this.#resolved(next);
      if (key.type !== UTF8) throw new MmdbFault(`a key of type ${key.type} at ${next}`);
      next = this.#behind(next);
      map[this.#text(key)] = this.#value(this.#resolved(next), depth + 1);
      next = this.#behind(next);
    }
    return map;
  }

  #array({ size, at }: Head, depth: number): MmdbValue[] {
    const items: MmdbValue[] = [];
    let next = at;
    for (let i = 0; i < size; i++) {
      items.push(this.#value(this.#resolved(next), depth + 1));
      next = this.#behind(next);
    }
    return items;
  }
}

/** Types whose size is no length of a content behind their head. */
function isWithoutContent(type: number): boolean {
  return type === POINTER || type === BOOLEAN || type === MAP || type === ARRAY;
}
