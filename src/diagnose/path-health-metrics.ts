/**
 * Path health as Prometheus metrics, by interface and verdict, never by address: a handful of series whatever the
 * traffic. Every record is judged by itself when it is exported, so a long flow counts once for each active timeout, and
 * an alert does not wait for its end. Adding a record makes objects: main does it only where metrics are wanted.
 */

import { Counter, Histogram, Registry } from 'prom-client';
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { hasHealth } from '../records/record-sections.ts';
import { diagnose, mainDirection } from './describe.ts';
import { VERDICTS } from './finding.ts';
import { Transfer } from './transfer.ts';
import type { Judgement } from './verdict.ts';

const INTERFACE = ['interface'] as const;
/** From a switch in the same rack to a satellite and a bad day. */
const RTT_SECONDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];
/** Around 1 in 22,000, which slows fast and long transfers down, to what breaks everything. */
const LOST_SHARE = [0, 0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5];
/** Segments from which on a share of lost ones goes into the histogram. */
const SEGMENTS_MIN = 100;

export class HealthMetrics {
  /** All of these metrics, and no others. */
  readonly registry = new Registry();
  readonly #interfaceNameOf: (observationPoint: number) => string;
  readonly #verdicts: Counter<'interface' | 'verdict'>;
  readonly #octets: Counter<'interface' | 'verdict'>;
  readonly #segments: Counter<'interface'>;
  readonly #lost: Counter<'interface'>;
  readonly #retransmitted: Counter<'interface'>;
  readonly #captureLost: Counter<'interface'>;
  readonly #stalledSeconds: Counter<'interface'>;
  readonly #roundTrip: Histogram<'interface'>;
  readonly #lostShare: Histogram<'interface'>;

  /**
   * Makes the metrics. Those of known interfaces begin at 0, so that the first loss is an increase and no new series.
   * @param interfaces names of observation points, from 1 on: the labels
   */
  constructor(interfaces: readonly string[]) {
    const registers = [this.registry];
    this.#interfaceNameOf = (point) => interfaces[point - 1] ?? String(point);
    const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
      new Counter<T>({ name: `flowtap_path_${name}`, help, labelNames, registers });
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({
        name: `flowtap_path_${name}`,
        help,
        labelNames: INTERFACE,
        buckets,
        registers,
      });
    const byVerdict = ['interface', 'verdict'] as const;
    this.#verdicts = counter(
      'flow_records_total',
      'Flow records by the verdict on them (docs/diagnose.md).',
      byVerdict,
    );
    this.#octets = counter(
      'flow_record_bytes_total',
      'IP octets of flow records by the verdict on them.',
      byVerdict,
    );
    this.#segments = counter('tcp_segments_total', 'TCP segments with payload.', INTERFACE);
    this.#lost = counter('tcp_lost_segments_total', 'Of these, lost by the network.', INTERFACE);
    this.#retransmitted = counter('tcp_retransmitted_segments_total', 'Of these, sent again.', INTERFACE);
    this.#captureLost = counter(
      'tcp_capture_lost_segments_total',
      'TCP segments that arrived but were never captured: the mirror port or the capture lost them.',
      INTERFACE,
    );
    this.#stalledSeconds = counter(
      'tcp_stalled_seconds_total',
      'Time of TCP connections that stood still with data unacknowledged or the window shut.',
      INTERFACE,
    );
    this.#roundTrip = histogram(
      'round_trip_seconds',
      'Mean round-trip time of each flow record.',
      RTT_SECONDS,
    );
    this.#lostShare = histogram(
      'lost_share_ratio',
      `Share of lost segments in each flow record with ${SEGMENTS_MIN} or more in a direction.`,
      LOST_SHARE,
    );
    for (const name of interfaces) this.#begin({ interface: name });
  }

  #begin(label: { interface: string }): void {
    for (const one of [this.#verdicts, this.#octets])
      for (const verdict of VERDICTS) one.inc({ ...label, verdict }, 0);
    for (const one of [
      this.#segments,
      this.#lost,
      this.#retransmitted,
      this.#captureLost,
      this.#stalledSeconds,
    ])
      one.inc(label, 0);
    for (const one of [this.#roundTrip, this.#lostShare]) one.zero(label);
  }

  /** Adds the records of a batch; does nothing where they carry no path health. */
  add(batch: FlowRecordBatch): void {
    if (!hasHealth(batch)) return;
    for (let i = 0; i < batch.count; i++) {
      const transfer = new Transfer(batch, i * batch.stride);
      transfer.add(batch, i * batch.stride, false);
      if (transfer.forward.packets + transfer.reverse.packets > 0) this.#addTransfer(transfer);
    }
  }

  #addTransfer(transfer: Transfer): void {
    const diagnosed = diagnose(transfer);
    const name = this.#interfaceNameOf(transfer.observationPoint);
    const { verdict, measures } = mainDirection(diagnosed).judgement;
    this.#verdicts.inc({ interface: name, verdict });
    this.#octets.inc({ interface: name, verdict }, transfer.octets);
    const label = { interface: name };
    const { mean } = measures.rttMs;
    if (!Number.isNaN(mean)) this.#roundTrip.observe(label, mean / 1e3);
    for (const judgement of [diagnosed.forward, diagnosed.reverse])
      if (judgement !== undefined) this.#addDirection(label, judgement);
  }

  #addDirection(label: { interface: string }, { measures }: Judgement): void {
    const { data, flow, lostShare } = measures;
    if (flow.isSampled || !(data.segments > 0)) return;
    this.#segments.inc(label, data.segments);
    this.#lost.inc(label, data.lostPackets || 0);
    this.#retransmitted.inc(label, data.retransmittedPackets || 0);
    this.#captureLost.inc(label, data.captureLostSegments || 0);
    this.#stalledSeconds.inc(label, (data.stalledMs || 0) / 1e3);
    if (data.segments >= SEGMENTS_MIN && !Number.isNaN(lostShare)) this.#lostShare.observe(label, lostShare);
  }
}
