/**
 * The first half of the metering process: completes the work records of a batch. Fragments get their ports, keys their
 * order, extension and hash. The second half, `metering-process.ts`, takes the packets into the flow table.
 */

import type { Engine } from '../engine/engine.ts';
import { DETAIL_FRAGMENT, type DecodedBatch } from '../records/decoded-batch.ts';
import { int32Array } from '../records/memory.ts';
import { createFragmentCache, type FragmentCache, resolveFragments } from './fragment-cache.ts';
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
  return key.mac || key.mpls || key.tunnel;
}

/**
 * Adds to a decoded batch of `capacity` packets what preparation writes.
 * @param engine in whose memory the batch lies
 */
export function createPreparedBatch(
  decoded: DecodedBatch,
  capacity: number,
  key: FlowKeyExtension,
  engine: Engine,
): PreparedBatch {
  if (decoded.words.buffer !== engine.buffer) throw new RangeError('a batch outside the engine’s memory');
  return {
    ...decoded,
    keyExtensions: new Int32Array(hasKeyExtension(key) ? capacity * KEY_EXTENSION_WORDS : 0),
  };
}

export class KeyPreparer {
  readonly #engine: Engine;
  /** Of the key's hash, in the engine's memory. */
  readonly multipliers: Int32Array;
  readonly #key: FlowKeyExtension;
  readonly #counters: Float64Array;
  readonly #seeds: HashSeeds;
  /** Made when the first fragment comes: few captures have any, and it takes milliseconds of a short replay. */
  #fragments: FragmentCache | undefined;

  /** @param counters the metering process's, for what becomes of fragments */
  constructor(engine: Engine, seeds: HashSeeds, key: FlowKeyExtension, counters: Float64Array) {
    const { multipliers } = seeds;
    this.#engine = engine;
    this.multipliers = int32Array(engine.allocate, multipliers.length);
    this.multipliers.set(multipliers);
    this.#key = key;
    this.#counters = counters;
    this.#seeds = seeds;
  }

  /**
   * Prepares a batch in place.
   * @param view the memory that its frames lie in
   */
  prepare(batch: PreparedBatch, view: DataView): void {
    const { words, timeNs, count } = batch;
    if (batch.hasFragments) {
      this.#fragments ??= createFragmentCache(this.#seeds);
      resolveFragments(this.#fragments, words, timeNs, count, DETAIL_FRAGMENT, this.#counters);
    }
    this.#engine.orderAndHash(words.byteOffset, count, this.multipliers.byteOffset);
    if (batch.keyExtensions.length > 0) writeKeyExtensions(batch, view, this.#key, batch.keyExtensions);
  }
}
