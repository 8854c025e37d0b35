/** Flow records with path health, laid out by hand after flow-layout.ts and path-health-layout.ts. */
import {
  ADDRESS_A,
  ADDRESS_B,
  FIRST_NS,
  FLOW_FIRST_NS,
  FLOW_LAST_NS,
  FLOW_OBSERVATION_POINT,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  FORWARD_WORD,
  LAST_NS,
  OCTETS,
  PACKETS,
  REVERSE_DOUBLE,
  REVERSE_WORD,
  STATE_END_REASON_SHIFT,
  STATE_PPPOE_SHIFT,
  TCP_FLAGS_TOS,
} from '../../src/records/flow-layout.ts';
import * as health from '../../src/records/path-health-layout.ts';

const STRIDE = health.HEALTH_WORD + health.HEALTH_WORDS;

export interface TestDirection {
  readonly packets: number;
  readonly octets: number;
  readonly flags?: number;
  readonly segments?: number;
  readonly payloadOctets?: number;
  readonly retransmitted?: number;
  readonly lost?: number;
  readonly segmentOctets?: number;
  readonly inFlightMax?: number;
  readonly windowMax?: number;
  /** Samples, least, mean, greatest, in ms. */
  readonly ackRttMs?: readonly [number, number, number, number];
  readonly intervals?: readonly number[];
}

