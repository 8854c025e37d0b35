/**
 * Reads path health from a flow record (path-health-layout.ts) as plain numbers. For reports and tests: it makes
 * objects, so nothing that runs for every record uses it.
 */

import { FLOW_PROTOCOL, type FlowRecordBatch } from './flow-layout.ts';
import type { DirectionHealth, FlowHealth, IcmpErrorFigures, TimeFigures } from './path-health-figures.ts';
import {
  ACK_RTT,
  BIT_ESTABLISHED,
  BIT_HANDSHAKE_CLIENT,
  BIT_HANDSHAKE_SERVER,
  BIT_INTERVALS,
  BIT_REFUSED,
  BIT_SAMPLED,
  BIT_SYN,
  BIT_SYN_ACK,
  BIT_TCP,
  CAPTURE_LOST_OCTETS,
  CAPTURE_LOST_SEGMENTS,
  CE_PACKETS,
  DATA_SEGMENTS,
  DIRECTION_BITS,
  DUPLICATE_ACKS,
  DUPLICATE_SACKS,
  ECE_CWR,
  ECT_PACKETS,
  FIRST_INTERVAL,
  FORWARD_HEALTH,
  HANDSHAKE_CLIENT_US,
  HANDSHAKE_SERVER_US,
  HEALTH_BITS,
  HEALTH_WORD,
  ICMP_ERRORS,
  ICMP_QUOTED_HEADERS,
  ICMP_ROUTER,
  ICMP_TYPE_CODE_HOPS,
  IN_FLIGHT_MAX,
  INITIAL_SEQUENCE,
  INTERVAL_LENGTH_MS,
  INTERVAL_OCTETS,
  INTERVAL_SHIFT,
  INTERVALS,
  LONGEST_IDLE_MS,
  LONGEST_STALL_MS,
  LOSS_EVENTS,
  LOST_DOWNSTREAM,
  LOST_UPSTREAM,
  MEAN_RATE,
  MIRROR_DUPLICATES,
  MSS_SCALE,
  OUT_OF_ORDER,
  PAYLOAD_OCTETS,
  PDM_DUPLICATED,
  PDM_LOST,
  PDM_PACKETS,
  PDM_PROBE_RTT,
  PDM_REORDERED,
  PDM_RTT,
  PDM_SERVER_DELAY,
  PEAK_RATE,
  RESPONSE,
  RETRANSMITTED_OCTETS,
  RETRANSMITTED_SEGMENTS,
  REVERSE_HEALTH,
  RST_KEEP_ALIVES,
  SACK_BLOCKS,
  SEGMENT_MAX,
  SPURIOUS_RETRANSMISSIONS,
  STALLED_MS,
  STALLS,
  SYN_FIN_COUNT,
  TIMESTAMP_RTT,
  VALID_ACK_RTT,
  VALID_ECN,
  VALID_FLIGHT,
  VALID_ICMP_ERROR,
  VALID_INITIAL,
  VALID_MSS,
  VALID_PDM,
  VALID_PDM_PROBE_RTT,
  VALID_PDM_RTT,
  VALID_PDM_SERVER_DELAY,
  VALID_RATE,
  VALID_RESPONSE,
  VALID_SCALE,
  VALID_SEQUENCE,
  VALID_STALLS,
  VALID_TCP,
  VALID_TIMESTAMP_RTT,
  VALID_WINDOW,
  WINDOW_FULL,
  WINDOW_MAX,
  WINDOW_MIN,
  ZERO_WINDOW_MS,
  ZERO_WINDOWS,
} from './path-health-layout.ts';
import { hasHealth } from './record-sections.ts';

const { NaN: UNKNOWN } = Number;
const NO_TIME: TimeFigures = {
  samples: 0,
  minMs: UNKNOWN,
  meanMs: UNKNOWN,
  maxMs: UNKNOWN,
  jitterMs: UNKNOWN,
};

type Reader = (word: number) => number;

function timeFigures(read: Reader, at: number, isValid: boolean, hasJitter: boolean): TimeFigures {
  if (!isValid) return NO_TIME;
  return {
    samples: read(at),
    minMs: read(at + 1) / 1e3,
    meanMs: read(at + 2) / 1e3,
    maxMs: read(at + 3) / 1e3,
    jitterMs: hasJitter ? read(at + 4) / 1e3 : UNKNOWN,
  };
}

function icmpError(read: Reader): IcmpErrorFigures {
  const word = read(ICMP_TYPE_CODE_HOPS);
  const headers = read(ICMP_QUOTED_HEADERS);
  return {
    errors: read(ICMP_ERRORS),
    type: (word >>> 8) & 0xff,
    code: word & 0xff,
    routerAddress: [
      read(ICMP_ROUTER) | 0,
      read(ICMP_ROUTER + 1) | 0,
      read(ICMP_ROUTER + 2) | 0,
      read(ICMP_ROUTER + 3) | 0,
    ],
    quotedHopLimit: (word >>> 16) & 0xff,
    errorHopLimit: word >>> 24,
    quotedExtensionHeaders: headers & 0xffff,
    quotedPdm: headers >>> 31 === 1,
  };
}

