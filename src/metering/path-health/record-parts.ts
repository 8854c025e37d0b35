/** The groups of words of one direction in a record of path health (record.ts). */
import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import * as record from '../../records/path-health-layout.ts';
import type { HealthTable } from '../table/path-health-table.ts';
import * as side from '../table/path-health-table.ts';

// Imported constants are loaded from memory at each use, a module's own are folded into the code (docs/decisions/0004).
const { ACK_RTT, CAPTURE_LOST_OCTETS, CAPTURE_LOST_SEGMENTS, CE_PACKETS, DATA_SEGMENTS } = record;
const { DUPLICATE_ACKS, DUPLICATE_SACKS, ECE_CWR, ECT_PACKETS, INITIAL_SEQUENCE } = record;
const { INTERVALS_MAX, IN_FLIGHT_MAX, LONGEST_IDLE_MS, LONGEST_STALL_MS, LOSS_EVENTS } = record;
const { LOST_DOWNSTREAM, LOST_UPSTREAM, MIRROR_DUPLICATES, MSS_SCALE, OUT_OF_ORDER } = record;
const { PAYLOAD_OCTETS, PDM_DUPLICATED, PDM_LOST, PDM_PACKETS, PDM_PROBE_RTT, PDM_REORDERED } = record;
const { PDM_RTT, PDM_SERVER_DELAY, RESPONSE, RETRANSMITTED_OCTETS, RETRANSMITTED_SEGMENTS } = record;
const { RST_KEEP_ALIVES, SACK_BLOCKS, SEGMENT_MAX, SPURIOUS_RETRANSMISSIONS, STALLED_MS } = record;
const { STALLS, SYN_FIN_COUNT, TIMESTAMP_RTT, VALID_ACK_RTT, VALID_FLIGHT, VALID_INITIAL } = record;
const { VALID_MSS, VALID_PDM, VALID_PDM_PROBE_RTT, VALID_PDM_RTT, VALID_PDM_SERVER_DELAY } = record;
const { VALID_RESPONSE, VALID_SCALE, VALID_SEQUENCE, VALID_TCP, VALID_TIMESTAMP_RTT } = record;
const { VALID_WINDOW, WINDOW_FULL, WINDOW_MAX, WINDOW_MIN, ZERO_WINDOWS, ZERO_WINDOW_MS } = record;
const { ACK_KNOWN, ACK_TIMES, BITS, FLIGHT, FLOW_BITS, FLOW_OCTETS_USED, FRAGMENTED } = side;
const { GREATEST_NS, HOT_FORWARD, HOT_REVERSE, HOT_WORDS, ID_SEGMENT, INITIAL_KNOWN, JITTER_NS } = side;
const { LEAST_NS, SEQUENCE_CE, SEQUENCE_CWR, SEQUENCE_DISORDERED, SEQUENCE_DOWNSTREAM, SEQUENCE_DSACKS } =
  side;
const {
  SEQUENCE_DUPLICATE_ACKS,
  SEQUENCE_ECE,
  SEQUENCE_ECT,
  SEQUENCE_EPISODES,
  SEQUENCE_FIN,
  SEQUENCE_INITIAL,
} = side;
const {
  SEQUENCE_KEEP_ALIVES,
  SEQUENCE_LONGEST_IDLE_NS,
  SEQUENCE_LONGEST_STALL_NS,
  SEQUENCE_MIRRORED,
  SEQUENCE_MSS,
} = side;
const { SEQUENCE_RETRANSMITTED, SEQUENCE_RETRANSMITTED_OCTETS, SEQUENCE_RST, SEQUENCE_SACK_BLOCKS } = side;
const { SEQUENCE_SPURIOUS, SEQUENCE_STALLED_NS, SEQUENCE_STALLS, SEQUENCE_SYN, SEQUENCE_UNSEEN_OCTETS } =
  side;
const { SEQUENCE_UNSEEN_SEGMENTS, SEQUENCE_UPSTREAM, SEQUENCE_USED, SEQUENCE_WINDOW_FULL, SEQUENCE_WORDS } =
  side;
const { SEQUENCE_ZERO_SINCE_NS, SEQUENCE_ZERO_WINDOWS, SEQUENCE_ZERO_WINDOW_NS, MSS_KNOWN, NEW_OCTETS } =
  side;
