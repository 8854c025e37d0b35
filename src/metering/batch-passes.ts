/**
 * The reading passes over a batch: they load what the update will need, all packets at once, so that the processor
 * overlaps the cache misses. Nothing is changed here but `found`.
 *
 * These and `MeteringProcess`'s update are the hot loops of the program. They are free functions over typed arrays without calls
 * on the common path: V8 then keeps lengths and base addresses in registers for the whole loop.
 */
import * as decoded from '../decode/decoded-batch.ts';
import * as flowKey from './flow-key.ts';
import * as layout from './flow-layout.ts';
import type { FlowTable } from './flow-table.ts';
import * as flowTable from './flow-table.ts';
import { isSameKey } from './flow-table.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { DECODED_WORDS, HASH } = decoded;
const { DETAIL_FROM_B_SHIFT } = flowKey;
const { SLOT_MASK } = flowTable;
const { ENTRY_WORDS, FLOW_STATE, FORWARD_WORD, REVERSE_WORD, STATE_IN_USE } = layout;

/** Loads the index word of each packet into `found`. */
export function touchIndex(table: FlowTable, packets: Int32Array, count: number, found: Int32Array): void {
  const { index, indexShift } = table;
  for (let i = 0; i < count; i++) found[i] = index[packets[i * DECODED_WORDS + HASH]! >>> indexShift]!;
}

/**
 * Loads the three lines of the entry that each packet's index word points to. Which of the counter lines the packet will
 * be counted on is not known before the first line is there; loading both at once is quicker than waiting for it.
 * @returns a value that depends on all of them, so that no compiler drops the loads
 */
export function touchEntries(table: FlowTable, count: number, found: Int32Array): number {
  const { words } = table;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    // A free index word points before the first entry; any entry will do in its place.
    const slot = (found[i]! & SLOT_MASK) - 1;
    const entryAt = (slot < 0 ? 0 : slot) * ENTRY_WORDS;
    touched ^= words[entryAt]! ^ words[entryAt + FORWARD_WORD]! ^ words[entryAt + REVERSE_WORD]!;
  }
  return touched;
}

/**
 * The slot that a packet's index word leads to if it is the packet's flow, as it is for nearly every packet; else -1.
 * Correct whatever has happened to the table since the word was loaded: an entry in use with this key is the flow.
 */
export function slotIfSame(words: Int32Array, indexWord: number, packets: Int32Array, at: number): number {
  const slot = (indexWord & SLOT_MASK) - 1;
  if (slot < 0) return -1;
  const entryAt = slot * ENTRY_WORDS;
  if ((words[entryAt + FLOW_STATE]! & STATE_IN_USE) === 0) return -1;
  return isSameKey(packets, at, words, entryAt) ? slot : -1;
}

/** Where the line of a packet's direction starts: forward if the packet comes from the flow's initiator. */
export function lineOf(entries: Int32Array, entryAt: number, detail: number): number {
  const initiatorIsB = (entries[entryAt + FLOW_STATE]! >>> 1) & 1;
  const isReverse = (detail >>> DETAIL_FROM_B_SHIFT) ^ initiatorIsB;
  return entryAt + FORWARD_WORD + (isReverse << 4);
}
