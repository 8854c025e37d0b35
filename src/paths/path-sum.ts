/** Adds flow records up to the figures of a named path, one direction. */
import { VERDICTS, type VerdictName } from '../diagnose/finding.ts';
import type { Judgement } from '../diagnose/verdict.ts';
import type { PathFigures } from '../records/path-record.ts';
import { LogHistogram } from './log-histogram.ts';

/** Flow records above this are transfers, whose rates say something about the path. */
const TRANSFER_OCTETS_MIN = 1e6;
const MEDIAN = 0.5;
const P95 = 0.95;

export class PathSum {
  #flows = 0;
  #octets = 0;
  #packets = 0;
  #roundTripMinMs = Number.NaN;
  readonly #roundTrips = new LogHistogram();
  #segments = 0;
  #lostSegments = 0;
  #captureLostSegments = 0;
  #stalledMs = 0;
  #transfers = 0;
  #transferBits = 0;
  #transferSeconds = 0;
  #transferPeak = Number.NaN;
  readonly #verdicts = new Map<VerdictName, number>();

  /** Adds what a flow record says of the direction. */
  add({ verdict, measures }: Judgement): void {
    const { data, flow, rttMs, lostShare } = measures;
    this.#flows++;
    this.#octets += data.octets;
    this.#packets += data.packets;
    this.#verdicts.set(verdict, (this.#verdicts.get(verdict) ?? 0) + 1);
    if (rttMs.mean > 0) {
      this.#roundTrips.add(rttMs.mean);
      if (!(rttMs.min >= this.#roundTripMinMs)) this.#roundTripMinMs = rttMs.min;
    }
    if (flow.isSampled) return;
    // Of TCP; of other protocols, where RFC 8250 tells what is missing.
    const segments = data.segments > 0 ? data.segments : Number.isNaN(lostShare) ? 0 : data.packets;
    if (!Number.isNaN(data.lostPackets)) {
      this.#segments += segments;
      if (segments > 0) this.#lostSegments += data.lostPackets;
    }
    this.#captureLostSegments += data.captureLostSegments || 0;
    this.#stalledMs += data.stalledMs || 0;
    if (data.octets > TRANSFER_OCTETS_MIN) this.#addTransfer(measures);
  }

  #addTransfer({ durationMs, throughputBitsPerSecond, intervalRates }: Judgement['measures']): void {
    if (!(durationMs > 0)) return;
    this.#transfers++;
    this.#transferBits += (throughputBitsPerSecond * durationMs) / 1e3;
    this.#transferSeconds += durationMs / 1e3;
    for (const rate of [throughputBitsPerSecond, ...intervalRates])
      if (!(rate <= this.#transferPeak)) this.#transferPeak = rate;
  }

  /** The figures so far. */
  figures(): PathFigures {
    return {
      flows: this.#flows,
      octets: this.#octets,
      packets: this.#packets,
      roundTripMinMs: this.#roundTripMinMs,
      roundTripMedianMs: this.#roundTrips.quantile(MEDIAN),
      roundTripP95Ms: this.#roundTrips.quantile(P95),
      segments: this.#segments,
      lostSegments: this.#lostSegments,
      captureLostSegments: this.#captureLostSegments,
      stalledMs: this.#stalledMs,
      transfers: this.#transfers,
      transferMeanBitsPerSecond:
        this.#transferSeconds > 0 ? this.#transferBits / this.#transferSeconds : Number.NaN,
      transferPeakBitsPerSecond: this.#transferPeak,
      verdicts: Object.fromEntries(VERDICTS.map((name) => [name, this.#verdicts.get(name) ?? 0])),
    };
  }
}
