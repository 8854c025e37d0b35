/**
 * Writes the details of a flow's first packet beside its entry. The engine writes the entry (engine/assembly/table.ts),
 * and link details too where the frames lie in its memory.
 */
import * as decoded from '../records/decoded-batch.ts';
import * as layout from '../records/flow-layout.ts';
import * as flowKey from './table/flow-key.ts';
import type { FlowTable } from './table/flow-table.ts';

const SYN = 0x02;
const RST = 0x04;

/** True for the first packet of a connection that is opened (SYN) or answered (SYN, ACK). */
export function isSyn(control: number): boolean {
  return (control & (SYN | RST)) === SYN;
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
  const to = slot * layout.LINK_WORDS;
  const offset = packet[at + decoded.LINK_OFFSET]!;
  const etherType = ((packet[at + decoded.KEY_PROTOCOL]! >>> 8) & 0xf) === 4 ? 0x0800 : 0x86dd;
  const priority = (packet[at + decoded.DETAIL]! >>> decoded.DETAIL_PRIORITY_SHIFT) & 7;
  if (offset === -1) {
    link[to] = 0;
    link[to + 1] = 0;
    link[to + 2] = 0;
    link[to + 3] = (etherType << 16) | priority;
    return;
  }
  const frames = offset < 0 ? table.memory : view;
  const from = offset < 0 ? -4 * offset : offset;
  // An Ethernet header: destination, then source.
  link[to] = frames.getInt32(from + 6);
  link[to + 1] = (frames.getUint16(from + 10) << 16) | frames.getUint16(from);
  link[to + 2] = frames.getInt32(from + 2);
  link[to + 3] = (etherType << 16) | layout.LINK_HAS_MACS | priority;
}

/** Copies what was around packet `i` of a batch to the flow in `slot`, whose first packet it is. */
export function writeEncapsulation(
  { encapsulation: to }: FlowTable,
  slot: number,
  from: Int32Array | undefined,
  i: number,
): void {
  if (to === undefined || from === undefined) return;
  for (let w = 0; w < decoded.ENCAPSULATION_WORDS; w++)
    to[slot * decoded.ENCAPSULATION_WORDS + w] = from[i * decoded.ENCAPSULATION_WORDS + w]!;
}

/** Writes the key extension of packet `i` of a batch to the slot of a new flow. */
export function writeKeyExtension(
  { keyExtension: to }: FlowTable,
  slot: number,
  extensions: Int32Array,
  i: number,
): void {
  if (to === undefined) return;
  for (let w = 0; w < flowKey.KEY_EXTENSION_WORDS; w++)
    to[slot * flowKey.KEY_EXTENSION_WORDS + w] = extensions[i * flowKey.KEY_EXTENSION_WORDS + w]!;
}
