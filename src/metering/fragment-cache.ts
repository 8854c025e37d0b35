/**
 * Remembers the ports of first fragments, so that later ones, which carry none, are counted to their flow.
 *
 * Nothing is reassembled. 4,096 sets of 4 entries of one cache line; a full set forgets its oldest entry, so memory is
 * bounded whatever comes. A later fragment that arrives before its first one is not found: it is metered with ports 0.
 */
import {
  DECODED_WORDS,
  DETAIL,
  DETAIL_LATER_FRAGMENT,
  FRAGMENT_ID,
  KEY_OBSERVATION_POINT,
  KEY_PROTOCOL,
  PORTS,
  SOURCE_ADDRESS,
} from '../records/decoded-batch.ts';
import { FRAGMENTS_FORGOTTEN, FRAGMENTS_MATCHED, FRAGMENTS_UNMATCHED } from './table/counters.ts';
import type { HashSeeds } from './table/flow-key.ts';

/** How long a first fragment is remembered (RFC 791 recommends 15 s, RFC 8200 §4.5 60 s for reassembly). */
export const FRAGMENT_LIFETIME_NS = 30e9;

const SETS = 4096;
const WAYS = 4;
// An entry: 8 address words, identification, protocol word, observation point, ports, then the time as a double.
const ENTRY_WORDS = 16;
const ID = 8;
const PROTOCOL = 9;
const POINT = 10;
const ENTRY_PORTS = 11;
const TIME = 6; // in doubles

export interface FragmentCache {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly multipliers: Int32Array;
}

export function createFragmentCache(seeds: HashSeeds): FragmentCache {
  const buffer = new ArrayBuffer(SETS * WAYS * ENTRY_WORDS * 4);
  // Only the times matter; setting them one by one takes milliseconds, so early in a run.
  const doubles = new Float64Array(buffer).fill(-Infinity);
  return { words: new Int32Array(buffer), doubles, multipliers: seeds.multipliers };
}

/**
 * What of the protocol word two fragments of one packet share. An IPv6 packet is told by addresses and identification
 * alone (RFC 8200 §4.5): a later fragment whose first one goes on with another extension header names that header.
 */
function packetOf(protocolWord: number): number {
  return ((protocolWord >>> 8) & 0xf) === 4 ? protocolWord : protocolWord & ~0xff;
}

function setOf(cache: FragmentCache, words: Int32Array, at: number): number {
  const m = cache.multipliers;
  let sum =
    Math.imul(words[at + FRAGMENT_ID]!, m[8]!) + Math.imul(packetOf(words[at + KEY_PROTOCOL]!), m[9]!);
  for (let w = 0; w < 8; w++) sum = (sum + Math.imul(words[at + w]!, m[w]!)) | 0;
  return Math.imul(sum ^ (sum >>> 15), m[10]!) >>> 20;
}

function isEntryOf(cache: FragmentCache, entry: number, words: Int32Array, at: number): boolean {
  const stored = cache.words;
  for (let w = 0; w < 8; w++) {
    if (stored[entry + w] !== words[at + SOURCE_ADDRESS + w]) return false;
  }
  return (
    stored[entry + ID] === words[at + FRAGMENT_ID] &&
    packetOf(stored[entry + PROTOCOL]!) === packetOf(words[at + KEY_PROTOCOL]!) &&
    stored[entry + POINT] === words[at + KEY_OBSERVATION_POINT]
  );
}

/**
 * Takes note of a first fragment, or gives a later one the ports of its first.
 * @param words decoded records, addresses still as on the wire; the fragment's starts at word `at`
 */
export function resolveFragment(
  cache: FragmentCache,
  words: Int32Array,
  at: number,
  timeNs: number,
  counters: Float64Array,
): void {
  const { doubles } = cache;
  const start = setOf(cache, words, at) * WAYS * ENTRY_WORDS;
  const isLater = (words[at + DETAIL]! & DETAIL_LATER_FRAGMENT) !== 0;
  let oldest = start;
  for (let entry = start; entry < start + WAYS * ENTRY_WORDS; entry += ENTRY_WORDS) {
    const age = timeNs - doubles[entry / 2 + TIME]!;
    if (age <= FRAGMENT_LIFETIME_NS && age >= -FRAGMENT_LIFETIME_NS && isEntryOf(cache, entry, words, at)) {
      if (isLater) {
        words[at + PORTS] = cache.words[entry + ENTRY_PORTS]!;
        words[at + KEY_PROTOCOL] = cache.words[entry + PROTOCOL]!;
        counters[FRAGMENTS_MATCHED]!++;
        return;
      }
      oldest = entry;
      break;
    }
    if (doubles[entry / 2 + TIME]! < doubles[oldest / 2 + TIME]!) oldest = entry;
  }
  if (isLater) {
    counters[FRAGMENTS_UNMATCHED]!++;
    return;
  }
  if (timeNs - doubles[oldest / 2 + TIME]! <= FRAGMENT_LIFETIME_NS && !isEntryOf(cache, oldest, words, at)) {
    counters[FRAGMENTS_FORGOTTEN]!++;
  }
  for (let w = 0; w < 8; w++) cache.words[oldest + w] = words[at + SOURCE_ADDRESS + w]!;
  cache.words[oldest + ID] = words[at + FRAGMENT_ID]!;
  cache.words[oldest + PROTOCOL] = words[at + KEY_PROTOCOL]!;
  cache.words[oldest + POINT] = words[at + KEY_OBSERVATION_POINT]!;
  cache.words[oldest + ENTRY_PORTS] = words[at + PORTS]!;
  doubles[oldest / 2 + TIME] = timeNs;
}

/** Resolves every fragment of a batch. Must come before the keys are ordered: fragments go one way. */
export function resolveFragments(
  cache: FragmentCache,
  words: Int32Array,
  timeNs: Float64Array,
  count: number,
  fragmentBit: number,
  counters: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    if ((words[i * DECODED_WORDS + DETAIL]! & fragmentBit) !== 0) {
      resolveFragment(cache, words, i * DECODED_WORDS, timeNs[i]!, counters);
    }
  }
}