export interface TestRecord {
  /** One word for IPv4, four for IPv6. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly ports: readonly [number, number];
  readonly protocol?: number;
  readonly startS: number;
  readonly endS: number;
  readonly endReason?: number;
  readonly pppoeSession?: number;
  readonly forward: TestDirection;
  readonly reverse: TestDirection;
  readonly intervalMs?: number;
  readonly firstInterval?: number;
  readonly handshakeClientMs?: number;
}

function putDirection(batch: FlowRecordBatch, row: number, one: TestDirection, isReverse: boolean): void {
  const { words, doubles } = batch;
  const double = row / 2 + (isReverse ? REVERSE_DOUBLE : FORWARD_DOUBLE);
  doubles[double + PACKETS] = one.packets;
  doubles[double + OCTETS] = one.octets;
  doubles[double + FIRST_NS] = doubles[row / 2 + FLOW_FIRST_NS]!;
  doubles[double + LAST_NS] = doubles[row / 2 + FLOW_LAST_NS]!;
  words[row + (isReverse ? REVERSE_WORD : FORWARD_WORD) + TCP_FLAGS_TOS] = one.flags ?? 0x10;
  if (one.segments === undefined) return;
  const at = row + health.HEALTH_WORD + (isReverse ? health.REVERSE_HEALTH : health.FORWARD_HEALTH);
  let bits = health.VALID_TCP | health.VALID_SEQUENCE | health.VALID_FLIGHT | health.VALID_STALLS;
  words[at + health.DATA_SEGMENTS] = one.segments;
  doubles[(at + health.PAYLOAD_OCTETS) / 2] = one.payloadOctets ?? 0;
  words[at + health.RETRANSMITTED_SEGMENTS] = one.retransmitted ?? 0;
  doubles[(at + health.RETRANSMITTED_OCTETS) / 2] = (one.retransmitted ?? 0) * (one.segmentOctets ?? 0);
  words[at + health.LOST_DOWNSTREAM] = one.lost ?? 0;
  words[at + health.LOSS_EVENTS] = one.lost ?? 0;
  words[at + health.SEGMENT_MAX] = one.segmentOctets ?? 0;
  words[at + health.IN_FLIGHT_MAX] = one.inFlightMax ?? 0;
  if (one.windowMax !== undefined) {
    bits |= health.VALID_WINDOW;
    words[at + health.WINDOW_MAX] = one.windowMax;
  }
  if (one.ackRttMs !== undefined) {
    bits |= health.VALID_ACK_RTT;
    const [samples, ...times] = one.ackRttMs;
    words[at + health.ACK_RTT] = samples;
    for (const [i, ms] of times.entries()) words[at + health.ACK_RTT + 1 + i] = ms * 1e3;
  }
  for (const [i, octets] of (one.intervals ?? []).entries()) words[at + health.INTERVAL_OCTETS + i] = octets;
  words[at + health.DIRECTION_BITS] = bits;
}

/** A batch of these records, in this order. */
export function healthBatch(
  records: readonly TestRecord[],
  timeBaseSeconds = 1_700_000_000,
): FlowRecordBatch {
  const words = new Int32Array((records.length + 1) * STRIDE);
  const doubles = new Float64Array(words.buffer);
  const batch = { count: records.length, stride: STRIDE, words, doubles, timeBaseSeconds, clockNs: 0 };
  for (const [i, record] of records.entries()) {
    const row = i * STRIDE;
    words.set(record.a, row + ADDRESS_A);
    words.set(record.b, row + ADDRESS_B);
    words[row + FLOW_PORTS] = (record.ports[0] << 16) | record.ports[1];
    words[row + FLOW_PROTOCOL] = (record.protocol ?? 6) | ((record.a.length === 4 ? 6 : 4) << 8);
    words[row + FLOW_OBSERVATION_POINT] = 1;
    words[row + FLOW_STATE] =
      ((record.endReason ?? 2) << STATE_END_REASON_SHIFT) | ((record.pppoeSession ?? 0) << STATE_PPPOE_SHIFT);
    doubles[row / 2 + FLOW_FIRST_NS] = record.startS * 1e9;
    doubles[row / 2 + FLOW_LAST_NS] = record.endS * 1e9;
    const at = row + health.HEALTH_WORD;
    const intervals = record.forward.intervals?.length ?? 0;
    words[at + health.HEALTH_BITS] =
      health.BIT_TCP |
      (intervals > 0 ? health.BIT_INTERVALS : 0) |
      (record.handshakeClientMs === undefined ? 0 : health.BIT_HANDSHAKE_CLIENT);
    words[at + health.HANDSHAKE_CLIENT_US] = (record.handshakeClientMs ?? 0) * 1e3;
    words[at + health.INTERVAL_LENGTH_MS] = record.intervalMs ?? 5000;
    words[at + health.FIRST_INTERVAL] = record.firstInterval ?? 0;
    words[at + health.INTERVALS] = intervals;
    putDirection(batch, row, record.forward, false);
    putDirection(batch, row, record.reverse, true);
    batch.clockNs = Math.max(batch.clockNs, record.endS * 1e9);
  }
  return batch;
}

const SYN_ACK = 0x12;

/** A transfer of 30 s from 192.0.2.1 to 198.51.100.2, in intervals of 5 s: `octets` in each, one segment in `lossOf` lost. */
export function transferRecord(
  octets: readonly number[],
  lossOf = 0,
  changes: Partial<TestRecord> = {},
): TestRecord {
  const total = octets.reduce((sum, value) => sum + value, 0);
  const segments = Math.round(total / 1448);
  const lost = lossOf === 0 ? 0 : Math.round(segments / lossOf);
  return {
    a: [0xc0000201 | 0],
    b: [0xc6336402 | 0],
    ports: [40_000, 5001],
    startS: 0,
    endS: octets.length * 5 - 0.1,
    handshakeClientMs: 0.1,
    forward: {
      packets: segments + lost + 1,
      octets: (segments + lost) * 1500,
      flags: SYN_ACK,
      segments: segments + lost,
      payloadOctets: (segments + lost) * 1448,
      retransmitted: lost,
      lost,
      segmentOctets: 1448,
      inFlightMax: 200_000,
      ackRttMs: [segments, 50, 51, 60],
      intervals: octets,
    },
    reverse: {
      packets: segments / 2,
      octets: segments * 26,
      flags: SYN_ACK,
      segments: 0,
      windowMax: 6e6,
      intervals: octets.map(() => 0),
    },
    ...changes,
  };
}
