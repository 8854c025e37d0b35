/**
 * The reading passes over a batch: they load what the update will need, all packets at once, so that the processor
 * overlaps the cache misses, and note where each packet's flow is. Nothing is changed here but `found`.
 *
 * These and `update-batch.ts` are the hot loops of the program. They are free functions over typed arrays without calls
 * on the common path: V8 then keeps lengths and base addresses in registers for the whole loop.
 */
import * as decoded from '../decode/decoded-batch.ts';
import { DETAIL_FROM_B_SHIFT, KEY_EXTENSION_WORDS } from './flow-key.ts';
import * as layout from './flow-layout.ts';
import { type FlowTable, findSlot, SLOT_MASK } from './flow-table.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { DECODED_WORDS, DETAIL, HASH } = decoded;
const { ENTRY_WORDS, FLOW_STATE, FORWARD_WORD } = layout;

/** Loads the index word of each packet into `found`. */
export function touchIndex(table: FlowTable, packets: Int32Array, count: number, found: Int32Array): void {
  const { index, indexShift } = table;
  for (let i = 0; i < count; i++) found[i] = index[packets[i * DECODED_WORDS + HASH]! >>> indexShift]!;
}

/**
 * Loads the first line of the entry that each packet's index word points to.
 * @returns a value that depends on all of them, so that no compiler drops the loads
 */
export function touchEntries(table: FlowTable, count: number, found: Int32Array): number {
  const { words } = table;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    // A free index word points before the first entry; any entry will do in its place.
    const slot = (found[i]! & SLOT_MASK) - 1;
    touched ^= words[(slot < 0 ? 0 : slot) * ENTRY_WORDS]!;
  }
  return touched;
}

/**
 * Replaces each packet's index word in `found` by its flow's slot, or -1, and loads the line that the packet will be
 * counted on. Nearly always the first place holds the flow: only else is the table searched.
 * @returns as `touchEntries`
 */
export function findFlows(
  table: FlowTable,
  packets: Int32Array,
  count: number,
  extensions: Int32Array,
  found: Int32Array,
): number {
  const { words } = table;
  const hasExtension = table.keyExtension !== undefined;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const at = i * DECODED_WORDS;
    const candidate = found[i]!;
    let slot = (candidate & SLOT_MASK) - 1;
    const entryAt = slot * ENTRY_WORDS;
    const isFirstPlace =
      slot >= 0 &&
      !hasExtension &&
      ((packets[at + 9]! >>> 8) & 0xf) === 4 &&
      ((packets[at]! ^ words[entryAt]!) |
        (packets[at + 4]! ^ words[entryAt + 4]!) |
        (packets[at + 8]! ^ words[entryAt + 8]!) |
        (packets[at + 9]! ^ words[entryAt + 9]!) |
        (packets[at + 10]! ^ words[entryAt + 10]!)) ===
        0;
    if (!isFirstPlace)
      slot = findSlot(table, packets, at, packets[at + HASH]!, extensions, i * KEY_EXTENSION_WORDS);
    found[i] = slot;
    if (slot >= 0) touched ^= words[lineOf(words, slot * ENTRY_WORDS, packets[at + DETAIL]!)]!;
  }
  return touched;
}

/** Where the line of a packet's direction starts: forward if the packet comes from the flow's initiator. */
export function lineOf(entries: Int32Array, entryAt: number, detail: number): number {
  const initiatorIsB = (entries[entryAt + FLOW_STATE]! >>> 1) & 1;
  const isReverse = (detail >>> DETAIL_FROM_B_SHIFT) ^ initiatorIsB;
  return entryAt + FORWARD_WORD + (isReverse << 4);
}
