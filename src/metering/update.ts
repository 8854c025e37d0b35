/** What is written to a flow's entry besides its counters, which are the engine's (engine/assembly/meter.ts). */
import * as decoded from '../decode/decoded-batch.ts';
import * as flowKey from './flow-key.ts';
import * as layout from './flow-layout.ts';
import type { FlowTable } from './flow-table.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { DETAIL, DETAIL_PRIORITY_SHIFT, ENCAPSULATION_WORDS, KEY_PROTOCOL, LINK_OFFSET } = decoded;
const { KEY_EXTENSION_WORDS } = flowKey;
const { LINK_WORDS } = layout;
const { ENTRY_WORDS, FLOW_FIRST_NS, FLOW_LAST_NS, FLOW_STATE, FORWARD_WORD } = layout;

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** True for the first packet of a connection that is opened (SYN) or answered (SYN, ACK). */
export function isSyn(control: number): boolean {
  return (control & (SYN | RST)) === SYN;
}

/** True for the answer to a SYN: whoever sends it did not open the connection. */
export function isSynAck(control: number): boolean {
  return (control & (SYN | ACK | RST)) === (SYN | ACK);
}

/** Empties both directions of an entry, and leaves key, state and times alone. */
export function clearCounters(words: Int32Array, entryAt: number): void {
  for (let w = FORWARD_WORD; w < ENTRY_WORDS; w++) words[entryAt + w] = 0;
}

/** Lets a flow begin, and so far end, with a packet whose observation time is `times[i]`. */
export function setFlowTimes(doubles: Float64Array, entryAt: number, times: Float64Array, i: number): void {
  const entry = entryAt >>> 1;
  doubles[entry + FLOW_FIRST_NS] = times[i]!;
  doubles[entry + FLOW_LAST_NS] = times[i]!;
}

/** Writes the link details of a flow's first packet: its MAC addresses, if the frame has any, ethertype and priority. */
export function writeLink(
  table: FlowTable,
  slot: number,
  packet: Int32Array,
  at: number,
  view: DataView,
): void {
  const { link } = table;
  const to = slot * LINK_WORDS;
  const from = packet[at + LINK_OFFSET]!;
  const etherType = ((packet[at + KEY_PROTOCOL]! >>> 8) & 0xf) === 4 ? 0x0800 : 0x86dd;
  const priority = (packet[at + DETAIL]! >>> DETAIL_PRIORITY_SHIFT) & 7;
  if (from < 0) {
    link[to] = 0;
    link[to + 1] = 0;
    link[to + 2] = 0;
    link[to + 3] = (etherType << 16) | priority;
    return;
  }
  // An Ethernet header: destination, then source.
  link[to] = view.getInt32(from + 6);
  link[to + 1] = (view.getUint16(from + 10) << 16) | view.getUint16(from);
  link[to + 2] = view.getInt32(from + 2);
  link[to + 3] = (etherType << 16) | (1 << 8) | priority;
}

/** Copies what was around packet `i` of a batch to the flow in `slot`, whose first packet it is. */
export function writeEncapsulation(
  { encapsulation: to }: FlowTable,
  slot: number,
  from: Int32Array | undefined,
  i: number,
): void {
  if (to === undefined || from === undefined) return;
  for (let w = 0; w < ENCAPSULATION_WORDS; w++)
    to[slot * ENCAPSULATION_WORDS + w] = from[i * ENCAPSULATION_WORDS + w]!;
}

/** Writes the key at word `at` of `packets`, and the extension of packet `i`, to the slot of a new flow. */
export function writeKey(
  table: FlowTable,
  slot: number,
  packets: Int32Array,
  at: number,
  extensions: Int32Array,
  i: number,
): void {
  const { words, keyExtension } = table;
  for (let w = 0; w < FLOW_STATE; w++) words[slot * ENTRY_WORDS + w] = packets[at + w]!;
  if (keyExtension === undefined) return;
  for (let w = 0; w < KEY_EXTENSION_WORDS; w++)
    keyExtension[slot * KEY_EXTENSION_WORDS + w] = extensions[i * KEY_EXTENSION_WORDS + w]!;
}
