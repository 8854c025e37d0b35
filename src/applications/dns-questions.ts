/**
 * Questions of DNS that wait for their response: a response without one is not believed, as whoever can send a packet past
 * the probe could name addresses otherwise. A table of fixed size, in which a new question takes the place of the oldest of
 * those that share its places.
 */

/** Places that share a hash; so many are there in all. */
const WAYS = 4;
const QUESTIONS = 16_384;
/** Words of a question: client and server, ports, id and protocol, type, name. */
const WORDS = 12;
/** How long stubs wait, with some over: 5 s by each of three servers (resolv.conf(5)). */
const WAITED_NS = 30e9;

/** Octets of the table. */
export const DNS_QUESTIONS_OCTETS = QUESTIONS * (WORDS * 4 + 8);

/** A question or the response to it, as it is looked for. */
export interface DnsQuestion {
  /** Four words each. */
  readonly client: Int32Array;
  readonly server: Int32Array;
  clientPort: number;
  serverPort: number;
  /** IP protocol. */
  protocol: number;
  id: number;
  type: number;
  name: string;
}

export class DnsQuestions {
  readonly #words = new Int32Array(QUESTIONS * WORDS);
  readonly #askedNs = new Float64Array(QUESTIONS).fill(Number.NEGATIVE_INFINITY);
  readonly #wanted = new Int32Array(WORDS);

  ask(question: DnsQuestion, timeNs: number): void {
    const first = this.#firstOf(question);
    let place = first;
    for (let other = first; other < first + WAYS; other++) {
      if (this.#is(other)) {
        place = other;
        break;
      }
      if (this.#askedNs[other]! < this.#askedNs[place]!) place = other;
    }
    this.#words.set(this.#wanted, place * WORDS);
    this.#askedNs[place] = timeNs;
  }

  /** Whether the question was asked and has had no response yet; it has one now. */
  answer(question: DnsQuestion, timeNs: number): boolean {
    const first = this.#firstOf(question);
    for (let place = first; place < first + WAYS; place++) {
      if (!this.#is(place)) continue;
      const elapsedNs = timeNs - this.#askedNs[place]!;
      this.#askedNs[place] = Number.NEGATIVE_INFINITY;
      // Captures can have both in the wrong order by a little.
      return elapsedNs <= WAITED_NS;
    }
    return false;
  }

  #is(place: number): boolean {
    if (this.#askedNs[place] === Number.NEGATIVE_INFINITY) return false;
    for (let w = 0; w < WORDS; w++) if (this.#words[place * WORDS + w] !== this.#wanted[w]) return false;
    return true;
  }

  /** Takes the question as what is wanted. @returns the first of its places */
  #firstOf({ client, server, clientPort, serverPort, protocol, id, type, name }: DnsQuestion): number {
    const wanted = this.#wanted;
    wanted.set(client, 0);
    wanted.set(server, 4);
    wanted[8] = (clientPort << 16) | serverPort;
    wanted[9] = (id << 16) | protocol;
    wanted[10] = type;
    let hash = name.length;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
    wanted[11] = hash;
    let mixed = 0;
    for (let w = 0; w < WORDS; w++) {
      mixed = Math.imul(mixed ^ wanted[w]!, 0x85ebca6b);
      mixed ^= mixed >>> 15;
    }
    return (mixed & (QUESTIONS / WAYS - 1)) * WAYS;
  }
}