const { NEXT_KNOWN, PDM_COUNT, PDM_LATE, PDM_MISSING, PDM_PROBE_SUM, PDM_PROBE_TIMES } = side;
const { PDM_RTT_SUM, PDM_RTT_TIMES, PDM_SERVER_SUM, PDM_SERVER_TIMES, PDM_TWICE, PDM_WORDS } = side;
const { RESPONSE_TIMES, SAMPLES, SCALE_OPTION, SEGMENTS, SUM_NS, SYN_OPTIONS, TIMESTAMP_TIMES } = side;
const { TIMING_WORDS, WINDOW, WINDOW_RANGE, WINDOW_SEEN, ZERO_WINDOW } = side;

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
  const { hot, loss } = health;
  const bits = hot[block + BITS]!;
  const otherBits = hot[other + BITS]!;
  const isOrdered = (bits & (NEXT_KNOWN | FRAGMENTED)) === NEXT_KNOWN;
  let valid = VALID_TCP | (isOrdered ? VALID_SEQUENCE : 0);
  if (isOrdered && (otherBits & ACK_KNOWN) !== 0) valid |= VALID_FLIGHT;
  words[at + DATA_SEGMENTS] = hot[block + SEGMENTS]!;
  words[at + IN_FLIGHT_MAX] = hot[block + FLIGHT]!;
  words[at + SEGMENT_MAX] = hot[block + ID_SEGMENT]! >>> 16;
  if ((bits & INITIAL_KNOWN) !== 0) {
    valid |= VALID_INITIAL;
    words[at + INITIAL_SEQUENCE] = loss[line * SEQUENCE_WORDS + SEQUENCE_INITIAL]!;
  }
  const mss = (bits & MSS_KNOWN) === 0 ? 0 : loss[line * SEQUENCE_WORDS + SEQUENCE_MSS]!;
  if (mss > 0) valid |= VALID_MSS;
  // A shift counts only if both SYNs offered one (RFC 7323 §2.2).
  const isScaleKnown = (bits & otherBits & SYN_OPTIONS) !== 0;
  const shift = (bits & otherBits & SCALE_OPTION) === 0 ? 0 : hot[block + WINDOW]! >>> 16;
  words[at + MSS_SCALE] = mss | (shift << 16);
  if (isScaleKnown) valid |= VALID_SCALE;
  if (isScaleKnown && (bits & WINDOW_SEEN) !== 0) {
    valid |= VALID_WINDOW;
    words[at + WINDOW_MIN] = (hot[block + WINDOW_RANGE]! & 0xffff) << shift;
    words[at + WINDOW_MAX] = (hot[block + WINDOW_RANGE]! >>> 16) << shift;
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
  const { hot, loss, lossDoubles } = health;
  const at = line * SEQUENCE_WORDS;
  const double = at >>> 1;
  const isUsed = (hot[block + BITS]! & SEQUENCE_USED) !== 0;
  const n = isUsed ? 1 : 0;
  words[to + RETRANSMITTED_SEGMENTS] = n * loss[at + SEQUENCE_RETRANSMITTED]!;
  words[to + LOSS_EVENTS] = n * loss[at + SEQUENCE_EPISODES]!;
  words[to + LOST_UPSTREAM] = n * loss[at + SEQUENCE_UPSTREAM]!;
  words[to + LOST_DOWNSTREAM] = isUsed ? lostDownstream(health, line) : 0;
  words[to + SPURIOUS_RETRANSMISSIONS] =
    n * (loss[at + SEQUENCE_SPURIOUS]! + loss[at + SEQUENCE_DOWNSTREAM]!) - words[to + LOST_DOWNSTREAM]!;
  words[to + OUT_OF_ORDER] = n * loss[at + SEQUENCE_DISORDERED]!;
  words[to + MIRROR_DUPLICATES] = n * loss[at + SEQUENCE_MIRRORED]!;
  words[to + CAPTURE_LOST_SEGMENTS] = n * loss[at + SEQUENCE_UNSEEN_SEGMENTS]!;
  words[to + DUPLICATE_ACKS] = n * loss[at + SEQUENCE_DUPLICATE_ACKS]!;
  words[to + SACK_BLOCKS] = n * loss[at + SEQUENCE_SACK_BLOCKS]!;
  words[to + DUPLICATE_SACKS] = n * loss[at + SEQUENCE_DSACKS]!;
  words[to + ZERO_WINDOWS] = n * loss[at + SEQUENCE_ZERO_WINDOWS]!;
  words[to + WINDOW_FULL] = n * loss[at + SEQUENCE_WINDOW_FULL]!;
  words[to + SYN_FIN_COUNT] = n * halves(loss[at + SEQUENCE_SYN]!, loss[at + SEQUENCE_FIN]!);
  words[to + RST_KEEP_ALIVES] = n * halves(loss[at + SEQUENCE_RST]!, loss[at + SEQUENCE_KEEP_ALIVES]!);
  words[to + ECT_PACKETS] = n * loss[at + SEQUENCE_ECT]!;
  words[to + CE_PACKETS] = n * loss[at + SEQUENCE_CE]!;
  words[to + ECE_CWR] = n * halves(loss[at + SEQUENCE_ECE]!, loss[at + SEQUENCE_CWR]!);
  words[to + STALLS] = n * loss[at + SEQUENCE_STALLS]!;
  const isClosed = isUsed && (hot[block + BITS]! & ZERO_WINDOW) !== 0;
  const closedNs = isClosed ? lastNs - lossDoubles[double + SEQUENCE_ZERO_SINCE_NS]! : 0;
  const ms = n / NS_PER_MS;
  words[to + ZERO_WINDOW_MS] = word(ms * (lossDoubles[double + SEQUENCE_ZERO_WINDOW_NS]! + closedNs));
  words[to + STALLED_MS] = word(ms * lossDoubles[double + SEQUENCE_STALLED_NS]!);
  words[to + LONGEST_STALL_MS] = word(ms * lossDoubles[double + SEQUENCE_LONGEST_STALL_NS]!);
  words[to + LONGEST_IDLE_MS] = word(ms * lossDoubles[double + SEQUENCE_LONGEST_IDLE_NS]!);
  const retransmitted = n * lossDoubles[double + SEQUENCE_RETRANSMITTED_OCTETS]!;
  doubles[(to + RETRANSMITTED_OCTETS) >>> 1] = retransmitted;
  doubles[(to + CAPTURE_LOST_OCTETS) >>> 1] = n * lossDoubles[double + SEQUENCE_UNSEEN_OCTETS]!;
  doubles[(to + PAYLOAD_OCTETS) >>> 1] = newOctets(health, line, block) + retransmitted;
}

