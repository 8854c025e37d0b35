/**
 * Path health: what the network did to each flow, measured packet by packet beside the flow table. This file says which
 * measurement a packet is for; what they are is in tcp.ts, intervals.ts, pdm.ts, icmp.ts,
 * and in words, with sources, in docs/path-health.md.
 *
 * Every packet must come here in the order of the capture, right after it was added to its flow, since a flow can be
 * exported and its slot reused between two packets of a batch.
 */

import type { DecodedBatch } from '../../records/decoded-batch.ts';
import * as decoded from '../../records/decoded-batch.ts';
import * as layout from '../../records/flow-layout.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../records/protocol-numbers.ts';
import * as tableWords from '../../records/table-words.ts';
import type { FlowTable } from '../table/flow-table.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { addIcmpError, isIcmpError } from './icmp.ts';
import { moveInterval, noteData } from './intervals.ts';
import { superPayload } from './loss.ts';
import { addPdm } from './pdm.ts';
import { addTcp } from './tcp.ts';
import { emptyTiming, lossOf } from './timing.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { CONTROL_BITS, DECODED_WORDS, DETAIL, DETAIL_LATER_FRAGMENT, DETAIL_TCP, EXTENSION_HEADERS } = decoded;
const { DETAIL_SUPER_PACKET, FRAGMENT_ID } = decoded;
const { IP_OCTETS, IP_OFFSET, KEY_PROTOCOL, OFFSET_WORDS, TRANSPORT_OFFSET } = decoded;
const { BITS, DATA_IN_RECORD, DATA_SEEN, FLIGHT, FLOW_BITS, FLOW_OCTETS_USED } = side;
const { HOT_DOUBLES, HOT_FORWARD, HOT_REVERSE, HOT_WORDS, ICMP_USED, ID_SEGMENT, INTERVAL_END_NS } = side;
const {
  LAST_DATA_NS,
  SEQUENCE_CE,
  SEQUENCE_COUNTER_WORDS,
  SEQUENCE_ECT,
  SEQUENCE_USED,
  SEQUENCE_WORDS,
  NEW_OCTETS,
} = side;
const { SEQUENCE_ZERO_SINCE_NS, PDM_COUNTER_WORDS, PDM_USED, PDM_WORDS, SEEN_IN_RECORD, SEGMENTS } = side;
const { WINDOW_RANGE, WINDOW_SEEN, ZERO_WINDOW } = side;
const { TIMING_WORDS } = side;
const { SLOT_MASK } = tableWords;
const { REVERSE_WORD } = layout;

/** Words of a cache line. */
const LINE_WORDS = 16;
const UDP_HEADER_OCTETS = 8;
/** IE 64's bit for destination options, the only place for PDM (RFC 8250 §3.1). */
const DESTINATION_OPTIONS = 1;
const CE = 3;

/**
 * Loads the lines of the side tables that the packets of a batch will need, as the metering process does with its own
 * table, so that their cache misses overlap.
 * @param found  index word of each packet
 * @returns a value that depends on all of them
 */
export function touchHealth(health: HealthTable | undefined, count: number, found: Int32Array): number {
  if (health === undefined) return 0;
  const { hot, timing } = health;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const slot = (found[i]! & SLOT_MASK) - 1;
    const place = slot < 0 ? 0 : slot;
    const at = place * HOT_WORDS;
    const times = place * 2 * TIMING_WORDS;
    touched ^= hot[at]! ^ hot[at + LINE_WORDS]! ^ timing[times]! ^ timing[times + LINE_WORDS]!;
    touched ^=
      timing[times + 2 * LINE_WORDS]! ^ timing[times + 3 * LINE_WORDS]! ^ timing[times + 4 * LINE_WORDS]!;
  }
  return touched;
}

/**
 * A flow starts in `slot`.
 * @param isContinued  it is the one that was there, cut by the active timeout: its counters start anew, what is known of
 *   the connection stays
 * @param i  its first packet, of which `times` has the time
 */
export function beginHealth(
  health: HealthTable,
  slot: number,
  isContinued: boolean,
  times: Float64Array,
  i: number,
): void {
  if (isContinued) {
    continueHealth(health, slot, times, i);
    return;
  }
  const { hot } = health;
  const from = slot * HOT_WORDS;
  for (let w = 0; w < HOT_WORDS; w++) hot[from + w] = 0;
  health.hotDoubles[slot * HOT_DOUBLES + INTERVAL_END_NS] = -Infinity;
}

