/** The groups of words of one direction in a record of path health (record.ts). */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import * as record from '../../records/path-health-layout.ts';
import {
  hasHistogram,
  histogramArray,
  histogramAt,
  histogramLength,
} from '../table/path-health-histogram.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';
import { mssOf } from './loss.ts';

const NS_PER_US = 1e3;
const NS_PER_MS = 1e6;
const UINT32_MAX = 4_294_967_295;

/** A number as an unsigned word: rounded, at most what fits. */
export function word(value: number): number {
  return value >= UINT32_MAX ? -1 : Math.round(value) | 0;
}

/** Two numbers in one word, each at most 65,535. */
function halves(low: number, high: number): number {
  return (low > 0xffff ? 0xffff : low) | ((high > 0xffff ? 0xffff : high) << 16);
}

/** What the hot words hold of TCP. @returns the bits of what is valid */
export function writeTcp(
  batch: FlowRecordBatch,
  at: number,
  health: HealthTable,
  line: number,
  block: number,
  other: number,
): number {
  const { words } = batch;
  const { hot, lines } = health;
  const bits = hot[block + side.BITS]!;
  const otherBits = hot[other + side.BITS]!;
  const isOrdered = (bits & (side.NEXT_KNOWN | side.FRAGMENTED)) === side.NEXT_KNOWN;
  let valid = record.VALID_TCP | (isOrdered ? record.VALID_SEQUENCE : 0);
  if (isOrdered && (otherBits & side.ACK_KNOWN) !== 0) valid |= record.VALID_FLIGHT;
  words[at + record.DATA_SEGMENTS] = hot[block + side.SEGMENTS]!;
  words[at + record.IN_FLIGHT_MAX] = hot[block + side.FLIGHT]!;
  words[at + record.SEGMENT_MAX] = hot[block + side.ID_SEGMENT]! >>> 16;
  if ((bits & side.INITIAL_KNOWN) !== 0) {
    valid |= record.VALID_INITIAL;
    words[at + record.INITIAL_SEQUENCE] = lines[side.handshakeAt(health, line) + side.HANDSHAKE_INITIAL]!;
  }
  const mss = mssOf(health, line, block);
  if (mss > 0) valid |= record.VALID_MSS;
  // A shift counts only if both SYNs offered one (RFC 7323 §2.2).
  const isScaleKnown = (bits & otherBits & side.SYN_OPTIONS) !== 0;
  const shift = (bits & otherBits & side.SCALE_OPTION) === 0 ? 0 : hot[block + side.WINDOW]! >>> 16;
  words[at + record.MSS_SCALE] = mss | (shift << 16);
  if (isScaleKnown) valid |= record.VALID_SCALE;
  if (isScaleKnown && (bits & side.WINDOW_SEEN) !== 0) {
    valid |= record.VALID_WINDOW;
    words[at + record.WINDOW_MIN] = (hot[block + side.WINDOW_RANGE]! & 0xffff) << shift;
    words[at + record.WINDOW_MAX] = (hot[block + side.WINDOW_RANGE]! >>> 16) << shift;
  }
  return valid;
}