/**
 * Segments sent again before they were acknowledged, less those that the receiver reported to have had already. A
 * spurious retransmission that the probe saw through itself is reported as well, and must not be taken off twice.
 */
export function lostDownstream(health: HealthTable, line: number): number {
  const { hot, loss } = health;
  const at = line * SEQUENCE_WORDS;
  const otherLine = line ^ 1;
  const otherBlock = (line >>> 1) * HOT_WORDS + ((line & 1) === 0 ? HOT_REVERSE : HOT_FORWARD);
  const isUsed = (hot[otherBlock + BITS]! & SEQUENCE_USED) !== 0;
  const reported = isUsed
    ? loss[otherLine * SEQUENCE_WORDS + SEQUENCE_DSACKS]! - loss[at + SEQUENCE_SPURIOUS]!
    : 0;
  const lost = loss[at + SEQUENCE_DOWNSTREAM]! - (reported > 0 ? reported : 0);
  return lost > 0 ? lost : 0;
}

/** New payload of all intervals. */
export function newOctets(health: HealthTable, line: number, block: number): number {
  const { hot, hotDoubles, octets } = health;
  let sum = hotDoubles[(block >>> 1) + NEW_OCTETS]!;
  if ((hot[(line >>> 1) * HOT_WORDS + FLOW_BITS]! & FLOW_OCTETS_USED) === 0) return sum;
  for (let o = 0; o < INTERVALS_MAX; o++) sum += octets[line * INTERVALS_MAX + o]!;
  return sum;
}

/** Round trips and responses. @returns the bits of what is valid */
export function writeTimes(words: Int32Array, to: number, health: HealthTable, line: number): number {
  const at = line * TIMING_WORDS;
  let valid = 0;
  if (writeTime(words, to + ACK_RTT, health, at + ACK_TIMES, true)) valid |= VALID_ACK_RTT;
  if (writeTime(words, to + TIMESTAMP_RTT, health, at + TIMESTAMP_TIMES, true)) valid |= VALID_TIMESTAMP_RTT;
  if (writeTime(words, to + RESPONSE, health, at + RESPONSE_TIMES, false)) valid |= VALID_RESPONSE;
  return valid;
}

function writeTime(
  words: Int32Array,
  to: number,
  health: HealthTable,
  at: number,
  hasJitter: boolean,
): boolean {
  const { timing: times, timingFloats, timingDoubles } = health;
  const samples = times[at + SAMPLES]!;
  if (samples === 0) return false;
  words[to] = samples;
  words[to + 1] = word(timingFloats[at + LEAST_NS]! / NS_PER_US);
  words[to + 2] = word(timingDoubles[(at + SUM_NS) >>> 1]! / samples / NS_PER_US);
  words[to + 3] = word(timingFloats[at + GREATEST_NS]! / NS_PER_US);
  if (hasJitter) words[to + 4] = word(timingFloats[at + JITTER_NS]! / NS_PER_US);
  return true;
}

/** What PDM options said. @returns the bits of what is valid */
export function writePdm(words: Int32Array, to: number, health: HealthTable, line: number): number {
  const { pdm } = health;
  const at = line * PDM_WORDS;
  words[to + PDM_PACKETS] = pdm[at + PDM_COUNT]!;
  words[to + PDM_LOST] = pdm[at + PDM_MISSING]!;
  words[to + PDM_REORDERED] = pdm[at + PDM_LATE]!;
  words[to + PDM_DUPLICATED] = pdm[at + PDM_TWICE]!;
  let valid = VALID_PDM;
  if (writePdmTime(words, to + PDM_RTT, health, at, PDM_RTT_TIMES, PDM_RTT_SUM)) valid |= VALID_PDM_RTT;
  if (writePdmTime(words, to + PDM_SERVER_DELAY, health, at, PDM_SERVER_TIMES, PDM_SERVER_SUM))
    valid |= VALID_PDM_SERVER_DELAY;
  if (writePdmTime(words, to + PDM_PROBE_RTT, health, at, PDM_PROBE_TIMES, PDM_PROBE_SUM))
    valid |= VALID_PDM_PROBE_RTT;
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
