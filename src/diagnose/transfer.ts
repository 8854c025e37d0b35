/**
 * One transfer, added up from the records of its flow: a long flow comes in pieces (active timeout, a silence longer
 * than the idle timeout, a full table). Counters add up, times of round trips by their samples, windows and sizes by
 * the greatest; the intervals of all pieces are multiples of one length since the same time base, so they add exactly.
 */
import {
  ADDRESS_A,
  ADDRESS_B,
  FIRST_NS,
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
  TCP_FLAGS_TOS,
} from '../records/flow-layout.ts';
import type { DirectionHealth, FlowHealth, TimeFigures } from '../records/path-health-figures.ts';
import { readHealth } from '../records/read-path-health.ts';
import type { DirectionFigures, FlowFigures, Spread } from './figures.ts';
import { IntervalSum } from './interval-sum.ts';

const { NaN: UNKNOWN } = Number;
const FLAGS = 0xff;

/** The sum of what is known; unknown only while nothing is. */
function sum(total: number, part: number): number {
  if (Number.isNaN(part)) return total;
  return Number.isNaN(total) ? part : total + part;
}

function most(total: number, part: number): number {
  return Number.isNaN(total) || part > total ? part : total;
}

function least(total: number, part: number): number {
  return Number.isNaN(total) || part < total ? part : total;
}

/** A time measured again and again, over all pieces. */
class TimeSum {
  samples = 0;
  #minMs = UNKNOWN;
  #sumMs = 0;
  #maxMs = UNKNOWN;

  add({ samples, minMs, meanMs, maxMs }: TimeFigures): void {
    if (samples > 0) this.addSamples(samples, minMs, meanMs, maxMs);
  }

  addSum({ samples, spread }: TimeSum): void {
    if (samples > 0) this.addSamples(samples, spread.min, spread.mean, spread.max);
  }

  addSamples(samples: number, minMs: number, meanMs: number, maxMs: number): void {
    this.samples += samples;
    this.#sumMs += samples * meanMs;
    this.#minMs = least(this.#minMs, minMs);
    this.#maxMs = most(this.#maxMs, maxMs);
  }

  get spread(): Spread {
    return { min: this.#minMs, mean: this.#sumMs / this.samples, max: this.#maxMs };
  }
}

const UNMEASURED: Spread = { min: UNKNOWN, mean: UNKNOWN, max: UNKNOWN };

/** One direction of a transfer while it is added up. Its `data` is what this direction's own packets tell. */
class DirectionSum {
  packets = 0;
  octets = 0;
  firstNs = UNKNOWN;
  lastNs = UNKNOWN;
  tcpFlags = 0;
  /** Sums of DirectionHealth's fields of these names. */
  readonly sums: Record<SummedField, number>;
  readonly greatest: Record<GreatestField, number>;
  readonly ackRtt = new TimeSum();
  readonly timestampRtt = new TimeSum();
  readonly pdmRtt = new TimeSum();
  icmpError = UNKNOWN;

  constructor() {
    this.sums = Object.fromEntries(SUMMED.map((name) => [name, UNKNOWN])) as Record<SummedField, number>;
    this.greatest = Object.fromEntries(GREATEST.map((name) => [name, UNKNOWN])) as Record<
      GreatestField,
      number
    >;
  }

  addCounters(batch: FlowRecordBatch, row: number, isReverse: boolean): void {
    const at = row / 2 + (isReverse ? REVERSE_DOUBLE : FORWARD_DOUBLE);
    const { words, doubles } = batch;
    if (doubles[at + PACKETS] === 0) return;
    this.packets += doubles[at + PACKETS]!;
    this.octets += doubles[at + OCTETS]!;
    this.firstNs = least(this.firstNs, doubles[at + FIRST_NS]!);
    this.lastNs = most(this.lastNs, doubles[at + LAST_NS]!);
    this.tcpFlags |= words[row + (isReverse ? REVERSE_WORD : FORWARD_WORD) + TCP_FLAGS_TOS]! & FLAGS;
  }

