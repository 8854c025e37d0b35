/**
 * The flow table's memory: entries of three cache lines (`flow-layout.ts`), the index that finds them, and side tables
 * with the same slot numbers for what is rarely touched. All of it is allocated once, at start, in the engine's memory;
 * the engine puts new flows in (engine/assembly/table.ts).
 *
 *     index   open addressing, a power of two of at least twice the capacity; a word is tag << 24 | slot + 1, 0 is free.
 *             Deletion shifts the followers back, so there are no tombstones.
 *     slots   handed out in order, then from a list of freed ones linked through SCHEDULE_NEXT
 *
 * No policy here: what to insert, when to expire and whom to evict stands in `metering-process.ts` and `expiry.ts`.
 */

import type { Engine } from '../../engine/engine.ts';
import * as decoded from '../../records/decoded-batch.ts';
import * as layout from '../../records/flow-layout.ts';
import { type AllocateMemory, allocateOnHeap, int32Array } from '../../records/memory.ts';
import { INTERVAL_MS } from '../../records/path-health-layout.ts';
import * as tableWords from '../../records/table-words.ts';
import { applicationMemory } from './application-memory.ts';
import {
  type ApplicationOptions,
  type ApplicationTable,
  createApplicationTable,
} from './application-table.ts';
import { type HashSeeds, hashOfEntry, KEY_EXTENSION_WORDS } from './flow-key.ts';
import {
  createHealthTable,
  HEALTH_ENGINE_OCTETS_BESIDES,
  HEALTH_ENGINE_OCTETS_PER_FLOW,
  HEALTH_OCTETS_PER_FLOW,
  type HealthTable,
} from './path-health-table.ts';

/** Slot numbers are 24 bits of an index word. */
export const CAPACITY_MAX = 2 ** 24 - 2;

export interface FlowTableOptions {
  /** Flows at a time, 1 … CAPACITY_MAX. */
  readonly capacity: number;
  readonly seeds: HashSeeds;
  /** Keep a key extension beside each entry and compare it. */
  readonly keyExtension: boolean;
  /** Keep the encapsulation of each flow's first packet. */
  readonly encapsulation: boolean;
  /** Measure path health; `sampled`: packets are selected from many. Default: no. */
  readonly health?: 'on' | 'sampled' | 'off';
  /** Length of path health's intervals. Default: INTERVAL_MS. */
  readonly pathHealthIntervalMs?: number;
  /** Look into the first packets with payload of each flow. Default: no. */
  readonly applications?: ApplicationOptions | undefined;
  /** Those of metering (counters.ts), which names by DNS are counted in. Default: nobody's. */
  readonly counters?: Float64Array;
  /** In whose memory it lies. */
  readonly engine: Engine;
  /** Memory for path health: the engine's, to have it measured there. Default: the JavaScript heap's. */
  readonly allocate?: AllocateMemory;
}

/** A class, as V8 keeps the properties of a literal with getters in a dictionary, and searches it at each read. */
export class FlowTable {
  readonly capacity: number;
  readonly seeds: HashSeeds;
  readonly engine: Engine;
  /** Entries: slot s starts at word s × ENTRY_WORDS. `doubles` sees the same memory. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly index: Int32Array;
  /** The top bits of a hash choose the place: `hash >>> indexShift`. */
  readonly indexShift: number;
  /** LINK_WORDS for each slot. */
  readonly link: Int32Array;
  /** The engine's memory, for MAC addresses that lie there (LINK_OFFSET of records/decoded-words.ts). */
  readonly memory: DataView;
  /** SCHEDULE_WORDS of table-words.ts for each slot. `scheduleDoubles` sees the same memory. */
  readonly schedule: Int32Array;
  readonly scheduleDoubles: Float64Array;
  readonly keyExtension: Int32Array | undefined;
  readonly encapsulation: Int32Array | undefined;
  readonly health: HealthTable | undefined;
  readonly applications: ApplicationTable | undefined;
  /** Its numbers, which the engine keeps too: table-words.ts. */
  readonly state: Int32Array;

