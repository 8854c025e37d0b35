/**
 * JA4, the fingerprint of a TLS client, by FoxIO's description of it. JA4 alone, that of the TLS client,
 * is under the BSD 3-Clause License (LICENSE-JA4); its relatives are not, and none of them is here.
 */

import { hash } from 'node:crypto';
import { type ClientHello, ENTRIES_MAX } from './client-hello.ts';

const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const HASH_DIGITS = 12;
const NOTHING = '0'.repeat(HASH_DIGITS);
const COUNT_MAX = 99;
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;
/** Lists of up to so many numbers are sorted while they are put in. */
const SHORT_LIST = 64;
/** Hellos whose hashes are kept, a power of two, and numbers of one that may be kept: 1.5 MiB at most. */
const KNOWN_HASHES = 1024;
const KNOWN_VALUES_MAX = 512;

const VERSIONS: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
  65279: 'd1',
  65277: 'd2',
  65276: 'd3',
};

function isAlphanumeric(octet: number): boolean {
  return (
    (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a)
  );
}

function alpnPart({ alpnFirst, alpnLast }: ClientHello): string {
  if (alpnFirst < 0) return '00';
  if (isAlphanumeric(alpnFirst) && isAlphanumeric(alpnLast)) return String.fromCharCode(alpnFirst, alpnLast);
  return (alpnFirst >>> 4).toString(16) + (alpnLast & 0xf).toString(16);
}

const twoDigits = (count: number) => String(Math.min(count, COUNT_MAX)).padStart(2, '0');
const hexadecimal = (value: number) => value.toString(16).padStart(4, '0');

/** Numbers one behind the other, as JA4 writes them. */
function joined(values: Uint16Array, from: number, to: number): string {
  return Array.from(values.subarray(from, to), hexadecimal).join();
}

const hashed = (text: string) => (text === '' ? NOTHING : hash('sha256', text, 'hex').slice(0, HASH_DIGITS));

/** What a hello's second and third part are made of, in one list: ciphers and extensions ascending, then algorithms. */
class HashInput {
  readonly values = new Uint16Array(3 * ENTRIES_MAX);
  ciphersEnd = 0;
  extensionsEnd = 0;
  end = 0;

  take({ ciphers, extensions, algorithms }: ClientHello): void {
    const { values } = this;
    this.ciphersEnd = putSorted(ciphers.values, ciphers.count, values, 0, false);
    this.extensionsEnd = putSorted(extensions.values, extensions.count, values, this.ciphersEnd, true);
    this.end = this.extensionsEnd;
    for (let i = 0; i < algorithms.count; i++) values[this.end++] = algorithms.values[i]!;
  }

  /** Of all of it (FNV-1a), in 32 bits. */
  get hash(): number {
    let hash = Math.imul(FNV_OFFSET ^ this.ciphersEnd, FNV_PRIME) ^ this.extensionsEnd;
    for (let i = 0; i < this.end; i++) hash = Math.imul(hash ^ this.values[i]!, FNV_PRIME);
    return hash ^ (hash >>> 15);
  }

  isThatOf(known: KnownHashes): boolean {
    if (known.ciphersEnd !== this.ciphersEnd || known.extensionsEnd !== this.extensionsEnd) return false;
    if (known.values.length !== this.end) return false;
    for (let i = 0; i < this.end; i++) if (known.values[i] !== this.values[i]) return false;
    return true;
  }
}

/**
 * Puts numbers behind `at`, ascending.
 * @param isExtensions without server name and ALPN, which vary with what is visited
 * @returns behind the last one
 */
function putSorted(
  from: Uint16Array,
  count: number,
  to: Uint16Array,
  at: number,
  isExtensions: boolean,
): number {
  let end = at;
  for (let i = 0; i < count; i++) {
    const value = from[i]!;
    if (isExtensions && (value === EXTENSION_SERVER_NAME || value === EXTENSION_ALPN)) continue;
    let place = end++;
    // Lists of clients are short; long ones are sorted at once, below.
    for (; count <= SHORT_LIST && place > at && to[place - 1]! > value; place--) to[place] = to[place - 1]!;
    to[place] = value;
  }
  if (count > SHORT_LIST) to.subarray(at, end).sort();
  return end;
}

interface KnownHashes {
  readonly values: Uint16Array;
  readonly ciphersEnd: number;
  readonly extensionsEnd: number;
  readonly hashes: string;
}

const input = new HashInput();
/** Clients are few programs: what was hashed last for each of these places. */
const known: (KnownHashes | undefined)[] = new Array(KNOWN_HASHES).fill(undefined);

/** Second and third part of the fingerprint. */
function hashesOf(hello: ClientHello): string {
  input.take(hello);
  const place = input.hash & (KNOWN_HASHES - 1);
  const before = known[place];
  if (before !== undefined && input.isThatOf(before)) return before.hashes;
  const { values, ciphersEnd, extensionsEnd, end } = input;
  const algorithms = end === extensionsEnd ? '' : `_${joined(values, extensionsEnd, end)}`;
  const ciphers = hashed(joined(values, 0, ciphersEnd));
  const hashes = `_${ciphers}_${hashed(joined(values, ciphersEnd, extensionsEnd) + algorithms)}`;
  if (end <= KNOWN_VALUES_MAX)
    known[place] = { values: values.slice(0, end), ciphersEnd, extensionsEnd, hashes };
  return hashes;
}

/**
 * The fingerprint of a whole hello: 36 characters.
 * @param transport `t` TCP, `q` QUIC, `d` DTLS
 */
export function ja4Of(hello: ClientHello, transport: 't' | 'q' | 'd'): string {
  const head =
    transport +
    (VERSIONS[hello.version] ?? '00') +
    (hello.hasServerName ? 'd' : 'i') +
    twoDigits(hello.ciphers.count) +
    twoDigits(hello.extensions.count) +
    alpnPart(hello);
  return head + hashesOf(hello);
}