/** Counts that few packets change, and payload. */
export function writeCounts(
  batch: FlowRecordBatch,
  to: number,
  health: HealthTable,
  line: number,
  block: number,
  lastNs: number,
): void {
  const { words, doubles } = batch;
  const { hot, lines, loss, lossDoubles } = health;
  const at = side.lossAt(health, line);
  const double = at >>> 1;
  const isUsed = (hot[block + side.BITS]! & side.SEQUENCE_USED) !== 0;
  const n = isUsed ? 1 : 0;
  words[to + record.RETRANSMITTED_SEGMENTS] = n * loss[at + side.SEQUENCE_RETRANSMITTED]!;
  words[to + record.LOSS_EVENTS] = n * loss[at + side.SEQUENCE_EPISODES]!;
  words[to + record.LOST_UPSTREAM] = n * loss[at + side.SEQUENCE_UPSTREAM]!;
  words[to + record.LOST_DOWNSTREAM] = isUsed ? lostDownstream(health, line) : 0;
  words[to + record.SPURIOUS_RETRANSMISSIONS] =
    n * (loss[at + side.SEQUENCE_SPURIOUS]! + loss[at + side.SEQUENCE_DOWNSTREAM]!) -
    words[to + record.LOST_DOWNSTREAM]!;
  words[to + record.OUT_OF_ORDER] = n * loss[at + side.SEQUENCE_DISORDERED]!;
  words[to + record.MIRROR_DUPLICATES] = n * loss[at + side.SEQUENCE_MIRRORED]!;
  words[to + record.CAPTURE_LOST_SEGMENTS] = n * loss[at + side.SEQUENCE_UNSEEN_SEGMENTS]!;
  words[to + record.DUPLICATE_ACKS] = n * loss[at + side.SEQUENCE_DUPLICATE_ACKS]!;
  words[to + record.SACK_BLOCKS] = n * loss[at + side.SEQUENCE_SACK_BLOCKS]!;
  words[to + record.DUPLICATE_SACKS] = n * loss[at + side.SEQUENCE_DSACKS]!;
  words[to + record.ZERO_WINDOWS] = n * loss[at + side.SEQUENCE_ZERO_WINDOWS]!;
  words[to + record.WINDOW_FULL] = n * loss[at + side.SEQUENCE_WINDOW_FULL]!;
  const handshake = side.handshakeAt(health, line);
  words[to + record.SYN_FIN_COUNT] = lines[handshake + side.HANDSHAKE_SYN_FIN]!;
  words[to + record.RST_KEEP_ALIVES] = halves(
    lines[handshake + side.HANDSHAKE_RST_MSS]! & 0xffff,
    n * loss[at + side.SEQUENCE_KEEP_ALIVES]!,
  );
  words[to + record.ECT_PACKETS] = n * loss[at + side.SEQUENCE_ECT]!;
  words[to + record.CE_PACKETS] = n * loss[at + side.SEQUENCE_CE]!;
  words[to + record.ECE_CWR] = n * halves(loss[at + side.SEQUENCE_ECE]!, loss[at + side.SEQUENCE_CWR]!);
  const isClosed = isUsed && (hot[block + side.BITS]! & side.ZERO_WINDOW) !== 0;
  const closedNs = isClosed ? lastNs - lossDoubles[double + side.SEQUENCE_ZERO_SINCE_NS]! : 0;
  const ms = n / NS_PER_MS;
  words[to + record.ZERO_WINDOW_MS] = word(
    ms * (lossDoubles[double + side.SEQUENCE_ZERO_WINDOW_NS]! + closedNs),
  );
  writeSilences(words, to, health, line);
  const retransmitted = n * lossDoubles[double + side.SEQUENCE_RETRANSMITTED_OCTETS]!;
  doubles[(to + record.RETRANSMITTED_OCTETS) >>> 1] = retransmitted;
  doubles[(to + record.CAPTURE_LOST_OCTETS) >>> 1] = n * lossDoubles[double + side.SEQUENCE_UNSEEN_OCTETS]!;
  doubles[(to + record.PAYLOAD_OCTETS) >>> 1] = newOctets(health, line, block) + retransmitted;
}

function writeSilences(words: Int32Array, to: number, health: HealthTable, line: number): void {
  const { lines, lineDoubles } = health;
  const at = side.silencesAt(health, line);
  const double = at >>> 1;
  words[to + record.STALLS] = lines[at + side.SILENCE_STALLS]!;
  words[to + record.STALLED_MS] = word(lineDoubles[double + side.SILENCE_STALLED_NS]! / NS_PER_MS);
  words[to + record.LONGEST_STALL_MS] = word(
    lineDoubles[double + side.SILENCE_LONGEST_STALL_NS]! / NS_PER_MS,
  );
  words[to + record.LONGEST_IDLE_MS] = word(lineDoubles[double + side.SILENCE_LONGEST_IDLE_NS]! / NS_PER_MS);
}

/**
 * Segments sent again before they were acknowledged, less those that the receiver reported to have had already. A
 * spurious retransmission that the probe saw through itself is reported as well, and must not be taken off twice.
 */
export function lostDownstream(health: HealthTable, line: number): number {
  const { hot, loss } = health;
  const at = side.lossAt(health, line);
  const otherLine = line ^ 1;
  const otherBlock = (line >>> 1) * side.HOT_WORDS + ((line & 1) === 0 ? side.HOT_REVERSE : side.HOT_FORWARD);
  const isUsed = (hot[otherBlock + side.BITS]! & side.SEQUENCE_USED) !== 0;
  const reported = isUsed
    ? loss[side.lossAt(health, otherLine) + side.SEQUENCE_DSACKS]! - loss[at + side.SEQUENCE_SPURIOUS]!
    : 0;
  const lost = loss[at + side.SEQUENCE_DOWNSTREAM]! - (reported > 0 ? reported : 0);
  return lost > 0 ? lost : 0;
}