/** The words of one direction's part of a record. */
interface DirectionWords {
  readonly read: Reader;
  readonly double: Reader;
  /** Whether a bit of DIRECTION_BITS is set. */
  has(bit: number): boolean;
  /** The value where the bit is set, else UNKNOWN. */
  when(bit: number, value: number): number;
}

function directionWords({ words, doubles }: FlowRecordBatch, at: number): DirectionWords {
  const bits = words[at + DIRECTION_BITS]!;
  const has = (bit: number) => (bits & bit) !== 0;
  return {
    read: (word) => words[at + word]! >>> 0,
    double: (word) => doubles[(at + word) >>> 1]!,
    has,
    when: (bit, value) => (has(bit) ? value : UNKNOWN),
  };
}

/** Counts of segments, and what their headers say. */
function readSegments({ read, double, has, when }: DirectionWords) {
  const low = (word: number) => read(word) & 0xffff;
  const high = (word: number) => read(word) >>> 16;
  return {
    isTcp: has(VALID_TCP),
    dataSegments: when(VALID_TCP, read(DATA_SEGMENTS)),
    payloadOctets: when(VALID_TCP, double(PAYLOAD_OCTETS)),
    retransmittedSegments: when(VALID_SEQUENCE, read(RETRANSMITTED_SEGMENTS)),
    retransmittedOctets: when(VALID_SEQUENCE, double(RETRANSMITTED_OCTETS)),
    lossEvents: when(VALID_SEQUENCE, read(LOSS_EVENTS)),
    lostUpstreamSegments: when(VALID_SEQUENCE, read(LOST_UPSTREAM)),
    lostDownstreamSegments: when(VALID_SEQUENCE, read(LOST_DOWNSTREAM)),
    spuriousRetransmissions: when(VALID_SEQUENCE, read(SPURIOUS_RETRANSMISSIONS)),
    outOfOrderSegments: when(VALID_SEQUENCE, read(OUT_OF_ORDER)),
    mirrorDuplicates: when(VALID_SEQUENCE, read(MIRROR_DUPLICATES)),
    captureLostSegments: when(VALID_FLIGHT, read(CAPTURE_LOST_SEGMENTS)),
    captureLostOctets: when(VALID_FLIGHT, double(CAPTURE_LOST_OCTETS)),
    duplicateAcks: when(VALID_TCP, read(DUPLICATE_ACKS)),
    sackBlocks: when(VALID_TCP, read(SACK_BLOCKS)),
    duplicateSacks: when(VALID_TCP, read(DUPLICATE_SACKS)),
    zeroWindowEpisodes: when(VALID_TCP, read(ZERO_WINDOWS)),
    zeroWindowMs: when(VALID_TCP, read(ZERO_WINDOW_MS)),
    windowFullSegments: when(VALID_FLIGHT, read(WINDOW_FULL)),
    windowMinOctets: when(VALID_WINDOW, read(WINDOW_MIN)),
    windowMaxOctets: when(VALID_WINDOW, read(WINDOW_MAX)),
    windowScale: when(VALID_SCALE, high(MSS_SCALE)),
    maximumSegmentOctets: when(VALID_MSS, low(MSS_SCALE)),
    largestSegmentOctets: when(VALID_TCP, read(SEGMENT_MAX)),
    inFlightMaxOctets: when(VALID_FLIGHT, read(IN_FLIGHT_MAX)),
    initialSequenceNumber: when(VALID_INITIAL, read(INITIAL_SEQUENCE)),
    synCount: when(VALID_TCP, low(SYN_FIN_COUNT)),
    finCount: when(VALID_TCP, high(SYN_FIN_COUNT)),
    rstCount: when(VALID_TCP, low(RST_KEEP_ALIVES)),
    keepAlives: when(VALID_TCP, high(RST_KEEP_ALIVES)),
    ectPackets: when(VALID_ECN, read(ECT_PACKETS)),
    cePackets: when(VALID_ECN, read(CE_PACKETS)),
    eceSegments: when(VALID_TCP, low(ECE_CWR)),
    cwrSegments: when(VALID_TCP, high(ECE_CWR)),
  };
}

