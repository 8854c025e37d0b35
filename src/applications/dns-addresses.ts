/**
 * Addresses that a DNS response tells for the name of its question: A and AAAA records of that name or of what its aliases
 * (CNAME, RFC 1034 §3.6.2) lead to, and address hints of HTTPS and SVCB records. Records of other names, which a resolver
 * has to pass over, are none of them.
 */
import {
  type DnsMessage,
  eachHint,
  HEADER_OCTETS,
  readName,
  skipName,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_HTTPS,
  TYPE_SVCB,
} from './dns-message.ts';
import { doubleWordAt, wordAt } from './text.ts';

/** Addresses of a response that are taken, and records that are read. */
const ADDRESSES_MAX = 64;
const RECORDS_MAX = 128;
/** IPv4 addresses are written as mapped ones (RFC 4291 §2.5.5.2). */
export const MAPPED_WORD = 0xffff;

export class DnsAddresses {
  /** Four words for each address. */
  readonly words = new Int32Array(ADDRESSES_MAX * 4);
  /** Seconds. */
  readonly timesToLive = new Float64Array(ADDRESSES_MAX);
  count = 0;
  /** All records of the answer section were there and were read. */
  isWhole = false;
  readonly #owners: string[] = [];
  readonly #aliases: string[] = [];
  readonly #targets: string[] = [];
  #octets: Uint8Array = new Uint8Array(0);
  #owner = '';
  #timeToLive = 0;
  readonly #takeHint = (at: number, length: number): void => this.#take(at, length);

  /** Reads the answers of the response at `start` … `end`, which `message` has been read from. */
  read(octets: Uint8Array, start: number, end: number, message: DnsMessage): void {
    this.count = 0;
    this.#owners.length = 0;
    this.#aliases.length = 0;
    this.#targets.length = 0;
    this.#octets = octets;
    this.isWhole = this.#readRecords(octets, start, end, message);
    this.#keepNamed(message.name ?? '');
  }

  #readRecords(octets: Uint8Array, start: number, end: number, message: DnsMessage): boolean {
    let at = start + HEADER_OCTETS;
    for (let i = 0; i < message.questionCount; i++) {
      at = skipName(octets, end, at);
      if (at < 0 || at + 4 > end) return false;
      at += 4;
    }
    for (let i = 0; i < message.answerCount; i++) {
      const behindName = skipName(octets, end, at);
      if (i === RECORDS_MAX || behindName < 0 || behindName + 10 > end) return false;
      const data = behindName + 10;
      const dataEnd = data + wordAt(octets, behindName + 8);
      if (dataEnd > end) return false;
      this.#owner = readName(octets, start, end, at) ?? '';
      this.#timeToLive = doubleWordAt(octets, behindName + 4);
      this.#readRecord(octets, start, data, dataEnd, wordAt(octets, behindName));
      at = dataEnd;
    }
    return true;
  }

  #readRecord(octets: Uint8Array, start: number, data: number, end: number, type: number): void {
    const length = end - data;
    if ((type === TYPE_A && length === 4) || (type === TYPE_AAAA && length === 16)) this.#take(data, length);
    else if (type === TYPE_CNAME) {
      this.#aliases.push(this.#owner);
      this.#targets.push(readName(octets, start, end, data) ?? '');
    } else if (type === TYPE_HTTPS || type === TYPE_SVCB) eachHint(octets, data, end, this.#takeHint);
  }

  #take(at: number, length: number): void {
    if (this.count === ADDRESSES_MAX) return;
    const word = 4 * this.count;
    const words = this.words;
    if (length === 4) {
      words[word] = 0;
      words[word + 1] = 0;
      words[word + 2] = MAPPED_WORD;
      words[word + 3] = doubleWordAt(this.#octets, at);
    } else for (let w = 0; w < 4; w++) words[word + w] = doubleWordAt(this.#octets, at + 4 * w);
    this.timesToLive[this.count] = this.#timeToLive;
    this.#owners[this.count++] = this.#owner;
  }

  /** Keeps the addresses of a name, and of those that its aliases lead to. */
  #keepNamed(name: string): void {
    const names = new Set([name]);
    // A chain need not be in order; each round follows at least one alias of it.
    for (let before = 0; before < names.size; ) {
      before = names.size;
      for (let i = 0; i < this.#aliases.length; i++)
        if (names.has(this.#aliases[i]!)) names.add(this.#targets[i]!);
    }
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      if (!names.has(this.#owners[i]!)) continue;
      this.words.copyWithin(4 * kept, 4 * i, 4 * i + 4);
      this.timesToLive[kept++] = this.timesToLive[i]!;
    }
    this.count = kept;
  }
}