  addHealth(health: DirectionHealth): void {
    for (const name of SUMMED) this.sums[name] = sum(this.sums[name], health[name]);
    for (const name of GREATEST) this.greatest[name] = most(this.greatest[name], health[name]);
    this.ackRtt.add(health.ackRtt);
    this.timestampRtt.add(health.timestampRtt);
    this.pdmRtt.add(health.pdmRoundTrip);
    const { icmpError } = health;
    if (icmpError !== undefined) this.icmpError = (icmpError.type << 8) | icmpError.code;
  }

  /**
   * From the probe to this direction's receiver and back: of acknowledgements and of timestamps whichever has more
   * samples, and the handshake as one more, which may be the only one of a side that sends nothing but its FIN.
   */
  segmentRtt(handshakeMs: number): Spread {
    const { ackRtt, timestampRtt } = this;
    const pool = new TimeSum();
    pool.addSum(ackRtt.samples >= timestampRtt.samples ? ackRtt : timestampRtt);
    if (!Number.isNaN(handshakeMs)) pool.addSamples(1, handshakeMs, handshakeMs, handshakeMs);
    return pool.spread;
  }

  /** @param back the other direction, whose sender receives this one's data */
  figures(back: DirectionSum, intervals: readonly number[]): DirectionFigures {
    const { sums, greatest } = this;
    const isTcp = !Number.isNaN(sums.dataSegments);
    return {
      packets: this.packets,
      octets: this.octets,
      firstNs: this.firstNs,
      lastNs: this.lastNs,
      tcpFlags: this.tcpFlags,
      segments: sums.dataSegments,
      payloadOctets: sums.payloadOctets,
      retransmittedPackets: sums.retransmittedSegments,
      retransmittedOctets: sums.retransmittedOctets,
      lostPackets: isTcp ? sums.lostUpstreamSegments + sums.lostDownstreamSegments : sums.pdmLostPackets,
      lossEvents: isTcp ? sums.lossEvents : sums.pdmLostPackets,
      outOfOrderPackets: isTcp ? sums.outOfOrderSegments : sums.pdmReorderedPackets,
      captureLostSegments: sums.captureLostSegments,
      segmentOctets: greatest.largestSegmentOctets,
      mssOctets: back.greatest.maximumSegmentOctets,
      windowOctets: back.greatest.windowMaxOctets,
      inFlightOctetsMax: greatest.inFlightMaxOctets,
      zeroWindowMs: back.sums.zeroWindowMs,
      zeroWindows: back.sums.zeroWindowEpisodes,
      stalledMs: sums.stalledMs,
      longestStallMs: greatest.longestStallMs,
      longestIdleMs: greatest.longestIdleMs,
      intervals,
    };
  }
}

const SUMMED = [
  'dataSegments',
  'payloadOctets',
  'retransmittedSegments',
  'retransmittedOctets',
  'lossEvents',
  'lostUpstreamSegments',
  'lostDownstreamSegments',
  'outOfOrderSegments',
  'captureLostSegments',
  'zeroWindowEpisodes',
  'zeroWindowMs',
  'stalledMs',
  'pdmLostPackets',
  'pdmReorderedPackets',
] as const satisfies readonly (keyof DirectionHealth)[];
type SummedField = (typeof SUMMED)[number];

const GREATEST = [
  'largestSegmentOctets',
  'maximumSegmentOctets',
  'windowMaxOctets',
  'inFlightMaxOctets',
  'longestStallMs',
  'longestIdleMs',
] as const satisfies readonly (keyof DirectionHealth)[];
type GreatestField = (typeof GREATEST)[number];

/** Adds up one flow. Its orientation is that of its first record. */
export class Transfer {
  readonly protocol: number;
  readonly isIPv6: boolean;
  /** Four words each, IPv4 in the first. */
  readonly initiator: Int32Array;
  readonly responder: Int32Array;
  readonly initiatorPort: number;
  readonly responderPort: number;
  readonly observationPoint: number;
  readonly vlanId: number;
  /** Unix seconds that its times count from. */
  readonly timeBaseSeconds: number;
  /** flowEndReason of the last record. */
  endReason = 0;
  records = 0;
  readonly forward = new DirectionSum();
  readonly reverse = new DirectionSum();
  #handshakeServerMs = UNKNOWN;
  #handshakeClientMs = UNKNOWN;
  #isSampled = false;
  readonly #intervals = new IntervalSum();

