/**
 * Holds later fragments that come before their first one, which has the ports: networks reorder them, and some systems
 * send the last one first. They come back right behind their first fragment, with times and lengths of their own; or,
 * once they have waited long enough or others need the room, where they are, with ports 0.
 *
 * Bounded: FRAGMENTS_HELD_MAX records. A record is held with all that stood beside it and with the MAC addresses of its
 * frame, which is gone by then.
 */
import type { Engine } from '../engine/engine.ts';
import * as decoded from '../records/decoded-batch.ts';
import { copyRecord, type DecodedBatch } from '../records/decoded-batch.ts';
import { int32Array } from '../records/memory.ts';
import * as identities from './fragment-identity.ts';
import { isSameIdentity, isSameProtocol } from './fragment-identity.ts';
import { FRAGMENTS_MATCHED } from './table/counters.ts';

/** Fragments that are held at a time: those of six datagrams of the greatest length on Ethernet. */
export const FRAGMENTS_HELD_MAX = 256;
/**
 * How long a fragment waits for its first one, in packet time: longer than paths differ, and shorter than any idle
 * timeout in use, so that what comes back late is not the beginning of another flow.
 */
export const FRAGMENT_HOLD_NS = 1e9;

/** Two MAC addresses. */
const LINK_WORDS = 3;

/** Whether less lies between two times than a fragment waits. */
function isNear(oneNs: number, otherNs: number): boolean {
  const gap = oneNs - otherNs;
  return gap <= FRAGMENT_HOLD_NS && gap >= -FRAGMENT_HOLD_NS;
}

export class HeldFragments {
  /** How many there are. */
  count = 0;
  /** Places in the arrays below: those in use in order of arrival, then those that are free. */
  readonly #indexes = Uint16Array.from({ length: FRAGMENTS_HELD_MAX }, (_, index) => index);
  readonly #freed = new Uint16Array(FRAGMENTS_HELD_MAX);
  readonly #held: DecodedBatch;
  readonly #identities = new Int32Array(FRAGMENTS_HELD_MAX * identities.IDENTITY_WORDS);
  readonly #links = new Int32Array(FRAGMENTS_HELD_MAX * LINK_WORDS);
  /**
   * In the engine's memory, MAC addresses of the fragments that went back to the batch that is being prepared, and to those
   * before it that have not been metered.
   */
  readonly #returned: Int32Array;
  readonly #returnedAt: number;
  /** Words of it for each batch, and where those of this one begin and end. */
  readonly #returnedWords: number;
  #returnedFrom = 0;
  #returnedTo = 0;

  /**
   * @param like a batch as those that fragments will come from: its length, and what stands beside its records
   * @param batchesKept batches that are prepared and not yet metered at a time, the one that is being prepared among them
   */
  constructor(engine: Engine, like: DecodedBatch, batchesKept = 1) {
    const withOffsets = like.offsets !== undefined;
    this.#held = decoded.createDecodedBatch(
      FRAGMENTS_HELD_MAX,
      like.encapsulation !== undefined,
      withOffsets,
    );
    this.#returnedWords = like.timeNs.length * LINK_WORDS;
    this.#returned = int32Array(engine.allocate, this.#returnedWords * batchesKept);
    this.#returnedAt = this.#returned.byteOffset / 4;
  }

  /** To be called before fragments go back to a batch: those that went to one `batchesKept` before it have been metered. */
  beginBatch(): void {
    this.#returnedFrom = (this.#returnedFrom + this.#returnedWords) % this.#returned.length;
    this.#returnedTo = this.#returnedFrom;
  }

  /** Whether the fragment that came first of those that are held has waited long enough by `timeNs`. */
  isOver(timeNs: number): boolean {
    return this.count > 0 && !isNear(this.#held.timeNs[this.#indexes[0]!]!, timeNs);
  }

  /** Takes record `i` of a batch. There must be room. @param view the memory that its frame lies in */
  hold(batch: DecodedBatch, i: number, identity: Int32Array, view: DataView): void {
    const index = this.#indexes[this.count++]!;
    copyRecord(batch, i, this.#held, index);
    for (let w = 0; w < identities.IDENTITY_WORDS; w++)
      this.#identities[index * identities.IDENTITY_WORDS + w] = identity[w]!;
    const link = batch.words[i * decoded.DECODED_WORDS + decoded.LINK_OFFSET]!;
    if (link < 0) return;
    // Octets stay in their order.
    for (let w = 0; w < LINK_WORDS; w++)
      this.#links[index * LINK_WORDS + w] = view.getInt32(link + 4 * w, true);
  }

  /** Puts the one that came first of those that are held in the place of record `to` of a batch. */
  returnOldest(batch: DecodedBatch, to: number): void {
    const index = this.#indexes[0]!;
    this.#return(batch, to, index);
    this.#indexes.copyWithin(0, 1, this.count);
    this.#indexes[--this.count] = index;
  }

  /**
   * Puts the fragments whose first one is record `first` of a batch in the places of its records from `to` on, in order
   * of arrival, and gives them its ports.
   * @returns how many they are
   */
  returnThoseOf(
    batch: DecodedBatch,
    first: number,
    to: number,
    identity: Int32Array,
    counters: Float64Array,
  ): number {
    const indexes = this.#indexes;
    const ports = batch.words[first * decoded.DECODED_WORDS + decoded.PORTS]!;
    const protocol = batch.words[first * decoded.DECODED_WORDS + decoded.KEY_PROTOCOL]!;
    let kept = 0;
    let returned = 0;
    for (let i = 0; i < this.count; i++) {
      const index = indexes[i]!;
      const heldAt = index * decoded.DECODED_WORDS;
      if (
        isSameIdentity(this.#identities, index * identities.IDENTITY_WORDS, identity, 0) &&
        isSameProtocol(this.#held.words[heldAt + decoded.KEY_PROTOCOL]!, protocol) &&
        isNear(this.#held.timeNs[index]!, batch.timeNs[first]!)
      ) {
        const at = (to + returned) * decoded.DECODED_WORDS;
        this.#return(batch, to + returned, index);
        batch.words[at + decoded.PORTS] = ports;
        batch.words[at + decoded.KEY_PROTOCOL] = protocol;
        this.#freed[returned++] = index;
      } else indexes[kept++] = index;
    }
    for (let i = 0; i < returned; i++) indexes[kept + i] = this.#freed[i]!;
    this.count = kept;
    counters[FRAGMENTS_MATCHED] = counters[FRAGMENTS_MATCHED]! + returned;
    return returned;
  }

  #return(batch: DecodedBatch, to: number, index: number): void {
    copyRecord(this.#held, index, batch, to);
    const linkAt = to * decoded.DECODED_WORDS + decoded.LINK_OFFSET;
    if (batch.words[linkAt]! < 0) return;
    const at = this.#returnedTo;
    this.#returnedTo += LINK_WORDS;
    for (let w = 0; w < LINK_WORDS; w++) this.#returned[at + w] = this.#links[index * LINK_WORDS + w]!;
    batch.words[linkAt] = -(this.#returnedAt + at);
  }
}