  /** @throws RangeError where the capacity is none that a table has */
  constructor(options: FlowTableOptions) {
    const { capacity, health = 'off', pathHealthIntervalMs: intervalMs = INTERVAL_MS } = options;
    const isSampled = health === 'sampled';
    if (!(capacity >= 1 && capacity <= CAPACITY_MAX)) throw new RangeError(`flow table capacity ${capacity}`);
    const { engine, allocate = allocateOnHeap, applications } = options;
    const entries = engine.allocate(capacity * layout.ENTRY_WORDS * 4);
    const bits = indexBits(capacity);
    this.state = int32Array(engine.allocate, tableWords.TABLE_STATE_WORDS);
    this.state[tableWords.FREE_LIST] = -1;
    this.capacity = capacity;
    this.seeds = options.seeds;
    this.engine = engine;
    this.memory = new DataView(engine.buffer);
    this.words = new Int32Array(entries.buffer, entries.byteOffset, capacity * layout.ENTRY_WORDS);
    this.doubles = new Float64Array(entries.buffer, entries.byteOffset, (capacity * layout.ENTRY_WORDS) / 2);
    this.index = int32Array(engine.allocate, 2 ** bits);
    this.indexShift = 32 - bits;
    this.link = int32Array(engine.allocate, capacity * layout.LINK_WORDS);
    const schedule = int32Array(engine.allocate, capacity * tableWords.SCHEDULE_WORDS);
    this.schedule = schedule;
    this.scheduleDoubles = new Float64Array(schedule.buffer, schedule.byteOffset, schedule.length / 2);
    this.keyExtension = options.keyExtension ? new Int32Array(capacity * KEY_EXTENSION_WORDS) : undefined;
    this.encapsulation = options.encapsulation
      ? new Int32Array(capacity * decoded.ENCAPSULATION_WORDS)
      : undefined;
    this.health =
      health === 'off' ? undefined : createHealthTable(capacity, { isSampled, intervalMs }, allocate);
    this.applications =
      applications && createApplicationTable(capacity, applications, engine.allocate, options.counters);
  }

  /** Flows in the table. */
  get active(): number {
    return this.state[tableWords.ACTIVE]!;
  }

  /** Slots below this one have been handed out at least once. */
  get slotsTouched(): number {
    return this.state[tableWords.SLOTS_TOUCHED]!;
  }
}

/** Octets beside each entry: link details and schedule. */
const SIDE_OCTETS = (layout.LINK_WORDS + tableWords.SCHEDULE_WORDS) * 4;

function indexBits(capacity: number): number {
  return Math.max(4, Math.ceil(Math.log2(capacity * 2)));
}

/** Octets that a table of this capacity takes of an engine's memory. */
export function tableOctets(capacity: number): number {
  return capacity * (layout.ENTRY_WORDS * 4 + SIDE_OCTETS) + 2 ** indexBits(capacity) * 4;
}

/** When the end of TCP was seen, of a flow with STATE_TCP_ENDED. */
export function tcpEndNs({ scheduleDoubles }: FlowTable, slot: number): number {
  return scheduleDoubles[slot * tableWords.SCHEDULE_DOUBLES + tableWords.TCP_END_NS]!;
}

/** What WebAssembly's memory, 4 GiB, leaves to tables beside windows and batches. */
const ENGINE_TABLE_OCTETS_MAX = 3.75 * 2 ** 30;

/** Octets of path health that lie in an engine's memory with a table of this capacity; 0 where that has no room for them. */
export function healthEngineOctets(capacity: number): number {
  const octets = capacity * HEALTH_ENGINE_OCTETS_PER_FLOW + HEALTH_ENGINE_OCTETS_BESIDES;
  return tableOctets(capacity) + octets > ENGINE_TABLE_OCTETS_MAX ? 0 : octets;
}

/** Octets that a table takes in all: `tableOctets`, and what is kept beside each flow by choice. */
export function flowTableOctets(
  options: Pick<FlowTableOptions, 'capacity' | 'keyExtension' | 'encapsulation' | 'health' | 'applications'>,
): number {
  const { capacity, keyExtension, encapsulation, health = 'off', applications } = options;
  const besides =
    (keyExtension ? KEY_EXTENSION_WORDS * 4 : 0) + (encapsulation ? decoded.ENCAPSULATION_WORDS * 4 : 0);
  const ofHealth = health === 'off' ? 0 : capacity * HEALTH_OCTETS_PER_FLOW + HEALTH_ENGINE_OCTETS_BESIDES;
  const { inspectionOctets, dnsNameOctets } = applicationMemory(capacity, applications);
  return tableOctets(capacity) + capacity * besides + ofHealth + inspectionOctets + dnsNameOctets;
}

/** Where the line of a packet's direction starts: forward if the packet comes from the flow's initiator. */
export function lineOf(entries: Int32Array, entryAt: number, detail: number): number {
  const initiatorIsB = (entries[entryAt + layout.FLOW_STATE]! >>> 1) & 1;
  const isReverse = (detail >>> decoded.DETAIL_FROM_B_SHIFT) ^ initiatorIsB;
  return entryAt + layout.FORWARD_WORD + (isReverse << 4);
}

