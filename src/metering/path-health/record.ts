/**
 * Path health on its way out: writes the side tables of a slot into the words of a flow record (path-health-layout.ts).
 * Times become microseconds, and each group of words gets its bit only if it was measured; what has none is left as it
 * was. The groups of a direction are record-parts.ts's.
 */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import * as flow from '../../records/flow-layout.ts';
import * as record from '../../records/path-health-layout.ts';
import {
  hasHistogram,
  histogramArray,
  histogramAt,
  histogramLength,
} from '../table/path-health-histogram.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { doublingsOf, intervalNs } from './intervals.ts';
import { newOctets, word, writeCounts, writePdm, writeTcp, writeTimes } from './record-parts.ts';
import { noteSilence } from './timing.ts';

const NS_PER_US = 1e3;
const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const MS_PER_S = 1e3;
const UINT32_MAX = 4_294_967_295;

/**
 * Writes the path health of the flow in `slot` to the record at word `row`, whose entry words are written already.
 * What goes on (a closed window, a silence) counts up to the flow's last packet.
 * @param isEnd the flow ends: a silence that it ends with is noted in the table; else the table stays as it is
 */
export function writeHealth(
  batch: FlowRecordBatch,
  row: number,
  health: HealthTable,
  slot: number,
  isEnd: boolean,
): void {
  const { words } = batch;
  const { hot, hotDoubles } = health;
  const at = row + record.HEALTH_WORD;
  const from = slot * side.HOT_WORDS;
  const state = hot[from + side.FLOW_BITS]!;
  let bits = health.isSampled ? record.BIT_SAMPLED : 0;
  if ((state & side.FLOW_SYN) !== 0) bits |= record.BIT_SYN;
  if ((state & side.FLOW_SYN_ACK) !== 0) bits |= record.BIT_SYN_ACK;
  if ((state & side.FLOW_ESTABLISHED) !== 0) bits |= record.BIT_ESTABLISHED;
  if ((state & side.FLOW_REFUSED) !== 0) bits |= record.BIT_REFUSED;
  if ((state & side.FLOW_SERVER_TIME) !== 0) {
    bits |= record.BIT_HANDSHAKE_SERVER;
    const ns = health.lineDoubles[(side.handshakeAt(health, slot * 2) >>> 1) + side.SYN_NS]!;
    words[at + record.HANDSHAKE_SERVER_US] = word(ns / NS_PER_US);
  }
  if ((state & side.FLOW_CLIENT_TIME) !== 0) {
    bits |= record.BIT_HANDSHAKE_CLIENT;
    const ns = health.lineDoubles[(side.handshakeAt(health, slot * 2 + 1) >>> 1) + side.SYN_NS]!;
    words[at + record.HANDSHAKE_CLIENT_US] = word(ns / NS_PER_US);
  }
  if (hotDoubles[slot * side.HOT_DOUBLES + side.INTERVAL_END_NS]! !== -Infinity) {
    bits |= record.BIT_INTERVALS;
    words[at + record.INTERVAL_LENGTH_MS] = word(intervalNs(health, doublingsOf(hot, slot)) / NS_PER_MS);
    words[at + record.FIRST_INTERVAL] = hot[from + side.HOT_FIRST_INTERVAL]!;
    words[at + record.INTERVALS] = hot[from + side.HOT_INTERVAL]! - hot[from + side.HOT_FIRST_INTERVAL]! + 1;
  }
  if (
    ((hot[from + side.HOT_FORWARD + side.BITS]! | hot[from + side.HOT_REVERSE + side.BITS]!) &
      side.SEEN_IN_RECORD) !==
    0
  )
    bits |= record.BIT_TCP;
  words[at + record.HEALTH_BITS] = bits;
  writeDirection(batch, row, health, slot, 0, isEnd);
  writeDirection(batch, row, health, slot, 1, isEnd);
}

