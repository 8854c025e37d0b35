/**
 * The first half of the metering process: completes the work records of a batch until nothing of it needs the frames any
 * more. Fragments get their ports, keys their order and hash, and what a new flow will remember of its first frame is
 * copied out. The second half, `metering-process.ts`, may run in another thread.
 */
import {
  DECODED_WORDS,
  DETAIL,
  DETAIL_FRAGMENT,
  DETAIL_PRIORITY_SHIFT,
  type DecodedBatch,
  KEY_PROTOCOL,
  LINK_OFFSET,
} from '../decode/decoded-batch.ts';
import {
  type FlowKeyExtension,
  type HashSeeds,
  KEY_EXTENSION_WORDS,
  orderAndHashKeys,
  writeKeyExtensions,
} from './flow-key.ts';
import { LINK_WORDS } from './flow-layout.ts';
import { createFragmentCache, type FragmentCache, resolveFragments } from './fragment-cache.ts';

/** A decoded batch that has been made ready for the flow table. */
export interface PreparedBatch extends DecodedBatch {
  /** LINK_WORDS for each packet, as in a flow record (flow-layout.ts). */
  readonly link: Int32Array;
  /** KEY_EXTENSION_WORDS for each packet; empty where the flow key has no extension. */
  readonly keyExtensions: Int32Array;
}

/** True if the flow key has parts beyond a flow entry's own words. */
export function hasKeyExtension(key: FlowKeyExtension): boolean {
  return key.mac || key.mpls || key.tunnel;
}

/** Adds to a decoded batch of `capacity` packets what preparation writes. */
export function createPreparedBatch(
  decoded: DecodedBatch,
  capacity: number,
  key: FlowKeyExtension,
): PreparedBatch {
  return {
    ...decoded,
    link: new Int32Array(capacity * LINK_WORDS),
    keyExtensions: new Int32Array(hasKeyExtension(key) ? capacity * KEY_EXTENSION_WORDS : 0),
  };
}

export class KeyPreparer {
  readonly #seeds: HashSeeds;
  readonly #key: FlowKeyExtension;
  readonly #counters: Float64Array;
  readonly #fragments: FragmentCache;

  /** @param counters the metering process's, for what becomes of fragments */
  constructor(seeds: HashSeeds, key: FlowKeyExtension, counters: Float64Array) {
    this.#seeds = seeds;
    this.#key = key;
    this.#counters = counters;
    this.#fragments = createFragmentCache(seeds);
  }

  /**
   * Prepares a batch in place.
   * @param view the memory that its frames lie in; not needed afterwards
   */
  prepare(batch: PreparedBatch, view: DataView): void {
    resolveFragments(
      this.#fragments,
      batch.words,
      batch.timeNs,
      batch.count,
      DETAIL_FRAGMENT,
      this.#counters,
    );
    orderAndHashKeys(batch, this.#seeds);
    if (batch.keyExtensions.length > 0) writeKeyExtensions(batch, view, this.#key, batch.keyExtensions);
    writeLinks(batch, view);
  }
}

/** Copies the MAC addresses of each frame, if it has any, its ethertype and its priority. */
function writeLinks(batch: PreparedBatch, view: DataView): void {
  const { words, link } = batch;
  for (let i = 0; i < batch.count; i++) {
    const at = i * DECODED_WORDS;
    const to = i * LINK_WORDS;
    const from = words[at + LINK_OFFSET]!;
    const etherType = ((words[at + KEY_PROTOCOL]! >>> 8) & 0xf) === 4 ? 0x0800 : 0x86dd;
    const priority = (words[at + DETAIL]! >>> DETAIL_PRIORITY_SHIFT) & 7;
    if (from < 0) {
      link[to] = 0;
      link[to + 1] = 0;
      link[to + 2] = 0;
      link[to + 3] = (etherType << 16) | priority;
      continue;
    }
    // An Ethernet header: destination, then source.
    link[to] = view.getInt32(from + 6);
    link[to + 1] = (view.getUint16(from + 10) << 16) | view.getUint16(from);
    link[to + 2] = view.getInt32(from + 2);
    link[to + 3] = (etherType << 16) | (1 << 8) | priority;
  }
}