/** New payload of all intervals. */
export function newOctets(health: HealthTable, line: number, block: number): number {
  const slot = line >>> 1;
  let sum = health.hotDoubles[(block >>> 1) + side.NEW_OCTETS]!;
  if (!hasHistogram(health, slot)) return sum;
  const octets = histogramArray(health, slot);
  const from = histogramAt(health, line);
  const length = histogramLength(health, slot);
  for (let o = 0; o < length; o++) sum += octets[from + o]!;
  return sum;
}

/** Round trips and responses. @returns the bits of what is valid */
export function writeTimes(words: Int32Array, to: number, health: HealthTable, line: number): number {
  const at = side.samplesAt(health, line);
  const responses = side.samplesAt(health, line ^ 1) + side.RESPONSE_TIMES;
  const stamps = side.stampsAt(health, line);
  let valid = 0;
  if (writeTime(words, to + record.ACK_RTT, health, at + side.ACK_TIMES, true)) valid |= record.VALID_ACK_RTT;
  if (writeTime(words, to + record.TIMESTAMP_RTT, health, stamps + side.TIMESTAMP_TIMES, true))
    valid |= record.VALID_TIMESTAMP_RTT;
  if (writeTime(words, to + record.RESPONSE, health, responses, false)) valid |= record.VALID_RESPONSE;
  return valid;
}

function writeTime(
  words: Int32Array,
  to: number,
  health: HealthTable,
  at: number,
  hasJitter: boolean,
): boolean {
  const { lines, lineFloats, lineDoubles } = health;
  const samples = lines[at + side.SAMPLES]!;
  if (samples === 0) return false;
  words[to] = samples;
  words[to + 1] = word(lineFloats[at + side.LEAST_NS]! / NS_PER_US);
  words[to + 2] = word(lineDoubles[(at + side.SUM_NS) >>> 1]! / samples / NS_PER_US);
  words[to + 3] = word(lineFloats[at + side.GREATEST_NS]! / NS_PER_US);
  if (hasJitter) words[to + 4] = word(lineFloats[at + side.JITTER_NS]! / NS_PER_US);
  return true;
}

/** What PDM options said. @returns the bits of what is valid */
export function writePdm(words: Int32Array, to: number, health: HealthTable, line: number): number {
  const { pdm } = health;
  const at = line * side.PDM_WORDS;
  words[to + record.PDM_PACKETS] = pdm[at + side.PDM_COUNT]!;
  words[to + record.PDM_LOST] = pdm[at + side.PDM_MISSING]!;
  words[to + record.PDM_REORDERED] = pdm[at + side.PDM_LATE]!;
  words[to + record.PDM_DUPLICATED] = pdm[at + side.PDM_TWICE]!;
  let valid = record.VALID_PDM;
  if (writePdmTime(words, to + record.PDM_RTT, health, at, side.PDM_RTT_TIMES, side.PDM_RTT_SUM))
    valid |= record.VALID_PDM_RTT;
  if (
    writePdmTime(words, to + record.PDM_SERVER_DELAY, health, at, side.PDM_SERVER_TIMES, side.PDM_SERVER_SUM)
  )
    valid |= record.VALID_PDM_SERVER_DELAY;
  if (writePdmTime(words, to + record.PDM_PROBE_RTT, health, at, side.PDM_PROBE_TIMES, side.PDM_PROBE_SUM))
    valid |= record.VALID_PDM_PROBE_RTT;
  return valid;
}

function writePdmTime(
  words: Int32Array,
  to: number,
  health: HealthTable,
  at: number,
  times: number,
  sum: number,
): boolean {
  const { pdm, pdmFloats, pdmDoubles } = health;
  const samples = pdm[at + times]!;
  if (samples === 0) return false;
  words[to] = samples;
  words[to + 1] = word(pdmFloats[at + times + 1]! / NS_PER_US);
  words[to + 2] = word(pdmDoubles[(at >>> 1) + sum]! / samples / NS_PER_US);
  words[to + 3] = word(pdmFloats[at + times + 2]! / NS_PER_US);
  return true;
}