function writeDirection(
  batch: FlowRecordBatch,
  row: number,
  health: HealthTable,
  slot: number,
  isReverse: number,
  isEnd: boolean,
): void {
  const { words, doubles } = batch;
  const { hot, hotDoubles, icmp } = health;
  const from = slot * side.HOT_WORDS;
  const block = from + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const other = from + side.HOT_REVERSE - isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const line = slot * 2 + isReverse;
  const at = row + record.HEALTH_WORD + (isReverse === 1 ? record.REVERSE_HEALTH : record.FORWARD_HEALTH);
  const bits = hot[block + side.BITS]!;
  const hasPackets =
    doubles[(row >>> 1) + (isReverse === 1 ? flow.REVERSE_DOUBLE : flow.FORWARD_DOUBLE) + flow.PACKETS]! > 0;
  let valid = 0;
  if (hotDoubles[slot * side.HOT_DOUBLES + side.INTERVAL_END_NS]! !== -Infinity)
    writeIntervals(batch, at, health, slot, isReverse);
  if ((bits & side.DATA_IN_RECORD) !== 0) {
    if (writeRates(batch, row, at, health, line, block)) valid |= record.VALID_RATE;
    if (isEnd) endSilence(health, line, block, other, doubles[(row >>> 1) + flow.FLOW_LAST_NS]!);
    valid |= record.VALID_STALLS;
  }
  if (hasPackets && !health.isSampled) valid |= record.VALID_ECN;
  if ((bits & side.SEEN_IN_RECORD) !== 0) valid |= writeTcp(batch, at, health, line, block, other);
  if (valid !== 0) writeCounts(batch, at, health, line, block, doubles[(row >>> 1) + flow.FLOW_LAST_NS]!);
  valid |= writeTimes(words, at, health, line);
  if ((bits & side.PDM_USED) !== 0 && health.pdm[line * side.PDM_WORDS + side.PDM_COUNT]! > 0)
    valid |= writePdm(words, at, health, line);
  if ((bits & side.ICMP_USED) !== 0) {
    valid |= record.VALID_ICMP_ERROR;
    for (let w = 0; w < side.ICMP_WORDS; w++)
      words[at + record.ICMP_ERRORS + w] = icmp[line * side.ICMP_WORDS + w]!;
  }
  words[at + record.DIRECTION_BITS] = valid;
}

/** The histogram, with the current interval in it, scaled down by a power of two where it does not fit. */
function writeIntervals(
  batch: FlowRecordBatch,
  at: number,
  health: HealthTable,
  slot: number,
  isReverse: number,
): void {
  const { words } = batch;
  const { hot, hotDoubles } = health;
  const from = slot * side.HOT_WORDS;
  const block = from + side.HOT_FORWARD + isReverse * (side.HOT_REVERSE - side.HOT_FORWARD);
  const current = hot[from + side.HOT_INTERVAL]! - hot[from + side.HOT_FIRST_INTERVAL]!;
  const octets = histogramArray(health, slot);
  const stored = histogramAt(health, slot * 2 + isReverse);
  const length = hasHistogram(health, slot) ? histogramLength(health, slot) : 0;
  const now = hotDoubles[(block >>> 1) + side.NEW_OCTETS]!;
  let most = now + (current < length ? octets[stored + current]! : 0);
  for (let o = 0; o < current && o < length; o++) if (octets[stored + o]! > most) most = octets[stored + o]!;
  let shift = 0;
  while (most / 2 ** shift > UINT32_MAX) shift++;
  const unit = 2 ** shift;
  words[at + record.INTERVAL_SHIFT] = shift;
  for (let o = 0; o <= current; o++) {
    const value = (o < length ? octets[stored + o]! : 0) + (o === current ? now : 0);
    words[at + record.INTERVAL_OCTETS + o] = Math.floor(value / unit) | 0;
  }
}

/**
 * Rates of new payload. @returns false where the flow took no time, so that it has no mean one
 */
function writeRates(
  batch: FlowRecordBatch,
  row: number,
  at: number,
  health: HealthTable,
  line: number,
  block: number,
): boolean {
  const { words, doubles } = batch;
  const seconds =
    (doubles[(row >>> 1) + flow.FLOW_LAST_NS]! - doubles[(row >>> 1) + flow.FLOW_FIRST_NS]!) / NS_PER_S;
  if (!(seconds > 0)) return false;
  const first = row + record.HEALTH_WORD;
  const length = words[first + record.INTERVAL_LENGTH_MS]! / MS_PER_S;
  const unit = 2 ** words[at + record.INTERVAL_SHIFT]!;
  let most = 0;
  for (let o = 0; o < words[first + record.INTERVALS]!; o++) {
    const octets = (words[at + record.INTERVAL_OCTETS + o]! >>> 0) * unit;
    if (octets > most) most = octets;
  }
  const mean = (newOctets(health, line, block) * 8) / seconds;
  // A flow that is shorter than an interval cannot have been slower in it than on the whole.
  const peak = (most * 8) / (seconds < length ? seconds : length);
  doubles[(at + record.MEAN_RATE) >>> 1] = Math.round(mean);
  doubles[(at + record.PEAK_RATE) >>> 1] = Math.round(peak > mean ? peak : mean);
  return true;
}

/** A silence that the flow's last packet ends, or does not. */
function endSilence(health: HealthTable, line: number, block: number, other: number, lastNs: number): void {
  const { hot, hotDoubles, number } = health;
  const ns = lastNs - hotDoubles[(block >>> 1) + side.LAST_DATA_NS]!;
  if (!(ns >= side.SILENCE_NS)) return;
  const isOutstanding =
    (hot[block + side.BITS]! & side.NEXT_KNOWN) !== 0 &&
    (hot[other + side.BITS]! & side.ACK_KNOWN) !== 0 &&
    ((hot[block + side.NEXT]! - hot[other + side.ACKED]!) | 0) > 0;
  number[0] = ns;
  noteSilence(health, line, block, isOutstanding || (hot[block + side.BITS]! & side.TROUBLED) !== 0);
}
