/**
 * Remembers the ports of first fragments, so that later ones, which carry none, are counted to their flow.
 *
 * Nothing is reassembled. 4,096 sets of 4 entries of one cache line; a full set forgets its oldest entry, so memory is
 * bounded whatever comes. resolve-fragments.ts says what becomes of a later fragment whose first one is not here.
 */

import type { DecodedBatch } from '../records/decoded-batch.ts';
import * as decoded from '../records/decoded-batch.ts';
import * as identities from './fragment-identity.ts';
import { type FragmentKey, hashOfIdentity, isSameIdentity, isSameProtocol } from './fragment-identity.ts';
import { FRAGMENTS_FORGOTTEN, FRAGMENTS_MATCHED } from './table/counters.ts';

/** How long a first fragment is remembered (RFC 791 recommends 15 s, RFC 8200 §4.5 60 s for reassembly). */
export const FRAGMENT_LIFETIME_NS = 30e9;

const SETS = 4096;
const WAYS = 4;
// An entry: the identity, protocol word, ports, then the time as a double.
const ENTRY_WORDS = 16;
const PROTOCOL = 12;
const ENTRY_PORTS = 13;
const TIME = 7; // in doubles

export interface FragmentCache {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly key: FragmentKey;
}

export function createFragmentCache(key: FragmentKey): FragmentCache {
  const buffer = new ArrayBuffer(SETS * WAYS * ENTRY_WORDS * 4);
  // Only the times matter; setting them one by one takes milliseconds, so early in a run.
  const doubles = new Float64Array(buffer).fill(-Infinity);
  return { words: new Int32Array(buffer), doubles, key };
}

/**
 * The entry of a packet of this identity that is remembered at `timeNs`, or else the one that it may have, which is the
 * oldest of its set: that one's number minus 1 and negative.
 */
function findEntry(
  { words, doubles, key }: FragmentCache,
  identity: Int32Array,
  protocol: number,
  timeNs: number,
): number {
  const start = hashOfIdentity(identity, key) * WAYS * ENTRY_WORDS;
  let oldest = start;
  for (let entry = start; entry < start + WAYS * ENTRY_WORDS; entry += ENTRY_WORDS) {
    const age = timeNs - doubles[entry / 2 + TIME]!;
    if (
      age <= FRAGMENT_LIFETIME_NS &&
      age >= -FRAGMENT_LIFETIME_NS &&
      isSameIdentity(words, entry, identity, 0) &&
      isSameProtocol(words[entry + PROTOCOL]!, protocol)
    )
      return entry;
    if (doubles[entry / 2 + TIME]! < doubles[oldest / 2 + TIME]!) oldest = entry;
  }
  return -1 - oldest;
}

/** Gives record `i` of a batch, a later fragment, the ports of its first one. @returns false if that is not known */
export function resolveLater(
  cache: FragmentCache,
  { words, timeNs }: DecodedBatch,
  i: number,
  identity: Int32Array,
  counters: Float64Array,
): boolean {
  const at = i * decoded.DECODED_WORDS;
  const entry = findEntry(cache, identity, words[at + decoded.KEY_PROTOCOL]!, timeNs[i]!);
  if (entry < 0) return false;
  words[at + decoded.PORTS] = cache.words[entry + ENTRY_PORTS]!;
  words[at + decoded.KEY_PROTOCOL] = cache.words[entry + PROTOCOL]!;
  counters[FRAGMENTS_MATCHED]!++;
  return true;
}

/** Takes note of record `i` of a batch, a first fragment. */
export function rememberFirst(
  cache: FragmentCache,
  batch: DecodedBatch,
  i: number,
  identity: Int32Array,
  counters: Float64Array,
): void {
  const { words, doubles } = cache;
  const at = i * decoded.DECODED_WORDS;
  const timeNs = batch.timeNs[i]!;
  const protocol = batch.words[at + decoded.KEY_PROTOCOL]!;
  const found = findEntry(cache, identity, protocol, timeNs);
  const entry = found < 0 ? -1 - found : found;
  if (found < 0 && timeNs - doubles[entry / 2 + TIME]! <= FRAGMENT_LIFETIME_NS)
    counters[FRAGMENTS_FORGOTTEN]!++;
  for (let w = 0; w < identities.IDENTITY_WORDS; w++) words[entry + w] = identity[w]!;
  words[entry + PROTOCOL] = protocol;
  words[entry + ENTRY_PORTS] = batch.words[at + decoded.PORTS]!;
  doubles[entry / 2 + TIME] = timeNs;
}
