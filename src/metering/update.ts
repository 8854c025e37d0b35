/**
 * Adds one packet to its flow's entry. The innermost part of the packet path: doubles and words of two cache lines.
 */
import * as decoded from '../decode/decoded-batch.ts';
import * as flowKey from './flow-key.ts';
import * as layout from './flow-layout.ts';
import type { FlowTable } from './flow-table.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { DETAIL_PRIORITY_SHIFT, ENCAPSULATION_WORDS, KEY_PROTOCOL, LINK_OFFSET } = decoded;
const { KEY_EXTENSION_WORDS } = flowKey;
const { LINK_WORDS } = layout;
const { CONTROL_BITS, DETAIL, DETAIL_FRAGMENT, EXTENSION_HEADERS, FLOW_LABEL } = decoded;
const { FRAME_OCTETS, IP_OCTETS } = decoded;
const { ENTRY_WORDS, EXTENSION_HEADERS_SEEN, FIRST_NS, FLOW_FIRST_NS, FLOW_LAST_NS } = layout;
const { FLOW_STATE, FORWARD_WORD, LABEL_CUSTOMER_VLAN, LAST_NS, LAYER2_OCTETS, LENGTH_MAX } = layout;
const { LENGTH_MIN, OCTETS, PACKETS, STATE_FIN_FORWARD, STATE_FIN_REVERSE } = layout;
const { STATE_TCP_ENDED, TCP_FLAGS_TOS, TTL_FRAGMENTS } = layout;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
export const FIN_OR_RST = FIN | RST;

/**
 * Adds the packet at word `at` of `packet` to a flow.
 * @param entryAt the flow's entry, in words
 * @param lineAt the line of the packet's direction, in words
 * @param times observation times; that of this packet is `times[i]`. Not passed as a number, which would be boxed.
 */
export function addPacket(
  words: Int32Array,
  doubles: Float64Array,
  entryAt: number,
  lineAt: number,
  packet: Int32Array,
  at: number,
  times: Float64Array,
  i: number,
): void {
  const timeNs = times[i]!;
  const entry = entryAt >>> 1;
  const line = lineAt >>> 1;
  const octets = packet[at + IP_OCTETS]! >>> 0;
  const control = packet[at + CONTROL_BITS]!;
  const ttl = (control >>> 16) & 0xff;
  const fragments = packet[at + DETAIL]! & DETAIL_FRAGMENT;
  if (timeNs > doubles[entry + FLOW_LAST_NS]!) doubles[entry + FLOW_LAST_NS] = timeNs;
  else if (timeNs < doubles[entry + FLOW_FIRST_NS]!) doubles[entry + FLOW_FIRST_NS] = timeNs;
  const packets = doubles[line + PACKETS]!;
  doubles[line + PACKETS] = packets + 1;
  doubles[line + OCTETS] = doubles[line + OCTETS]! + octets;
  doubles[line + LAYER2_OCTETS] = doubles[line + LAYER2_OCTETS]! + (packet[at + FRAME_OCTETS]! >>> 0);
  if (packets === 0) {
    doubles[line + FIRST_NS] = timeNs;
    doubles[line + LAST_NS] = timeNs;
    words[lineAt + TCP_FLAGS_TOS] = (control & 0xffff) | ((control >>> 24) << 16);
    words[lineAt + LENGTH_MIN] = octets;
    words[lineAt + LENGTH_MAX] = octets;
    words[lineAt + TTL_FRAGMENTS] = ttl | (ttl << 8) | (fragments << 16);
    words[lineAt + LABEL_CUSTOMER_VLAN] = packet[at + FLOW_LABEL]!;
    words[lineAt + EXTENSION_HEADERS_SEEN] = packet[at + EXTENSION_HEADERS]!;
    return;
  }
  if (timeNs > doubles[line + LAST_NS]!) doubles[line + LAST_NS] = timeNs;
  else if (timeNs < doubles[line + FIRST_NS]!) doubles[line + FIRST_NS] = timeNs;
  words[lineAt + TCP_FLAGS_TOS] = words[lineAt + TCP_FLAGS_TOS]! | (control & 0xffff);
  if (octets < words[lineAt + LENGTH_MIN]! >>> 0) words[lineAt + LENGTH_MIN] = octets;
  if (octets > words[lineAt + LENGTH_MAX]! >>> 0) words[lineAt + LENGTH_MAX] = octets;
  const seen = words[lineAt + TTL_FRAGMENTS]!;
  const least = seen & 0xff;
  const greatest = (seen >>> 8) & 0xff;
  if (ttl < least || ttl > greatest || fragments !== 0) {
    // 16 bits of fragments: a count that would wrap stays at its end.
    const count = seen >>> 16 === 0xffff ? 0xffff : (seen >>> 16) + fragments;
    words[lineAt + TTL_FRAGMENTS] =
      (ttl < least ? ttl : least) | ((ttl > greatest ? ttl : greatest) << 8) | (count << 16);
  }
  const extensionHeaders = packet[at + EXTENSION_HEADERS]!;
  if (extensionHeaders !== 0) {
    words[lineAt + EXTENSION_HEADERS_SEEN] = words[lineAt + EXTENSION_HEADERS_SEEN]! | extensionHeaders;
  }
}

/**
 * Notes a FIN or RST.
 * @returns true when the flow has just come to its end: it has to move on the wheel
 */
export function noteTcpEnd(
  table: FlowTable,
  slot: number,
  isReverse: boolean,
  control: number,
  timeNs: number,
): boolean {
  const at = slot * ENTRY_WORDS + FLOW_STATE;
  const { words } = table;
  let state = words[at]!;
  if ((control & FIN) !== 0) state |= isReverse ? STATE_FIN_REVERSE : STATE_FIN_FORWARD;
  const bothFins = (state & STATE_FIN_FORWARD) !== 0 && (state & STATE_FIN_REVERSE) !== 0;
  const wasEnded = (state & STATE_TCP_ENDED) !== 0;
  const isEnded = wasEnded || bothFins || (control & RST) !== 0;
  if (isEnded) state |= STATE_TCP_ENDED;
  words[at] = state;
  if (!isEnded || wasEnded) return false;
  table.tcpEndNs[slot] = timeNs;
  return true;
}

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
