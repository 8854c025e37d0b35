/**
 * The first half of the metering process: completes the work records of a batch. Fragments get their ports, keys their
 * order, extension and hash. The second half, `metering-process.ts`, takes the packets into the flow table.
 */

import type { Engine } from '../engine/engine.ts';
import * as decoded from '../records/decoded-batch.ts';
import { createDecodedBatch, type DecodedBatch } from '../records/decoded-batch.ts';
import { int32Array } from '../records/memory.ts';
import { createFragmentKey } from './fragment-identity.ts';
import { FRAGMENTS_HELD_MAX, HeldFragments } from './held-fragments.ts';
import { FragmentResolver } from './resolve-fragments.ts';
import {
  type FlowKeyExtension,
  type HashSeeds,
  KEY_EXTENSION_WORDS,
  writeKeyExtensions,
} from './table/flow-key.ts';

/** A decoded batch that has been made ready for the flow table. */
export interface PreparedBatch extends DecodedBatch {
  /** KEY_EXTENSION_WORDS for each packet; empty where the flow key has no extension. */
  readonly keyExtensions: Int32Array;
}

/** True if the flow key has parts beyond a flow entry's own words. */
export function hasKeyExtension(key: FlowKeyExtension): boolean {
  return key.mac || key.mpls || key.tunnel || key.sharedTunnel === true;
}

/**
 * A prepared batch of `capacity` packets, with room for fragments that come back to it.
 * @param engine in whose memory it is to lie: only its `allocate` is asked
 */
export function createPreparedBatch(
  capacity: number,
  key: FlowKeyExtension,
  { allocate }: Pick<Engine, 'allocate'>,
  { encapsulation = false, offsets = false } = {},
): PreparedBatch {
  const records = capacity + FRAGMENTS_HELD_MAX;
  return {
    ...createDecodedBatch(records, encapsulation, offsets, allocate),
    keyExtensions: int32Array(allocate, hasKeyExtension(key) ? records * KEY_EXTENSION_WORDS : 0),
  };
}

/** Where the engine finds packet `i` of a batch. */
export function recordAt({ words }: PreparedBatch, i: number): number {
  return words.byteOffset + i * decoded.DECODED_WORDS * 4;
}

export class KeyPreparer {
  readonly #engine: Engine;
  /** Of the key's hash, in the engine's memory. */
  readonly multipliers: Int32Array;
  readonly #key: FlowKeyExtension;
  readonly #counters: Float64Array;
  readonly #seeds: HashSeeds;
  /** Made when the first fragment comes: few captures have any, and it takes milliseconds of a short replay. */
  #fragments: FragmentResolver | undefined;
  /** For fragments that have waited long enough, outside of any batch. */
  #overdue: PreparedBatch | undefined;
  /** The engine's memory. */
  readonly #memory: DataView;
  readonly #batchesKept: number;

  /**
   * @param counters the metering process's, for what becomes of fragments
   * @param batchesKept batches that are prepared and not yet metered at a time, the one that is being prepared among them
   */
  constructor(
    engine: Engine,
    seeds: HashSeeds,
    key: FlowKeyExtension,
    counters: Float64Array,
    batchesKept = 1,
  ) {
    this.#batchesKept = batchesKept;
    const { multipliers } = seeds;
    this.#engine = engine;
    this.multipliers = int32Array(engine.allocate, multipliers.length);
    this.multipliers.set(multipliers);
    this.#key = key;
    this.#counters = counters;
    this.#seeds = seeds;
    this.#memory = new DataView(engine.buffer);
  }

  /** Whether fragments wait for their first one: every packet must come by here, or their time is not seen to pass. */
  get isHolding(): boolean {
    return this.#fragments?.isHolding === true;
  }

  /**
   * Prepares a batch in place.
   * @param view the memory that its frames lie in
   */
  prepare(batch: PreparedBatch, view: DataView): void {
    if (batch.hasFragments || this.isHolding) this.#resolve(batch, view);
    this.#complete(batch, view);
  }

  /**
   * Prepares the fragments of a batch whose other keys are ready, in place, while none are held.
   * @param view the memory that its frames lie in
   */
  prepareFragments(batch: PreparedBatch, view: DataView): void {
    if (!batch.hasFragments) return;
    this.#resolve(batch, view);
    const { words, count } = batch;
    for (let i = 0; i < count; i++) {
      if ((words[i * decoded.DECODED_WORDS + decoded.DETAIL]! & decoded.DETAIL_FRAGMENT) === 0) continue;
      this.#engine.orderAndHash(recordAt(batch, i), 1, this.multipliers.byteOffset);
    }
  }

  #resolve(batch: PreparedBatch, view: DataView): void {
    this.#fragments ??= this.#createFragments(batch);
    this.#fragments.resolve(batch, view);
  }

  /**
   * Fragments that wait no longer for their first one at `timeNs`, prepared, for a link that is quiet and for the end
   * (Infinity). They are to be metered before the clock moves on, and before the next batch is prepared.
   * @returns undefined if there are none
   */
  takeOverdue(timeNs: number): PreparedBatch | undefined {
    if (!this.isHolding) return undefined;
    const batch = this.#overdue!;
    this.#fragments!.takeOverdue(batch, timeNs);
    this.#complete(batch, this.#memory);
    return batch.count > 0 ? batch : undefined;
  }

  #createFragments(like: PreparedBatch): FragmentResolver {
    const engine = this.#engine;
    const encapsulation = like.encapsulation !== undefined;
    this.#overdue = createPreparedBatch(0, this.#key, engine, { encapsulation, offsets: true });
    const key = createFragmentKey(this.#seeds, this.#key);
    return new FragmentResolver(key, new HeldFragments(engine, like, this.#batchesKept), this.#counters);
  }

  #complete(batch: PreparedBatch, view: DataView): void {
    const { words, count } = batch;
    this.#engine.orderAndHash(words.byteOffset, count, this.multipliers.byteOffset);
    this.extend(batch, view);
  }

  /** Writes the key extensions of a batch, where there are any; its keys are ordered and hashed. */
  extend(batch: PreparedBatch, view: DataView): void {
    if (batch.keyExtensions.length > 0)
      writeKeyExtensions(batch, view, this.#memory, this.#key, batch.keyExtensions);
  }
}