/**
 * True if the key words (0 … 10) and the PPPoE session at `at` of `key` are those of the entry at `entryAt`. All of them,
 * always.
 * @param pointMask which bits of word 10 belong to the key
 */
function isSameKey(
  key: Int32Array,
  at: number,
  words: Int32Array,
  entryAt: number,
  pointMask: number,
): boolean {
  const session = (key[at + decoded.DETAIL]! >>> decoded.DETAIL_PPPOE_SHIFT) & 0xffff;
  let difference =
    (key[at]! ^ words[entryAt]!) |
    (key[at + 4]! ^ words[entryAt + 4]!) |
    (key[at + 8]! ^ words[entryAt + 8]!) |
    (key[at + 9]! ^ words[entryAt + 9]!) |
    ((key[at + 10]! ^ words[entryAt + 10]!) & pointMask) |
    (session ^ (words[entryAt + layout.FLOW_STATE]! >>> layout.STATE_PPPOE_SHIFT));
  // Word 9 holds the IP version, so here both are IPv4 or both IPv6.
  if (((key[at + 9]! >>> 8) & 0xf) !== 4) {
    difference |=
      (key[at + 1]! ^ words[entryAt + 1]!) |
      (key[at + 2]! ^ words[entryAt + 2]!) |
      (key[at + 3]! ^ words[entryAt + 3]!) |
      (key[at + 5]! ^ words[entryAt + 5]!) |
      (key[at + 6]! ^ words[entryAt + 6]!) |
      (key[at + 7]! ^ words[entryAt + 7]!);
  }
  return difference === 0;
}

function isSameExtension(
  table: FlowTable,
  slot: number,
  extension: Int32Array,
  extensionAt: number,
): boolean {
  const stored = table.keyExtension!;
  const at = slot * KEY_EXTENSION_WORDS;
  for (let w = 0; w < KEY_EXTENSION_WORDS; w++) {
    if (stored[at + w] !== extension[extensionAt + w]) return false;
  }
  return true;
}

/**
 * The slot of the flow with this key, or -1.
 * @param key words as in `DecodedBatch.words`, ordered and hashed; the key starts at word `at`
 * @param extension the key extensions of the batch; read only where the table keeps them
 */
export function findSlot(
  table: FlowTable,
  key: Int32Array,
  at: number,
  hash: number,
  extension: Int32Array,
  extensionAt: number,
): number {
  const { index, words } = table;
  const mask = index.length - 1;
  const hasExtension = table.keyExtension !== undefined;
  const pointMask = table.seeds.multipliers[decoded.HASH_POINT_MASK]!;
  for (let word = hash >>> table.indexShift; ; word = (word + 1) & mask) {
    const found = index[word]!;
    if (found === 0) return -1;
    if (((found >>> tableWords.TAG_SHIFT) ^ hash) & 0xff) continue;
    const slot = (found & tableWords.SLOT_MASK) - 1;
    if (!isSameKey(key, at, words, slot * layout.ENTRY_WORDS, pointMask)) continue;
    if (!hasExtension || isSameExtension(table, slot, extension, extensionAt)) return slot;
  }
}

/**
 * Takes the slot's entry out of the index and frees the slot. Followers in the probe sequence move back into the hole
 * if that brings them no nearer than their own place (Knuth, vol. 3, §6.4, algorithm R).
 */
export function removeSlot(table: FlowTable, slot: number): void {
  const { index, words, seeds, indexShift, state } = table;
  const mask = index.length - 1;
  let hole = hashOfEntry(words, slot * layout.ENTRY_WORDS, seeds) >>> indexShift;
  while ((index[hole]! & tableWords.SLOT_MASK) !== slot + 1) hole = (hole + 1) & mask;
  for (let word = (hole + 1) & mask; ; word = (word + 1) & mask) {
    const found = index[word]!;
    if (found === 0) break;
    const home =
      hashOfEntry(words, ((found & tableWords.SLOT_MASK) - 1) * layout.ENTRY_WORDS, seeds) >>> indexShift;
    if (((word - home) & mask) >= ((word - hole) & mask)) {
      index[hole] = found;
      hole = word;
    }
  }
  index[hole] = 0;
  words[slot * layout.ENTRY_WORDS + layout.FLOW_STATE] = 0;
  table.schedule[slot * tableWords.SCHEDULE_WORDS + tableWords.SCHEDULE_NEXT] = state[tableWords.FREE_LIST]!;
  state[tableWords.FREE_LIST] = slot;
  state[tableWords.ACTIVE] = state[tableWords.ACTIVE]! - 1;
}
