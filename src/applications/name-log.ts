/**
 * Names that meters learn from the DNS that comes to each, for the others: a client's DNS may come to another meter than its
 * connections. Each meter has a log in shared memory, a ring that it writes and all others read. Nobody waits: what is
 * overwritten before a reader came by is counted there (COUNT_MISSED).
 *
 *     head    entries written so far, modulo 2^32
 *     entry   client and address, four words each; time to live; octets of the name; second that times count from;
 *             octets of the name, four a word; when it was told, in nanoseconds since that second
 */
import { COUNT_MISSED } from './dns-name-counts.ts';
import type { DnsNames } from './dns-names.ts';

/** Entries of a log, a power of two. */
const ENTRIES = 4096;
const HEAD = 0;
const HEAD_WORDS = 2;
const NAME_OCTETS_MAX = 256;
// Words of an entry.
const ADDRESS = 4;
const TIME_TO_LIVE = 8;
const NAME_OCTETS = 9;
const SECOND = 10;
/** A double. */
const TIME = 12;
const NAME = 14;
const ENTRY_WORDS = NAME + NAME_OCTETS_MAX / 4;
/** Entries that a reader keeps away from: the one that is being written, and the one that may be seen before the head is. */
const MARGIN = 2;
const NS_PER_S = 1e9;

export const NAME_LOG_OCTETS = (HEAD_WORDS + ENTRIES * ENTRY_WORDS) * 4;

export const createNameLog = (): SharedArrayBuffer => new SharedArrayBuffer(NAME_LOG_OCTETS);

/** The logs of all meters, and which of them is whose. */
export interface NameLogs {
  readonly logs: readonly SharedArrayBuffer[];
  readonly own: number;
}

/** What stands in an entry, copied. */
interface Entry {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly octets: Buffer;
}

function createEntry(): Entry {
  const words = new Int32Array(ENTRY_WORDS);
  return { words, doubles: new Float64Array(words.buffer), octets: Buffer.from(words.buffer) };
}

/** A log that another meter writes. */
class ReadLog {
  readonly #words: Int32Array;
  #next: number;

  constructor(log: SharedArrayBuffer) {
    this.#words = new Int32Array(log);
    // A meter that is started again learns what is still there.
    const head = Atomics.load(this.#words, HEAD);
    this.#next = head >= 0 && head < ENTRIES ? 0 : (head - ENTRIES + MARGIN) | 0;
  }

  /** Entries that were overwritten before they were read; `next` finds those behind them. */
  skipped(): number {
    const behind = (Atomics.load(this.#words, HEAD) - this.#next) | 0;
    const lost = Math.max(0, behind - ENTRIES + MARGIN);
    this.#next = (this.#next + lost) | 0;
    return lost;
  }

  /** Copies the next entry. @returns false where there is none, or it was overwritten meanwhile */
  next(to: Entry): boolean {
    const words = this.#words;
    if (((Atomics.load(words, HEAD) - this.#next) | 0) <= 0) return false;
    const at = HEAD_WORDS + (this.#next & (ENTRIES - 1)) * ENTRY_WORDS;
    for (let w = 0; w < ENTRY_WORDS; w++) to.words[w] = words[at + w]!;
    // An exchange that changes nothing: what was read before it is read.
    if (((Atomics.or(words, HEAD, 0) - this.#next) | 0) > ENTRIES - MARGIN) return false;
    this.#next = (this.#next + 1) | 0;
    return true;
  }
}

/** A meter's side of all logs. */
export class SharedNames {
  readonly #words: Int32Array;
  readonly #others: readonly ReadLog[];
  readonly #names: DnsNames;
  readonly #second: number;
  readonly #entry = createEntry();
  /** Counts of what others have counted: nobody reads them. */
  readonly #othersCounts: Float64Array;

  /**
   * @param second Unix time that the meter's times count from
   */
  constructor({ logs, own }: NameLogs, names: DnsNames, second: number) {
    this.#words = new Int32Array(logs[own]!);
    this.#others = logs.filter((_, i) => i !== own).map((log) => new ReadLog(log));
    this.#names = names;
    this.#second = second;
    this.#othersCounts = new Float64Array(names.counts.length);
  }

  /** Tells the others what this meter has learned; the arguments are those of `DnsNames.remember`. */
  publish(
    client: Int32Array,
    addresses: Int32Array,
    at: number,
    name: string,
    timeToLive: number,
    timeNs: number,
  ): void {
    const { words, doubles, octets } = this.#entry;
    for (let w = 0; w < 4; w++) {
      words[w] = client[w]!;
      words[ADDRESS + w] = addresses[at + w]!;
    }
    words[TIME_TO_LIVE] = timeToLive;
    words[SECOND] = this.#second;
    doubles[TIME / 2] = timeNs;
    words[NAME_OCTETS] = octets.write(name, NAME * 4, NAME_OCTETS_MAX, 'latin1');
    const log = this.#words;
    const head = Atomics.load(log, HEAD);
    log.set(words, HEAD_WORDS + (head & (ENTRIES - 1)) * ENTRY_WORDS);
    Atomics.store(log, HEAD, (head + 1) | 0);
  }

  /** Remembers what the others have learned since the last time. Whoever learned it counts it. */
  take(): void {
    const names = this.#names;
    for (const log of this.#others) {
      const missed = log.skipped();
      names.counts[COUNT_MISSED] = names.counts[COUNT_MISSED]! + missed;
      while (log.next(this.#entry)) this.#remember();
    }
  }

  #remember(): void {
    const { words, doubles, octets } = this.#entry;
    const from = NAME * 4;
    const name = octets.toString('latin1', from, from + words[NAME_OCTETS]!);
    const timeNs = doubles[TIME / 2]! + ((words[SECOND]! >>> 0) - this.#second) * NS_PER_S;
    const client = words.subarray(0, ADDRESS);
    const names = this.#names;
    const { counts } = names;
    names.counts = this.#othersCounts;
    names.remember(client, words, ADDRESS, name, words[TIME_TO_LIVE]! >>> 0, timeNs);
    names.counts = counts;
  }
}
