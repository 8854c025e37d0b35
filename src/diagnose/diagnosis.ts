/**
 * A run of `flowtap diagnose`: takes record batches, joins and judges their transfers, keeps the largest ones and adds
 * up the rest: verdicts, paths, totals. Bounded memory. What it found is printed by report-text.ts, report-html.ts and
 * json-lines.ts.
 */
import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { type Diagnosed, diagnose, mainDirection } from './describe.ts';
import { VERDICTS, type VerdictName } from './finding.ts';
import { Paths } from './paths.ts';
import type { Transfer } from './transfer.ts';
import type { TransferKey } from './transfer-key.ts';
import { Transfers } from './transfers.ts';

export interface DiagnosisOptions {
  /** Transfers to keep for the report, the largest ones; 0 for all. */
  readonly top: number;
  /** Which transfers to look at. */
  readonly selects: (transfer: Transfer) => boolean;
  /** The flow key that the records were metered with. */
  readonly key?: TransferKey;
  /** Takes every transfer that was judged, when it is over. */
  readonly onDiagnosed?: (diagnosed: Diagnosed) => void;
}

export class Diagnosis {
  readonly paths = new Paths();
  /** Flows by the verdict on the direction that carried more, and their octets. */
  readonly flowsByVerdict = new Map<VerdictName, number>();
  readonly octetsByVerdict = new Map<VerdictName, number>();
  flows = 0;
  octets = 0;
  /** TCP segments with payload of all flows, and those lost by the network and by the capture. */
  segments = 0;
  lostSegments = 0;
  captureLostSegments = 0;
  /** Flows that were sampled: not judged. */
  sampledFlows = 0;
  readonly #options: DiagnosisOptions;
  readonly #transfers: Transfers;
  #largest: Diagnosed[] = [];

  constructor(options: DiagnosisOptions) {
    this.#options = options;
    this.#transfers = new Transfers((transfer) => this.#end(transfer), options.key);
  }

  /** Transfers that were judged early because too many went on at a time. */
  get evicted(): number {
    return this.#transfers.evicted;
  }

  add(batch: FlowRecordBatch): void {
    this.#transfers.add(batch);
  }

  /** No more records will come. */
  end(): void {
    this.#transfers.end();
    this.#keepLargest();
  }

  /** The transfers kept, the largest first. Complete after `end`. */
  get largest(): readonly Diagnosed[] {
    return this.#largest;
  }

  #end(transfer: Transfer): void {
    if (!this.#options.selects(transfer)) return;
    const diagnosed = diagnose(transfer);
    this.#count(diagnosed);
    this.paths.add(diagnosed);
    this.#options.onDiagnosed?.(diagnosed);
    this.#largest.push(diagnosed);
    const { top } = this.#options;
    if (top > 0 && this.#largest.length >= 4 * top + 64) this.#keepLargest();
  }

  #count(diagnosed: Diagnosed): void {
    const { transfer, figures } = diagnosed;
    const { verdict } = mainDirection(diagnosed).judgement;
    this.flows++;
    this.octets += transfer.octets;
    this.flowsByVerdict.set(verdict, (this.flowsByVerdict.get(verdict) ?? 0) + 1);
    this.octetsByVerdict.set(verdict, (this.octetsByVerdict.get(verdict) ?? 0) + transfer.octets);
    if (figures.isSampled) {
      this.sampledFlows++;
      return;
    }
    for (const { segments, lostPackets, captureLostSegments } of [figures.forward, figures.reverse]) {
      if (!(segments > 0)) continue;
      this.segments += segments;
      this.lostSegments += lostPackets || 0;
      this.captureLostSegments += captureLostSegments || 0;
    }
  }

  /** Sorts by octets, of equal ones the earlier first, and drops what is too much. */
  #keepLargest(): void {
    const { top } = this.#options;
    this.#largest.sort(({ transfer: a }, { transfer: b }) => b.octets - a.octets || a.firstNs - b.firstNs);
    if (top > 0) this.#largest.length = Math.min(this.#largest.length, top);
  }

  /** Verdicts with flows, the worst first. */
  verdicts(): { verdict: VerdictName; flows: number; octets: number }[] {
    return VERDICTS.filter((verdict) => this.flowsByVerdict.has(verdict)).map((verdict) => ({
      verdict,
      flows: this.flowsByVerdict.get(verdict)!,
      octets: this.octetsByVerdict.get(verdict)!,
    }));
  }
}