  /** @param row first word of the record that begins the transfer; it is not added yet */
  constructor(batch: FlowRecordBatch, row: number) {
    const { words } = batch;
    const protocolWord = words[row + FLOW_PROTOCOL]!;
    this.protocol = protocolWord & 0xff;
    this.isIPv6 = ((protocolWord >>> 8) & 0xf) === 6;
    this.vlanId = protocolWord >>> 16;
    this.initiator = words.slice(row + ADDRESS_A, row + ADDRESS_A + 4);
    this.responder = words.slice(row + ADDRESS_B, row + ADDRESS_B + 4);
    this.initiatorPort = words[row + FLOW_PORTS]! >>> 16;
    this.responderPort = words[row + FLOW_PORTS]! & 0xffff;
    this.observationPoint = words[row + FLOW_OBSERVATION_POINT]! & 0xffff;
    this.timeBaseSeconds = batch.timeBaseSeconds;
  }

  get firstNs(): number {
    return least(this.forward.firstNs, this.reverse.firstNs);
  }

  get lastNs(): number {
    return most(this.forward.lastNs, this.reverse.lastNs);
  }

  get octets(): number {
    return this.forward.octets + this.reverse.octets;
  }

  /** @param isSwapped the record's initiator is this transfer's responder */
  add(batch: FlowRecordBatch, row: number, isSwapped: boolean): void {
    this.records++;
    this.endReason = (batch.words[row + FLOW_STATE]! >>> STATE_END_REASON_SHIFT) & 0xff;
    this.forward.addCounters(batch, row, isSwapped);
    this.reverse.addCounters(batch, row, !isSwapped);
    const health = readHealth(batch, row);
    if (health !== undefined) this.#addHealth(health, isSwapped);
  }

  #addHealth(health: FlowHealth, isSwapped: boolean): void {
    const { handshakeClientMs, handshakeServerMs, intervalMs, firstInterval } = health;
    const [forward, reverse] = isSwapped
      ? [health.reverse, health.forward]
      : [health.forward, health.reverse];
    this.#isSampled ||= health.isSampled;
    this.forward.addHealth(forward);
    this.reverse.addHealth(reverse);
    this.#handshakeServerMs = least(
      this.#handshakeServerMs,
      isSwapped ? handshakeClientMs : handshakeServerMs,
    );
    this.#handshakeClientMs = least(
      this.#handshakeClientMs,
      isSwapped ? handshakeServerMs : handshakeClientMs,
    );
    this.#intervals.add(intervalMs, firstInterval, forward.intervalOctets, reverse.intervalOctets);
  }

  /** Of TCP both segments together; of other protocols what RFC 8250 tells. */
  #roundTrip(): Spread {
    const there = this.forward.segmentRtt(this.#handshakeServerMs);
    const here = this.reverse.segmentRtt(this.#handshakeClientMs);
    if (!Number.isNaN(there.mean + here.mean))
      return { min: there.min + here.min, mean: there.mean + here.mean, max: there.max + here.max };
    if (this.forward.pdmRtt.samples > 0) return this.forward.pdmRtt.spread;
    return this.reverse.pdmRtt.samples > 0 ? this.reverse.pdmRtt.spread : UNMEASURED;
  }

  /** The figures so far. */
  figures(): FlowFigures {
    const { forward, reverse } = this;
    const intervals = this.#intervals;
    return {
      protocol: this.protocol,
      isIPv6: this.isIPv6,
      forward: forward.figures(reverse, intervals.forward),
      reverse: reverse.figures(forward, intervals.reverse),
      responderPort: this.responderPort,
      roundTripMs: this.#roundTrip(),
      intervalMs: intervals.lengthMs,
      firstIntervalMs: intervals.first * intervals.lengthMs,
      icmpError: Number.isNaN(forward.icmpError) ? reverse.icmpError : forward.icmpError,
      isSampled: this.#isSampled,
    };
  }
}