function continueHealth(health: HealthTable, slot: number, times: Float64Array, i: number): void {
  const { hot, hotDoubles } = health;
  const at = slot * HOT_WORDS;
  hot[at + FLOW_BITS] = hot[at + FLOW_BITS]! & ~FLOW_OCTETS_USED;
  hotDoubles[slot * HOT_DOUBLES + INTERVAL_END_NS] = -Infinity;
  for (let direction = 0; direction < 2; direction++) {
    const block = at + HOT_FORWARD + direction * (HOT_REVERSE - HOT_FORWARD);
    const bits = hot[block + BITS]!;
    hot[block + SEGMENTS] = 0;
    hot[block + FLIGHT] = 0;
    hot[block + ID_SEGMENT] = hot[block + ID_SEGMENT]! & 0xffff;
    hot[block + WINDOW_RANGE] = 0;
    hotDoubles[(block >>> 1) + NEW_OCTETS] = 0;
    if (hotDoubles[(block >>> 1) + LAST_DATA_NS]! < times[i]!)
      hotDoubles[(block >>> 1) + LAST_DATA_NS] = times[i]!;
    const line = slot * 2 + direction;
    emptyTiming(health, line, block);
    if ((bits & SEQUENCE_USED) !== 0) {
      for (let w = 0; w < SEQUENCE_COUNTER_WORDS; w++) health.loss[line * SEQUENCE_WORDS + w] = 0;
      if ((bits & ZERO_WINDOW) !== 0)
        health.lossDoubles[((line * SEQUENCE_WORDS) >>> 1) + SEQUENCE_ZERO_SINCE_NS] = times[i]!;
    }
    if ((bits & PDM_USED) !== 0) {
      for (let w = 0; w < PDM_COUNTER_WORDS; w++) health.pdm[line * PDM_WORDS + w] = 0;
    }
    hot[block + BITS] = bits & ~(ICMP_USED | DATA_IN_RECORD | SEEN_IN_RECORD | WINDOW_SEEN);
  }
}

/**
 * Adds packet `i` of the batch, which has offsets, to the flow in `slot`.
 * @param line  where its direction's line starts within the flow's entry
 * @param view  the memory that its frame lies in
 * @param counters  the metering process's
 */
export function addHealth(
  table: FlowTable,
  slot: number,
  line: number,
  batch: DecodedBatch,
  i: number,
  view: DataView,
  counters: Float64Array,
): void {
  const health = table.health!;
  const packets = batch.words;
  const at = i * DECODED_WORDS;
  // A later fragment has the type of its first one, but nothing of what that quotes.
  if ((packets[at + DETAIL]! & (DETAIL_TCP | DETAIL_LATER_FRAGMENT)) === 0 && isIcmpError(packets, at))
    addIcmpError(table, health, batch, i, view, counters);
  if (health.isSampled) return;
  const isReverse = line === REVERSE_WORD ? 1 : 0;
  if (!(batch.timeNs[i]! < health.hotDoubles[slot * HOT_DOUBLES + INTERVAL_END_NS]!))
    moveInterval(health, slot, batch.timeNs, i);
  const ecn = (packets[at + CONTROL_BITS]! >>> 24) & 3;
  if (ecn !== 0) addEcn(health, slot, isReverse, ecn);
  if ((packets[at + EXTENSION_HEADERS]! & DESTINATION_OPTIONS) !== 0)
    addPdm(health, slot, isReverse, batch, i, view);
  if ((packets[at + DETAIL]! & DETAIL_TCP) !== 0) addTcp(health, slot, isReverse, batch, i, view);
  else addOther(health, slot, isReverse, batch, i);
}

/** A code point that says that the transport understands ECN, or that the network marked the packet (RFC 3168 §5). */
function addEcn(health: HealthTable, slot: number, isReverse: number, ecn: number): void {
  const line = slot * 2 + isReverse;
  const block = slot * HOT_WORDS + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const at = lossOf(health, line, block);
  health.loss[at + SEQUENCE_ECT] = health.loss[at + SEQUENCE_ECT]! + 1;
  if (ecn === CE) health.loss[at + SEQUENCE_CE] = health.loss[at + SEQUENCE_CE]! + 1;
}

/** Payload of any other protocol: what lies behind the IP headers, and behind UDP's. */
function addOther(
  health: HealthTable,
  slot: number,
  isReverse: number,
  batch: DecodedBatch,
  i: number,
): void {
  const packets = batch.words;
  const at = i * DECODED_WORDS;
  const protocol = packets[at + KEY_PROTOCOL]! & 0xff;
  if (protocol === PROTOCOL_TCP) return;
  const { hot, hotDoubles } = health;
  const offsets = batch.offsets!;
  const from = i * OFFSET_WORDS;
  const headers = offsets[from + TRANSPORT_OFFSET]! - offsets[from + IP_OFFSET]!;
  const isWhole = (packets[at + DETAIL]! & DETAIL_LATER_FRAGMENT) === 0;
  const transport = protocol === PROTOCOL_UDP && isWhole ? UDP_HEADER_OCTETS : 0;
  let payload = (packets[at + IP_OCTETS]! >>> 0) - headers - transport;
  if ((packets[at + DETAIL]! & DETAIL_SUPER_PACKET) !== 0)
    payload = superPayload(payload, packets[at + FRAGMENT_ID]!);
  if (payload <= 0) return;
  const line = slot * 2 + isReverse;
  const block = slot * HOT_WORDS + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const other = slot * HOT_WORDS + HOT_REVERSE - isReverse * (HOT_REVERSE - HOT_FORWARD);
  noteData(health, line, block, other, batch.timeNs, i);
  hot[block + BITS] = hot[block + BITS]! | DATA_SEEN | DATA_IN_RECORD;
  hotDoubles[(block >>> 1) + NEW_OCTETS] = hotDoubles[(block >>> 1) + NEW_OCTETS]! + payload;
}
