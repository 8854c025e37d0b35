/**
 * Gives the later fragments of a batch the ports of their first ones: of those that came before (fragment-cache.ts), and,
 * where a later one comes first, of the one that comes within a while (held-fragments.ts). Without it, it has ports 0.
 */
import * as decoded from '../records/decoded-batch.ts';
import { type DecodedBatch, moveRecord } from '../records/decoded-batch.ts';
import { EXTENSION_DESTINATION } from '../records/extension-headers.ts';
import { createFragmentCache, type FragmentCache, rememberFirst, resolveLater } from './fragment-cache.ts';
import { type FragmentKey, IDENTITY_WORDS, writeIdentity } from './fragment-identity.ts';
import { FRAGMENTS_HELD_MAX, type HeldFragments } from './held-fragments.ts';
import { FRAGMENTS_UNMATCHED } from './table/counters.ts';

const DESTINATION_OPTIONS = EXTENSION_DESTINATION;
const HELD_MAX = FRAGMENTS_HELD_MAX;

export class FragmentResolver {
  readonly #cache: FragmentCache;
  readonly #held: HeldFragments;
  readonly #key: FragmentKey;
  readonly #counters: Float64Array;
  readonly #identity = new Int32Array(IDENTITY_WORDS);

  constructor(key: FragmentKey, held: HeldFragments, counters: Float64Array) {
    this.#cache = createFragmentCache(key);
    this.#held = held;
    this.#key = key;
    this.#counters = counters;
  }

  get isHolding(): boolean {
    return this.#held.count > 0;
  }

  /**
   * Resolves the fragments of a batch, in place: some may leave it, and some come back to it. Must come before the keys
   * are ordered, since fragments go one way. There must be room for FRAGMENTS_HELD_MAX records more.
   * @param view the memory that its frames lie in
   */
  resolve(batch: DecodedBatch, view: DataView): void {
    const held = this.#held;
    const { words, timeNs } = batch;
    held.beginBatch();
    // Between what has been looked at and what has not, there is always room for all that are held.
    const lead = held.count;
    const end = lead + batch.count;
    if (lead > 0) moveAll(batch, lead);
    let to = 0;
    for (let from = lead; from < end; from++) {
      while (held.isOver(timeNs[from]!)) this.#giveUp(batch, to++);
      const detail = words[from * decoded.DECODED_WORDS + decoded.DETAIL]!;
      const isFragment = (detail & decoded.DETAIL_FRAGMENT) !== 0;
      if (isFragment) writeIdentity(this.#identity, 0, batch, from, this.#key);
      if (isFragment && (detail & decoded.DETAIL_LATER_FRAGMENT) !== 0) {
        const isResolved = resolveLater(this.#cache, batch, from, this.#identity, this.#counters);
        if (!isResolved && mayWait(batch, from)) {
          if (held.count === HELD_MAX) this.#giveUp(batch, to++);
          held.hold(batch, from, this.#identity, view);
          continue;
        }
        if (!isResolved) this.#counters[FRAGMENTS_UNMATCHED]!++;
      }
      if (to !== from) moveRecord(batch, from, to);
      const kept = to++;
      if (isFragment && (detail & decoded.DETAIL_LATER_FRAGMENT) === 0) {
        rememberFirst(this.#cache, batch, kept, this.#identity, this.#counters);
        if (held.count > 0) to += held.returnThoseOf(batch, kept, to, this.#identity, this.#counters);
      }
    }
    batch.count = to;
  }

  /** Puts into an empty batch the fragments that have waited long enough by `timeNs`. */
  takeOverdue(batch: DecodedBatch, timeNs: number): void {
    this.#held.beginBatch();
    batch.count = 0;
    while (this.#held.isOver(timeNs)) this.#giveUp(batch, batch.count++);
  }

  #giveUp(batch: DecodedBatch, to: number): void {
    this.#held.returnOldest(batch, to);
    this.#counters[FRAGMENTS_UNMATCHED]!++;
  }
}

/** Whether a fragment can be metered once its frame is gone: not if path health reads further in it (PDM, RFC 8250). */
function mayWait({ words, offsets }: DecodedBatch, i: number): boolean {
  return (
    offsets === undefined ||
    (words[i * decoded.DECODED_WORDS + decoded.EXTENSION_HEADERS]! & DESTINATION_OPTIONS) === 0
  );
}

/** Moves the records of a batch on by `lead` places, with all that stands beside them. */
function moveAll({ count, words, timeNs, encapsulation, offsets }: DecodedBatch, lead: number): void {
  words.copyWithin(lead * decoded.DECODED_WORDS, 0, count * decoded.DECODED_WORDS);
  timeNs.copyWithin(lead, 0, count);
  encapsulation?.copyWithin(lead * decoded.ENCAPSULATION_WORDS, 0, count * decoded.ENCAPSULATION_WORDS);
  offsets?.copyWithin(lead * decoded.OFFSET_WORDS, 0, count * decoded.OFFSET_WORDS);
}
