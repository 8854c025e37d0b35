/**
 * Path health on its way out: writes the side tables of a slot into the words of a flow record (path-health-layout.ts).
 * Times become microseconds, and each group of words gets its bit only if it was measured; what has none is left as it
 * was. The groups of a direction are record-parts.ts's.
 */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import * as flow from '../../records/flow-layout.ts';
import * as record from '../../records/path-health-layout.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { intervalNs } from './intervals.ts';
import { newOctets, word, writeCounts, writePdm, writeTcp, writeTimes } from './record-parts.ts';
import * as timing from './timing.ts';
import { noteSilence } from './timing.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { FLOW_FIRST_NS, FLOW_LAST_NS, FORWARD_DOUBLE, PACKETS, REVERSE_DOUBLE } = flow;
const { BIT_ESTABLISHED, BIT_HANDSHAKE_CLIENT, BIT_HANDSHAKE_SERVER, BIT_INTERVALS } = record;
const { MEAN_RATE, PEAK_RATE, VALID_RATE } = record;
const { BIT_REFUSED, BIT_SAMPLED, BIT_SYN, BIT_SYN_ACK, BIT_TCP, DIRECTION_BITS } = record;
const { FIRST_INTERVAL, FORWARD_HEALTH, HANDSHAKE_CLIENT_US, HANDSHAKE_SERVER_US, HEALTH_BITS } = record;
const { HEALTH_WORD, ICMP_ERRORS, INTERVALS, INTERVALS_MAX, INTERVAL_LENGTH_MS } = record;
const { INTERVAL_OCTETS, INTERVAL_SHIFT, REVERSE_HEALTH, VALID_ECN, VALID_ICMP_ERROR } = record;
const { VALID_STALLS } = record;
const { ACKED, ACK_KNOWN, BITS, DATA_IN_RECORD, FLOW_BITS, FLOW_CLIENT_TIME, FLOW_ESTABLISHED } = side;
const { FLOW_OCTETS_USED, FLOW_REFUSED, FLOW_SERVER_TIME, FLOW_SYN, FLOW_SYN_ACK, HOT_DOUBLES } = side;
const { HOT_DOUBLINGS, HOT_FIRST_INTERVAL, HOT_FORWARD, HOT_INTERVAL, HOT_REVERSE, HOT_WORDS } = side;
const { ICMP_USED, ICMP_WORDS, INTERVAL_END_NS, LAST_DATA_NS, NEW_OCTETS, NEXT, NEXT_KNOWN } = side;
const { PDM_COUNT, PDM_USED, PDM_WORDS, SEEN_IN_RECORD, SYN_NS, TIMING_USED, TIMING_WORDS } = side;
const { TROUBLED } = side;
const { SILENCE_NS } = timing;

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
  const at = row + HEALTH_WORD;
  const from = slot * HOT_WORDS;
  const state = hot[from + FLOW_BITS]!;
  let bits = health.isSampled ? BIT_SAMPLED : 0;
  if ((state & FLOW_SYN) !== 0) bits |= BIT_SYN;
  if ((state & FLOW_SYN_ACK) !== 0) bits |= BIT_SYN_ACK;
  if ((state & FLOW_ESTABLISHED) !== 0) bits |= BIT_ESTABLISHED;
  if ((state & FLOW_REFUSED) !== 0) bits |= BIT_REFUSED;
  if ((state & FLOW_SERVER_TIME) !== 0) {
    bits |= BIT_HANDSHAKE_SERVER;
    const ns = health.timingDoubles[((slot * 2 * TIMING_WORDS) >>> 1) + SYN_NS]!;
    words[at + HANDSHAKE_SERVER_US] = word(ns / NS_PER_US);
  }
  if ((state & FLOW_CLIENT_TIME) !== 0) {
    bits |= BIT_HANDSHAKE_CLIENT;
    const ns = health.timingDoubles[(((slot * 2 + 1) * TIMING_WORDS) >>> 1) + SYN_NS]!;
    words[at + HANDSHAKE_CLIENT_US] = word(ns / NS_PER_US);
  }
  if (hotDoubles[slot * HOT_DOUBLES + INTERVAL_END_NS]! !== -Infinity) {
    bits |= BIT_INTERVALS;
    words[at + INTERVAL_LENGTH_MS] = word(intervalNs(health, hot[from + HOT_DOUBLINGS]!) / NS_PER_MS);
    words[at + FIRST_INTERVAL] = hot[from + HOT_FIRST_INTERVAL]!;
    words[at + INTERVALS] = hot[from + HOT_INTERVAL]! - hot[from + HOT_FIRST_INTERVAL]! + 1;
  }
  if (((hot[from + HOT_FORWARD + BITS]! | hot[from + HOT_REVERSE + BITS]!) & SEEN_IN_RECORD) !== 0)
    bits |= BIT_TCP;
  words[at + HEALTH_BITS] = bits;
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
  const from = slot * HOT_WORDS;
  const block = from + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const other = from + HOT_REVERSE - isReverse * (HOT_REVERSE - HOT_FORWARD);
  const line = slot * 2 + isReverse;
  const at = row + HEALTH_WORD + (isReverse === 1 ? REVERSE_HEALTH : FORWARD_HEALTH);
  const bits = hot[block + BITS]!;
  const hasPackets =
    doubles[(row >>> 1) + (isReverse === 1 ? REVERSE_DOUBLE : FORWARD_DOUBLE) + PACKETS]! > 0;
  let valid = 0;
  if (hotDoubles[slot * HOT_DOUBLES + INTERVAL_END_NS]! !== -Infinity)
    writeIntervals(batch, at, health, slot, isReverse);
  if ((bits & DATA_IN_RECORD) !== 0) {
    if (writeRates(batch, row, at, health, line, block)) valid |= VALID_RATE;
    if (isEnd) endSilence(health, line, block, other, doubles[(row >>> 1) + FLOW_LAST_NS]!);
    valid |= VALID_STALLS;
  }
  if (hasPackets && !health.isSampled) valid |= VALID_ECN;
  if ((bits & SEEN_IN_RECORD) !== 0) valid |= writeTcp(batch, at, health, line, block, other);
  if (valid !== 0) writeCounts(batch, at, health, line, block, doubles[(row >>> 1) + FLOW_LAST_NS]!);
  if ((bits & TIMING_USED) !== 0) valid |= writeTimes(words, at, health, line);
  if ((bits & PDM_USED) !== 0 && health.pdm[line * PDM_WORDS + PDM_COUNT]! > 0)
    valid |= writePdm(words, at, health, line);
  if ((bits & ICMP_USED) !== 0) {
    valid |= VALID_ICMP_ERROR;
    for (let w = 0; w < ICMP_WORDS; w++) words[at + ICMP_ERRORS + w] = icmp[line * ICMP_WORDS + w]!;
  }
  words[at + DIRECTION_BITS] = valid;
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
  const { hot, hotDoubles, octets } = health;
  const from = slot * HOT_WORDS;
  const block = from + HOT_FORWARD + isReverse * (HOT_REVERSE - HOT_FORWARD);
  const current = hot[from + HOT_INTERVAL]! - hot[from + HOT_FIRST_INTERVAL]!;
  const stored = (slot * 2 + isReverse) * INTERVALS_MAX;
  const isStored = (hot[from + FLOW_BITS]! & FLOW_OCTETS_USED) !== 0;
  const now = hotDoubles[(block >>> 1) + NEW_OCTETS]!;
  let most = now + (isStored ? octets[stored + current]! : 0);
  for (let o = 0; isStored && o < current; o++) if (octets[stored + o]! > most) most = octets[stored + o]!;
  let shift = 0;
  while (most / 2 ** shift > UINT32_MAX) shift++;
  const unit = 2 ** shift;
  words[at + INTERVAL_SHIFT] = shift;
  for (let o = 0; o <= current; o++) {
    const value = (isStored ? octets[stored + o]! : 0) + (o === current ? now : 0);
    words[at + INTERVAL_OCTETS + o] = Math.floor(value / unit) | 0;
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
  const seconds = (doubles[(row >>> 1) + FLOW_LAST_NS]! - doubles[(row >>> 1) + FLOW_FIRST_NS]!) / NS_PER_S;
  if (!(seconds > 0)) return false;
  const first = row + HEALTH_WORD;
  const length = words[first + INTERVAL_LENGTH_MS]! / MS_PER_S;
  const unit = 2 ** words[at + INTERVAL_SHIFT]!;
  let most = 0;
  for (let o = 0; o < words[first + INTERVALS]!; o++) {
    const octets = (words[at + INTERVAL_OCTETS + o]! >>> 0) * unit;
    if (octets > most) most = octets;
  }
  const mean = (newOctets(health, line, block) * 8) / seconds;
  // A flow that is shorter than an interval cannot have been slower in it than on the whole.
  const peak = (most * 8) / (seconds < length ? seconds : length);
  doubles[(at + MEAN_RATE) >>> 1] = Math.round(mean);
  doubles[(at + PEAK_RATE) >>> 1] = Math.round(peak > mean ? peak : mean);
  return true;
}

/** A silence that the flow's last packet ends, or does not. */
function endSilence(health: HealthTable, line: number, block: number, other: number, lastNs: number): void {
  const { hot, hotDoubles, number } = health;
  const ns = lastNs - hotDoubles[(block >>> 1) + LAST_DATA_NS]!;
  if (!(ns >= SILENCE_NS)) return;
  const isOutstanding =
    (hot[block + BITS]! & NEXT_KNOWN) !== 0 &&
    (hot[other + BITS]! & ACK_KNOWN) !== 0 &&
    ((hot[block + NEXT]! - hot[other + ACKED]!) | 0) > 0;
  number[0] = ns;
  noteSilence(health, line, block, isOutstanding || (hot[block + BITS]! & TROUBLED) !== 0);
}
