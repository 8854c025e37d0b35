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
import { emptySilences, emptyTiming, lossOf } from './timing.ts';

const UDP_HEADER_OCTETS = 8;
/** IE 64's bit for destination options, the only place for PDM (RFC 8250 §3.1). */
const DESTINATION_OPTIONS = 1;
const CE = 3;

/** The slot that packet `i` was found to go to, or any. */
function slotAt(found: Int32Array, i: number): number {
  const slot = (found[i]! & tableWords.SLOT_MASK) - 1;
  return slot < 0 ? 0 : slot;
}

/**
 * Loads the lines of the side tables that the packets of a batch will need, as the metering process does with its own
 * table, so that their cache misses overlap. Where a line stands is known once those before it are there.
 * @param found  index word of each packet
 * @returns a value that depends on all of them
 */
export function touchHealth(health: HealthTable | undefined, count: number, found: Int32Array): number {
  if (health === undefined) return 0;
  const { hot, lines } = health;
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const at = slotAt(found, i) * side.HOT_WORDS;
    touched ^= hot[at]! ^ hot[at + side.LINE_WORDS]!;
  }
  for (let i = 0; i < count; i++) {
    const line = slotAt(found, i) * 2;
    touched ^= lines[side.timesAt(health, line)]!;
  }
  for (let i = 0; i < count; i++) {
    const line = slotAt(found, i) * 2;
    touched ^= lines[side.samplesAt(health, line)]! ^ lines[side.samplesAt(health, line + 1)]!;
    touched ^= lines[side.stampsAt(health, line)]! ^ lines[side.stampsAt(health, line + 1)]!;
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
  const from = slot * side.HOT_WORDS;
  side.freeParts(health, slot);
  for (let w = 0; w < side.HOT_WORDS; w++) hot[from + w] = 0;
  health.hotDoubles[slot * side.HOT_DOUBLES + side.INTERVAL_END_NS] = -Infinity;
}

function continueHealth(health: HealthTable, slot: number, times: Float64Array, i: number): void {
  const { hot, hotDoubles } = health;
  const at = slot * side.HOT_WORDS;
  hot[at + side.FLOW_BITS] = hot[at + side.FLOW_BITS]! & ~side.FLOW_OCTETS_USED;
  hotDoubles[slot * side.HOT_DOUBLES + side.INTERVAL_END_NS] = -Infinity;
  for (let direction = 0; direction < 2; direction++) {
    const block = at + side.HOT_FORWARD + direction * (side.HOT_REVERSE - side.HOT_FORWARD);
    const bits = hot[block + side.BITS]!;
    hot[block + side.SEGMENTS] = 0;
    hot[block + side.FLIGHT] = 0;
    hot[block + side.ID_SEGMENT] = hot[block + side.ID_SEGMENT]! & 0xffff;
    hot[block + side.WINDOW_RANGE] = 0;
    hotDoubles[(block >>> 1) + side.NEW_OCTETS] = 0;
    if (hotDoubles[(block >>> 1) + side.LAST_DATA_NS]! < times[i]!)
      hotDoubles[(block >>> 1) + side.LAST_DATA_NS] = times[i]!;
    const line = slot * 2 + direction;
    emptyTiming(health, line);
    emptySilences(health, line);
    if ((bits & side.SEQUENCE_USED) !== 0) {
      const loss = side.lossAt(health, line);
      for (let w = 0; w < side.SEQUENCE_COUNTER_WORDS; w++) health.loss[loss + w] = 0;
      if ((bits & side.ZERO_WINDOW) !== 0)
        health.lossDoubles[(loss >>> 1) + side.SEQUENCE_ZERO_SINCE_NS] = times[i]!;
    }
    if ((bits & side.PDM_USED) !== 0) {
      for (let w = 0; w < side.PDM_COUNTER_WORDS; w++) health.pdm[line * side.PDM_WORDS + w] = 0;
    }
    hot[block + side.BITS] =
      bits & ~(side.ICMP_USED | side.DATA_IN_RECORD | side.SEEN_IN_RECORD | side.WINDOW_SEEN);
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
  const at = i * decoded.DECODED_WORDS;
  // A later fragment has the type of its first one, but nothing of what that quotes.
  if (
    (packets[at + decoded.DETAIL]! & (decoded.DETAIL_TCP | decoded.DETAIL_LATER_FRAGMENT)) === 0 &&
    isIcmpError(packets, at)
  )
    addIcmpError(table, health, batch, i, view, counters);
  if (health.isSampled) return;
  const isReverse = line === layout.REVERSE_WORD ? 1 : 0;
  if (!(batch.timeNs[i]! < health.hotDoubles[slot * side.HOT_DOUBLES + side.INTERVAL_END_NS]!))
    moveInterval(health, slot, batch.timeNs, i);
  const ecn = (packets[at + decoded.CONTROL_BITS]! >>> 24) & 3;
  if (ecn !== 0) addEcn(health, slot, isReverse, ecn);
  if ((packets[at + decoded.EXTENSION_HEADERS]! & DESTINATION_OPTIONS) !== 0)
    addPdm(health, slot, isReverse, batch, i, view);
  if ((packets[at + decoded.DETAIL]! & decoded.DETAIL_TCP) !== 0)
    addTcp(health, slot, isReverse, batch, i, view);
  else addOther(health, slot, isReverse, batch, i);
}

/** A code point that says that the transport understands ECN, or that the network marked the packet (RFC 3168 §5). */
function addEcn(health: HealthTable, slot: number, isReverse: number, ecn: number): void {
  const line = slot * 2 + isReverse;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const at = lossOf(health, line, block);
  health.loss[at + side.SEQUENCE_ECT] = health.loss[at + side.SEQUENCE_ECT]! + 1;
  if (ecn === CE) health.loss[at + side.SEQUENCE_CE] = health.loss[at + side.SEQUENCE_CE]! + 1;
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
  const at = i * decoded.DECODED_WORDS;
  const protocol = packets[at + decoded.KEY_PROTOCOL]! & 0xff;
  if (protocol === PROTOCOL_TCP) return;
  const { hot, hotDoubles } = health;
  const offsets = batch.offsets!;
  const from = i * decoded.OFFSET_WORDS;
  const headers = offsets[from + decoded.TRANSPORT_OFFSET]! - offsets[from + decoded.IP_OFFSET]!;
  const isWhole = (packets[at + decoded.DETAIL]! & decoded.DETAIL_LATER_FRAGMENT) === 0;
  const transport = protocol === PROTOCOL_UDP && isWhole ? UDP_HEADER_OCTETS : 0;
  let payload = (packets[at + decoded.IP_OCTETS]! >>> 0) - headers - transport;
  if ((packets[at + decoded.DETAIL]! & decoded.DETAIL_SUPER_PACKET) !== 0)
    payload = superPayload(payload, packets[at + decoded.FRAGMENT_ID]!);
  if (payload <= 0) return;
  const line = slot * 2 + isReverse;
  const block = slot * side.HOT_WORDS + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const other = slot * side.HOT_WORDS + side.HOT_REVERSE - isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  noteData(health, line, block, other, batch.timeNs, i);
  hot[block + side.BITS] = hot[block + side.BITS]! | side.DATA_SEEN | side.DATA_IN_RECORD;
  hotDoubles[(block >>> 1) + side.NEW_OCTETS] = hotDoubles[(block >>> 1) + side.NEW_OCTETS]! + payload;
}
