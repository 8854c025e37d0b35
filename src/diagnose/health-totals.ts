/**
 * Path health of all flow records of a run, added up: round trips, retransmissions, losses, and connections that were cut
 * short. It reads words and makes no object for a record; a verdict on each flow is `flowtap diagnose`'s.
 */
import type { HealthSummary } from '../output/health-section.ts';
import {
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  FORWARD_WORD,
  REVERSE_WORD,
  TCP_FLAGS_TOS,
} from '../records/flow-layout.ts';
import {
  BIT_SAMPLED,
  CAPTURE_LOST_SEGMENTS,
  DATA_SEGMENTS,
  DIRECTION_BITS,
  FORWARD_HEALTH,
  HEALTH_BITS,
  HEALTH_WORD,
  ICMP_TYPE_CODE_HOPS,
  RETRANSMITTED_SEGMENTS,
  REVERSE_HEALTH,
  VALID_FLIGHT,
  VALID_ICMP_ERROR,
  VALID_SEQUENCE,
} from '../records/path-health-layout.ts';
import { PROTOCOL_TCP } from '../records/protocol-numbers.ts';
import { hasHealth } from '../records/record-sections.ts';
import { lostSegments, roundTripMeanUs } from '../records/round-trip.ts';
import { refusalOf } from './rules-opening.ts';
import { failedOpening, resetBy } from './tcp-outcome.ts';

/** Round trips are counted in steps of 0.2 %, from 1 µs to an hour. */
const STEPS_PER_E = 500;
const STEPS = 11_000;
const FLAGS = 0xff;

export class HealthTotals {
  /** Records by the step of their round trip. */
  readonly #roundTrips = new Uint32Array(STEPS);
  #segments = 0;
  #retransmitted = 0;
  #lost = 0;
  #captureLost = 0;
  #recordsOfTcp = 0;
  #recordsWithLoss = 0;
  #refused = 0;
  #unanswered = 0;
  #reset = 0;

  /** Adds the records of a batch; nothing of those that carry no path health, or were sampled. */
  add(batch: FlowRecordBatch): void {
    if (!hasHealth(batch)) return;
    const { words, stride, count } = batch;
    for (let row = 0; row < count * stride; row += stride) {
      const isTcp = (words[row + FLOW_PROTOCOL]! & 0xff) === PROTOCOL_TCP;
      if (!isTcp || (words[row + HEALTH_WORD + HEALTH_BITS]! & BIT_SAMPLED) !== 0) continue;
      this.#recordsOfTcp++;
      const roundTripUs = roundTripMeanUs(words, row);
      if (!Number.isNaN(roundTripUs)) this.#roundTrips[stepOf(roundTripUs)]!++;
      const lost = lostSegments(words, row);
      if (lost > 0) {
        this.#lost += lost;
        this.#recordsWithLoss++;
      }
      this.#addDirection(words, row + HEALTH_WORD + FORWARD_HEALTH);
      this.#addDirection(words, row + HEALTH_WORD + REVERSE_HEALTH);
      this.#addOutcome(words, row);
    }
  }

  /** Undefined where no connection of TCP was measured. */
  get summary(): HealthSummary | undefined {
    if (this.#recordsOfTcp === 0) return undefined;
    const roundTrips = this.#roundTrips.reduce((sum, records) => sum + records, 0);
    return {
      roundTrips,
      medianMs: roundTrips === 0 ? Number.NaN : this.#median(roundTrips),
      records: this.#recordsOfTcp,
      segments: this.#segments,
      retransmitted: this.#retransmitted,
      lost: this.#lost,
      recordsWithLoss: this.#recordsWithLoss,
      captureLost: this.#captureLost,
      cutShort: { refused: this.#refused, unanswered: this.#unanswered, reset: this.#reset },
    };
  }

  #addDirection(words: Int32Array, at: number): void {
    const bits = words[at + DIRECTION_BITS]!;
    if ((bits & VALID_SEQUENCE) !== 0) {
      this.#segments += words[at + DATA_SEGMENTS]! >>> 0;
      this.#retransmitted += words[at + RETRANSMITTED_SEGMENTS]! >>> 0;
    }
    if ((bits & VALID_FLIGHT) !== 0) this.#captureLost += words[at + CAPTURE_LOST_SEGMENTS]! >>> 0;
  }

  #addOutcome(words: Int32Array, row: number): void {
    const forward = words[row + FORWARD_WORD + TCP_FLAGS_TOS]! & FLAGS;
    const reverse = words[row + REVERSE_WORD + TCP_FLAGS_TOS]! & FLAGS;
    const failed = failedOpening(forward, reverse);
    if (failed === 'reset' || (failed === 'silent' && isRefused(words, row))) this.#refused++;
    else if (failed !== undefined) this.#unanswered++;
    else if (resetBy(forward, reverse) !== undefined) this.#reset++;
  }

  /** Milliseconds, in the middle of its step. @param roundTrips records that have one */
  #median(roundTrips: number): number {
    let step = 0;
    for (let before = this.#roundTrips[0]!; 2 * before < roundTrips; before += this.#roundTrips[++step]!);
    return Math.exp((step + 0.5) / STEPS_PER_E) / 1e3;
  }
}

function stepOf(us: number): number {
  return us < 1 ? 0 : Math.min(STEPS - 1, Math.floor(Math.log(us) * STEPS_PER_E));
}

/** Whether an ICMP error that quotes a packet of the record states a refusal. */
function isRefused(words: Int32Array, row: number): boolean {
  const isIPv6 = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6;
  for (const direction of [FORWARD_HEALTH, REVERSE_HEALTH]) {
    const at = row + HEALTH_WORD + direction;
    if ((words[at + DIRECTION_BITS]! & VALID_ICMP_ERROR) === 0) continue;
    return refusalOf({ icmpError: words[at + ICMP_TYPE_CODE_HOPS]! & 0xffff, isIPv6 }) !== undefined;
  }
  return false;
}