/** Times, rates, and what came from PDM and ICMP. @param intervals that the flow's octets are divided into */
function readTimes({ read, double, has, when }: DirectionWords, intervals: number) {
  const scale = 2 ** (intervals > 0 ? read(INTERVAL_SHIFT) : 0);
  return {
    ackRtt: timeFigures(read, ACK_RTT, has(VALID_ACK_RTT), true),
    timestampRtt: timeFigures(read, TIMESTAMP_RTT, has(VALID_TIMESTAMP_RTT), true),
    response: timeFigures(read, RESPONSE, has(VALID_RESPONSE), false),
    stalls: when(VALID_STALLS, read(STALLS)),
    stalledMs: when(VALID_STALLS, read(STALLED_MS)),
    longestStallMs: when(VALID_STALLS, read(LONGEST_STALL_MS)),
    longestIdleMs: when(VALID_STALLS, read(LONGEST_IDLE_MS)),
    intervalOctets: Array.from({ length: intervals }, (_, i) => read(INTERVAL_OCTETS + i) * scale),
    meanBitsPerSecond: when(VALID_RATE, double(MEAN_RATE)),
    peakBitsPerSecond: when(VALID_RATE, double(PEAK_RATE)),
    pdmPackets: when(VALID_PDM, read(PDM_PACKETS)),
    pdmLostPackets: when(VALID_PDM, read(PDM_LOST)),
    pdmReorderedPackets: when(VALID_PDM, read(PDM_REORDERED)),
    pdmDuplicatedPackets: when(VALID_PDM, read(PDM_DUPLICATED)),
    pdmRoundTrip: timeFigures(read, PDM_RTT, has(VALID_PDM_RTT), false),
    pdmServerDelay: timeFigures(read, PDM_SERVER_DELAY, has(VALID_PDM_SERVER_DELAY), false),
    pdmProbeRoundTrip: timeFigures(read, PDM_PROBE_RTT, has(VALID_PDM_PROBE_RTT), false),
    icmpError: has(VALID_ICMP_ERROR) ? icmpError(read) : undefined,
  };
}

function readDirection(batch: FlowRecordBatch, at: number, intervals: number): DirectionHealth {
  const words = directionWords(batch, at);
  return { ...readSegments(words), ...readTimes(words, intervals) };
}

/**
 * The better figures of a segment's round trip: of acknowledgements or timestamps, whichever are more, else of the
 * handshake.
 */
function segmentRtt({ ackRtt, timestampRtt }: DirectionHealth, handshakeMs: number): TimeFigures {
  if (timestampRtt.samples > ackRtt.samples) return timestampRtt;
  if (ackRtt.samples > 0) return ackRtt;
  if (Number.isNaN(handshakeMs)) return NO_TIME;
  return { samples: 1, minMs: handshakeMs, meanMs: handshakeMs, maxMs: handshakeMs, jitterMs: UNKNOWN };
}

function addFigures(one: TimeFigures, other: TimeFigures): TimeFigures {
  if (one.samples === 0 || other.samples === 0) return NO_TIME;
  return {
    samples: Math.max(one.samples, other.samples),
    minMs: one.minMs + other.minMs,
    meanMs: one.meanMs + other.meanMs,
    maxMs: one.maxMs + other.maxMs,
    jitterMs: one.jitterMs + other.jitterMs,
  };
}

/**
 * Path health of a record as plain numbers. For reports: it makes objects.
 * @param row first word of the record: its number × stride
 * @returns undefined where the records carry none
 */
export function readHealth(batch: FlowRecordBatch, row: number): FlowHealth | undefined {
  if (!hasHealth(batch)) return undefined;
  const { words } = batch;
  const at = row + HEALTH_WORD;
  const bits = words[at + HEALTH_BITS]!;
  const has = (bit: number) => (bits & bit) !== 0;
  const ms = (bit: number, word: number) => (has(bit) ? (words[at + word]! >>> 0) / 1e3 : UNKNOWN);
  const handshakeServerMs = ms(BIT_HANDSHAKE_SERVER, HANDSHAKE_SERVER_US);
  const handshakeClientMs = ms(BIT_HANDSHAKE_CLIENT, HANDSHAKE_CLIENT_US);
  const intervals = has(BIT_INTERVALS) ? words[at + INTERVALS]! : 0;
  const intervalMs = intervals === 0 ? UNKNOWN : words[at + INTERVAL_LENGTH_MS]!;
  const forward = readDirection(batch, at + FORWARD_HEALTH, intervals);
  const reverse = readDirection(batch, at + REVERSE_HEALTH, intervals);
  return {
    protocol: words[row + FLOW_PROTOCOL]! & 0xff,
    isSampled: has(BIT_SAMPLED),
    isTcp: has(BIT_TCP),
    handshakeServerMs,
    handshakeClientMs,
    synSeen: has(BIT_SYN),
    synAckSeen: has(BIT_SYN_ACK),
    isEstablished: has(BIT_ESTABLISHED),
    isRefused: has(BIT_REFUSED),
    intervalMs,
    firstInterval: intervals === 0 ? UNKNOWN : words[at + FIRST_INTERVAL]!,
    roundTrip: addFigures(segmentRtt(forward, handshakeServerMs), segmentRtt(reverse, handshakeClientMs)),
    forward,
    reverse,
  };
}
